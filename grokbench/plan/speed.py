"""How fast this CPU multiplies, so that a plan's minutes are this machine's and not the reference's."""

from __future__ import annotations

import functools
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from grokbench.plan.flops import FLOPS_PER_SECOND

SHAPE = (2822, 128, 512)  # rows, inputs, outputs of a layer on 30 % of the pairs modulo 97
REPEATS = 40  # products of which the fastest counts: 0.15 s on the reference core
FRESH_SECONDS = 24 * 3600.0  # for so long a measured rate is believed

Clock = Callable[[], float]


def slowdown() -> float:
    """How many times as long as on the reference core, of ``FLOPS_PER_SECOND``, a step takes on one of this CPU."""
    return FLOPS_PER_SECOND / flops_per_second()


@functools.cache
def flops_per_second() -> float:
    """Rate of float32 products on one core of this CPU: the one that was measured within a day, else a new one."""
    return remembered() or remember(measured())


def measured(product: Callable[[], Any] | None = None, clock: Clock = time.perf_counter) -> float:
    """Rate of a core's float32 products now: of several products on one thread, the fastest by wall time.

    What else the machine does only slows a product down, so the fastest is closest to the truth. numpy measures, because a
    command's own process is free of torch; its BLAS and torch's run at about one speed. ``product``: one product of
    ``SHAPE``, where another than numpy's is to be timed.
    """
    from threadpoolctl import threadpool_limits

    rows, inputs, outputs = SHAPE
    with threadpool_limits(limits=1, user_api="blas"):
        one = product or _product()
        one()  # the first call sets the library up
        took = []
        for _ in range(REPEATS):
            start = clock()
            one()
            took.append(clock() - start)
    return 2.0 * rows * inputs * outputs / max(min(took), 1e-9)


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
