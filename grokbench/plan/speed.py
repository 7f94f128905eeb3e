"""How fast this CPU multiplies, so that a plan's minutes are this machine's."""

from __future__ import annotations

import functools
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np

from grokbench.plan.costs import CORE

SHAPE = (2822, 128, 512)  # rows, inputs, outputs of a layer on 30 % of the pairs modulo 97
REPEATS = 40  # products on each core: 0.15 s on a core of ``CORE``
FRESH_SECONDS = 24 * 3600.0  # for so long a measured rate is believed

Clock = Callable[[], float]


def slowdown() -> float:
    """How many times as long as on a core of ``CORE`` a step takes on one of this CPU."""
    return CORE / flops_per_second()


@functools.cache
def flops_per_second() -> float:
    """Rate of float32 products on one core of this CPU: the one that was measured within a day, else a new one."""
    return remembered() or remember(measured())


def measured(
    product: Callable[[], Any] | None = None, clock: Clock = time.thread_time, cores: int | None = None
) -> float:
    """Rate of one core's float32 products while all cores multiply, as they do when trials are trained.

    Each core has a thread, whose own CPU time counts: what else the machine does has no part in it. numpy measures, because a
    command's own process is free of torch. ``product``: one product of ``SHAPE``, where another than numpy's is to be timed.
    ``clock``: of the calling thread. ``cores``: those that this process may use, where it is None.
    """
    from concurrent.futures import ThreadPoolExecutor

    from threadpoolctl import threadpool_limits

    from grokbench.plan.executor import default_workers

    count = default_workers() if cores is None else cores

    def took(start: Barrier) -> float:
        one = product or _product()
        one()  # the first call sets the library up
        start.wait()
        begun = clock()
        for _ in range(REPEATS):
            one()
        return max(clock() - begun, 1e-9)

    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(count) as pool:
        start = Barrier(count)
        seconds = list(pool.map(took, [start] * count))
    rows, inputs, outputs = SHAPE
    return 2.0 * rows * inputs * outputs * REPEATS * count / sum(seconds)


def _product() -> Callable[[], Any]:
    rows, inputs, outputs = SHAPE
    a, b = np.ones((rows, inputs), np.float32), np.ones((inputs, outputs), np.float32)
    return functools.partial(np.matmul, a, b, out=np.empty((rows, outputs), np.float32))


def remembered(path: Path | None = None, now: Clock = time.time) -> float | None:
    """The rate in the cache file of this CPU and this numpy; None where there is none of the last day."""
    path = path or _cache_file()
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))[_machine()] if path else None
        if entry is not None and 0 <= now() - float(entry["at"]) < FRESH_SECONDS:
            rate = float(entry["flops_per_second"])
            return rate if 0 < rate < float("inf") else None
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def remember(rate: float, path: Path | None = None, now: Clock = time.time) -> float:
    """Keep ``rate`` for a day, and return it. A cache that cannot be written is no fault: it is measured again then."""
    path = path or _cache_file()
    if path is None:
        return rate
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as beside:
            json.dump({_machine(): {"flops_per_second": rate, "at": now()}}, beside)
        Path(beside.name).replace(path)
    except OSError:
        pass
    return rate


def _cache_file() -> Path | None:
    """``speed.json`` in ``$GROKBENCH_CACHE``, or in the platform's folder for caches; None where no home is known."""
    from platformdirs import user_cache_path

    named = os.environ.get("GROKBENCH_CACHE")
    try:
        folder = Path(named).absolute() if named else user_cache_path("grokbench", appauthor=False)
    except RuntimeError:  # there is neither HOME nor an entry for this user
        return None
    return folder / "speed.json" if folder.is_absolute() else None


def _machine() -> str:
    """The CPU's name and numpy's version."""
    return f"{cpu_name()}, numpy {np.__version__}"


def cpu_name() -> str:
    """The model of this CPU, as its maker calls it where the system says so."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
