"""Early and late phases under weight decay: times in units of the decay, norms, and falls of the test accuracy (Lyu et al. 2023).

Gradient descent with learning rate η and L2 coefficient λ shrinks weights by ηλ a step. Runs of different η and λ can be compared
in the time τ = ηλ · step: log(scale of the start) / (ηλ) is when the paper's theory has the change.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

import numpy as np

from grokbench.analysis import timing
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import WHOLE, of_arms, probe
from grokbench.measures.reading import Floats, column, one, within_budget
from grokbench.measures.requiring import Arguments, Arms, Requirement, each, requires
from grokbench.training.record import Record

Curve = Literal["test-accuracy", "test-loss"]


def rate(record: Record) -> float:
    """ηλ: the share of the weights that decay takes in a step; 0 without decay."""
    optimizer = record.trial.recipe.optimizer
    return float(optimizer.get("lr", 0.0)) * float(optimizer.get("weight_decay", 0.0))


def reached(record: Record, curve: str, level: float) -> float:
    """First evaluation with a test accuracy of ``level``, or with a test loss of ``level`` times the first one; or inf."""
    steps = record.curves["step"]
    if curve == "test-accuracy":
        return timing.first_crossing(steps, record.curves["test_accuracy"], level)
    loss = np.asarray(record.curves["test_loss"], dtype=np.float64)
    return timing.first_crossing(steps, -loss, -level * float(loss[0]))


def _field(record: Record, dotted: str) -> float:
    """A number of the recipe, such as "model.scale"; nan where it has none of this name."""
    table, _, name = dotted.partition(".")
    found = getattr(record.trial.recipe, table, {}).get(name)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else math.nan


def _undecayed(record: Record) -> Record:
    trial = record.trial
    optimizer = {**trial.recipe.optimizer, "weight_decay": 0.0}
    recipe = dataclasses.replace(trial.recipe, optimizer=optimizer)
    return dataclasses.replace(record, trial=dataclasses.replace(trial, recipe=recipe))


def _still(record: Record) -> Record:
    """The same run with a test accuracy of 0 and a test loss that stays."""
    flat = {name: np.full(len(record.curves["step"]), value) for name, value in _FLAT.items()}
    return dataclasses.replace(record, curves={**record.curves, **flat})


_FLAT = {"test_accuracy": 0.0, "test_loss": 1.0}
DECAY = each(
    "a weight decay",
    lambda cell, _: rate(cell.record) > 0,
    lambda cell: cell._replace(record=_undecayed(cell.record)),
)


def _all_reach(arms: Arms, chosen: Arguments) -> bool:
    curve = str(chosen.get("curve", "test-accuracy"))
    return all(
        0 < reached(cell.record, curve, float(chosen["level"])) < math.inf for arm in arms for cell in arm
    )


REACHED = of_arms(
    "a {curve} that reaches {level} after the first evaluation in every run", _all_reach, _still
)
LEVEL = of_arms("a test accuracy that reaches {level} after the first evaluation", _all_reach, _still)


def _scales(arms: Arms, dotted: str) -> list[float]:
    return [_field(cell.record, dotted) for arm in arms for cell in arm]


def _alike(arms: Arms) -> Arms:
    """Every arm the first one."""
    return tuple(arms[0] for _ in arms)


UNLIKE = Requirement(
    "runs that differ in {field}, a number above 0",
    lambda arms, chosen: (
        min(_scales(arms, chosen["field"])) > 0 and len(set(_scales(arms, chosen["field"]))) > 1
    ),
    _alike,
)


@requires(DECAY)
def decay_steps(view: SeedView, arm: int = 0) -> float:
    """1 / (ηλ) in steps: the time in which decay alone takes weights to 1/e."""
    return 1 / rate(one(view, arm))


@requires(DECAY, REACHED, UNLIKE)
def decay_time_slope(
    view: SeedView, field: str = "model.scale", curve: Curve = "test-accuracy", level: float = 0.75
) -> float:
    """Slope of τ = ηλ · step at which a curve reaches ``level``, on the logarithm of a field of the recipe, over all arms.

    By least squares. ``curve``: "test-accuracy", or "test-loss", which falls to ``level`` times that before the first step.
    The theory has 1 for the scale of the start.
    """
    records = [cell.record for cell in view.cells]
    times = [rate(record) * reached(record, curve, level) for record in records]
    logs = np.log([_field(record, field) for record in records])
    return _slope(logs, np.asarray(times))


def _slope(x: Floats, y: Floats) -> float:
    """Of the line of least squares."""
    return float(np.dot(x - x.mean(), y) / np.dot(x - x.mean(), x))


def fall(record: Record, top: float, level: float) -> float:
    """First evaluation below ``level`` after one of ``top`` or more; inf without one."""
    steps, accuracy = record.curves["step"], np.asarray(record.curves["test_accuracy"], dtype=np.float64)
    since = timing.first_crossing(steps, accuracy, top)
    low = np.flatnonzero((accuracy < level) & (np.asarray(steps) > since))
    return float(steps[low[0]]) if low.size else math.inf


def _falls(arms: Arms, chosen: Arguments) -> bool:
    (rising,), (falling,) = arms[0], arms[1]
    risen = reached(rising.record, "test-accuracy", float(chosen["level"]))
    return 0 < risen < math.inf and math.isfinite(
        fall(falling.record, float(chosen["top"]), float(chosen["low"]))
    )


FALLS = of_arms(
    "a test accuracy that reaches {level} in the first arm, and one that falls from {top} to below {low} in the second",
    _falls,
    _still,
)


@requires(DECAY, FALLS)
def fall_over_rise(
    view: SeedView,
    level: float = 0.75,
    top: float = 0.99,
    low: float = 0.9,
    rising: int = 0,
    falling: int = 1,
) -> float:
    """τ at which one arm's test accuracy falls below ``low``, after ``top``, over τ at which another one's reaches ``level``."""
    down, up = one(view, falling), one(view, rising)
    fallen = rate(down) * fall(down, top, low)
    return fallen / (rate(up) * reached(up, "test-accuracy", level))


@requires(WHOLE)
def misgrokking(view: SeedView, early: float = 0.1, lost: float = 0.2, arm: int = 0) -> float:
    """1 when a run generalises early and loses it while it stays fitted, else 0: the outcome class does not say so.

    Test accuracy 0.99 within the first ``early`` of the budget; train accuracy at least 0.99 from T_mem on; and the median test
    accuracy over the last tenth of the steps is at least ``lost`` below the best.
    """
    record = one(view, arm)
    budget = float(record.trial.budget)
    steps = np.asarray(record.curves["step"], dtype=np.float64)
    steps = steps[steps <= budget]
    train, test = within_budget(record, "train_accuracy"), within_budget(record, "test_accuracy")
    fitted = timing.t_mem(steps, train)
    soon = timing.first_crossing(steps, test, timing.FIT) <= early * budget
    keeps = math.isfinite(fitted) and bool(np.all(train[steps >= fitted] >= timing.FIT))
    late = float(np.median(test[steps >= 0.9 * steps[-1]]))
    return float(soon and keeps and late <= float(test.max()) - lost)


def _norms(record: Record, level: float, until: float) -> tuple[Floats, Floats]:
    """Steps and norms of all weights up to ``until`` times the step at which the test accuracy reaches ``level``."""
    series = column(record, "norm", "all")
    assert series is not None
    steps, norms = series
    inside = steps <= until * reached(record, "test-accuracy", level)
    return steps[inside], norms[inside]


NORM = probe("norm", "all")


def _enough(cell: Cell, chosen: Arguments) -> bool:
    if not NORM.met(((cell,),), chosen) or not _all_reach(((cell,),), chosen):
        return False
    return len(_norms(cell.record, float(chosen["level"]), float(chosen["until"]))[0]) >= 5


def _unwatched(cell: Cell) -> Cell:
    """The same run, watched at its first step alone."""
    probes = {
        name: {key: values[:1] for key, values in columns.items()} if name == "norm" else columns
        for name, columns in cell.record.probes.items()
    }
    return cell._replace(record=dataclasses.replace(cell.record, probes=probes))


WATCHED = each("five rows of the probe norm up to {until} of that step", _enough, _unwatched)


@requires(DECAY, NORM, LEVEL, WATCHED)
def norm_decay_slope(view: SeedView, level: float = 0.75, until: float = 0.5, arm: int = 0) -> float:
    """Slope of the logarithm of the norm of all weights on τ, up to ``until`` of the step with a test accuracy of ``level``.

    By least squares. −1 where decay alone moves the norm.
    """
    record = one(view, arm)
    steps, norms = _norms(record, level, until)
    return _slope(rate(record) * steps, np.log(norms))
