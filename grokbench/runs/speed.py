"""How fast this CPU multiplies, so that a plan's minutes are this machine's and not the reference's."""

from __future__ import annotations

import functools
import time

import numpy as np

from grokbench.runs.cost import FLOPS_PER_SECOND

SHAPE = (2822, 128, 512)  # rows, inputs, outputs of a layer on 30 % of the pairs modulo 97
SECONDS = 0.15


def slowdown() -> float:
    """How many times as long as on the reference core, of ``FLOPS_PER_SECOND``, a step takes on one of this CPU."""
    return FLOPS_PER_SECOND / flops_per_second()


@functools.cache
def flops_per_second() -> float:
    """Rate of a core's float32 products here, the median of those done in 0.15 s of CPU time.

    By numpy, because a command's own process is free of torch; its BLAS and torch's run at about one speed. Measured once a
    process: workers that share a core, or the machine with others, are slower.
    """
    rows, inputs, outputs = SHAPE
    a, b = np.ones((rows, inputs), np.float32), np.ones((inputs, outputs), np.float32)
    out = a @ b  # the first call sets the library up
    took: list[float] = []
    while not took or sum(took) < SECONDS:
        start = time.process_time()  # of all threads: numpy may use several
        np.matmul(a, b, out=out)
        took.append(time.process_time() - start)
    return 2.0 * rows * inputs * outputs / float(np.median(took))
