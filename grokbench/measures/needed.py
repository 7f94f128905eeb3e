"""What measures need of records, each named once: landmarks of the curves, probes, analyses, grids that match."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from grokbench.measures.cells import Cell
from grokbench.measures.reading import at_horizon, baseline, fitted, generalised, half_rise_ratio, onset, rise
from grokbench.measures.requiring import Arguments, Arms, Requirement, each, filled
from grokbench.training.record import Record


def _of_record(text: str, met: Callable[[Record], bool], broken: Callable[[Record], Record]) -> Requirement:
    return each(
        text,
        lambda cell, _: met(cell.record),
        lambda cell: cell._replace(record=broken(cell.record)),
    )


def _with_curves(record: Record, **curves: Any) -> Record:
    return dataclasses.replace(record, curves={**record.curves, **curves})


def _unrisen(record: Record) -> Record:
    """The same run with a test accuracy that stays where a memoriser's is."""
    flat = np.full(len(record.curves["step"]), baseline(record))
    return _with_curves(record, test_accuracy=flat)


def unfitted(record: Record) -> Record:
    """The same run with a training set that is never fitted."""
    return _with_curves(record, train_accuracy=np.zeros(len(record.curves["step"])))


def without_landmarks(cell: Cell) -> Cell:
    """The same run, but that it neither fits nor generalises."""
    return cell._replace(record=unfitted(_unrisen(cell.record)))


def _generalises(record: Record) -> bool:
    return math.isfinite(generalised(record))


T_GEN = _of_record("a T_gen", _generalises, _unrisen)
T_MEM = _of_record("a T_mem after the first evaluation", lambda r: 0 < fitted(r) < math.inf, unfitted)
RISE = _of_record("a′ ≥ 0.5 at some evaluation after the first", lambda r: 0 < rise(r) < math.inf, _unrisen)
ONSET = _of_record("an onset after the first evaluation", lambda r: 0 < onset(r) < math.inf, _unrisen)
STEPS = _of_record(
    "a run of at least one step",
    lambda r: bool(r.curves["step"][-1] > 0),
    lambda r: _with_curves(r, **{name: column[:1] for name, column in r.curves.items()}),
)
WHOLE = _of_record(
    "a run that did not diverge",
    lambda r: r.ended != "diverged",
    lambda r: dataclasses.replace(r, ended="diverged"),
)
HALF_FIT = _of_record(
    "a train accuracy that reaches 0.5, and not both accuracies at once before the first step",
    lambda r: not math.isnan(half_rise_ratio(r)),
    unfitted,
)
VARYING = _of_record(
    "accuracies that change",
    lambda r: all(np.ptp(r.curves[f"{split}_accuracy"]) > 0 for split in ("train", "test")),
    unfitted,
)


def fact(name: str) -> Requirement:
    """A number that the trainer writes down."""
    return _of_record(
        f"the fact {name}",
        lambda r: name in r.facts,
        lambda r: dataclasses.replace(r, facts={k: v for k, v in r.facts.items() if k != name}),
    )


Column = str | Callable[[Arguments], str]
"""A column's name, in which an argument in braces stands for its value; or what names it, given the arguments."""


def probe(name: str, *columns: Column) -> Requirement:
    """A probe with numbers in these columns."""
    return _columns("probe", name, columns)


def analysis(name: str, *columns: Column) -> Requirement:
    """An analysis with numbers in these columns."""
    return _columns("analysis", name, columns)


def _columns(kind: str, name: str, columns: tuple[Column, ...]) -> Requirement:
    field = {"probe": "probes", "analysis": "analyses"}[kind]

    def met(cell: Cell, chosen: Arguments) -> bool:
        found = getattr(cell.record, field).get(name, {})
        names = (filled(one, chosen) if isinstance(one, str) else one(chosen) for one in columns)
        wanted = (name.replace("-", "_") for name in names)
        return bool(found) and all(_has_numbers(found.get(column)) for column in wanted)

    def broken(cell: Cell) -> Cell:
        kept = {key: value for key, value in getattr(cell.record, field).items() if key != name}
        changed: dict[str, Any] = {field: kept}
        return cell._replace(record=dataclasses.replace(cell.record, **changed))

    return each(f"the {kind} {name}", met, broken)


def _has_numbers(values: Any) -> bool:
    return values is not None and bool(np.isfinite(np.asarray(values, dtype=np.float64)).any())


def row_at_horizon(name: str, column: Column) -> Requirement:
    """A row of the probe at the horizon that the measure's argument names, in T_gen."""

    def met(cell: Cell, chosen: Arguments) -> bool:
        own = filled(column, chosen) if isinstance(column, str) else column(chosen)
        return not math.isnan(at_horizon(cell.record, name, own, float(chosen["horizon"])))

    return each(f"a row of the probe {name} at {{horizon}} T_gen", met, _cell(_unrisen))


def _cell(broken: Callable[[Record], Record]) -> Callable[[Cell], Cell]:
    return lambda cell: cell._replace(record=broken(cell.record))


def of_arms(
    text: str, met: Callable[[Arms, Arguments], bool], broken: Callable[[Record], Record] = _unrisen
) -> Requirement:
    """A requirement on all records together, which lack it when each is broken; by default none generalises."""
    return Requirement(
        text, met, lambda arms: tuple(tuple(_cell(broken)(cell) for cell in arm) for arm in arms)
    )


def _records(arms: Arms) -> list[Record]:
    return [cell.record for arm in arms for cell in arm]


def _blown(record: Record) -> Record:
    return dataclasses.replace(_unrisen(record), ended="diverged")


SOME_T_GEN = of_arms("a T_gen in one of the runs", lambda arms, _: any(map(_generalises, _records(arms))))
SOME_RISE = of_arms(
    "a′ ≥ 0.5 in one of the runs", lambda arms, _: any(math.isfinite(rise(r)) for r in _records(arms))
)
SOME_WHOLE = of_arms(
    "a run with a T_gen, or one that did not diverge",
    lambda arms, _: any(_generalises(r) or r.ended != "diverged" for r in _records(arms)),
    _blown,
)


SOME_FITS = of_arms(
    "a run with a T_mem, or one that did not diverge",
    lambda arms, _: any(math.isfinite(fitted(r)) or r.ended != "diverged" for r in _records(arms)),
    lambda r: dataclasses.replace(unfitted(r), ended="diverged"),
)


def _fractions(arm: tuple[Cell, ...]) -> list[float]:
    return sorted(round(float(cell.settings["alpha"]), 10) for cell in arm)


def _elsewhere(arm: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """The same runs at a fraction that there is not."""
    return tuple(cell._replace(settings={**cell.settings, "alpha": -1.0}) for cell in arm)


SAME_FRACTIONS = Requirement(
    "arms of the same fractions",
    lambda arms, _: all(_fractions(arm) == _fractions(arms[0]) for arm in arms),
    lambda arms: (arms[0], *map(_elsewhere, arms[1:])),
)
AT_FRACTION = Requirement(
    "a run at α = {alpha}",
    lambda arms, chosen: all(round(float(chosen["alpha"]), 10) in _fractions(arm) for arm in arms),
    lambda arms: tuple(map(_elsewhere, arms)),
)
