"""The analysis "parallelograms": what learned embeddings predict of the accuracy (Liu et al. 2022, §3.1, Appendices D and E)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from grokbench.analysis import parallelograms as own
from grokbench.specs.types import Array, Trial
from grokbench.tasks.streams import stream
from grokbench.tasks.trained import trial_rows
from grokbench.training.probes.parallelograms import of_integers
from grokbench.training.watching import Analysis

SHUFFLES = 20

ANALYSIS = Analysis(
    "parallelograms",
    version=1,
    make="grokbench.training.analyses.parallelograms:predicted",
    faults=of_integers("analysis 'parallelograms'"),
    summary="RQI and predicted accuracy of the final embeddings, of the ideal ones, and of shuffled ones",
)


def predicted(trial: Trial, weights_by_step: Mapping[int, Any], final_step: int) -> dict[str, Array]:
    """One number each, of the weights after the last step.

    ``rqi``, ``rqi_ideal``: share of all parallelograms that the embeddings form, and that the training rows imply. ``learned``,
    ``ideal``: share of all samples that follow from the training rows by these parallelograms, the predicted accuracy.
    ``shuffled``: the same with the embeddings shuffled among the integers, mean of 20.
    """
    rows = trial_rows(trial)
    embedding = np.asarray(weights_by_step[final_step]["E"], dtype=np.float64)
    table = rows.table.rows
    found = own.parallelograms(table[:, :2], table[:, 2], len(embedding))
    samples = np.zeros(len(table), dtype=np.bool_)
    samples[rows.split.train] = True
    implied = own.ideal(found, samples)
    rng = stream(trial.seed, "shuffled embeddings")
    shuffled = [embedding[rng.permutation(len(embedding))] for _ in range(SHUFFLES)]

    def share(chosen: own.Mask) -> float:
        return float(own.augmented(found, samples, chosen).mean())

    numbers = {
        "rqi": own.quality(found, embedding),
        "rqi_ideal": float(implied.mean()),
        "learned": share(own.formed(found, embedding)),
        "ideal": share(implied),
        "shuffled": float(np.mean([share(own.formed(found, one)) for one in shuffled])),
    }
    return {name: np.array([value]) for name, value in numbers.items()}
