"""After training: measures of Nanda et al. 2023 (arXiv 2301.05217) on a one-layer transformer's snapshots and last weights.

Each analysis is a forward pass over the whole table, in float64, and numbers read off it. Losses here are over the p classes; the
logit of "=" (where the network has one) is left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch

from grokbench.measures import progress, spectra
from grokbench.measures.spectra import Array
from grokbench.measures.versions import ANALYSES
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import Record, Trial
from grokbench.tasks.splits import split_table
from grokbench.tasks.table import build_table
from grokbench.training.circuit_analysis import circuit_of
from grokbench.training.table_network import TableNetwork, Weights, finite, key_frequencies

MODEL = "one-layer-transformer"
OPERATION = "x + y"  # the sum directions assume it


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


def check(name: str, trial: Trial) -> int:
    """p of a trial that this analysis fits. Errors as in ``analyse``; cheap enough to ask before training."""
    if name not in ANALYSES:
        raise UnknownNameError("analysis", name, ANALYSES)
    kind, domain = trial.recipe.model.get("kind"), trial.task.domain
    if kind != MODEL:
        raise InputError(f"analysis {name!r} is for the model kind {MODEL!r}, not {kind!r}")
    if domain.get("kind") != "integers-mod":
        raise InputError(
            f"analysis {name!r} is for tasks on the domain 'integers-mod', not {domain.get('kind')!r}"
        )
    if "".join(trial.task.operation.split()) != "x+y":
        raise InputError(
            f"analysis {name!r} is for the operation {OPERATION!r}, not {trial.task.operation!r}"
        )
    p = int(domain["p"])
    spectra.n_frequencies(p)
    return p


def analyse(
    name: str, trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int
) -> dict[str, Array]:
    """The arrays of one analysis of a trained trial.

    ``weights_by_step`` holds the snapshots' weights and those at ``final_step``, whose key frequencies count throughout.
    Numbers that the weights do not allow (no key frequency, weights that are not finite, no snapshot at step 0) are NaN.

    Raises UnknownNameError for another name; InputError for another model, domain or operation, an even p, or no final weights.
    """
    p = check(name, trial)
    if final_step not in weights_by_step:
        raise InputError(f"analysis {name!r} needs the weights at step {final_step}, the last one")
    with torch.inference_mode():
        if name == "circuit":
            return circuit_of(p, weights_by_step, final_step)
        return _progress(trial, p, weights_by_step, final_step)


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
    table = build_table(trial.task)
    rounding = trial.recipe.data["rounding"]
    split = split_table(table, trial.task.id, trial.alpha, rounding, trial.seed)
    masks = np.zeros((2, p, p), dtype=np.bool_)
    for mask, chosen in zip(masks, (split.train, split.test), strict=True):
        mask[table.rows[chosen, 0], table.rows[chosen, 1]] = True
    return masks[0], masks[1]
