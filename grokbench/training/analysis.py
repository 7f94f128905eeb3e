"""After training: the analyses of a record's snapshots and last weights, each of which says which trials it fits.

"progress" (here) and "circuit" are those of Nanda et al. 2023 (arXiv 2301.05217) on a one-layer transformer: a forward pass over
the whole table, in float64, and numbers read off it. Losses are over the p classes; the logit of "=", where there is one, is
left out. "circles" is about the output embedding of Power et al. 2022 (arXiv 2201.02177).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
import torch

from grokbench.analysis import progress, spectra
from grokbench.analysis.spectra import Array
from grokbench.specs.errors import InputError
from grokbench.specs.types import Trial
from grokbench.tasks.trained import trial_rows
from grokbench.training import arithmetic, circle_analysis
from grokbench.training.circuit_analysis import circuit_of
from grokbench.training.record import Record
from grokbench.training.table_network import TableNetwork, Weights, finite, key_frequencies
from grokbench.training.versions import check_analysis


@arithmetic.fixed()
def analysed(record: Record) -> Record:
    """The same record with the analyses that its trial names and it lacks. It must hold its weights and snapshots.

    Errors as in ``analyse``.
    """
    missing = [name for name in record.trial.analyses if name not in record.analyses]
    if not missing:
        return record
    last = int(record.facts["steps"])
    weights = {**record.snapshots, last: record.weights}
    made = {name: analyse(name, record.trial, weights, last) for name in missing}
    return dataclasses.replace(record, analyses={**record.analyses, **made})


def analyse(
    name: str, trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int
) -> dict[str, Array]:
    """The arrays of one analysis of a trained trial.

    ``weights_by_step`` holds the snapshots' weights and those at ``final_step``, whose key frequencies count throughout.
    Numbers that the weights do not allow (no key frequency, weights that are not finite, no snapshot at step 0) are NaN.

    Raises UnknownNameError for another name; InputError for a trial that the analysis is not for, or no final weights.
    """
    p = check_analysis(name, trial.task, trial.recipe)
    if final_step not in weights_by_step:
        raise InputError(f"analysis {name!r} needs the weights at step {final_step}, the last one")
    with torch.inference_mode():
        return MADE[name](trial, p, weights_by_step, final_step)


def _progress(
    trial: Trial, p: int, weights_by_step: Mapping[int, Weights], final_step: int
) -> dict[str, Array]:
    """One row a snapshot, ascending; the last weights' row last."""
    train, test = _masks(trial, p)
    key = key_frequencies(weights_by_step[final_step], p)
    steps = sorted(weights_by_step)
    rows = [_progress_row(weights_by_step[step], p, key, train, test) for step in steps]
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


def _progress_row(weights: Weights, p: int, key: Array, train: Array, test: Array) -> dict[str, float]:
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


def _masks(trial: Trial, p: int) -> tuple[Array, Array]:
    """Which pairs the trial trains on and which it tests, (p, p) each."""
    found = trial_rows(trial)
    masks = np.zeros((2, p, p), dtype=np.bool_)
    for mask, rows in zip(masks, (found.train, found.test), strict=True):
        mask[rows[:, 0], rows[:, 1]] = True
    return masks[0], masks[1]


def _circuit(
    trial: Trial, p: int, weights_by_step: Mapping[int, Weights], final_step: int
) -> dict[str, Array]:
    return circuit_of(p, weights_by_step, final_step)


Make = Callable[[Trial, int, Mapping[int, Weights], int], dict[str, Array]]
MADE: dict[str, Make] = {
    "progress": _progress,
    "circuit": _circuit,
    "circles": circle_analysis.circles_of,
}
"""Name → what makes the arrays; versions, and the trials that each is for, in training/versions.py."""
