"""Where curves end: accuracies and losses after the last step, and how arms that got equally many steps compare.

The end is that of the budget. An accuracy there is the median of the last five evaluations; a loss, the running median of five.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grokbench.analysis import timing
from grokbench.analysis.statistics import running_median
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.curves import peak_step
from grokbench.measures.needed import ONSET, RISE, SAME_FRACTIONS, STEPS, WHOLE
from grokbench.measures.reading import (
    Measured,
    baseline,
    last_accuracy,
    levels,
    narrowed,
    one,
    onset,
    rise,
    within_budget,
)
from grokbench.measures.requiring import requires
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.training.record import Record


def final_normalised_accuracy(view: SeedView, arm: int = 0) -> float:
    """a′ at the end, by the median of the last five test accuracies within the budget; 0 for a run that diverged."""
    return normalised_end(one(view, arm))


def final_test_accuracy(view: SeedView, arm: int = 0) -> float:
    """Test accuracy at the end, the median of the last five evaluations within the budget; 0 for a run that diverged."""
    return last_accuracy(one(view, arm))


def final_accuracy_change(view: SeedView, first: int = 0, second: int = 1) -> float:
    """Test accuracy at the end of the budget, of one arm less that of another."""
    return final_test_accuracy(view, first) - final_test_accuracy(view, second)


def final_train_accuracy(view: SeedView, arm: int = 0) -> float:
    """Train accuracy at the end, the median of the last five evaluations within the budget; 0 for a run that diverged."""
    return last_accuracy(one(view, arm), "train")


@requires(WHOLE)
def best_train_accuracy(view: SeedView, arm: int = 0) -> float:
    """The largest train accuracy of any evaluation within the budget; nan for a run that diverged, as it was cut short."""
    record = one(view, arm)
    if record.ended == "diverged":
        return math.nan
    return float(np.max(within_budget(record, "train_accuracy")))


@requires(SAME_FRACTIONS)
def final_accuracy_lead(
    view: SeedView, leaders: int = 1, over: Literal["best", "worst"] = "best", above_guess: bool = False
) -> float:
    """Test accuracy at the end, averaged over the fractions: the worst of the first ``leaders`` arms less another arm.

    ``over``: the "best" or the "worst" of the other arms. ``above_guess``: of a′ in place of the accuracy. nan where the arms'
    fractions differ.
    """
    choose = {"best": max, "worst": min}
    if over not in choose:
        raise UnknownNameError("choice", over, choose)
    if not 0 < leaders < len(view.arms):
        raise InputError(f"leaders is {leaders}; it must leave at least one of {len(view.arms)} arms")
    grids = [[alpha for alpha, _ in levels(view, arm)] for arm in range(len(view.arms))]
    if any(grid != grids[0] for grid in grids):
        return math.nan
    means = [_mean_last(arm, above_guess) for arm in view.arms]
    return min(means[:leaders]) - choose[over](means[leaders:])


def _mean_last(cells: tuple[Cell, ...], above_guess: bool) -> float:
    value = normalised_end if above_guess else last_accuracy
    return float(np.mean([value(cell.record) for cell in cells]))


def normalised_end(record: Record) -> float:
    """a′ at the end; 0 for a run that diverged."""
    if record.ended == "diverged":
        return 0.0
    return float(timing.normalised([last_accuracy(record)], baseline(record))[0])


def loss_end_over_start(view: SeedView, arm: int = 0) -> float:
    """Test loss at the end over the test loss before the first step."""
    record = one(view, arm)
    return float(_end_of_loss(record)[-1]) / float(record.curves["test_loss"][0])


@requires(WHOLE, STEPS)
def loss_minimum_position(view: SeedView, arm: int = 0) -> float:
    """Step of the least test loss (running median of 5, the first one if several) over the last step within the budget.

    0: it is least before the first step; 1: at the end. nan for a run that diverged or took no step.
    """
    record = one(view, arm)
    steps = within_budget(record, "step")
    if record.ended == "diverged" or steps[-1] == 0:
        return math.nan
    return float(steps[int(np.argmin(_end_of_loss(record)))] / steps[-1])


@requires(WHOLE)
def loss_rise_from_least(view: SeedView, arm: int = 0) -> float:
    """Test loss at the end less its least value, over the test loss before the first step; nan for a run that diverged."""
    record = one(view, arm)
    smooth = _end_of_loss(record)
    if record.ended == "diverged":
        return math.nan
    return float(smooth[-1] - np.min(smooth)) / float(record.curves["test_loss"][0])


def _end_of_loss(record: Record) -> NDArray[np.float64]:
    return running_median(within_budget(record, "test_loss"), 5)


@requires(RISE)
def loss_fall_over_rise(view: SeedView, level: float = 1.0, arm: int = 0) -> Measured:
    """First evaluation from the peak of the test loss on with a test loss below ``level``, over the first a′ ≥ 0.5.

    Bounded below where the loss stays above; nan for a run that never gets half-way.
    """
    record = one(view, arm)
    risen, peak = rise(record), peak_step(record)
    if not 0 < risen < math.inf or math.isnan(peak):
        return math.nan
    steps = np.asarray(record.curves["step"], dtype=np.float64)
    below = np.flatnonzero((np.asarray(record.curves["test_loss"]) < level) & (steps >= peak))
    if below.size:
        return float(steps[below[0]]) / risen
    return narrowed(float(steps[-1]) / risen, math.inf)


@requires(ONSET)
def peak_position_change(view: SeedView, first: int = 0, second: int = 1) -> float:
    """Step of the test loss's peak over the onset step, of one arm less that of another; nan where either never gets half-way."""
    places = []
    for arm in (first, second):
        record = one(view, arm)
        start = onset(record)
        places.append(peak_step(record) / start if 0 < start < math.inf else math.nan)
    return places[0] - places[1]
