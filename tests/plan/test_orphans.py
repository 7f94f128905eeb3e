"""A command that is interrupted once, twice or killed leaves no process behind, whatever its workers do just then."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clusters import ROOT
from tests.plan.test_chaos import below

SCRIPT = """
import sys
import time
from pathlib import Path

from grokbench.plan import local, worker

local.LEAVE_SECONDS = 1e5  # so that only a second interruption ends workers that do not leave


class Stubborn:
    '''A job that keeps nothing when its worker is asked to leave, and goes on.'''

    def __init__(self, folder, name):
        self.folder, self.name = folder, name

    def __call__(self, say):
        worker._keeps = self.name == "stays"
        (self.folder / f"{worker.os.getpid()}.runs").touch()
        while True:
            time.sleep(0.01)
            if worker.leaving():
                (self.folder / f"{worker.os.getpid()}.asked").touch()


if __name__ == "__main__":
    jobs = [Stubborn(Path(sys.argv[1]), sys.argv[2]) for _ in range(2)]
    try:
        local.LOCAL.run(jobs, 2, lambda index, news: None)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
"""
pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX signals"),
]


def begun(folder: Path, name: str) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A command with two workers that run a job each, and every process below it."""
    script = folder / "stubborn.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(folder), name],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,  # pytest may ignore SIGINT, as a job in the background does
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )
    until(folder, "*.runs", process)
    return process, below(process.pid)


def until(folder: Path, pattern: str, process: subprocess.Popen[bytes]) -> None:
    while len(list(folder.glob(pattern))) < 2:
        assert process.poll() is None


def gone(pids: list[int]) -> None:
    """Wait for the end of all of these."""
    while any(_runs(pid) for pid in pids):
        pass


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    if not Path("/proc").is_dir():
        return True
    try:  # it may end between the two
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_an_interrupted_command_leaves_no_process(tmp_path: Path) -> None:
    process, pids = begun(tmp_path, "leaves")
    assert len(pids) >= 2
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    gone(pids)


def test_a_second_interruption_waits_for_nobody(tmp_path: Path) -> None:
    process, pids = begun(tmp_path, "stays")
    process.send_signal(signal.SIGINT)
    until(tmp_path, "*.asked", process)
    assert process.poll() is None  # it waits for its workers
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    gone(pids)


def test_workers_end_by_themselves_where_their_command_is_killed(tmp_path: Path) -> None:
    process, pids = begun(tmp_path, "stays")
    process.send_signal(signal.SIGKILL)
    process.wait()
    gone(pids)
