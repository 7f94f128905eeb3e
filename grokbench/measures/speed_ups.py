"""Speed-ups: how much sooner one arm crosses an accuracy than another, and what they share (Lee et al. 2024).

Times are first crossings F_level of the test accuracy within the budget; one that is not reached lies above the budget.
"""

from __future__ import annotations

import math

from grokbench.measures.cells import SeedView
from grokbench.measures.lasting import SOME_CROSSING, first_time
from grokbench.measures.reading import Between, Measured, narrowed, one
from grokbench.measures.requiring import requires
from grokbench.specs.errors import InputError
from grokbench.training.record import Record


def _logarithm(record: Record, level: float) -> Between:
    """log F_level, with the bounds that ``first_time`` has."""
    found = first_time(record, level)
    return Between(math.log(max(found.low, 1.0)), math.log(max(found.high, 1.0)))


def _logarithms(view: SeedView, level: float, n: int) -> list[Between]:
    if len(view.arms) < n:
        raise InputError(f"this measure reads {n} arms; there are {len(view.arms)}")
    return [_logarithm(one(view, arm), level) for arm in range(n)]


def _less(above: float, below: float) -> float:
    """The least of a difference, or with signs turned the largest: without end where what is taken away has none."""
    return -math.inf if math.isinf(below) else above - below


@requires(SOME_CROSSING)
def crossing_interaction(view: SeedView, level: float = 0.95) -> Measured:
    """What two changes do together beyond what each does alone: log (F_1 F_2 / (F_0 F_3)) of F_level.

    Arms in this order: neither change, the first, the second, both. Above 0 they help one another. Bounded where a time is not
    reached.
    """
    neither, first, second, both = _logarithms(view, level, 4)
    low = _less(first.low + second.low, neither.high + both.high)
    return narrowed(low, -_less(neither.low + both.low, first.high + second.high))


@requires(SOME_CROSSING)
def crossing_over_middle(view: SeedView, level: float = 0.95) -> Measured:
    """F_level of the second arm over the geometric mean of the first one's and the third one's.

    Where the third is faster than the first, 1 or less says that the second has at least half of that speed-up, in logarithms.
    """
    slow, own, fast = _logarithms(view, level, 3)
    low = _less(own.low, (slow.high + fast.high) / 2)
    return narrowed(math.exp(low), math.exp(-_less((slow.low + fast.low) / 2, own.high)))
