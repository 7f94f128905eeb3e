"""The analysis "pruning": what a quadratic network still answers without some of its neurons (Doshi et al., arXiv 2310.13061).

Neurons are put in the order of their inverse participation ratio (IPR), the mean over u, v and w, and taken out from the low end,
from the high end, or at random, without retraining (Fig 6).
"""

from __future__ import annotations

from grokbench.training.blocks import blocks
from grokbench.training.watching import Analysis, fits

ANALYSIS = Analysis(
    "pruning",
    version=1,
    make="grokbench.training.analyses.pruning:pruning_of",
    faults=fits("analysis 'pruning'", networks=("quadratic-mlp",)),
    first=True,
    passes=lambda snapshots: 20.0,
    summary="accuracies once neurons are taken out by their IPR or at random, and IPR and size of every neuron",
)

# ---- from here on with torch

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from grokbench.analysis import fourier, pruning
from grokbench.networks.registry import restored
from grokbench.specs.types import Array, Trial
from grokbench.tasks.streams import stream
from grokbench.tasks.trained import trial_rows
from grokbench.training.analyses.weights import Weights, finite

ORDERS = ("low", "high", "random")


@np.errstate(all="ignore")  # weights of a run that diverged are what they are
def pruning_of(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """Of the last network, ``ipr`` (N,), and ``size`` (N,): √(|u|² + |v|² + |w|²) over the largest one; and by fractions.

    ``ipr_initial`` (N,): before the first step. ``scale`` (N,): |γ| of batch normalisation, where there is one.
    ``fraction`` (F,): share of the neurons that are out. ``low_test`` and so on (F,): share of the test rows that are answered
    once the neurons of lowest IPR are out; ``high_…``, ``random_…``: of highest IPR, and drawn. ``…_train``, and where labels
    are corrupted ``…_clean``, ``…_corrupted`` and ``…_corrected``, are the training rows, as in a record's curves. NaN where
    a weight is not finite.
    """
    weights = weights_by_step[final_step]
    own = blocks(weights)
    ipr = np.mean([fourier.ipr(block) for block in own], axis=0)  # (N,)
    size = np.sqrt(sum((block**2).sum(axis=1) for block in own))
    found = {
        "ipr": ipr,
        "size": size / size.max(),
        "ipr_initial": np.mean([fourier.ipr(block) for block in blocks(weights_by_step[0])], axis=0),
        "fraction": pruning.fractions(),
    }
    if "norm.weight" in weights:
        found["scale"] = np.abs(np.asarray(weights["norm.weight"], dtype=np.float64))
    rows = trial_rows(trial)
    sides = {"test": rows.test, "train": rows.train, **rows.parts()}
    order = np.argsort(ipr, kind="stable")
    drawn = stream(trial.seed, "pruning").permutation(len(ipr))
    orders = dict(zip(ORDERS, (order, order[::-1], drawn), strict=True))
    return found | {
        f"{name}_{side}": accuracies
        for name, one in orders.items()
        for side, accuracies in _accuracies(trial, weights, one, sides).items()
    }


def _accuracies(trial: Trial, weights: Weights, order: Array, sides: Mapping[str, Array]) -> dict[str, Array]:
    """Accuracy (F,) on the rows of each side after each of the ``pruning.fractions`` of ``order`` is out."""
    removed = pruning.counts(len(order))
    if not finite(weights):
        return {side: np.full(len(removed), np.nan) for side in sides}
    tensors = {name: torch.from_numpy(np.array(w)).double() for name, w in weights.items()}
    network: Any = restored(trial.recipe.model, tensors).eval()
    readout = weights["W2"].astype(np.float64).T  # (N, p)
    found = {}
    for side, rows in sides.items():
        inputs = network.inputs(rows, trial.task).double()
        hidden = network.hidden(inputs).numpy()  # (n, N)
        right = [
            pruning.answered(outputs, rows[:, -1]).mean()
            for _, outputs in pruning.pruned_outputs(hidden, readout, order, removed)
        ]
        found[side] = np.array(right)
    return found
