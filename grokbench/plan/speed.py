"""How fast this machine is, so that a plan's minutes are its own: by steps that were timed on it, else by products."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from threading import Barrier
from typing import Any

import numpy as np

from grokbench.plan import costs, memory
from grokbench.plan.costs import Work
from grokbench.plan.memory import Clock

SHAPE = (2822, 128, 512)  # rows, inputs, outputs of a layer on 30 % of the pairs modulo 97
REPEATS = 40  # products on each core: 0.15 s on a core of ``CORE``
RATE = "flops_per_second"
FRESH_SECONDS = 24 * 3600.0  # for so long a measured rate is believed
KEPT_SECONDS = 30 * 24 * 3600.0  # for so long steps that were timed are, which takes longer to do again


def seconds(work: Work) -> float:
    """Seconds that a trial's work takes on one core of this CPU."""
    return costs.seconds(work) * slowdown(work)


def slowdown(work: Work) -> float:
    """How many times as long as ``costs`` says a trial takes here: by steps like its own that were timed, else by products."""
    return timed(work) or costs.CORE / flops_per_second()


def timed(work: Work) -> float | None:
    """The slowdown of steps like those of ``work`` that were timed on this machine (``plan.probe``); None where none were."""
    name = like(work)
    return _learned.get(name) or _recalled(name)


def learn(work: Work, seconds: float) -> None:
    """Keep that ``work`` took so many seconds here."""
    name = like(work)
    _learned[name] = memory.keep(name, seconds / costs.seconds(work))


_learned: dict[str, float] = {}  # by this process, which may have no cache to keep it in


@functools.cache
def _recalled(name: str) -> float | None:
    return memory.recall(name, KEPT_SECONDS)


def like(work: Work) -> str:
    """A name for all steps that are off by one factor: of one kind and cost, and of the same power of four in size."""
    size = round(math.log(max(work.step, 1e-3), 4))
    return f"{' '.join(filter(None, work.kind))}, about {4.0**size:.4g} million: {costs.cost(work.kind)}"


def known(work: Work) -> bool:
    """Whether records, or steps that were timed here, say what a trial costs."""
    return work.kind in costs.recorded() or timed(work) is not None


@functools.cache
def flops_per_second() -> float:
    """Rate of float32 products on one core of this CPU: the one that was measured within a day, else a new one."""
    return memory.recall(RATE, FRESH_SECONDS) or memory.keep(RATE, measured())


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
