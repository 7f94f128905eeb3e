"""What a trial will cost, for the plan that is printed before training; the report prints what was really spent."""

from __future__ import annotations

import math
from typing import NamedTuple

from grokbench.specs.errors import UnknownNameError
from grokbench.specs.types import Table, Trial

FLOPS_PER_SECOND = 1.1e11
"""Rate of the matrix products on one CPU core at which the estimate reckons."""
STEP_SECONDS = 3e-4
"""What a step costs beside its products."""
NETWORK_STEP_SECONDS = {"decoder-transformer": 5e-3, "one-layer-transformer": 4e-3}
"""The same of a decoder's, which has many small ones, and of a one-layer transformer's, which multiplies weights with weights."""
GATHERED = 10
"""A component of a table's row that is added to a sum costs as much as this many multiply-adds of a matrix product."""
VOCABULARY = 239
"""The decoder's tokens."""


SIZED = ("quadratic-mlp", "one-layer-transformer", "decoder-transformer", "lstm", "relu-mlp")


class Size(NamedTuple):
    """Of a network: multiply-adds for one row's outputs, and number of weights."""

    multiply_adds: float
    weights: float


def elements(trial: Trial) -> int:
    """Number of elements of the trial's domain: p, or n! for permutations."""
    domain = trial.task.domain
    return int(domain["p"]) if domain["kind"] == "integers-mod" else math.factorial(int(domain["n"]))


def size(trial: Trial) -> Size:
    """Of the trial's network; what rows share is not counted."""
    p, model = elements(trial), trial.recipe.model
    if model["kind"] == "one-layer-transformer":
        d, mlp = model["d_model"], model["d_mlp"]
        outputs = p + (model["outputs"] == "vocabulary")
        attention = 4 * d * model["heads"] * model["d_head"]
        return Size(
            d * mlp + (d + mlp) * outputs, (p + 4) * d + attention + (2 * d + 1) * mlp + d * (outputs + 1)
        )
    if model["kind"] == "decoder-transformer":
        return _decoder_size(model["layers"], model["d_model"], 1 + (model["scored"] == "answer-and-eos"))
    if model["kind"] in ("lstm", "relu-mlp"):
        return _operands_size(model, p)
    if "quadratic-mlp" in model["kind"]:
        return Size(model["width"] * p, 3 * p * model["width"])
    raise UnknownNameError("network whose cost is known", model["kind"], SIZED)


def _pass(trial: Trial) -> float:
    """Multiply-adds to which a row's pass comes on the fast path."""
    model = trial.recipe.model
    if model["kind"] != "one-layer-transformer":
        return size(trial).multiply_adds
    mlp, outputs = model["d_mlp"], elements(trial) + (model["outputs"] == "vocabulary")
    return float(mlp * outputs + GATHERED * 2 * model["heads"] * (mlp + outputs))


def _operands_size(model: Table, p: int) -> Size:
    """What x and y add to the first layer is looked up, once per element."""
    tokens = p + bool(model.get("equals"))
    read = {"scalars": 1, "one-hot": tokens, "embedding": model["d_embedding"]}[model["encoding"]]
    embedded = tokens * read * (model["encoding"] == "embedding")
    if model["kind"] == "lstm":
        h = model["hidden"]
        # Sigmoids and tanh cost about as much as a few hundred multiply-adds a unit.
        return Size(h * (300 + p), embedded + 4 * h * (read + h + 2) + p * (h + 1))
    m, inner = model["width"], model["hidden_layers"] - 1
    return Size(m * (p + inner * m), embedded + m * (2 * read + 1) + inner * m * (m + 1) + p * (m + 1))


def _decoder_size(layers: int, d: int, scored: int) -> Size:
    """Positions before b are shared by all rows; the last layer works at the scored ones, keys and values beside them apart."""
    inner, last = 9 * (1 + scored), 10 * scored + 2 * (1 + scored)
    return Size(
        d * d * (inner * (layers - 1) + last) + VOCABULARY * d * scored,
        d * (2 * VOCABULARY + layers * (12 * d + 4)),
    )


def evaluations(steps: int, growth: float, spacing: int) -> float:
    """How many evaluations ``steps`` updates have: a constant spacing at first, then a constant ratio."""
    turn = spacing / (growth - 1)
    return 1 + min(steps, turn) / spacing + max(0.0, math.log(max(steps, 1) / turn) / math.log(growth))


def seconds(trial: Trial, steps: int) -> float:
    """Rough seconds on one CPU core of ``steps`` updates: three passes a step, one over the whole table an evaluation."""
    rows = elements(trial) ** 2
    row, recipe = 2.0 * _pass(trial), trial.recipe
    batch, trained = recipe.training["batch"], trial.alpha * rows
    seen = trained if batch == "full" else min(batch, trained / 2)
    looks = evaluations(steps, recipe.evaluation["growth"], recipe.evaluation["spacing"]) if steps else 1
    work = row * (3 * seen * steps + rows * looks)
    rest = NETWORK_STEP_SECONDS.get(recipe.model["kind"], STEP_SECONDS)
    return work / FLOPS_PER_SECOND + 2e-3 + rest * steps + _analyses(trial, steps)


def _analyses(trial: Trial, steps: int) -> float:
    """Each snapshot is run over the whole table in double precision; a circuit as often as thirty of them."""
    taken = sum(step <= steps for step in trial.snapshots) + 1
    runs = ("progress" in trial.analyses) * taken + ("circuit" in trial.analyses) * 30
    whole = 2.0 * size(trial).multiply_adds * elements(trial) ** 2
    return 4 * runs * whole / FLOPS_PER_SECOND


def megabytes(trial: Trial, steps: int) -> float:
    """Rough size of a record: weights (float32) at the end and at its snapshots, curves, a few numbers for every step."""
    kept = sum(step <= steps for step in trial.snapshots) + (trial.budget > 0)
    traced = 24.0 * steps * ("trace" in trial.probes)
    return (4.0 * kept * size(trial).weights + 12_000 + traced) / 1e6
