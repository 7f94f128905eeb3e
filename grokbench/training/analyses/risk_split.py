"""The analysis "risk-split": the expected test loss of a committee on a single index, in three terms, snapshot by snapshot.

Kumar et al. 2023 (arXiv 2310.06110), Eq. 6, with y = c (β · x)² in place of ½ (β · x)², and with α (f(θ) − f(θ₀)) where a recipe
subtracts the start: then w̄ and M are those of θ less those of θ₀.
"""

from __future__ import annotations

from grokbench.training.watching import Analysis, fits

ANALYSIS = Analysis(
    "risk-split",
    version=1,
    make="grokbench.training.analyses.risk_split:risk_split",
    faults=fits("analysis 'risk-split'", networks=("committee",), operation="square"),
    first=True,
    scaled=True,
    summary="the expected test loss of a committee in three terms: variance, misalignment, power in linear functions",
)

# ---- from here on with torch

from collections.abc import Mapping

import numpy as np

from grokbench.specs.types import Array, Trial
from grokbench.tasks.sources.samples import domain_of
from grokbench.training.analyses.weights import Weights, finite


def risk_split(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """One row a snapshot, ascending, the first at step 0; nan where weights are not finite. ``all`` is the sum of the terms."""
    steps = sorted(weights_by_step)
    found = [_terms(trial, weights_by_step[step], weights_by_step[0]) for step in steps]
    columns = {
        name: np.array([row[i] for row in found])
        for i, name in enumerate(("variance", "misalignment", "linear"))
    }
    return {
        "step": np.array(steps, dtype=np.int64),
        **columns,
        "all": sum(columns.values(), np.zeros(len(steps))),
    }


def _terms(trial: Trial, weights: Weights, first: Weights) -> tuple[float, float, float]:
    if not (finite(weights) and finite(first)):
        return (np.nan,) * 3
    training, domain = trial.recipe.training, domain_of(trial.task, trial.seed)
    scale = float(training.get("output_scale", 1.0))
    mean, square = _moments(weights)
    if training.get("subtract_start"):
        earlier = _moments(first)
        mean, square = mean - earlier[0], square - earlier[1]
    target = 2 * domain.factor * np.outer(domain.direction, domain.direction)  # of ½ xᵀ (…) x
    wrong, d = scale * trial.recipe.model["epsilon"] * square - target, len(mean)
    return (
        float(np.trace(wrong) / d) ** 2 / 4,
        float((wrong**2).sum()) / (2 * d**2),
        scale**2 * float(mean @ mean) / d,
    )


def _moments(weights: Weights) -> tuple[Array, Array]:
    """w̄ (d,) and M (d, d), Eq. 4."""
    w = np.asarray(weights["W"], dtype=np.float64)
    return np.asarray(w.mean(0)), np.asarray(w.T @ w / len(w))
