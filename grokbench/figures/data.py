"""The numbers of a figure: which runs are one series, and what a quantity says of each of them."""

from __future__ import annotations

import math
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grokbench.figures.fields import Fields, Panel, Quantity
from grokbench.measures import measured
from grokbench.measures.cells import Cell, Cells, SeedView
from grokbench.measures.reading import Between, Measured, ends
from grokbench.specs.types import Trial
from grokbench.training.record import Record

Curve = tuple[NDArray[Any], NDArray[Any]]  # steps, values
UNNAMED = "{id}"


@dataclass(frozen=True)
class Arm:
    """Runs that are one series: what it is called, and its cells, by seed."""

    label: str
    cells: tuple[Cell, ...]

    def seeds(self) -> Mapping[int, tuple[Cell, ...]]:
        """Seed → its cells."""
        found: dict[int, list[Cell]] = {}
        for cell in self.cells:
            found.setdefault(cell.seed, []).append(cell)
        return {seed: tuple(found[seed]) for seed in sorted(found)}


def value_of(trial: Trial, dotted: str) -> Any:
    """A dotted field of a trial: ``alpha``, ``seed``, ``budget``, ``task.domain.p``, ``optimizer.lr``, ``id`` (of its recipe).

    A number is a place in a list: ``optimizer.groups.0.lr``.
    """
    if dotted in ("alpha", "seed", "budget"):
        return getattr(trial, dotted)
    node: Any = trial.task if dotted.startswith("task.") else trial.recipe
    for name in dotted.removeprefix("task.").split("."):
        if isinstance(node, list | tuple):
            node = node[int(name)] if name.isdigit() and int(name) < len(node) else None
        else:
            node = node.get(name) if isinstance(node, Mapping) else getattr(node, name, None)
    return node


class _Label(string.Formatter):
    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        value = value_of(self._trial, field_name)
        return (f"{value:g}" if isinstance(value, float) else value), field_name


def label_of(template: str, trial: Trial) -> str:
    """A label with the trial's values for its fields in braces."""
    return _Label(trial).vformat(template, (), {})


def fields_in(template: str) -> tuple[str, ...]:
    """The dotted fields in braces."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name)


def usable(cells: Cells, experiment: str) -> tuple[Cell, ...]:
    """The experiment's cells with a record that did not fail, by seed."""
    kept = [cell for cell in cells.get(experiment, ()) if cell.record.ended != "failed"]
    return tuple(sorted(kept, key=lambda cell: cell.seed))


def arms(
    figure: Fields, panel: Panel, cells: Cells, untrained: bool = False, whole: bool = False
) -> list[Arm]:
    """The series of a panel that have runs. ``untrained``: those of no step count, too.

    whole: an experiment without a label is one series, whatever it varies; else its settings part it.
    """
    found: dict[str, dict[tuple[int, str], Cell]] = {}
    for experiment, template in figure.experiments.items():
        if panel.only and experiment not in panel.only:
            continue
        own = [cell for cell in usable(cells, experiment) if untrained or len(cell.record.curves["step"]) > 1]
        for cell in sorted(own, key=lambda cell: [float(cell.record.trial.alpha), cell.seed]):
            trial = cell.record.trial
            if any(value_of(trial, name) != value for name, value in panel.where.items()):
                continue
            label = label_of(template, trial) if template else default_label(experiment, cell, whole)
            place = (
                cell.seed,
                f"{trial.alpha} {trial.recipe} {trial.task}",
            )  # each run once, the first that has it
            found.setdefault(label, {}).setdefault(place, cell)
    return [Arm(label, tuple(own.values())) for label, own in found.items()]


def default_label(experiment: str, cell: Cell, whole: bool) -> str:
    """What a series without a label is called: its experiment, and the settings that this varies."""
    varied = (
        ""
        if whole
        else ", ".join(f"{'α' if k == 'alpha' else k} = {v}" for k, v in sorted(cell.settings.items()))
    )
    return f"{experiment}, {varied}" if varied else experiment


def numbers(quantity: Quantity, group: Sequence[Cell], cells: Cells) -> list[Measured]:
    """What a quantity says of the runs of one seed: one number, or as many as its array has; none where it is not known."""
    if quantity.array:
        found = _array(group[0].record, quantity.array)
        return [] if found is None else [float(value) for value in np.ravel(found) if np.isfinite(value)]
    view = [tuple(group)]
    if quantity.against:
        second = tuple(cell for cell in usable(cells, quantity.against) if cell.seed == group[0].seed)
        if not second:
            return []
        view.append(second)
    value = measured(quantity.measure, SeedView(group[0].seed, tuple(view)), quantity.args)
    return [] if math.isnan(ends(value).low) else [value]


def _array(record: Record, name: str) -> NDArray[Any] | None:
    analysis, array, *column = name.split(".")
    found = record.analyses.get(analysis, {}).get(array)
    if found is None:
        return None
    values = np.asarray(found, dtype=float)
    return values[:, int(column[0])] if column else values


def series(record: Record, name: str) -> Curve | None:
    """Steps and values of a curve, or of a column of a probe or an analysis; None where the record lacks it."""
    source, _, column = name.rpartition(".")
    table = (record.probes.get(source) or record.analyses.get(source)) if source else record.curves
    if not table or column not in table or not len(table["step"]):
        return None
    values = np.asarray(table[column], dtype=float)
    return np.asarray(table["step"], dtype=float), np.where(np.isfinite(values), values, np.nan)


def censored(value: Measured) -> bool:
    """Whether only a lower bound is known, or the time is infinite."""
    return math.isinf(ends(value).high)


def drawn(value: Measured, budget: float) -> float:
    """Where a number is drawn: a bracket at its upper end, what is censored at its bound, else at the budget."""
    low, high = ends(value)
    if math.isfinite(high):
        return high
    return low if math.isfinite(low) else budget


def middle(values: Iterable[Measured]) -> float:
    """The median, where what is censored is infinite; nan of nothing."""
    ordered = sorted(ends(value).high for value in values)
    if not ordered:
        return math.nan
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return high if math.isinf(high) else (low + high) / 2


def budget_of(cells: Iterable[Cell]) -> int:
    """The largest budget of these runs, in steps."""
    return max(cell.record.trial.budget for cell in cells)


__all__ = [
    "Arm",
    "Between",
    "arms",
    "budget_of",
    "censored",
    "drawn",
    "middle",
    "numbers",
    "series",
    "usable",
    "value_of",
]
