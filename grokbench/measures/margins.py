"""Towards which classifier a diagonal linear network points (analysis "max-margins"; Lyu et al. 2023).

The classifier is w = u² − v². Early on it is the one of the largest L2 margin, later that of the largest L1 margin.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import analysis
from grokbench.measures.reading import Floats, one
from grokbench.measures.requiring import Arguments, each, requires
from grokbench.training.record import Record

Number = Literal["cosine-l2", "cosine-l1", "share-l2", "share-l1", "kkt"]


def _series(record: Record, name: str) -> tuple[Floats, Floats]:
    found = record.analyses["max-margins"]
    steps, values = (np.asarray(found[key], dtype=np.float64) for key in ("step", name.replace("-", "_")))
    return steps, values


def _at(record: Record, name: str, step: float) -> float:
    """The number in the snapshot at exactly ``step``, or in the last one where that is inf; nan without it."""
    steps, values = _series(record, name)
    found = np.flatnonzero(steps == step) if math.isfinite(step) else np.array([len(steps) - 1])
    return float(values[found[0]]) if found.size else math.nan


def _changed(change: Callable[[Mapping[str, Floats]], Mapping[str, Floats]]) -> Callable[[Cell], Cell]:
    def broken(cell: Cell) -> Cell:
        found = cell.record.analyses.get("max-margins")
        if not found:
            return cell
        analyses = {**cell.record.analyses, "max-margins": {**found, **change(found)}}
        return cell._replace(record=dataclasses.replace(cell.record, analyses=analyses))

    return broken


def _nans(found: Mapping[str, Floats]) -> Mapping[str, Floats]:
    """The last numbers are not known."""
    blank = {
        key: np.append(np.asarray(values, dtype=np.float64)[:-1], np.nan) for key, values in found.items()
    }
    return {key: values for key, values in blank.items() if key != "step"}


def _last(cell: Cell, chosen: Arguments) -> bool:
    name = str(chosen["number"])
    return NUMBERS.met(((cell,),), chosen) and not math.isnan(_at(cell.record, name, math.inf))


def _snapshot(cell: Cell, chosen: Arguments) -> bool:
    name = str(chosen["number"])
    return NUMBERS.met(((cell,),), chosen) and not math.isnan(_at(cell.record, name, float(chosen["step"])))


NUMBERS = analysis("max-margins", "{number}")
LAST = each("a number at the last step", _last, _changed(_nans))
SNAPSHOT = each(
    "a number at step {step}",
    _snapshot,
    _changed(lambda found: {"step": np.asarray(found["step"], dtype=np.float64) + 0.25}),
)


@requires(NUMBERS, LAST)
def margin_at_end(view: SeedView, number: Number, arm: int = 0) -> float:
    """A number of the analysis max-margins at the last step.

    "cosine-l2", "cosine-l1": cosine of w with the classifier of the largest margin. "share-l2", "share-l1": the margin of w over
    the largest that there is. "kkt": how far (u, v) is from a KKT point of the least norm with all margins 1.
    """
    return _at(one(view, arm), number, math.inf)


@requires(NUMBERS, SNAPSHOT)
def margin_at(view: SeedView, number: Number, step: float, arm: int = 0) -> float:
    """A number of the analysis max-margins in the snapshot at ``step``; see margin-at-end."""
    return _at(one(view, arm), number, step)


@requires(NUMBERS, LAST, SNAPSHOT)
def margin_fall(view: SeedView, number: Number, step: float, arm: int = 0) -> float:
    """A number of the analysis max-margins in the snapshot at ``step`` over that at the last step; see margin-at-end."""
    record = one(view, arm)
    last = _at(record, number, math.inf)
    return math.inf if last == 0 else _at(record, number, step) / last
