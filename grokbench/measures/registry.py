"""Names of measures, and what every measure needs to read a record."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from grokbench.analysis import timing
from grokbench.analysis.statistics import running_median
from grokbench.measures.cells import Cell, SeedView
from grokbench.specs.errors import InputError, UnknownNameError, nearest
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
Measure = Callable[..., Measured]

_MEASURES: dict[str, Measure] = {}


def named(name: str) -> Callable[[Measure], Measure]:
    """Register a function under the name that specs use."""

    def add(function: Measure) -> Measure:
        if name in _MEASURES:
            raise ValueError(f"measure {name!r} is registered twice")
        _MEASURES[name] = function
        return function

    return add


def measure(name: str) -> Measure:
    """The measure called ``name``. Raises UnknownNameError."""
    if name not in _MEASURES:
        raise UnknownNameError("measure", name, _MEASURES)
    return _MEASURES[name]


def measure_names() -> tuple[str, ...]:
    """All names, sorted."""
    return tuple(sorted(_MEASURES))


def argument_names(name: str) -> tuple[str, ...]:
    """The arguments that a rule may give to the measure ``name``."""
    return tuple(inspect.signature(measure(name)).parameters)[1:]


def signature(name: str) -> str:
    """The measure's arguments as a rule's author reads them: ``level = 0.1, arm = 0``; one without a value must be given."""
    parameters = list(inspect.signature(measure(name)).parameters.values())[1:]
    return ", ".join(
        p.name if p.default is p.empty else f"{p.name} = {json.dumps(p.default)}" for p in parameters
    )


def arguments(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` with whole numbers as ints where the measure takes ints, however they are written."""
    hints = get_type_hints(measure(name))
    whole = {key for key, value in given.items() if isinstance(value, float) and value.is_integer()}
    return {key: int(v) if key in whole and hints.get(key) is int else v for key, v in given.items()}


def arms_read(name: str, given: Mapping[str, Any]) -> tuple[int, ...]:
    """The arms that the measure's arguments name, given or by default."""
    hints, parameters = get_type_hints(measure(name)), inspect.signature(measure(name)).parameters
    defaults = {key: p.default for key, p in parameters.items() if p.default is not p.empty}
    chosen = {**defaults, **arguments(name, given)}
    return tuple(v for key, v in chosen.items() if hints.get(key) is int and key not in COUNTS)


COUNTS = ("leaders",)  # integers that count arms; every other one names an arm


def argument_faults(name: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    """Argument, sentence and nearest word for each argument that is missing, that there is not, or that has a wrong value."""
    function, known = measure(name), argument_names(name)
    hints, parameters = get_type_hints(function), inspect.signature(function).parameters
    for key in sorted(set(given) - set(known)):
        text = f"unknown argument of {name}; expected one of {', '.join(known) or 'none'}"
        yield key, text, nearest(key, known)
    for key in known:
        if key not in given:
            if parameters[key].default is inspect.Parameter.empty:
                yield key, f"missing; {name} needs it", None
            continue
        value, hint = arguments(name, given)[key], hints[key]
        if get_origin(hint) is Literal:
            words = get_args(hint)
            if value not in words:
                text = f"expected one of {', '.join(map(repr, words))}; got {value!r}"
                yield key, text, nearest(value, words) if isinstance(value, str) else None
        elif not _is(value, hint):
            yield key, f"expected {TYPES[hint]}; got {value!r}", None


TYPES = {int: "an integer, 0 or more", float: "a number", str: "text", bool: "true or false"}


def _is(value: Any, hint: type) -> bool:
    if isinstance(value, bool):
        return hint is bool
    if hint is int:  # they count a claim's arms
        return isinstance(value, int) and value >= 0
    return isinstance(value, int | float if hint is float else hint)


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
    return timing.t_mem(record.curves["step"], record.curves["train_accuracy"])


def time_to_fit(record: Record) -> Measured:
    """T_mem; a run that ended without it lies above its budget, one that diverged has inf."""
    reached = fitted(record)
    if math.isfinite(reached) or record.ended == "diverged":
        return reached
    return narrowed(float(record.trial.budget), math.inf)


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


def last_accuracy(record: Record, split: str = "test") -> float:
    """Accuracy at the end of the budget, median of the last five evaluations; 0 for a run that diverged."""
    if record.ended == "diverged":
        return 0.0
    return float(np.median(within_budget(record, f"{split}_accuracy")[-5:]))


def table_share(cell: Cell) -> float:
    """Share of the whole table answered rightly at the end."""
    curves, facts = cell.record.curves, cell.record.facts
    right = round(float(curves["train_accuracy"][-1]) * facts["n_train"])
    right += round(float(curves["test_accuracy"][-1]) * facts["n_test"])
    return float(right / (facts["n_train"] + facts["n_test"]))
