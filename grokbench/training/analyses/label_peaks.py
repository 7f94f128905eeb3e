"""The analysis "label-peaks": whether a row with a wrong label has its peaks at that label and at the true answer.

Doshi, Das, He and Gromov (arXiv 2310.13061, App. K). A forward pass over the training rows, in the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from grokbench.specs.types import Recipe, TaskSpec
from grokbench.tasks.trained import corruption
from grokbench.training.watching import Analysis


def faults(task: TaskSpec, recipe: Recipe) -> Iterator[str]:
    """It needs a network, and training rows whose label is not the true one."""
    if recipe.learner:
        yield f"analysis 'label-peaks' is for networks, not for the learner {recipe.learner.get('kind')!r}"
    if corruption(recipe) is None:
        yield "analysis 'label-peaks' needs wrong labels; give the recipe a data.corruption"


ANALYSIS = Analysis(
    "label-peaks",
    version=1,
    make="grokbench.training.analyses.label_peaks:peaks_of",
    faults=faults,
    passes=lambda snapshots: 1.0,
    summary="share of the wrongly labelled training rows with their two largest outputs at that label and at the true one",
)

# ---- from here on with torch

from collections.abc import Mapping

import numpy as np
import torch

from grokbench.networks.registry import restored
from grokbench.specs.types import Array, Trial
from grokbench.tasks.trained import trial_rows
from grokbench.training.analyses.weights import Weights, finite


def peaks_of(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """Of the last network, over the training rows whose label is not the true one, each (1,); NaN where there is none.

    ``both``: share of rows whose two largest outputs are at the label and at the true class. ``label``, ``truth``: share with
    the label, and with the true class, among these two.
    """
    rows, weights = trial_rows(trial), weights_by_step[final_step]
    truth = rows.table.rows[rows.split.train]
    wrong = rows.train[:, -1] != truth[:, -1]
    found = dict.fromkeys(("both", "label", "truth"), np.full(1, np.nan))
    if not finite(weights) or not wrong.any():
        return found
    tensors = {name: torch.from_numpy(np.array(w)) for name, w in weights.items()}
    network = restored(trial.recipe.model, tensors).eval()
    inputs = network.inputs(rows.train[wrong], trial.task)
    inputs = inputs.to(next(network.parameters()).dtype) if inputs.is_floating_point() else inputs
    outputs = network(inputs)  # (n, classes)
    if outputs.dim() != 2 or outputs.shape[-1] < 2:
        return found
    first = outputs.topk(2, dim=-1).indices.numpy()
    label, true = ((first == own[wrong, -1:]).any(axis=1) for own in (rows.train, truth))
    return {name: np.atleast_1d(v.mean()) for name, v in zip(found, (label & true, label, true), strict=True)}
