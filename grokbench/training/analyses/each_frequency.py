"""The analysis "each-frequency": the training loss without one key frequency at a time, at every snapshot.

Nanda et al. 2023 (arXiv 2301.05217), §5 and appendix. Key frequencies are those of the analysis "anatomy".
"""

from __future__ import annotations

from grokbench.training.watching import Analysis, fits

ANALYSIS = Analysis(
    "each-frequency",
    version=1,
    make="grokbench.training.analyses.each_frequency:each_of",
    faults=fits(
        "analysis 'each-frequency'",
        networks=("one-layer-transformer",),
        odd_residues=True,
        operation="x + y",
        true_labels=True,
    ),
    passes=float,
    summary="the training loss without one key frequency at a time, and quantiles of the losses of single rows",
)

# ---- from here on with torch

from collections.abc import Mapping

import numpy as np
import torch

from grokbench.analysis import progress, spectra
from grokbench.analysis.spectra import Array
from grokbench.specs.types import Trial
from grokbench.training.analyses.progress import masks
from grokbench.training.analyses.table_network import TableNetwork
from grokbench.training.analyses.weights import Weights, finite

SHARES = np.linspace(0, 1, 21)
"""Of the rows, at which quantiles of their losses are taken."""


@torch.inference_mode()
def each_of(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """One row a snapshot, ascending, the last weights' last. NaN in the row of weights that are not finite.

    ``excluded`` (rows, K): loss on the training rows without the sum directions of one key frequency. ``train_accuracy``
    (rows,). ``train_quantiles`` and ``table_quantiles`` (rows, 21): quantiles at equal shares of the losses of the
    training rows, and of all rows of the table.
    """
    p = int(trial.task.domain["p"])
    train, _ = masks(trial, p)
    last = weights_by_step[final_step]
    key = np.empty(0, dtype=np.int64)
    if finite(last):
        key, _ = spectra.before_the_gap(spectra.spectrum(TableNetwork.of(last, p).logit_map.numpy()))
    steps = sorted(weights_by_step)
    found = {
        "excluded": np.full((len(steps), len(key)), np.nan),
        "train_accuracy": np.full(len(steps), np.nan),
        "train_quantiles": np.full((len(steps), len(SHARES)), np.nan),
        "table_quantiles": np.full((len(steps), len(SHARES)), np.nan),
    }
    for row, step in enumerate(steps):
        if finite(weights_by_step[step]):
            logits = TableNetwork.of(weights_by_step[step], p).logits().numpy()
            losses, right = progress.pair_losses(logits), logits.argmax(axis=2) == spectra.sums(p)
            found["excluded"][row] = [progress.excluded_loss(logits, [k], train) for k in key]
            found["train_accuracy"][row] = right[train].mean()
            found["train_quantiles"][row] = np.quantile(losses[train], SHARES)
            found["table_quantiles"][row] = np.quantile(losses, SHARES)
    return {"step": np.array(steps, dtype=np.int64), "key": key, **found}
