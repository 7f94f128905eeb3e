"""Whatever is killed, and whenever: the same command goes on, and in the end every trial has the record of an undisturbed run."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grokbench.store import survey
from grokbench.store.folder import Store

RUN = """
import sys

from grokbench.plan import executor
from grokbench.plan.together import How
from grokbench.store import checkpoints
from grokbench.store.folder import Store
from tests.plan.test_chaos import trials

checkpoints.EVERY_SECONDS, checkpoints.SHARE = 0.05, 1.0  # workers read this file too

if __name__ == "__main__":
    store, count, engine = sys.argv[1:]
    failures = executor.execute(trials(int(count)), Store(store), 2, lambda event: None, how=How(engine))
    raise SystemExit(len(failures) > 0)
"""
SCRIPT = "chaos.py"
WILD = 4  # attempts in which something is killed


def trials(n: int):  # type: ignore[no-untyped-def]
    from grokbench.plan.resolve import resolve_trial

    settings = {"task.domain.p": 5, "model.width": 8}
    return [
        resolve_trial(
            "addition", "gromov2023/adamw", seed=9000 + i, steps=600 + 10 * (i % 40), settings=settings
        )
        for i in range(n)
    ]


def begin(folder: Path, store: Path, n: int, engine: str) -> subprocess.Popen[bytes]:
    script = folder / SCRIPT
    script.write_text(RUN)
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    return subprocess.Popen(
        [sys.executable, str(script), str(store), str(n), engine],
        env=environment,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )


def below(pid: int) -> list[int]:
    """The processes that descend from one."""
    found = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(own): int(parent) for own, parent in map(str.split, found.splitlines())}
    own, grown = {pid}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in own} - own
        grown = bool(more)
        own |= more
    return sorted(own - {pid})


def contents(store: Path) -> dict[str, str]:
    return {
        one.path.name: one.record.content
        for one in survey.survey(Store(store), weights=True)
        if one.record is not None
    }


@pytest.mark.chaos
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills by POSIX signals")
@pytest.mark.parametrize("engine", ["fast", "batched"])
def test_two_hundred_trials_survive_whatever_is_killed(engine: str, tmp_path: Path) -> None:
    n, chance = 200, random.Random(0)
    assert begin(tmp_path, tmp_path / "calm", n, engine).wait() == 0
    killed = {"workers": 0, "commands": 0}
    for attempt in range(60):
        process = begin(tmp_path, tmp_path / "wild", n, engine)
        until = time.monotonic() + chance.uniform(5.0, 10.0)
        while attempt < WILD and process.poll() is None:
            time.sleep(chance.uniform(0.2, 0.8))
            late = time.monotonic() > until
            victims = [process.pid] if late else below(process.pid)
            if victims:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(victims), signal.SIGKILL)
                    killed["commands" if late else "workers"] += 1
        if process.wait() == 0:
            break
    assert min(killed.values()) >= 2, killed
    calm, wild = contents(tmp_path / "calm"), contents(tmp_path / "wild")
    assert len(calm) == n
    assert wild == calm
    states = {one.state for one in survey.survey(Store(tmp_path / "wild"), weights=True)}
    assert states <= {survey.SOUND, survey.LOCK, survey.FAILURE, survey.KEPT}
