"""The probe "parallelograms": the representation quality of embeddings of integers (Liu et al. 2022, §3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grokbench.analysis.parallelograms import of_addition, quality
from grokbench.specs.types import Recipe, TaskSpec
from grokbench.tasks.domain import modulus
from grokbench.training.watching import Probe, fits

NETWORKS = ("summed-mlp",)


def of_integers(what: str) -> Any:
    """The ``faults`` of what reads embeddings of integers that are added without a modulus."""
    network = fits(what, networks=NETWORKS, operation="x + y")

    def faults(task: TaskSpec, recipe: Recipe) -> Iterator[str]:
        yield from network(task, recipe)
        if modulus(task) is not None:
            yield f"{what} is for sums without a modulus"

    return faults


PROBE = Probe(
    "parallelograms",
    look="grokbench.training.probes.parallelograms:look",
    faults=of_integers("probe 'parallelograms'"),
    summary="RQI, the share of parallelograms that the embeddings form, and their norm",
)


def look(weights: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """``rqi`` at the paper's tolerance, and ``norm``, Σ E²."""
    embedding = np.asarray(weights["E"], dtype=np.float64)
    return {"rqi": quality(of_addition(len(embedding)), embedding), "norm": float((embedding**2).sum())}
