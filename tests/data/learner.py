"""A learner as a stranger's script registers it: the most frequent answer of x, forgotten with every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import grokbench
from grokbench import Learner, Size, field


@dataclass(frozen=True)
class Fields:
    """the answers that were seen beside x, raised to a power"""

    power: float = field(1.0, help="of each count", above=0.0)


class Counts:
    def __init__(self, fields, facts, streams, dtype):
        self.power, self.dtype = fields["power"], dtype
        self.counts = streams("init", "counts").uniform(0, 1e-3, (facts.n_elements, facts.n_elements))

    def initial(self, rows):
        np.add.at(self.counts, (rows[:, 0], rows[:, 2]), 1)

    def step(self):
        self.counts **= self.power

    def predict(self, rows):
        return self.counts[rows[:, 0]].astype(self.dtype)

    def state(self):
        return {"counts": self.counts}


def size(fields, n_elements, n_rows):
    return Size(n_elements**2, n_elements**2)


grokbench.register("learners", "counts", Learner("counts", Fields, Counts, size, loss="cross-entropy"))
