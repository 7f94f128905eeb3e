"""What a trial will cost, by what steps and evaluations of its kind took in the committed records.

``costs.json`` is shipped with the package (``specs.locate``). It holds, for each kind of step, milliseconds as a line in the
multiply-adds of one pass over the rows. ``python -m tests.costs`` writes it. Seconds are those of one core of ``CORE``;
``plan.speed`` scales them.
"""

from __future__ import annotations

import functools
import json
import statistics
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from grokbench import parts
from grokbench.networks.architecture import Size
from grokbench.networks.fitting import trained
from grokbench.specs.errors import InputError
from grokbench.specs.fields import checked
from grokbench.specs.locate import COSTS, committed
from grokbench.specs.types import Trial
from grokbench.tasks.source import count_held, count_rows, shape_of
from grokbench.training.evaluation import Cadence

CORE = 1e11
"""Float32 operations a second of the core for which costs are stated."""

PASSES = 3  # over its rows that a step makes: forward, and backward to the inputs and to the weights


class Kind(NamedTuple):
    """Steps whose costs lie on one line: everything but the size of the network and the number of rows."""

    network: str  # or the learner
    loss: str
    precision: str  # of the loss, where it has one of its own
    dtype: str
    engine: str = ""  # "batched", where trials share a step; it is then one trial's part of it


class Line(NamedTuple):
    """Milliseconds = fixed + each × million multiply-adds of one pass."""

    fixed: float
    each: float

    def ms(self, millions: float) -> float:
        """Milliseconds of one step, or evaluation, of this size."""
        return self.fixed + self.each * millions


class Cost(NamedTuple):
    """Of a kind: its steps, its evaluations, and the milliseconds until a trial's first step."""

    step: Line
    evaluation: Line
    setup: float


class Work(NamedTuple):
    """What a trial does. Sizes are millions of multiply-adds: rows seen × those of one row's outputs."""

    kind: Kind
    step: float
    steps: int
    evaluation: float
    evaluations: int
    table: float  # of one pass over training and test rows
    tables: float  # such passes that analyses make, in double precision

    def seconds(self, cost: Cost) -> float:
        """What all of it takes at ``cost``; one gradient is computed more than there are updates."""
        training = cost.step.ms(self.step) * (self.steps + 1)
        looking = cost.evaluation.ms(self.evaluation) * self.evaluations
        analysing = 2 * cost.evaluation.ms(self.table) * self.tables
        return (cost.setup + training + looking + analysing) / 1e3


def kind(trial: Trial, engine: str = "") -> Kind:
    """The kind of a trial's steps; engine: as of a ``Kind``."""
    recipe = trial.recipe
    network = (recipe.learner or recipe.model)["kind"]
    loss = recipe.loss or {"kind": ""}
    return Kind(network, loss["kind"], loss.get("precision", ""), recipe.training["dtype"], engine)


def work(trial: Trial, steps: int, engine: str = "") -> Work:
    """What a trial does in ``steps`` updates; engine: as of a ``Kind``.

    Errors: PartError where a part from outside cannot state its size.
    """
    return _work(replace(trial, seed=0), steps, engine, parts.registrations())


@functools.lru_cache(maxsize=16384)
def _work(trial: Trial, steps: int, engine: str, registrations: int) -> Work:
    """``work`` of a trial of any seed: a plan asks for many that differ in it alone."""
    recipe, table, held = trial.recipe, rows_at_most(trial), count_held(trial.task)
    rows, row = _trained_rows(trial), size(trial).multiply_adds / 1e6
    taken = sum(step <= steps for step in trial.snapshots) + 1
    evaluations = looks(
        steps, recipe.evaluation["growth"], recipe.evaluation["spacing"], trial.budget or None
    )
    if recipe.learner:  # it states the multiply-adds of a whole step, and sees all of its rows in one
        return Work(kind(trial, engine), row / PASSES, steps, 0.0, evaluations, 0.0, 0.0)
    batch = recipe.training["batch"]
    seen = rows if batch == "full" else min(batch, rows / 2)
    noisy = batch != "full" or recipe.training["weight_noise"] or recipe.model.get("dropout")
    again = bool(noisy) + bool(
        recipe.data.get("corruption")
    )  # how often training rows are evaluated by themselves
    return Work(
        kind(trial, engine),
        row * seen,
        steps,
        row * ((held or table - rows) + rows * again),
        evaluations,
        row * (held + rows if held else table),
        sum(float(parts.find("analyses", name).passes(taken)) for name in trial.analyses),
    )


