"""What a plan costs beside its training: handing trials over, starting, and what a second worker brings.

Run with ``pytest tests/benchmarks/test_executors.py --benchmark-only`` on a machine that does nothing else.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from grokbench.plan import executor
from grokbench.plan.cluster import Dask
from grokbench.plan.together import How
from grokbench.store.folder import Store
from tests.clusters import ROOT, cluster
from tests.plan.test_chaos import trials

STEPS = 250  # of a trial that takes a tenth of a second
OVERHEAD = 0.2
TWO_OVER_ONE = 1.8
MIB, SECONDS = 400, 10.0


def trained(n: int, steps: int, root: Path, workers: int, runner: Any = "local") -> tuple[float, float]:
    """Seconds of wall time for n trials, and the seconds of training in their records."""
    wanted, store = trials(n, steps), Store(root)
    begun = time.perf_counter()
    failures = executor.execute(wanted, store, workers, lambda event: None, executor=runner, how=How("fast"))
    wall = time.perf_counter() - begun
    assert failures == []
    records = [store.find(trial) for trial in wanted]
    assert all(records)
    return wall, sum(record.cost["seconds"] for record in records if record is not None)


@pytest.mark.benchmark(group="executors")
@pytest.mark.parametrize("where", ["local", "dask"])
def test_a_thousand_short_trials_have_little_overhead(benchmark: Any, where: str, tmp_path: Path) -> None:
    if where == "dask":
        pytest.importorskip("distributed", reason="the extra dask is not installed")
    with cluster(tmp_path) if where == "dask" else nullcontext() as found:
        runner = Dask(found.address) if found else "local"
        trained(4, STEPS, tmp_path / "first", 2, runner)  # workers import torch
        wall, training = benchmark.pedantic(
            trained, args=(1000, STEPS, tmp_path / "store", 2, runner), rounds=1, iterations=1
        )
    overhead = 2 * wall / training - 1
    benchmark.extra_info.update(seconds_of_a_trial=training / 1000, overhead=overhead)
    assert overhead <= OVERHEAD, f"{overhead:.0%} over {training / 1000:.3f} s a trial"


@pytest.mark.benchmark(group="executors")
def test_two_workers_are_nearly_twice_as_fast_as_one(benchmark: Any, tmp_path: Path) -> None:
    one, _ = trained(60, 4000, tmp_path / "one", 1)
    two, _ = benchmark.pedantic(trained, args=(60, 4000, tmp_path / "two", 2), rounds=1, iterations=1)
    benchmark.extra_info.update(one=one, two=two, ratio=one / two)
    assert one / two >= TWO_OVER_ONE, f"{one:.1f} s and {two:.1f} s"


@contextmanager
def sweep(root: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command that plans 5000 trials and begins to train them."""
    alphas = "0.3:0.798:0.002"
    words = ["sweep", "--task", "addition", "--baseline", "gromov2023/adamw", "--alphas", alphas]
    words += ["--seeds", "20", "--exhaustive", "--store", str(root / "store"), "--out", str(root / "out")]
    process = subprocess.Popen(
        [sys.executable, "-m", "grokbench", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)  # its workers end by themselves
        process.wait()


def resident(pid: int) -> float:
    """The most MiB that a process has held."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


@pytest.mark.benchmark(group="executors")
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_five_thousand_trials_begin_soon_in_a_small_process(benchmark: Any, tmp_path: Path) -> None:
    def begin(name: str) -> tuple[float, float]:
        begun = time.perf_counter()
        with sweep(tmp_path / name) as process:
            while not any((tmp_path / name).glob("store/locks/*")):
                assert process.poll() is None
                time.sleep(0.02)
            took = time.perf_counter() - begun
            return took, resident(process.pid)

    begin("first")  # the machine's speed is measured once a day, and steps once a month
    took, held = benchmark.pedantic(begin, args=("second",), rounds=1, iterations=1)
    benchmark.extra_info.update(seconds=took, mebibytes=held)
    assert held <= MIB
    assert took <= SECONDS
