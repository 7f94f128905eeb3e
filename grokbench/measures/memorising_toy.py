"""A linear toy with a weight that generalises and one memorising weight a row, as a computation.

It is of the discussion of Nanda et al. 2023 (arXiv 2301.05217) on the authors' post: does an optimizer that gives each
weight steps of one size learn by rote what gradient descent would not?
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grokbench.measures.computation import Computation
from grokbench.specs.fields import field
from grokbench.specs.types import Section

FIT = 0.01  # share of the initial loss at which rows count as learned
BETAS, EPSILON = (0.9, 0.98), 1e-8


@dataclass(frozen=True)
class Fields:
    """row i is answered by g + m_i and should be 1; g serves every row, m_i its own alone; all weights start at 0"""

    optimizer: str = field(
        "gd", choices=("gd", "adamw"), help="gradient descent, or AdamW with betas 0.9 and 0.98"
    )
    rows: int = field(100, help="training rows, each with a memorising weight", least=1)
    batch: int = field(100, help="rows a step, drawn without replacement", least=1)
    lr: float = field(0.01, help="learning rate", above=0.0)
    weight_decay: float = field(0.0, help="decay λ: weights shrink by lr · λ a step", least=0.0)
    steps: int = field(2000, help="updates", least=1)


def faults(fields: Section) -> Iterator[tuple[str, str]]:
    """A batch is no larger than the training set."""
    if fields["batch"] > fields["rows"]:
        yield "batch", f"expected at most rows = {fields['rows']}; got {fields['batch']}"


def compute(fields: Section, seed: int) -> dict[str, float]:
    """Train the toy on mean ½(g + m_i − 1)² over the batch; the seed draws the batches."""
    rng = np.random.default_rng(seed)
    n, batch = int(fields["rows"]), int(fields["batch"])
    weights = np.zeros(n + 1)  # g, then every m_i
    mean, square = np.zeros(n + 1), np.zeros(n + 1)
    fitted = generalised = math.inf
    at_fit = math.nan
    for step in range(1, int(fields["steps"]) + 1):
        rows = np.arange(n) if batch == n else rng.choice(n, batch, replace=False)
        gradient = np.zeros(n + 1)
        gradient[1 + rows] = (weights[0] + weights[1 + rows] - 1) / batch
        gradient[0] = gradient[1:].sum()
        moved: NDArray[Any] = gradient
        if fields["optimizer"] == "adamw":
            mean += (1 - BETAS[0]) * (gradient - mean)
            square += (1 - BETAS[1]) * (gradient**2 - square)
            moved = mean / (1 - BETAS[0] ** step) / (np.sqrt(square / (1 - BETAS[1] ** step)) + EPSILON)
        weights -= fields["lr"] * (moved + fields["weight_decay"] * weights)
        if math.isinf(fitted) and np.mean((weights[0] + weights[1:] - 1) ** 2) <= FIT:
            fitted, at_fit = step, float(weights[0])
        if math.isinf(generalised) and (weights[0] - 1) ** 2 <= FIT:
            generalised = step
    return {
        "generaliser-at-fit": at_fit,
        "generaliser-at-end": float(weights[0]),
        "toy-delay": generalised / fitted if math.isfinite(fitted) else math.nan,
    }


MEMORISING_TOY = Computation(
    "memorising-toy",
    Fields,
    {
        "generaliser-at-fit": "g when the training loss has first fallen to a hundredth; of 1, what is not memorised",
        "generaliser-at-end": "g after the last step",
        "toy-delay": "first step with a hundredth of the initial test loss over that of the training loss; infinite: never",
    },
    compute="grokbench.measures.memorising_toy:compute",
    faults=faults,
)
