"""Whatever is killed, and whenever: the same command goes on, and in the end every trial has the record of an undisturbed run."""

from __future__ import annotations

import contextlib
import functools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grokbench.plan.resolve import resolve_trial
from grokbench.specs.types import Trial
from grokbench.store import survey
from grokbench.store.folder import Store
from tests.clusters import cluster

RUN = """
import sys

from grokbench.plan import executor
from grokbench.plan.cluster import Dask
from grokbench.plan.together import How
from grokbench.store import checkpoints
from grokbench.store.folder import Store
from tests.plan.test_chaos import trials

checkpoints.EVERY_SECONDS, checkpoints.SHARE = 0.02, 1.0  # workers read this file too

if __name__ == "__main__":
    store, count, engine, scheduler = sys.argv[1:]
    runner = Dask(scheduler) if scheduler else "local"
    failures = executor.execute(
        trials(int(count)), Store(store), 2, lambda event: None, executor=runner, how=How(engine)
    )
    raise SystemExit(len(failures) > 0)
"""
SCRIPT = "chaos.py"
N = 200
WILD = 3  # attempts that end by a kill of the command
MOST = 60  # attempts in all


def trials(n: int, steps: int | None = None) -> list[Trial]:
    """Tiny ones, of many budgets or of one."""
    settings = {"task.domain.p": 5, "model.width": 8}
    first = resolve_trial("addition", "gromov2023/adamw", seed=9000, steps=40, settings=settings)
    return [replace(first, seed=9000 + i, budget=steps or 40 + 2 * (i % 40)) for i in range(n)]


def begin(folder: Path, store: Path, n: int, engine: str, scheduler: str = "") -> subprocess.Popen[bytes]:
    script = folder / SCRIPT
    script.write_text(RUN)
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    return subprocess.Popen(
        [sys.executable, str(script), str(store), str(n), engine, scheduler],
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


def signs(store: Path) -> set[tuple[str, int]]:
    """What a run leaves as it comes along: records, and what is kept in the middle, each with its time."""
    found = set()
    for path in (*store.glob("records/*/*/*"), *store.glob("checkpoints/*")):
        with contextlib.suppress(OSError):
            found.add((path.name, path.stat().st_mtime_ns))
    return found


def moved(process: subprocess.Popen[bytes], store: Path) -> bool:
    """Wait until the run has come along; whether it has not ended meanwhile."""
    before = signs(store)
    while signs(store) <= before:
        if process.poll() is not None:
            return False
        time.sleep(0.02)
    return process.poll() is None


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def contents(store: Path) -> dict[str, str]:
    return {
        one.path.name: one.record.content
        for one in survey.survey(Store(store), weights=True)
        if one.record is not None
    }


@functools.cache
def undisturbed(engine: str) -> dict[str, str]:
    """The contents of the records of a run that nothing happens to."""
    with tempfile.TemporaryDirectory() as folder:
        assert begin(Path(folder), Path(folder, "store"), N, engine).wait() == 0
        return contents(Path(folder, "store"))


@pytest.mark.chaos
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills by POSIX signals")
@pytest.mark.parametrize(("where", "engine"), [("local", "fast"), ("local", "batched"), ("dask", "fast")])
def test_two_hundred_trials_survive_whatever_is_killed(where: str, engine: str, tmp_path: Path) -> None:
    if where == "dask":
        pytest.importorskip("distributed", reason="the extra dask is not installed")
    chance, store = random.Random(0), tmp_path / "store"
    killed = {"workers": 0, "commands": 0}
    with cluster(tmp_path) if where == "dask" else contextlib.nullcontext() as found:
        for attempt in range(MOST):
            process = begin(tmp_path, store, N, engine, found.address if found else "")
            for _ in range(chance.randint(1, 3) if attempt < WILD else 0):
                if moved(process, store):
                    time.sleep(chance.uniform(0.0, 0.3))
                    if victims := below(found.process.pid if found else process.pid):
                        kill(chance.choice(victims))
                        killed["workers"] += 1
            if attempt < WILD and moved(process, store):
                kill(process.pid)
                killed["commands"] += 1
            if process.wait() == 0:
                break
    assert min(killed.values()) >= 2, killed
    assert len(undisturbed(engine)) == N
    assert contents(store) == undisturbed(engine)
    states = {one.state for one in survey.survey(Store(store), weights=True)}
    assert states <= {survey.SOUND, survey.LOCK, survey.FAILURE, survey.KEPT}
