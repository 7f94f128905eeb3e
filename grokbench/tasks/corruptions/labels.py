"""Label noise: some training rows get a random class (Doshi, Das, He and Gromov, arXiv 2310.13061).

There, ⌊ξ n⌋ of the n training rows, the first of a shuffled list, get a class uniform on all p, the true one included. Here the
rows are drawn too, from the stream ("corruption", task id). For one seed a smaller share's rows are among a larger one's, with
the same new labels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.tasks.domain import Indices, Mask
from grokbench.tasks.trained import Corruption


@dataclass(frozen=True)
class Fields:
    """a share of the training rows gets a class drawn at random"""

    share: float = field(help="share ξ of the training rows; ⌊ξ n⌋ of n are drawn", above=0.0, most=1.0)
    include_true: bool = field(
        True, help="whether the class is drawn from all, the true one included, or from the others alone"
    )


def relabel(
    table: Section, truth: Indices, train: Indices, n_classes: int, generator: np.random.Generator
) -> tuple[Indices, Mask]:
    """See ``Corruption``."""
    rank = generator.permutation(len(truth))
    if table["include_true"]:
        drawn = generator.integers(0, n_classes, len(truth))
    else:
        drawn = (truth + generator.integers(1, n_classes, len(truth))) % n_classes
    chosen = np.argsort(rank[train], kind="stable")[: math.floor(table["share"] * len(train))]
    corrupted = np.zeros(len(train), dtype=np.bool_)
    corrupted[chosen] = True
    return np.where(corrupted, drawn[train], truth[train]), corrupted


CORRUPTION = Corruption("labels", Fields, relabel)
