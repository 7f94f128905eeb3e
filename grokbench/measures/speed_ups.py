"""Speed-ups: how much sooner one arm crosses an accuracy than another, and what they share (Lee et al. 2024).

Times are first crossings F_level of the test accuracy within the budget; one that is not reached lies above the budget.
"""

from __future__ import annotations

import math

from grokbench.analysis import timing
from grokbench.measures.cells import SeedView
from grokbench.measures.needed import of_arms
from grokbench.measures.reading import Between, Measured, narrowed, one, within_budget
from grokbench.measures.requiring import Arguments, Arms, requires
from grokbench.training.record import Record


def _crossing(record: Record, level: float) -> float:
    """F_level within the budget; inf where it is not reached."""
    return timing.first_crossing(within_budget(record, "step"), within_budget(record, "test_accuracy"), level)


def _logarithm(record: Record, level: float) -> Between:
    """log F_level; above the budget's where it is not reached, and inf for a run that diverged before."""
    found = _crossing(record, level)
    if math.isfinite(found):
        return Between(*[math.log(max(found, 1.0))] * 2)
    least = math.inf if record.ended == "diverged" else math.log(max(record.trial.budget, 1))
    return Between(least, math.inf)


def _some_cross(arms: Arms, chosen: Arguments) -> bool:
    records = [cell.record for arm in arms for cell in arm]
    level = float(chosen.get("level", 0.95))
    return any(math.isfinite(_crossing(r, level)) for r in records)


SOME_CROSS = of_arms("a test accuracy of {level} in one of the runs", _some_cross)


@requires(SOME_CROSS)
def crossing_ratio(view: SeedView, level: float = 0.95, numerator: int = 0, denominator: int = 1) -> Measured:
    """F_level of one arm over that of another; bounded where one of them is not reached, nan where neither is."""
    top, bottom = (_logarithm(one(view, arm), level) for arm in (numerator, denominator))
    if math.isinf(top.high) and math.isinf(bottom.high):
        return math.nan
    return narrowed(math.exp(top.low - bottom.high), math.exp(top.high - bottom.low))


@requires(SOME_CROSS)
def crossing_interaction(view: SeedView, level: float = 0.95) -> Measured:
    """What two changes do together beyond what each does alone: log (F_1 F_2 / (F_0 F_3)) of F_level.

    Arms in this order: neither change, the first, the second, both. Above 0 they help one another. Bounded where a time is not
    reached.
    """
    neither, first, second, both = (_logarithm(one(view, arm), level) for arm in range(4))
    low = first.low + second.low - neither.high - both.high
    high = first.high + second.high - neither.low - both.low
    return narrowed(low, high)


@requires(SOME_CROSS)
def crossing_over_middle(view: SeedView, level: float = 0.95) -> Measured:
    """F_level of the second arm over the geometric mean of the first one's and the third one's.

    Where the third is faster than the first, 1 or less says that the second has at least half of that speed-up, in logarithms.
    """
    slow, own, fast = (_logarithm(one(view, arm), level) for arm in range(3))
    if math.isinf(own.high) and (math.isinf(slow.high) or math.isinf(fast.high)):
        return math.nan
    return narrowed(
        math.exp(own.low - (slow.high + fast.high) / 2), math.exp(own.high - (slow.low + fast.low) / 2)
    )
