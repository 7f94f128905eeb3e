"""What a trial will cost, for the plan that is printed before training; the report prints what was really spent."""

from __future__ import annotations

import math
from typing import NamedTuple

from grokbench.specs.types import Trial

FLOPS_PER_SECOND = 1.1e11
"""Rate of the matrix products on one CPU core at which the estimate reckons."""
STEP_SECONDS = 3e-4
"""What a step costs beside its products."""


class Size(NamedTuple):
    """Of a network: multiply-adds for one row's outputs, and number of weights."""

    multiply_adds: float
    weights: float


def elements(trial: Trial) -> int:
    """Number of elements of the trial's domain: p, or n! for permutations."""
    domain = trial.task.domain
    return int(domain["p"]) if domain["kind"] == "integers-mod" else math.factorial(int(domain["n"]))


def size(trial: Trial) -> Size:
    """Of the trial's network, as the fast path computes it."""
    p, model = elements(trial), trial.recipe.model
    if model["kind"] == "one-layer-transformer":
        d, mlp = model["d_model"], model["d_mlp"]
        outputs = p + (model["outputs"] == "vocabulary")
        attention = 4 * d * model["heads"] * model["d_head"]
        return Size(
            d * mlp + (d + mlp) * outputs, (p + 4) * d + attention + (2 * d + 1) * mlp + d * (outputs + 1)
        )
    return Size(model["width"] * p, 3 * p * model["width"])


def seconds(trial: Trial, steps: int) -> float:
    """Rough seconds on one CPU core of ``steps`` updates: three passes a step, an evaluation at each 2 % of the way."""
    rows = elements(trial) ** 2
    whole = 2.0 * size(trial).multiply_adds * rows
    evaluations = 60 + 40 * math.log1p(steps / 50) if steps else 1
    work = 3 * whole * trial.alpha * steps + whole * evaluations
    return work / FLOPS_PER_SECOND + 2e-3 + STEP_SECONDS * steps + _analyses(trial, steps, whole)


def _analyses(trial: Trial, steps: int, whole: float) -> float:
    """Each snapshot is run over the whole table in double precision; a circuit as often as thirty of them."""
    taken = sum(step <= steps for step in trial.snapshots) + 1
    runs = ("progress" in trial.analyses) * taken + ("circuit" in trial.analyses) * 30
    return 4 * runs * whole / FLOPS_PER_SECOND


def megabytes(trial: Trial, steps: int) -> float:
    """Rough size of a record: weights (float32) at the end and at its snapshots, curves, a few numbers for every step."""
    kept = sum(step <= steps for step in trial.snapshots) + (trial.budget > 0)
    traced = 24.0 * steps * ("trace" in trial.probes)
    return (4.0 * kept * size(trial).weights + 12_000 + traced) / 1e6
