"""How accuracies rise: when, how far, and whether training and test accuracy do so together (Hu, Zhou and Yu 2024)."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from grokbench.analysis import timing
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import AT_FRACTION, SOME_T_GEN, T_MEM, VARYING, WHOLE, of_arms
from grokbench.measures.reading import (
    Between,
    Measured,
    baseline,
    ends,
    fitted,
    levels,
    narrowed,
    one,
    rise,
    time_to_generalise,
    within_budget,
)
from grokbench.measures.requiring import requires
from grokbench.specs.errors import UnknownNameError
from grokbench.training.record import Record


def _reached(record: Record, step: float) -> Measured:
    """``step``; where it is inf, above the last evaluation, and inf itself for a run that diverged."""
    if math.isfinite(step) or record.ended == "diverged":
        return step
    return Between(float(record.curves["step"][-1]), math.inf)


def half_rise(view: SeedView, arm: int = 0) -> Measured:
    """First evaluation with a′ ≥ 0.5, in steps; above the last evaluation where there is none."""
    record = one(view, arm)
    return _reached(record, rise(record))


def accuracy_crossing(view: SeedView, level: float = 0.999, arm: int = 0) -> Measured:
    """F_level of the test accuracy, in steps; above the last evaluation where there is none."""
    record = one(view, arm)
    curves = record.curves
    return _reached(record, timing.first_crossing(curves["step"], curves["test_accuracy"], level))


def half_rises(view: SeedView) -> float:
    """1 when any run of any arm reaches a′ ≥ 0.5, else 0."""
    return float(any(math.isfinite(rise(cell.record)) for cell in view.cells))


@requires(WHOLE)
def late_gain(view: SeedView, share: float = 0.9) -> float:
    """Largest test accuracy from the first train accuracy ≥ ``share`` of its own best on, less that there.

    Within the budget, and the largest over all runs of all arms. About 0 for a run whose test accuracy never rises, and for
    one whose test accuracy has risen when its train accuracy has. nan where a run diverged: its training was cut short.
    """
    gains = []
    for cell in view.cells:
        train, test = (within_budget(cell.record, f"{split}_accuracy") for split in ("train", "test"))
        at = int(np.argmax(train >= share * train.max()))
        gains.append(math.nan if cell.record.ended == "diverged" else float(test[at:].max() - test[at]))
    return math.nan if any(map(math.isnan, gains)) else max(gains)


@requires(WHOLE, VARYING)
def accuracy_correlation(view: SeedView, arm: int = 0) -> float:
    """Pearson's correlation of train and test accuracy over the evaluations within the budget.

    nan where either accuracy is the same at all of them, as a constant correlates with nothing, and for a run that diverged.
    """
    record = one(view, arm)
    train, test = (within_budget(record, f"{split}_accuracy") for split in ("train", "test"))
    if record.ended == "diverged" or np.ptp(train) == 0 or np.ptp(test) == 0:
        return math.nan
    return float(np.corrcoef(train, test)[0, 1])


def least_accuracy_rise(view: SeedView, arm: int = 0) -> float:
    """Best accuracy within the budget less that before the first step, of train or test set: the smaller of the two."""
    record = one(view, arm)
    curves = (within_budget(record, f"{split}_accuracy") for split in ("train", "test"))
    return min(float(curve.max() - curve[0]) for curve in curves)


def best_above_guess(record: Record) -> float:
    """The largest a′ of any evaluation."""
    return float(np.max(timing.normalised(record.curves["test_accuracy"], baseline(record))))


def best_normalised_accuracy(view: SeedView, arm: int = 0) -> float:
    """The largest a′ of any evaluation of one run."""
    return best_above_guess(one(view, arm))


@requires(AT_FRACTION)
def best_normalised_at_fraction(view: SeedView, alpha: float, arm: int = 0) -> float:
    """The largest a′ of the arm's run at the fraction ``alpha``; nan where the grid lacks it."""
    cell = _at(view, alpha, arm)
    return math.nan if cell is None else best_above_guess(cell.record)


@requires(AT_FRACTION)
def time_at_fraction(
    view: SeedView, alpha: float, unit: Literal["steps", "epochs"] = "steps", arm: int = 0
) -> Measured:
    """T_gen of the arm's run at ``alpha``, in "steps" or "epochs"; above the budget when censored."""
    units = ("steps", "epochs")
    if unit not in units:
        raise UnknownNameError("unit", unit, units)
    cell = _at(view, alpha, arm)
    if cell is None:
        return math.nan
    per = 1 if unit == "steps" else updates_per_epoch(cell.record)
    reached = ends(time_to_generalise(cell.record))
    return narrowed(reached.low / per, reached.high / per)


def updates_per_epoch(record: Record) -> int:
    """Updates in which a run sees every training row once: of batches of min(b, ⌈n/2⌉) rows, the last one what is left."""
    batch, n = record.trial.recipe.training["batch"], int(record.facts["n_train"])
    return 1 if batch == "full" else math.ceil(n / min(int(batch), math.ceil(n / 2)))


def _at(view: SeedView, alpha: float, arm: int) -> Cell | None:
    return next((cell for own, cell in levels(view, arm) if math.isclose(own, alpha, abs_tol=1e-9)), None)


@requires(T_MEM, SOME_T_GEN)
def delay_ratio_change(view: SeedView, numerator: int = 0, denominator: int = 1) -> Measured:
    """T_gen / T_mem of one arm over that of another; bounds where a T_gen is censored, nan without both T_mem."""
    fits = [fitted(one(view, arm)) for arm in (numerator, denominator)]
    if not all(0 < fit < math.inf for fit in fits):
        return math.nan
    top, bottom = (ends(time_to_generalise(one(view, arm))) for arm in (numerator, denominator))
    if math.isinf(top.high) and math.isinf(bottom.high):
        return math.nan
    scale = fits[1] / fits[0]
    low = 0.0 if math.isinf(bottom.high) else top.low / bottom.high
    return narrowed(low * scale, top.high / bottom.low * scale)


def _delays(view: SeedView, arm: int) -> list[tuple[float, float]]:
    """(fraction, T_gen / T_mem) of the arm's runs that generalise, ascending."""
    pairs = [
        (alpha, ends(time_to_generalise(cell.record)).high / fitted(cell.record))
        for alpha, cell in levels(view, arm)
    ]
    return [(alpha, delay) for alpha, delay in pairs if math.isfinite(delay)]


LEAST_LEVELS = 3  # fractions that must generalise before the largest of their delays means anything


THREE = of_arms(
    f"{LEAST_LEVELS} fractions that generalise",
    lambda arms, _: all(len(_delays(SeedView(0, (arm,)), 0)) >= LEAST_LEVELS for arm in arms),
)


@requires(THREE)
def delay_peak_fraction(view: SeedView, arm: int = 0) -> float:
    """The fraction at which T_gen / T_mem is largest, of those that generalise within the budget; nan where fewer than 3 do."""
    delays = _delays(view, arm)
    return max(delays, key=lambda pair: pair[1])[0] if len(delays) >= LEAST_LEVELS else math.nan


@requires(THREE)
def delay_peak_rank(view: SeedView, arm: int = 0) -> float:
    """The place of the fraction with the largest T_gen / T_mem among those that generalise, 0 for the smallest."""
    delays = _delays(view, arm)
    if len(delays) < LEAST_LEVELS:
        return math.nan
    return float(max(range(len(delays)), key=lambda i: delays[i][1]))
