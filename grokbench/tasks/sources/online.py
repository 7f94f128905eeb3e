"""The source "online": every update sees fresh rows of a domain that gives samples, and none of them twice.

They come from the stream ("online", task id) of a seed; which of them have a wrong label, from ("online-noise", task id). The
rows of ``samples`` stand beside them: they are never trained on, and accuracies are counted on them, on an α of them as the
training set, and on the others or ``test_rows`` as the test set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grokbench.specs.errors import InputError
from grokbench.specs.fields import checked, field
from grokbench.specs.types import TaskSpec
from grokbench.tasks.source import Fresh, Rows, Source
from grokbench.tasks.sources import samples
from grokbench.tasks.streams import stream


@dataclass(frozen=True)
class Fields(samples.Fields):
    """fresh random rows at every update, and a fixed sample on which accuracies are counted"""

    wrong: float = field(
        0.0, help="share of the fresh rows that have a wrong label, each by itself", least=0.0, most=1.0
    )


class Drawing:
    """What gives the rows of the next update, from its own streams."""

    KEPT = ("_generator", "_noise")

    def __init__(self, task: TaskSpec, seed: int) -> None:
        self._domain, self._operation = samples.domain_of(task, seed), task.operation
        self._wrong = checked(Fields, task.source, "source")["wrong"]
        if self._wrong and not self._domain.classes:
            raise InputError("source.wrong draws other classes; the answers of this domain are real numbers")
        self._generator, self._noise = stream(seed, "online", task.id), stream(seed, "online-noise", task.id)

    def __call__(self, n: int) -> Rows:
        """``n`` new rows, (n, width + 1)."""
        inputs, classes = self._domain.sample(self._operation, n, self._generator)
        if self._wrong:
            shift = self._noise.integers(1, self._domain.classes, n) * (self._noise.random(n) < self._wrong)
            classes = (classes + shift) % self._domain.classes
        return np.column_stack([inputs, classes])


def fresh(task: TaskSpec, seed: int) -> Fresh:
    """What gives the rows of the next update. Errors: InputError."""
    return Drawing(task, seed)


SOURCE = Source(
    "online",
    Fields,
    "vectors",
    shape=samples.shape,
    count=samples.count,
    rows=samples.rows,
    fresh=fresh,
    real=samples.real,
    held=samples.held,
)
