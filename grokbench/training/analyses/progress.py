"""The analysis "progress": losses and norms along a run (Nanda et al. 2023, arXiv 2301.05217, §5).

A forward pass over the whole table at every snapshot, in float64. Losses are over the p classes; the logit of "=", where
there is one, is left out.
"""

from __future__ import annotations

from grokbench.training.watching import Analysis, fits

ANALYSIS = Analysis(
    "progress",
    version=1,
    make="grokbench.training.analyses.progress:progress_of",
    faults=fits(
        "analysis 'progress'",
        networks=("one-layer-transformer",),
        odd_residues=True,
        operation="x + y",
        true_labels=True,
    ),
    passes=float,
    summary="restricted and excluded loss, Gini coefficients and squared weights at every snapshot",
)

# ---- from here on with torch

from collections.abc import Mapping

import numpy as np
import torch

from grokbench.analysis import progress, spectra
from grokbench.analysis.spectra import Array
from grokbench.specs.types import Trial
from grokbench.tasks.trained import trial_rows
from grokbench.training.analyses.table_network import TableNetwork, key_frequencies
from grokbench.training.analyses.weights import Weights, finite


@torch.inference_mode()
def progress_of(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """One row a snapshot, ascending; the last weights' row last. The key frequencies are those of the last weights."""
    p = int(trial.task.domain["p"])
    train, test = masks(trial, p)
    key = key_frequencies(weights_by_step[final_step], p)
    steps = sorted(weights_by_step)
    rows = [_row(weights_by_step[step], p, key, train, test) for step in steps]
    return {
        "step": np.array(steps, dtype=np.int64),
        **{name: np.array([row.get(name, np.nan) for row in rows]) for name in PROGRESS},
    }


PROGRESS = (
    "train_loss",
    "test_loss",
    "restricted_all",
    "restricted_test",
    "excluded_train",
    "sum_squares",
    "gini_embedding",
    "gini_logit_map",
)


def _row(weights: Weights, p: int, key: Array, train: Array, test: Array) -> dict[str, float]:
    if not finite(weights):
        return {}
    network = TableNetwork.of(weights, p)
    logits = network.logits().numpy()
    losses = progress.pair_losses(logits)
    row = {
        "train_loss": float(losses[train].mean()),
        "test_loss": float(losses[test].mean()),
        "sum_squares": spectra.sum_squared_weights(weights),
        "gini_embedding": spectra.gini(spectra.component_norms(weights["W_E"][:p])),
        "gini_logit_map": spectra.gini(spectra.component_norms(network.logit_map.numpy())),
    }
    if len(key):
        row |= {
            "restricted_all": progress.restricted_loss(logits, key),
            "restricted_test": progress.restricted_loss(logits, key, test),
            "excluded_train": progress.excluded_loss(logits, key, train),
        }
    return row


def masks(trial: Trial, p: int) -> tuple[Array, Array]:
    """Which pairs the trial trains on and which it tests, (p, p) each."""
    found = trial_rows(trial)
    masks = np.zeros((2, p, p), dtype=np.bool_)
    for mask, rows in zip(masks, (found.train, found.test), strict=True):
        mask[rows[:, 0], rows[:, 1]] = True
    return masks[0], masks[1]
