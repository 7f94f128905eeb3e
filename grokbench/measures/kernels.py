"""Kernel machines whose features are learned: silent losses and circulant structure (Mallinar et al. 2024).

A step is an iteration. The structure is read from the probe "circulant": 0 where the features have it, about 1 for noise.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

import numpy as np

from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import probe
from grokbench.measures.reading import Floats, Measured, column, narrowed, one, within_budget
from grokbench.measures.requiring import Arguments, each, requires
from grokbench.training.record import Record

Operation = Literal["add", "subtract", "multiply", "divide"]
STRUCTURE = probe("circulant", "{operation}")


def _between_steps(cell: Cell) -> Cell:
    """The same run, but that it was looked at between its steps."""
    record = cell.record
    curves = {**record.curves, "step": np.asarray(record.curves["step"]) + 0.25}
    return cell._replace(record=dataclasses.replace(record, curves=curves))


def _with_structure(cell: Cell, some: slice) -> Cell:
    """The same run with some rows of the probe."""
    record = cell.record
    probes = {
        name: {key: values[some] for key, values in columns.items()} if name == "circulant" else columns
        for name, columns in record.probes.items()
    }
    return cell._replace(record=dataclasses.replace(record, probes=probes))


EVALUATED = each(
    "an evaluation at step {step}",
    lambda cell, chosen: bool((np.asarray(cell.record.curves["step"]) == chosen["step"]).any()),
    _between_steps,
)


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


def _before(cell: Cell, chosen: Arguments) -> bool:
    early, late = (_probe_at(cell.record, chosen["operation"], chosen[name]) for name in ("early", "late"))
    return early > 0 and not math.isnan(late)


def _between(record: Record, operation: str, early: float, late: float) -> tuple[Floats, Floats]:
    series = column(record, "circulant", operation)
    assert series is not None
    inside = (series[0] >= early) & (series[0] <= late)
    return series[0][inside], series[1][inside]


def _unequal(cell: Cell, chosen: Arguments) -> bool:
    if column(cell.record, "circulant", chosen["operation"]) is None:
        return False
    _, values = _between(cell.record, chosen["operation"], chosen["early"], chosen["late"])
    return len(values) >= 4 and bool(np.ptp(values) > 0)


BOTH_ENDS = each(
    "rows of the probe at steps {early} and {late}, the first above 0",
    _before,
    lambda cell: _with_structure(cell, slice(3)),
)
FOUR_ROWS = each(
    "at least four unequal rows of the probe from step {early} to {late}",
    _unequal,
    lambda cell: _with_structure(cell, slice(3)),
)


def largest_train_loss(view: SeedView, arm: int = 0) -> float:
    """The largest training loss of any evaluation within the budget; inf for a run that diverged."""
    record = one(view, arm)
    if record.ended == "diverged":
        return math.inf
    return float(np.max(within_budget(record, "train_loss")))


@requires(EVALUATED)
def loss_kept(view: SeedView, step: float, arm: int = 0) -> float:
    """Test loss at ``step`` over that before the first step."""
    record = one(view, arm)
    return _curve_at(record, "test_loss", step) / _curve_at(record, "test_loss", 0)


def loss_first_fall(view: SeedView, share: float = 0.98, arm: int = 0) -> Measured:
    """First evaluation whose test loss is at most ``share`` of that before the first step; above the budget without one."""
    record = one(view, arm)
    low = np.flatnonzero(record.curves["test_loss"] <= share * record.curves["test_loss"][0])
    if low.size:
        return float(record.curves["step"][low[0]])
    return narrowed(float(record.trial.budget), math.inf)


@requires(EVALUATED)
def accuracy_at(view: SeedView, step: float, arm: int = 0) -> float:
    """Test accuracy at ``step``."""
    return _curve_at(one(view, arm), "test_accuracy", step)


@requires(STRUCTURE)
def circulant_deviation(view: SeedView, operation: Operation = "add", arm: int = 0) -> float:
    """Deviation of the last features from the circulant structure of an operation: 0 has it, noise has about 1."""
    return _probe_at(one(view, arm), operation, None)


@requires(STRUCTURE, BOTH_ENDS)
def circulant_fall(
    view: SeedView, operation: Operation = "add", early: float = 2, late: float = 7, arm: int = 0
) -> float:
    """Deviation from the structure of an operation at step ``late``, over that at step ``early``."""
    record = one(view, arm)
    return _probe_at(record, operation, late) / _probe_at(record, operation, early)


@requires(STRUCTURE, FOUR_ROWS)
def circulant_linearity(
    view: SeedView, operation: Operation = "add", early: float = 2, late: float = 8, arm: int = 0
) -> float:
    """Pearson's correlation of that deviation with the step, from ``early`` to ``late``; −1 falls along a line."""
    return float(np.corrcoef(*_between(one(view, arm), operation, early, late))[0, 1])
