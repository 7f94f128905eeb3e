"""The source "online": every update sees fresh rows of a domain that gives samples, and none of them twice.

They come from the stream ("online", task id) of a seed. The rows of ``samples`` stand beside them: they are never trained on, and
accuracies are counted on them, on an α of them as the training set, and on the others or ``test_rows`` as the test set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grokbench.specs.types import TaskSpec
from grokbench.tasks.source import Fresh, Rows, Source
from grokbench.tasks.sources import samples
from grokbench.tasks.streams import stream


@dataclass(frozen=True)
class Fields(samples.Fields):
    """fresh random rows at every update, and a fixed sample on which accuracies are counted"""


def fresh(task: TaskSpec, seed: int) -> Fresh:
    """What gives the rows of the next update. Errors: InputError."""
    found, generator = samples.domain_of(task), stream(seed, "online", task.id)

    def draw(n: int) -> Rows:
        return np.column_stack(found.sample(task.operation, n, generator))

    return draw


SOURCE = Source(
    "online",
    Fields,
    "vectors",
    shape=samples.shape,
    count=samples.count,
    rows=samples.rows,
    fresh=fresh,
    held=samples.held,
)
