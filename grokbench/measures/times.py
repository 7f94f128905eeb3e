"""When runs fit and generalise."""

from __future__ import annotations

import math

import numpy as np

from grokbench.analysis import timing
from grokbench.measures import reading
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import (
    HALF_FIT,
    ONSET,
    SOME_FITS,
    SOME_RISE,
    SOME_WHOLE,
    T_MEM,
    without_landmarks,
)
from grokbench.measures.reading import (
    Between,
    Measured,
    baseline,
    ends,
    fitted,
    generalised,
    narrowed,
    one,
    onset,
    time_to_fit,
    time_to_generalise,
)
from grokbench.measures.requiring import Arguments, each, requires
from grokbench.specs.errors import InputError


def t_gen(view: SeedView, arm: int = 0) -> Measured:
    """T_gen in steps; above the budget when censored."""
    return time_to_generalise(one(view, arm))


def t_mem(view: SeedView, arm: int = 0) -> Measured:
    """T_mem in steps; above the budget when censored."""
    return time_to_fit(one(view, arm))


@requires(ONSET)
def onset_step(view: SeedView, arm: int = 0) -> float:
    """Onset of one run in steps: its last a′ ≤ 0.1 before the first a′ ≥ 0.5; nan where it never gets half-way."""
    found = onset(one(view, arm))
    return found if math.isfinite(found) else math.nan


def memoriser_baseline(view: SeedView, arm: int = 0) -> float:
    """b, the test accuracy of a memoriser without arithmetic on the run's split."""
    return baseline(one(view, arm))


def grokking(view: SeedView, arm: int = 0) -> float:
    """1 when the run's outcome class is grokking, R½ ≥ 1.5 included, else 0."""
    return float(one(view, arm).outcome == "grokking")


@requires(HALF_FIT, SOME_RISE)
def half_rise_ratio_over(view: SeedView, first: int = 0, second: int = 1) -> float:
    """R½ of one arm over that of another of the same seed; nan where both are infinite or either is unknown."""
    return _over(half_rise_ratio(view, first), half_rise_ratio(view, second))


def _watched(cell: Cell, chosen: Arguments) -> bool:
    return not math.isnan(cell.record.stays(chosen["until"]))


STAYED = each(
    "a T_gen of at most a third of {until}, and evaluations up to {until}", _watched, without_landmarks
)


@requires(STAYED)
def stays(view: SeedView, until: int, arm: int = 0) -> float:
    """1 when a run that generalised never falls below 0.9 up to step ``until`` and ends at 0.99 (median of five), else 0.

    nan without a T_gen, where ``until`` is less than 3 T_gen, and where the record ends before it.
    """
    record = one(view, arm)
    return record.stays(until)


def generalises(view: SeedView, arm: int = 0) -> float:
    """1 when any of the arm's runs has a T_gen within its budget, else 0."""
    return float(any(math.isfinite(generalised(cell.record)) for cell in view.arms[arm]))


@requires(SOME_WHOLE)
def time_ratio(view: SeedView, numerator: int = 0, denominator: int = 1) -> Measured:
    """T_gen of one arm over that of another.

    A censored arm leaves the bounds that its budget gives; nan when both diverged.
    """
    return _time_ratio(*(ends(time_to_generalise(one(view, arm))) for arm in (numerator, denominator)))


@requires(SOME_FITS)
def fit_time_ratio(view: SeedView, numerator: int = 0, denominator: int = 1) -> Measured:
    """T_mem of one arm over that of another.

    A censored arm leaves the bounds that its budget gives; nan when both diverged.
    """
    return _time_ratio(*(ends(time_to_fit(one(view, arm))) for arm in (numerator, denominator)))


@requires(SOME_WHOLE)
def time_over_fastest(view: SeedView) -> Measured:
    """T_gen of the first arm over the least T_gen of the others; bounds where a budget censors, nan when all diverged."""
    own, *others = (ends(time_to_generalise(one(view, arm))) for arm in range(len(view.arms)))
    if not others:
        raise InputError("this measure compares the first arm with others; there is one arm")
    return _time_ratio(own, Between(min(other.low for other in others), min(other.high for other in others)))


def _time_ratio(top: Between, bottom: Between) -> Measured:
    if math.isinf(top.low) and math.isinf(bottom.low):
        return math.nan
    low = 0.0 if math.isinf(bottom.high) and math.isfinite(top.low) else _over(top.low, bottom.high)
    return narrowed(low, _over(top.high, bottom.low))


def _over(top: float, bottom: float) -> float:
    if bottom == 0:
        return math.nan if top == 0 else math.inf
    return top / bottom


@requires(T_MEM)
def delay_ratio(view: SeedView, arm: int = 0) -> Measured:
    """T_gen / T_mem of one run; bounded below when T_gen is censored, nan without T_mem."""
    record = one(view, arm)
    fit = fitted(record)
    if math.isinf(fit) or fit == 0:
        return math.nan
    reached = ends(time_to_generalise(record))
    return narrowed(reached.low / fit, reached.high / fit)


@requires(HALF_FIT)
def half_rise_ratio(view: SeedView, arm: int = 0) -> float:
    """R½ of one run: first a′ ≥ 0.5 over first train accuracy ≥ 0.5."""
    return reading.half_rise_ratio(one(view, arm))


@requires(T_MEM)
def rise_ratio(view: SeedView, level: float = 0.1, arm: int = 0) -> Measured:
    """First evaluation with a′ ≥ ``level`` over T_mem; bounded below where the budget ended before, nan without T_mem."""
    record = one(view, arm)
    fit = fitted(record)
    if math.isinf(fit) or fit == 0:
        return math.nan
    above = timing.normalised(record.curves["test_accuracy"], baseline(record))
    risen = timing.first_crossing(record.curves["step"], above, level)
    if math.isfinite(risen) or record.ended == "diverged":
        return risen / fit
    return narrowed(float(record.trial.budget) / fit, math.inf)


@requires(T_MEM)
def accuracy_at_fit(view: SeedView, arm: int = 0) -> float:
    """a′ at T_mem; nan without T_mem."""
    record = one(view, arm)
    fit = fitted(record)
    if math.isinf(fit):
        return math.nan
    above = timing.normalised(record.curves["test_accuracy"], baseline(record))
    return float(above[int(np.searchsorted(record.curves["step"], fit))])
