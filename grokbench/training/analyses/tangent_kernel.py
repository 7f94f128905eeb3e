"""The analysis "tangent-kernel": the kernel of the training rows, snapshot by snapshot (Kumar et al. 2023, arXiv 2310.06110).

K(x, x′) = Σ_c ∇f_c(x) · ∇f_c(x′), exact and in closed form. A factor on outputs multiplies it and changes neither number.
"""

from __future__ import annotations

from grokbench.training.watching import Analysis, fits

ANALYSIS = Analysis(
    "tangent-kernel",
    version=1,
    make="grokbench.training.analyses.tangent_kernel:tangent_kernel",
    faults=fits("analysis 'tangent-kernel'", networks=("quadratic-mlp", "committee")),
    first=True,
    passes=lambda snapshots: 30.0 * snapshots,
    scaled=True,
    summary="the tangent kernel of the training rows: its alignment with the labels, and how far it is from the first one",
)

# ---- from here on with torch

from collections.abc import Mapping

import numpy as np
import torch

from grokbench.analysis import kernels
from grokbench.networks.quadratic_mlp import QuadraticMLP
from grokbench.networks.registry import restored
from grokbench.specs.types import Array, Trial
from grokbench.tasks.source import decoder_of
from grokbench.tasks.trained import trial_rows
from grokbench.training.analyses.weights import Weights, finite


def tangent_kernel(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """One row a snapshot, ascending, the first at step 0; nan where weights are not finite.

    ``alignment``: centred kernel alignment with y yᵀ of one-hot or real labels. ``moved``: 1 − cos(K, K₀). ``weights``:
    ‖θ − θ₀‖ / ‖θ₀‖ of all weights.
    """
    rows = trial_rows(trial).train
    labels = _labels(trial, rows)
    steps = sorted(weights_by_step)
    found = [_kernel(trial, weights_by_step[step], rows) for step in steps]
    start, first = found[0], weights_by_step[steps[0]]
    return {
        "step": np.array(steps, dtype=np.int64),
        "alignment": np.array([np.nan if own is None else kernels.alignment(own, labels) for own in found]),
        "moved": np.array(
            [np.nan if own is None or start is None else 1 - kernels.cosine(own, start) for own in found]
        ),
        "weights": np.array([_change(weights_by_step[step], first) for step in steps]),
    }


def _change(weights: Weights, first: Weights) -> float:
    squares = np.array(
        [
            [
                np.square(w - first[name], dtype=np.float64).sum(),
                np.square(first[name], dtype=np.float64).sum(),
            ]
            for name, w in weights.items()
        ]
    )
    moved, size = squares.sum(0)
    return float(np.sqrt(moved / size))


def _kernel(trial: Trial, weights: Weights, rows: Array) -> Array | None:
    if not finite(weights):
        return None
    network = restored(
        trial.recipe.model, {name: torch.from_numpy(np.asarray(w)) for name, w in weights.items()}
    )
    inputs = np.asarray(network.inputs(rows, trial.task), dtype=np.float64)
    if isinstance(network, QuadraticMLP):
        w1, w2 = (np.asarray(weights[name], dtype=np.float64) for name in ("W1", "W2"))
        return kernels.quadratic_kernel(inputs, w1, w2, network.output_scale)
    return kernels.committee_kernel(
        inputs, np.asarray(weights["W"], dtype=np.float64), trial.recipe.model["epsilon"]
    )


def _labels(trial: Trial, rows: Array) -> Array:
    decoder = decoder_of(trial.task, trial.seed)
    if not decoder.by_class:
        return np.asarray(decoder.targets(rows), dtype=np.float64)
    return np.asarray(np.eye(int(rows[:, -1].max()) + 1)[rows[:, -1].astype(np.int64)])
