"""What a trial will cost, for the plan that is printed before training; the report prints what was really spent."""

from __future__ import annotations

import math

from grokbench import parts
from grokbench.networks.architecture import Size
from grokbench.networks.fitting import trained
from grokbench.networks.registry import architecture
from grokbench.specs.types import Trial
from grokbench.tasks.source import count_rows, shape_of

FLOPS_PER_SECOND = 1.1e11
"""Rate of the matrix products on one CPU core at which the estimate reckons."""


def rows_at_most(trial: Trial) -> int:
    """Rows of the trial's task: every pair of elements, whether it has an answer or not, or its samples."""
    shape = shape_of(trial.task)
    return shape * shape if isinstance(shape, int) else count_rows(trial.task)


def size(trial: Trial) -> Size:
    """Of the trial's network; what rows share is not counted. Of a learner: multiply-adds of one step, not of one row."""
    with parts.blamed(parts.strangers(trial.recipe, trial.task)):
        shape = shape_of(trial.task)
        if trial.recipe.learner:
            found: Size = trained(trial.recipe).size(trial.recipe.learner, shape, _trained_rows(trial))
            return found
        return architecture(trial.recipe.model).size(trial.recipe.model, shape)


def evaluations(steps: int, growth: float, spacing: int) -> float:
    """How many evaluations ``steps`` updates have: a constant spacing at first, then a constant ratio."""
    turn = spacing / (growth - 1)
    return 1 + min(steps, turn) / spacing + max(0.0, math.log(max(steps, 1) / turn) / math.log(growth))


def seconds(trial: Trial, steps: int) -> float:
    """Rough seconds on one CPU core of ``steps`` updates: three passes a step, one over the whole table an evaluation."""
    if trial.recipe.learner:
        return _learner_seconds(trial, steps)
    rows = rows_at_most(trial)
    recipe, own = trial.recipe, architecture(trial.recipe.model)
    of_row = own.pass_multiply_adds
    row = 2.0 * (of_row(recipe.model, shape_of(trial.task)) if of_row else size(trial).multiply_adds)
    batch, trained = recipe.training["batch"], trial.alpha * rows
    seen = trained if batch == "full" else min(batch, trained / 2)
    looks = evaluations(steps, recipe.evaluation["growth"], recipe.evaluation["spacing"]) if steps else 1
    work = row * (3 * seen * steps + rows * looks)
    return work / FLOPS_PER_SECOND + 2e-3 + own.step_seconds * steps + _analyses(trial, steps)


def _learner_seconds(trial: Trial, steps: int) -> float:
    """A learner's first fit is one step more; products in double precision take twice as long."""
    step = 2.0 * size(trial).multiply_adds * (2 if trial.recipe.training["dtype"] == "float64" else 1)
    own = getattr(trained(trial.recipe), "step_seconds", 0.0)
    return 2e-3 + (step / FLOPS_PER_SECOND + float(own)) * (steps + 1)


def _trained_rows(trial: Trial) -> int:
    return trial.rows or round(trial.alpha * rows_at_most(trial))


def _analyses(trial: Trial, steps: int) -> float:
    """Passes over the whole table, in double precision."""
    taken = sum(step <= steps for step in trial.snapshots) + 1
    runs = sum(float(parts.find("analyses", name).passes(taken)) for name in trial.analyses)
    if not runs:
        return 0.0
    whole = 2.0 * size(trial).multiply_adds * rows_at_most(trial)
    return 4 * runs * whole / FLOPS_PER_SECOND


def megabytes(trial: Trial, steps: int) -> float:
    """Rough size of a record: weights (float32) at the end and at its snapshots, curves, a few numbers for every step."""
    kept = sum(step <= steps for step in trial.snapshots) + (trial.budget > 0)
    traced = 24.0 * steps * sum(bool(parts.find("probes", name).every_step) for name in trial.probes)
    return (4.0 * kept * size(trial).weights + 12_000 + traced) / 1e6
