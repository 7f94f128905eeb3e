"""Kernel machines whose features are learned: silent losses and circulant structure (Mallinar et al. 2024).

A step is an iteration. The structure is read from the probe "circulant": 0 where the features have it, about 1 for noise.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from grokbench.measures.cells import SeedView
from grokbench.measures.reading import Measured, column, narrowed, one, within_budget
from grokbench.training.record import Record

Operation = Literal["add", "subtract", "multiply", "divide"]


def _curve_at(record: Record, curve: str, step: float) -> float:
    """A curve's value at exactly this step; nan where it was not evaluated."""
    found = np.flatnonzero(record.curves["step"] == step)
    return float(record.curves[curve][found[0]]) if found.size else math.nan


def _probe_at(record: Record, name: str, step: float | None) -> float:
    """A column of the probe at this step, or in its last row; nan where there is no such row."""
    series = column(record, "circulant", name)
    if series is None:
        return math.nan
    steps, values = series
    found = np.flatnonzero(steps == step) if step is not None else np.array([len(steps) - 1])
    return float(values[found[0]]) if found.size else math.nan


def largest_train_loss(view: SeedView, arm: int = 0) -> float:
    """The largest training loss of any evaluation within the budget; inf for a run that diverged."""
    record = one(view, arm)
    if record.ended == "diverged":
        return math.inf
    return float(np.max(within_budget(record, "train_loss")))


def loss_kept(view: SeedView, step: float, arm: int = 0) -> float:
    """Test loss at ``step`` over that before the first step; nan where ``step`` was not evaluated."""
    record = one(view, arm)
    return _curve_at(record, "test_loss", step) / _curve_at(record, "test_loss", 0)


def loss_first_fall(view: SeedView, share: float = 0.98, arm: int = 0) -> Measured:
    """First evaluation whose test loss is at most ``share`` of that before the first step; above the budget without one."""
    record = one(view, arm)
    low = np.flatnonzero(record.curves["test_loss"] <= share * record.curves["test_loss"][0])
    if low.size:
        return float(record.curves["step"][low[0]])
    return narrowed(float(record.trial.budget), math.inf)


def accuracy_at(view: SeedView, step: float, arm: int = 0) -> float:
    """Test accuracy at ``step``; nan where it was not evaluated."""
    return _curve_at(one(view, arm), "test_accuracy", step)


def circulant_deviation(view: SeedView, operation: Operation = "add", arm: int = 0) -> float:
    """Deviation of the last features from the circulant structure of an operation: 0 has it, noise has about 1."""
    return _probe_at(one(view, arm), operation, None)


def circulant_fall(
    view: SeedView, operation: Operation = "add", early: float = 2, late: float = 7, arm: int = 0
) -> float:
    """Deviation from the structure of an operation at step ``late``, over that at step ``early``."""
    record = one(view, arm)
    before = _probe_at(record, operation, early)
    return _probe_at(record, operation, late) / before if before > 0 else math.nan


def circulant_linearity(
    view: SeedView, operation: Operation = "add", early: float = 2, late: float = 8, arm: int = 0
) -> float:
    """Pearson's correlation of that deviation with the step, from ``early`` to ``late``; −1 falls along a line.

    nan where fewer than four rows lie there, or all are equal.
    """
    series = column(one(view, arm), "circulant", operation)
    if series is None:
        return math.nan
    inside = (series[0] >= early) & (series[0] <= late)
    steps, values = series[0][inside], series[1][inside]
    if len(steps) < 4 or not np.ptp(values) > 0:
        return math.nan
    return float(np.corrcoef(steps, values)[0, 1])
