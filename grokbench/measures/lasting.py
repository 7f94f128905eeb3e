"""First crossings of an accuracy against times from which it lasts, falls after T_gen, and what a step costs.

For papers that rank optimizers by a first crossing (Tveit et al. 2025), and those that object (Wang 2026, Janati 2026).
"""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np

from grokbench.analysis import timing
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import T_GEN, of_arms, without_landmarks
from grokbench.measures.reading import Between, Measured, generalised, narrowed, one, within_budget
from grokbench.measures.requiring import Arguments, Arms, each, requires
from grokbench.specs.errors import InputError
from grokbench.training.record import Record


def first_time(record: Record, level: float) -> Between:
    """F_level of the test accuracy within the budget; above the last evaluation where there is none, inf for a diverged run."""
    steps, accuracy = within_budget(record, "step"), within_budget(record, "test_accuracy")
    return _within(record, timing.first_crossing(steps, accuracy, level))


def lasting_time(record: Record, level: float) -> Between:
    """The first evaluation from which no test accuracy of the budget lies below ``level``; else as ``first_time``."""
    steps, accuracy = within_budget(record, "step"), within_budget(record, "test_accuracy")
    below = np.flatnonzero(accuracy < level)
    since = int(below[-1]) + 1 if below.size else 0
    return _within(record, float(steps[since]) if since < steps.size else math.inf)


def _within(record: Record, step: float) -> Between:
    if math.isfinite(step) or record.ended == "diverged":
        return Between(step, step)
    return Between(float(within_budget(record, "step")[-1]), math.inf)


def _ratio(top: Between, bottom: Between) -> Measured:
    low = 0.0 if math.isinf(bottom.high) and math.isfinite(top.low) else top.low / bottom.high
    return narrowed(low, top.high / bottom.low)


def _crossed(arms: Arms, chosen: Arguments) -> bool:
    accuracies = [within_budget(cell.record, "test_accuracy") for arm in arms for cell in arm]
    level = float(chosen["level"])
    return all(one[0] < level for one in accuracies) and any(one.max() >= level for one in accuracies)


SOME_CROSSING = of_arms(
    "a test accuracy of {level} in one of the runs, and in none before its first step", _crossed
)


@requires(SOME_CROSSING)
def crossing_ratio(view: SeedView, level: float = 0.95, numerator: int = 0, denominator: int = 1) -> Measured:
    """F_level of the test accuracy of one arm over that of another; bounds where a run ends without it."""
    return _ratio(*(first_time(one(view, arm), level) for arm in (numerator, denominator)))


def _whole(cell: Cell, chosen: Arguments) -> bool:
    return cell.record.ended == "finished"


def _stopped(cell: Cell) -> Cell:
    return cell._replace(record=dataclasses.replace(cell.record, ended="stopped"))


TO_THE_END = each("a run that comes to the end of its budget", _whole, _stopped)


@requires(TO_THE_END)
def lasting_crossing(view: SeedView, level: float = 0.95, arm: int = 0) -> Measured:
    """First evaluation from which no test accuracy lies below ``level``, to the end; above it where there is none."""
    found = lasting_time(one(view, arm), level)
    return narrowed(*found)


@requires(TO_THE_END, SOME_CROSSING)
def lasting_ratio(view: SeedView, level: float = 0.95, numerator: int = 0, denominator: int = 1) -> Measured:
    """Of one arm over another: the first evaluation from which no test accuracy lies below ``level``, to the end.

    Bounds where there is none.
    """
    return _ratio(*(lasting_time(one(view, arm), level) for arm in (numerator, denominator)))


@requires(TO_THE_END)
def ranks_invert(view: SeedView, level: float = 0.95, margin: float = 1.1) -> float:
    """1 when two arms cross ``level`` in one order and stay above it, to the end, in the other; else 0.

    Both orders are by a factor ``margin`` or more. An arm that does not stay above comes after one that does.
    """
    if len(view.arms) < 2:
        raise InputError("this measure compares arms; there is one")
    records = [one(view, arm) for arm in range(len(view.arms))]
    times = [(first_time(record, level).high, lasting_time(record, level).high) for record in records]
    return float(
        any(
            margin * a_first <= b_first < math.inf and margin * b_lasting <= a_lasting
            for (a_first, a_lasting), (b_first, b_lasting) in itertools.permutations(times, 2)
            if math.isfinite(b_lasting)
        )
    )


def _long_after(cell: Cell, chosen: Arguments) -> bool:
    return not math.isnan(_share_below(cell.record, int(chosen["until"])))


def _share_below(record: Record, until: int) -> float:
    """Share of the evaluations in (T_gen, until] below 0.99, or the task's own level; nan where they end before."""
    at, steps = generalised(record), np.asarray(record.curves["step"], dtype=np.float64)
    if not 0 < at < until or steps[-1] < until:
        return math.nan
    after = np.asarray(record.curves["test_accuracy"])[(steps > at) & (steps <= until)]
    return float(np.mean(after < record.levels.t_gen)) if after.size else math.nan


AFTERWARDS = each("a T_gen before {until}, and evaluations up to {until}", _long_after, without_landmarks)


@requires(AFTERWARDS)
def dip_share(view: SeedView, until: int, arm: int = 0) -> float:
    """Share of the evaluations after T_gen, up to step ``until``, whose test accuracy is below 0.99."""
    return _share_below(one(view, arm), until)


@requires(AFTERWARDS)
def dip_share_lead(view: SeedView, until: int, first: int = 0, second: int = 1) -> float:
    """Share of the evaluations after T_gen, up to step ``until``, below 0.99: of one arm less that of another."""
    return dip_share(view, until, first) - dip_share(view, until, second)


def _apart(arms: Arms, chosen: Arguments) -> bool:
    second = [generalised(arm[0].record) for arm in arms[1::2]]
    return all(map(math.isfinite, second)) and len(set(second)) == len(second)


UNEQUAL = of_arms("T_gen of the second arm that differ", _apart)


@requires(T_GEN, UNEQUAL)
def time_spread_ratio(view: SeedView) -> float:
    """How far the T_gen of two seeds lie apart, by their logarithms, in the first arm over that in the second.

    For claims with ``pairs``: the arms of the second seed follow those of the first one.
    """
    if len(view.arms) != 4:
        raise InputError(f"this measure reads two arms of two seeds; there are {len(view.arms)} records")
    times = [generalised(one(view, arm)) for arm in range(4)]
    return abs(math.log(times[0] / times[2])) / abs(math.log(times[1] / times[3]))


def _timed(cell: Cell, chosen: Arguments) -> bool:
    return float(cell.record.cost.get("ms_per_step", 0.0)) > 0


def _untimed(cell: Cell) -> Cell:
    return cell._replace(record=dataclasses.replace(cell.record, cost={}))


TIMED = each("the milliseconds that a step took", _timed, _untimed)


@requires(TIMED)
def step_cost_ratio(view: SeedView, numerator: int = 0, denominator: int = 1) -> float:
    """Milliseconds that a step of one arm took over those of another, on the machine that trained them."""
    top, bottom = (float(one(view, arm).cost["ms_per_step"]) for arm in (numerator, denominator))
    return top / bottom
