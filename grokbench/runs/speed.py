"""How fast this CPU multiplies, so that a plan's minutes are this machine's and not the reference's."""

from __future__ import annotations

import functools
import time

from grokbench.runs.cost import FLOPS_PER_SECOND

SHAPE = (2822, 128, 512)  # rows, inputs, outputs of a layer on 30 % of the pairs modulo 97
SECONDS = 0.15


@functools.cache
def slowdown() -> float:
    """FLOPS_PER_SECOND over the rate of one thread's float32 products here, the median of those done in 0.15 s.

    Measured once a process, with whatever else the machine is doing; two workers that share a core are each slower.
    """
    import torch

    from grokbench.models import products

    rows, inputs, outputs = SHAPE
    a, b, out = torch.ones(rows, inputs), torch.ones(outputs, inputs), torch.empty(rows, outputs)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        products.times_transposed(a, b, out)  # the first call sets the library up
        took: list[float] = []
        while not took or sum(took) < SECONDS:
            start = time.perf_counter()
            products.times_transposed(a, b, out)
            took.append(time.perf_counter() - start)
    finally:
        torch.set_num_threads(threads)
    return FLOPS_PER_SECOND * sorted(took)[len(took) // 2] / (2.0 * rows * inputs * outputs)