@functools.lru_cache(maxsize=4096)
def looks(steps: int, growth: float, spacing: int, budget: int | None = None) -> int:
    """How many evaluations ``steps`` updates have: those of the cadence, and the one at the budget.

    >>> looks(13, 1.5, 1, 7)
    9
    """
    due = Cadence(growth, spacing, also=budget).steps()
    return next(i for i, step in enumerate(due) if step > steps)


def seconds(done: Work) -> float:
    """Seconds of a trial's work on a core of ``CORE``; of a kind without records, a guess."""
    return done.seconds(cost(done.kind))


def cost(wanted: Kind) -> Cost:
    """The cost of a kind from the committed records; else that of single trials of the kind; else what most kinds cost."""
    found = recorded().get(wanted) or recorded().get(wanted._replace(engine=""))
    return found or _guess(wanted.dtype == "float64")


@functools.cache
def recorded() -> Mapping[Kind, Cost]:
    """The costs in ``costs.json``. Errors: InputError where it is not there (a broken installation)."""
    path = committed(COSTS)
    if path is None:
        raise InputError(f"{COSTS} is missing; reinstall grokbench")
    return read(json.loads(path.read_text(encoding="utf-8")))


def read(document: Mapping[str, Any]) -> dict[Kind, Cost]:
    """The costs in a document such as ``costs.json``."""
    return {
        Kind(*(entry.get(name, "") for name in Kind._fields)): Cost(
            Line(**entry["step"]), Line(**entry["evaluation"]), entry["setup"]
        )
        for entry in document["kinds"]
    }


@functools.cache
def _guess(double: bool) -> Cost:
    """The median of all kinds' costs; products in double precision take twice as long."""
    found, times = recorded().values(), 2 if double else 1

    def middle(lines: Collection[Line]) -> Line:
        return Line(
            statistics.median(line.fixed for line in lines),
            times * statistics.median(line.each for line in lines),
        )

    return Cost(
        middle([one.step for one in found]),
        middle([one.evaluation for one in found]),
        statistics.median(one.setup for one in found),
    )


def rows_at_most(trial: Trial) -> int:
    """Rows of the task that are split: every pair of elements, whether it has an answer or not, or what its source has."""
    shape = shape_of(trial.task)
    return shape * shape if isinstance(shape, int) else count_rows(trial.task)


def size(trial: Trial) -> Size:
    """Of the trial's network; what rows share is not counted. Of a learner: multiply-adds of one step, not of one row."""
    return _size(replace(trial, seed=0), parts.registrations())


@functools.lru_cache(maxsize=16384)
def _size(trial: Trial, registrations: int) -> Size:
    """``size`` of a trial of any seed."""
    recipe = trial.recipe
    with parts.blamed(parts.strangers(recipe, trial.task)):
        shape, own = shape_of(trial.task), trained(recipe)
        # With their defaults: an older record lacks fields that came later.
        if recipe.learner:
            found: Size = own.size(
                checked(own.fields, recipe.learner, "learner"), shape, _trained_rows(trial)
            )
        else:
            found = own.size(checked(own.fields, recipe.model, "model"), shape)
        return found


def _trained_rows(trial: Trial) -> int:
    return trial.rows or round(trial.alpha * rows_at_most(trial))


def megabytes(trial: Trial, steps: int) -> float:
    """Rough size of a record: weights (float32) at the end and at its snapshots, curves, a few numbers for every step."""
    kept = sum(step <= steps for step in trial.snapshots) + (trial.budget > 0)
    traced = 24.0 * steps * sum(bool(parts.find("probes", name).every_step) for name in trial.probes)
    return (4.0 * kept * size(trial).weights + 12_000 + traced) / 1e6
