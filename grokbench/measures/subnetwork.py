"""Which neurons of a parity network decide, and when (Merrill, Tsilivis and Shukla 2023; analysis "subnetwork").

A time is a landmark of the run, times a factor. What is read there comes from the last snapshot up to it.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

import numpy as np

from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import analysis, without_landmarks
from grokbench.measures.reading import Floats, fitted, generalised, one, onset
from grokbench.measures.requiring import Arguments, each, requires
from grokbench.training.record import Record

Landmark = Literal["fit", "onset", "generalised", "end"]
Support = Literal["train", "test", "accuracy"]
Part = Literal["active", "rest"]
Rows = Literal["train", "test"]


def _series(record: Record, name: str) -> tuple[Floats, Floats] | None:
    """Steps and values of a column of the analysis; None where the record lacks it."""
    found = record.analyses.get("subnetwork", {})
    if name not in found:
        return None
    return np.asarray(found["step"], dtype=np.float64), np.asarray(found[name], dtype=np.float64)


def _landmark(record: Record, at: str) -> float:
    """T_mem, onset, T_gen or the last step."""
    if at == "end":
        return float(record.curves["step"][-1])
    return {"fit": fitted, "onset": onset, "generalised": generalised}[at](record)


def _value(record: Record, name: str, at: str, times: float = 1.0) -> float:
    """A column at the last snapshot up to ``times`` the landmark; nan where the run did not get there."""
    series, step = _series(record, name), times * _landmark(record, at)
    if series is None or not step <= record.curves["step"][-1]:
        return math.nan
    before = np.flatnonzero(series[0] <= step)
    return float(series[1][before[-1]]) if before.size else math.nan


def _reaches(cell: Cell, chosen: Arguments) -> bool:
    step = float(chosen["times"]) * _landmark(cell.record, str(chosen["at"]))
    return bool(step <= cell.record.curves["step"][-1])


REACHED = each("a run up to {times} times its landmark {at}", _reaches, without_landmarks)


@requires(analysis("subnetwork", "size_{support}"), REACHED)
def active_neurons(
    view: SeedView,
    at: Landmark,
    times: float = 1.0,
    support: Support = "train",
    arm: int = 0,
) -> float:
    """Neurons of the active part: the fewest of largest incoming norm that answer all training rows as the whole network does.

    ``support`` test: all test rows; accuracy: as many training rows rightly as the whole network, whichever they are.
    """
    return _value(one(view, arm), f"size_{support}", at, times)


@requires(analysis("subnetwork", "largest_share"), REACHED)
def largest_neurons_share(view: SeedView, at: Landmark, times: float = 1.0, arm: int = 0) -> float:
    """Share of the 8 largest neurons in the sum of squared incoming norms."""
    return _value(one(view, arm), "largest_share", at, times)


@requires(analysis("subnetwork", "norm_active", "norm_rest"), REACHED)
def active_norm_ratio(view: SeedView, at: Landmark, times: float = 1.0, arm: int = 0) -> float:
    """Mean incoming norm of the neurons that are the active part at the end, over that of all others."""
    record = one(view, arm)
    return _value(record, "norm_active", at, times) / _value(record, "norm_rest", at, times)


@requires(analysis("subnetwork", "norm_rest"), REACHED)
def rest_norm_ratio(view: SeedView, at: Landmark, times: float = 1.0, arm: int = 0) -> float:
    """Mean incoming norm at the end of the neurons outside the final active part, over that at the landmark."""
    record = one(view, arm)
    return _value(record, "norm_rest", "end") / _value(record, "norm_rest", at, times)


@requires(analysis("subnetwork", "norm_active"), REACHED)
def active_norm_growth(view: SeedView, at: Landmark, times: float = 1.0, arm: int = 0) -> float:
    """Mean incoming norm at the end of the neurons of the final active part, over that at the landmark."""
    record = one(view, arm)
    return _value(record, "norm_active", "end") / _value(record, "norm_active", at, times)


@requires(analysis("subnetwork", "{part}_{rows}"), REACHED)
def part_faithfulness(
    view: SeedView,
    part: Part,
    rows: Rows,
    at: Landmark,
    times: float = 1.0,
    arm: int = 0,
) -> float:
    """Share of rows that a part alone answers as the whole network does, at a time.

    active: the neurons that are the active part, by training rows, at the end; rest: all others.
    """
    return _value(one(view, arm), f"{part}_{rows}", at, times)


def _zero(record: Record) -> float:
    """First evaluation with a training loss of exactly 0; inf where there is none."""
    hits = np.flatnonzero(np.asarray(record.curves["train_loss"]) == 0)
    return float(record.curves["step"][hits[0]]) if hits.size else math.inf


def _loses_all(cell: Cell, chosen: Arguments) -> bool:
    series = _series(cell.record, "moved")
    return series is not None and bool((series[0] >= _zero(cell.record)).any())


def _never_zero(cell: Cell) -> Cell:
    curves = {**cell.record.curves, "train_loss": np.ones(len(cell.record.curves["step"]))}
    return cell._replace(record=dataclasses.replace(cell.record, curves=curves))


ZERO = each("a training loss of exactly 0, and a snapshot from then on", _loses_all, _never_zero)


@requires(analysis("subnetwork", "moved"), ZERO)
def moved_after_zero(view: SeedView, arm: int = 0) -> float:
    """Largest change of any weight from a snapshot at a training loss of exactly 0, or after it, to the end."""
    record = one(view, arm)
    series = _series(record, "moved")
    assert series is not None
    return float(np.max(series[1][series[0] >= _zero(record)]))
