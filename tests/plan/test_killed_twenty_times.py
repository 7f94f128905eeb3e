"""A trial, or a batch, that is killed twenty times at random moments ends bit for bit as one that nothing happened to."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from grokbench.plan.batch import make_together
from grokbench.plan.together import How
from grokbench.plan.worker import Job, make_here
from grokbench.specs.types import Trial
from grokbench.store import checkpoints
from grokbench.store.folder import Store
from tests.plan.test_chaos import trials
from tests.processes import forked

KILLS = 20
STEPS = 300


def train(root: Path, wanted: list[Trial], engine: str, every: float = 60.0, share: float = 0.02) -> None:
    """In a process of its own: train, keeping the run as often as that."""
    checkpoints.EVERY_SECONDS, checkpoints.SHARE = every, share
    job = Job(str(root), how=How(engine))
    if engine == "batched":
        make_together(wanted, Store(root), job)
    else:
        make_here(wanted[0], Store(root), job)


def kept(root: Path) -> tuple[tuple[str, int], ...]:
    """What is kept in the middle, and since when."""
    found = []
    for path in root.glob("checkpoints/*"):
        if not path.name.startswith("."):  # what a killed process was writing
            try:
                found.append((path.name, path.stat().st_mtime_ns))
            except FileNotFoundError:
                continue
    return tuple(sorted(found))


@pytest.mark.chaos
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills by POSIX signals")
@pytest.mark.parametrize("engine", ["fast", "batched"])
def test_twenty_kills_leave_no_trace(engine: str, tmp_path: Path) -> None:
    chance, wanted = random.Random(engine), trials(2 if engine == "batched" else 1, STEPS)
    calm, wild = tmp_path / "calm", tmp_path / "wild"
    forked(train, calm, wanted, engine).join()
    killed = 0
    while killed < KILLS:
        process = forked(train, wild, wanted, engine, 0.0, float("inf"))
        for _ in range(chance.randint(1, 4)):
            before = kept(wild)
            while kept(wild) == before and process.is_alive():
                process.join(0.002)
        time.sleep(chance.uniform(0.0, 0.02))
        assert process.is_alive(), "it ended before it could be killed so often; give it more steps"
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        killed += 1
    assert kept(wild)
    forked(train, wild, wanted, engine).join()
    for trial in wanted:
        whole, pieces = (Store(root).trained(trial) for root in (calm, wild))
        assert whole is not None
        assert pieces is not None
        assert pieces.content == whole.content
        for name, weight in whole.weights.items():
            np.testing.assert_array_equal(pieces.weights[name], weight)
    assert kept(wild) == ()
