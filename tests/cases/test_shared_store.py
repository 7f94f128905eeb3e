"""A store that several people, or several commands, share."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import grokbench
from grokbench.plan import worker
from grokbench.specs.errors import StoreError
from grokbench.store import locks
from grokbench.store.folder import Store
from grokbench.store.locks import Lock
from grokbench.training.record import Record

NOBODY = 65534
SETTINGS = {"task.domain.p": 11, "model.width": 16}


def run(**more: object) -> Record:
    return grokbench.run("addition", "gromov2023/adamw", steps=20, settings=SETTINGS, **more)  # type: ignore[arg-type]


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user can reach, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="grokbench-shared-"))
    folder.chmod(0o755)
    yield folder / "store"
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


@contextlib.contextmanager
def stranger() -> Iterator[None]:
    """Another user where this one is root, whom no permission stops."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def modes(root: Path) -> set[int]:
    """The permissions of every folder below ``root``."""
    return {stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*") if path.is_dir()}


@pytest.mark.parametrize(("umask", "mode"), [(0o002, 0o775), (0o022, 0o755), (0o077, 0o700)])
def test_the_umask_says_who_may_read_a_record(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        run(store=tmp_path / "store")
        run(store=tmp_path / "store", force=True)
    finally:
        os.umask(before)
    assert modes(tmp_path / "store") == {mode}
    files = {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "store").rglob("*") if p.is_file()}
    assert files == {mode & 0o666}


def test_a_record_that_cannot_be_read_is_not_damaged_and_nothing_is_trained_for_it(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = run(store=shared)
    told: list[str] = []
    store = Store(shared, told.append)
    store.folder(record.trial).chmod(0)
    monkeypatch.setattr(worker, "train_here", lambda *_: pytest.fail("it was trained"))
    with stranger():
        assert store.find(record.trial) is None
        assert store.trained(record.trial) is None
        with pytest.raises(StoreError, match=r"cannot be read \(Permission denied\)"):
            store.check_writable([record.trial])
        with pytest.raises(StoreError, match="cannot be read"):
            run(store=shared)
    assert len(told) == 1
    assert "cannot be read (Permission denied)" in told[0]
    assert "damaged" not in told[0]


def test_a_folder_of_the_store_that_is_closed_is_one_sentence(shared: Path) -> None:
    record = run(store=shared)
    (shared / "records").chmod(0)
    with stranger(), pytest.raises(StoreError, match="cannot be read"):
        run(store=shared)
    assert run(store=shared, seed=record.trial.seed) if not os.geteuid() else True


def test_a_record_that_exists_is_read_from_a_store_that_is_read_only(shared: Path) -> None:
    record = run(store=shared)
    for path in [shared, *shared.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    with stranger():
        assert run(store=shared).content == record.content
        with pytest.raises(StoreError, match="cannot be written"):
            run(store=shared, seed=1)


# -- locks -----------------------------------------------------------------------------------------------


def test_a_lock_has_one_holder_and_says_who(tmp_path: Path) -> None:
    one, other = Lock(tmp_path / "a.json"), Lock(tmp_path / "a.json")
    assert one.take() is None
    holder = other.take()
    assert holder is not None
    assert (holder.host, holder.pid) == (socket.gethostname(), os.getpid())
    assert str(os.getpid()) in str(holder)
    one.release()
    assert other.take() is None
    one.release()  # not its own any more
    assert other.holder() is not None
    other.release()
    assert list(tmp_path.iterdir()) == []


def held(path: Path, host: str, pid: int, age: float = 0.0) -> None:
    path.write_text(json.dumps({"host": host, "pid": pid, "since": "then", "token": "x"}), encoding="utf-8")
    at = path.stat().st_mtime - age
    os.utime(path, (at, at))


def ended_process() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


@pytest.mark.parametrize(
    ("host", "alive", "age", "stale"),
    [
        ("", True, 0, False),
        ("", False, 0, True),
        ("", True, 2 * locks.STALE_SECONDS, True),
        ("elsewhere", False, 0, False),
        ("elsewhere", False, 2 * locks.STALE_SECONDS, True),
    ],
)
def test_a_lock_is_taken_over_once_its_holder_is_gone(
    tmp_path: Path, host: str, alive: bool, age: float, stale: bool
) -> None:
    path = tmp_path / "a.json"
    held(path, host or socket.gethostname(), os.getpid() if alive else ended_process(), age)
    lock = Lock(path)
    assert (lock.take() is None) == stale
    lock.release()


def test_a_lock_that_was_cut_off_while_it_was_written_is_held_until_it_is_old(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"host": "el', encoding="utf-8")
    assert Lock(path).take() is locks.UNKNOWN
    os.utime(path, (0, 0))
    assert Lock(path).take() is None


def test_a_holder_touches_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "BEAT_SECONDS", 0.01)
    lock = Lock(tmp_path / "a.json")
    lock.take()
    os.utime(lock.path, (0, 0))
    while lock.path.stat().st_mtime == 0:
        pass
    lock.release()


SCRIPT = """
import json, sys
from grokbench.plan import resolve
from grokbench.plan import executor
from grokbench.store.folder import Store

if __name__ == "__main__":
    settings = {"task.domain.p": 11, "model.width": 16}
    trials = [
        resolve.resolve_trial("addition", "gromov2023/adamw", seed=seed, steps=int(sys.argv[2]), settings=settings)
        for seed in range(int(sys.argv[3]))
    ]
    events = []
    def tell(event):
        print(event.kind, event.trial.seed, event.elsewhere, flush=True)
    failures = executor.execute(trials, Store(sys.argv[1]), 1, tell)
    print("failures", len(failures), flush=True)
"""


def command(folder: Path, steps: int, seeds: int) -> subprocess.Popen[str]:
    script = folder / "share.py"
    script.write_text(SCRIPT, encoding="utf-8")
    words = [sys.executable, str(script), str(folder / "store"), str(steps), str(seeds)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def done(lines: list[str]) -> list[tuple[int, bool]]:
    parts = [line.split() for line in lines]
    return [(int(part[1]), part[2] == "True") for part in parts if part[0] == "done"]


@pytest.mark.thorough
def test_two_commands_on_one_store_share_the_work(tmp_path: Path) -> None:
    said = []
    for process in [command(tmp_path, 400, 6) for _ in range(2)]:
        out, _ = process.communicate()
        assert process.returncode == 0
        said.append(out.splitlines())
    assert all("failures 0" in lines for lines in said)
    assert all(sorted(seed for seed, _ in done(lines)) == list(range(6)) for lines in said)
    trained = sorted(seed for lines in said for seed, elsewhere in done(lines) if not elsewhere)
    assert trained == list(range(6))  # each once, by the one or the other
    assert list((tmp_path / "store" / "locks").iterdir()) == []


@pytest.mark.thorough
def test_what_a_killed_command_was_training_is_taken_over(tmp_path: Path) -> None:
    first = command(tmp_path, 200_000_000, 1)
    assert first.stdout is not None
    while not first.stdout.readline().startswith("evaluated"):
        pass
    second = command(tmp_path, 200_000_000, 1)
    assert second.stdout is not None
    while not second.stdout.readline().startswith("waiting"):
        pass
    first.send_signal(signal.SIGKILL)
    first.wait()
    while not second.stdout.readline().startswith("evaluated"):
        pass
    second.send_signal(signal.SIGKILL)
    second.wait()
    for process in (first, second):
        assert process.stdout is not None
        process.stdout.close()


# -- what a report writes --------------------------------------------------------------------------------


@pytest.mark.parametrize(("umask", "mode"), [(0o002, 0o664), (0o077, 0o600)])
def test_the_umask_says_who_may_read_a_page(tmp_path: Path, umask: int, mode: int) -> None:
    from grokbench.reports.document import write_text

    before = os.umask(umask)
    try:
        write_text(tmp_path / "new" / "page.md", "α")
    finally:
        os.umask(before)
    (path,) = (tmp_path / "new").iterdir()
    assert path.read_text(encoding="utf-8") == "α"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_file_that_could_not_be_written_whole_is_what_it_was(tmp_path: Path) -> None:
    from grokbench.store.replacing import replaced

    path = tmp_path / "page.md"
    path.write_text("old", encoding="utf-8")

    def half() -> None:
        with replaced(path) as beside:
            beside.write_text("ha", encoding="utf-8")
            raise KeyError("half")

    with pytest.raises(KeyError, match="half"):
        half()
    assert [one.name for one in tmp_path.iterdir()] == ["page.md"]
    assert path.read_text(encoding="utf-8") == "old"


@pytest.mark.thorough
def test_ctrl_c_in_a_terminal_is_answered_with_one_sentence_and_no_workers_traceback(tmp_path: Path) -> None:
    words = ["run", "--task", "addition", "--baseline", "gromov2023/adamw", "--steps", "100000000"]
    words += ["--set", "task.domain.p=11", "--set", "model.width=16", "--store", str(tmp_path)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "grokbench", *words],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    while not list(tmp_path.glob("locks/*.json")):  # until the worker has begun
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the whole group
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in said
    assert "Interrupted. What was trained is kept, and the same command goes on." in said
