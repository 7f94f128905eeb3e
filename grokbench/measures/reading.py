"""What measures share: numbers, brackets, and how times and values are read off a record."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from grokbench.analysis import timing
from grokbench.analysis.statistics import running_median
from grokbench.measures.cells import Cell, SeedView
from grokbench.specs.errors import InputError
from grokbench.training.record import Record

Floats = NDArray[np.float64]


class Between(NamedTuple):
    """A number known only to lie in (low, high]: a censored time, a threshold between two levels.

    The lower end is excluded: a threshold lies above the level that failed, a censored time above its budget.
    Where both ends agree it is that number.
    """

    low: float
    high: float


Measured = float | Between


def one(view: SeedView, arm: int = 0) -> Record:
    """The record of an arm that has one cell per seed."""
    cells = view.arms[arm]
    if len(cells) != 1:
        raise InputError(f"this measure reads one record per seed and arm; arm {arm} has {len(cells)}")
    return cells[0].record


def levels(view: SeedView, arm: int = 0) -> list[tuple[float, Cell]]:
    """The cells of an arm with their training fractions, ascending."""
    return sorted(((float(c.settings["alpha"]), c) for c in view.arms[arm]), key=lambda pair: pair[0])


def ends(value: Measured) -> Between:
    """A measured number as the interval it lies in."""
    return value if isinstance(value, Between) else Between(value, value)


def narrowed(low: float, high: float) -> Measured:
    """A float when both ends agree, nan when an end is unknown, else Between."""
    if math.isnan(low) or math.isnan(high):
        return math.nan
    return low if low == high else Between(low, high)


def narrowed_on_a_grid(low: float, high: float) -> Measured:
    """As ``narrowed``, of a difference of two decimal fractions, without what rounding adds to it: 0.45 − 0.4 is 0.05."""
    return narrowed(round(low, PLACES), round(high, PLACES))


PLACES = 9  # decimal ones, of a fraction of a grid


def generalised(record: Record) -> float:
    """T_gen within the trial's budget; inf when it is not reached."""
    return record.t_gen


def time_to_generalise(record: Record) -> Measured:
    """T_gen; a run that ended without it lies above its budget, one that diverged has inf."""
    reached = generalised(record)
    if math.isfinite(reached) or record.ended == "diverged":
        return reached
    return Between(float(record.trial.budget), math.inf)


def baseline(record: Record) -> float:
    """b of the record's split."""
    return float(record.facts["memoriser_baseline"])


def fitted(record: Record) -> float:
    """T_mem; inf when it is not reached."""
    return record.fitted()


def time_to_fit(record: Record) -> Measured:
    """T_mem; a run that ended without it lies above its budget, one that diverged has inf."""
    reached = fitted(record)
    if math.isfinite(reached) or record.ended == "diverged":
        return reached
    return narrowed(float(record.trial.budget), math.inf)


def half_rise_ratio(record: Record) -> float:
    """R½; see ``timing.half_rise_ratio``."""
    curves = record.curves
    return timing.half_rise_ratio(
        curves["step"], curves["train_accuracy"], curves["test_accuracy"], baseline(record)
    )


def rise(record: Record) -> float:
    """First evaluation with a′ ≥ 0.5."""
    return timing.half_rise(record.curves["step"], record.curves["test_accuracy"], baseline(record))


def onset(record: Record) -> float:
    """Onset of generalisation: the last evaluation with a′ ≤ 0.1 before the first with a′ ≥ 0.5."""
    return timing.onset(record.curves["step"], record.curves["test_accuracy"], baseline(record))


def smooth_test_loss(record: Record) -> Floats:
    """Running median of 5 of the test loss."""
    return running_median(record.curves["test_loss"], 5)


def column(record: Record, probe: str, name: str) -> tuple[Floats, Floats] | None:
    """Steps and values of a probe's column; None where the record lacks it."""
    found = record.probes.get(probe)
    if found is None or name not in found or not len(found["step"]):
        return None
    return np.asarray(found["step"], dtype=np.float64), np.asarray(found[name], dtype=np.float64)


def at_horizon(record: Record, probe: str, name: str, horizon: float) -> float:
    """A probe's value at the first row at or after horizon · T_gen; 0 is the first row.

    A trial with budget 0 has only its first row. nan without T_gen, or when the record ends before.
    """
    series = column(record, probe, name)
    if series is None:
        return math.nan
    steps, values = series
    if horizon == 0 or record.trial.budget == 0:
        return float(values[0])
    at = horizon * generalised(record)
    later = np.flatnonzero(steps >= at)
    return float(values[later[0]]) if later.size else math.nan


def within_budget(record: Record, curve: str) -> Floats:
    """A curve's evaluations up to the budget, shape (evaluations,).

    A run that comes to 99 % shortly before its budget is trained on until its T_gen is sure; arms are compared without that.
    """
    steps = np.asarray(record.curves["step"])
    return np.asarray(record.curves[curve], dtype=np.float64)[steps <= record.trial.budget]


def last_accuracy(record: Record, split: str = "test", rows: str = "") -> float:
    """Accuracy at the end of the budget, median of the last five evaluations; 0 for a run that diverged.

    ``rows``: of training rows that are looked at apart, such as "clean", which the curve's name ends in.
    """
    if record.ended == "diverged":
        return 0.0
    curve = f"{split}_accuracy_{rows}" if rows else f"{split}_accuracy"
    return float(np.median(within_budget(record, curve)[-5:]))


def table_share(cell: Cell) -> float:
    """Share of the whole table answered rightly at the end."""
    curves, facts = cell.record.curves, cell.record.facts
    right = round(float(curves["train_accuracy"][-1]) * facts["n_train"])
    right += round(float(curves["test_accuracy"][-1]) * facts["n_test"])
    return float(right / (facts["n_train"] + facts["n_test"]))
