"""Runs that see fresh rows at every step: when all test rows are right, and how long nothing shows before (Barak et al. 2022)."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np

from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import WHOLE, analysis
from grokbench.measures.reading import Between, Measured, ends, narrowed, one
from grokbench.measures.requiring import Arguments, Arms, Requirement, each, requires
from grokbench.specs.errors import InputError
from grokbench.training.record import Record


def perfect(record: Record) -> float:
    """t_c, the first evaluation at which every test row is right; inf where there is none."""
    hits = np.flatnonzero(np.asarray(record.curves["test_accuracy"]) == 1)
    return float(record.curves["step"][hits[0]]) if hits.size else math.inf


def _time(record: Record) -> Measured:
    """t_c; a run that ended without it lies above its budget, one that diverged has inf."""
    reached = perfect(record)
    if math.isfinite(reached) or record.ended == "diverged":
        return reached
    return Between(float(record.trial.budget), math.inf)


def _never_right(cell: Cell) -> Cell:
    """The same run with a test row that is always wrong."""
    record = cell.record
    curves = {**record.curves, "test_accuracy": 0.5 * np.asarray(record.curves["test_accuracy"])}
    return cell._replace(record=dataclasses.replace(record, curves=curves))


PERFECT = each(
    "an evaluation after the first at which every test row is right",
    lambda cell, chosen: 0 < perfect(cell.record) < math.inf,
    _never_right,
)


def perfect_step(view: SeedView, arm: int = 0) -> Measured:
    """t_c, the first evaluation at which every test row is right; above the budget when censored."""
    return _time(one(view, arm))


@requires(PERFECT)
def perfect_step_ratio(view: SeedView, numerator: int = 0, denominator: int = 1) -> Measured:
    """t_c of one arm over that of another."""
    top, bottom = (perfect(one(view, arm)) for arm in (numerator, denominator))
    return top / bottom


def _plateau_end(record: Record, accuracy: float) -> float:
    """Last evaluation before t_c with at most this test accuracy; nan without one, or without t_c."""
    end, steps = perfect(record), np.asarray(record.curves["step"])
    low = np.flatnonzero((steps < end) & (np.asarray(record.curves["test_accuracy"]) <= accuracy))
    return float(steps[low[-1]]) if low.size and math.isfinite(end) else math.nan


@requires(PERFECT)
def plateau_share(view: SeedView, accuracy: float = 0.55, arm: int = 0) -> float:
    """Last evaluation before t_c with at most this test accuracy, over t_c: near 1 where a long plateau ends at once."""
    record = one(view, arm)
    last = _plateau_end(record, accuracy)
    return 0.0 if math.isnan(last) else last / perfect(record)


def _swept(cell: Cell, field: str) -> float:
    if field not in cell.settings:
        raise InputError(f"this measure reads runs over {field}, which the experiment does not vary")
    return float(cell.settings[field])


def _slope(cells: tuple[Cell, ...], field: str) -> Measured:
    """Least-squares slope of log t_c on log of the field; bounds where a time is censored."""
    x = np.log([_swept(cell, field) for cell in cells])
    times = [ends(_time(cell.record)) for cell in cells]
    if len(set(x.tolist())) < 2:
        return math.nan
    weight = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    with np.errstate(invalid="ignore"):
        lows, highs = (np.log([getattr(t, end) for t in times]) for end in ("low", "high"))
        low = float(np.sum(weight * np.where(weight >= 0, lows, highs)))
        high = float(np.sum(weight * np.where(weight >= 0, highs, lows)))
    return narrowed(low, high)


@requires(WHOLE)
def power(view: SeedView, field: str = "task.domain.n", arm: int = 0) -> Measured:
    """Exponent of t_c as a power of a swept field: the slope of log t_c on log of the field."""
    return _slope(view.arms[arm], field)


@requires(WHOLE)
def power_difference(
    view: SeedView, field: str = "task.domain.n", first: int = 0, second: int = 1
) -> Measured:
    """That exponent of one arm, less that of another."""
    own, other = (ends(_slope(view.arms[arm], field)) for arm in (first, second))
    return narrowed(own.low - other.high, own.high - other.low)


def _moved(record: Record, step: float) -> float:
    """Largest |W − W_0| of the first layer at the last snapshot up to a step; nan without one after the first step."""
    found = record.analyses.get("subnetwork", {})
    steps = np.asarray(found.get("step", ()), dtype=np.float64)
    before = np.flatnonzero((steps > 0) & (steps <= step))
    return float(found["from_start"][before[-1]]) if before.size else math.nan


def _moves(arms: Arms, chosen: Arguments) -> bool:
    (top, *_), *others = ([cell.record for cell in arm] for arm in arms)
    at = _plateau_end(top, float(chosen["accuracy"]))
    return all(_moved(one, at) > 0 for one in (top, *itertools.chain(*others)))


BOTH_MOVE = Requirement(
    "a t_c of the first run, and a snapshot of each up to the end of its plateau",
    _moves,
    lambda arms: tuple(tuple(map(_never_right, arm)) for arm in arms),
)


@requires(analysis("subnetwork", "from_start"), BOTH_MOVE)
def plateau_progress_ratio(
    view: SeedView, accuracy: float = 0.55, numerator: int = 0, denominator: int = 1
) -> float:
    """Largest |W − W_0| of the first layer of one arm at the end of its plateau, over that of another at the same step.

    The plateau ends at the last evaluation before t_c with at most this test accuracy; the last snapshot up to it is read.
    """
    top, bottom = one(view, numerator), one(view, denominator)
    at = _plateau_end(top, accuracy)
    return _moved(top, at) / _moved(bottom, at)
