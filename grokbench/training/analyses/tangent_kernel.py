"""The analysis "tangent-kernel": the kernel of the training rows, snapshot by snapshot (Kumar et al. 2023, arXiv 2310.06110).

K(x, x′) = Σ_c ∇f_c(x) · ∇f_c(x′), exact and in closed form. A factor on outputs multiplies it and changes neither number.
"""

from __future__ import annotations

from collections.abc import Iterator

from grokbench import parts
from grokbench.networks.registry import architecture, restored
from grokbench.specs.fields import checked
from grokbench.specs.types import Recipe, TaskSpec
from grokbench.training.watching import Analysis


def faults(task: TaskSpec, recipe: Recipe) -> Iterator[str]:
    """The network must state its kernel."""
    if recipe.learner:
        yield f"analysis 'tangent-kernel' is for networks, not for the learner {recipe.learner['kind']!r}"
        return
    own = architecture(recipe.model)
    if not own.tangent_kernel(checked(own.fields, recipe.model, "model")):
        yield f"analysis 'tangent-kernel' needs a kernel in closed form; model kind {own.kind!r} has none with these fields"


ANALYSIS = Analysis(
    "tangent-kernel",
    version=1,
    make="grokbench.training.analyses.tangent_kernel:tangent_kernel",
    faults=faults,
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
    model = trial.recipe.model
    network = restored(model, {name: torch.from_numpy(np.asarray(w)) for name, w in weights.items()})
    own = architecture(model)
    kernel = parts.loaded(own.tangent_kernel(checked(own.fields, model, "model")))
    found: Array = kernel(network, np.asarray(network.inputs(rows, trial.task), dtype=np.float64))
    return found


def _labels(trial: Trial, rows: Array) -> Array:
    decoder = decoder_of(trial.task, trial.seed)
    if not decoder.by_class:
        return np.asarray(decoder.targets(rows), dtype=np.float64)
    return np.asarray(np.eye(int(rows[:, -1].max()) + 1)[rows[:, -1].astype(np.int64)])
