"""The source "samples": rows drawn at random from a domain that gives vectors, such as bits.

The rows of a seed come from its stream ("samples", task id). α of them are trained on and the others tested on, as with a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from grokbench.specs.errors import InputError
from grokbench.specs.fields import checked, field
from grokbench.specs.types import TaskSpec
from grokbench.tasks.domain import make_domain
from grokbench.tasks.limits import MAX_ROWS
from grokbench.tasks.source import Source, Vectors
from grokbench.tasks.streams import stream
from grokbench.tasks.table import Table


class Sampled(Protocol):
    """What a domain has that gives samples."""

    width: int  # numbers in a row
    classes: int

    def sample(
        self, operation: str, n: int, generator: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """``n`` independent rows: inputs (n, width) and classes (n,).

        A longer sample begins with a shorter one's rows. Raises InputError for an operation that means nothing here.
        """


@dataclass(frozen=True)
class Fields:
    """independent random rows, drawn once for each seed"""

    rows: int = field(
        3000, help="rows that are drawn, for training and test together", least=2, most=MAX_ROWS
    )


def domain_of(task: TaskSpec) -> Any:
    """The task's domain, which is ``Sampled``. Errors: InputError."""
    found = make_domain(task.domain)
    if not hasattr(found, "sample"):
        raise InputError(
            f"{task.domain['kind']!r} gives no samples; leave the source out, and its table is used"
        )
    return found


def shape(task: TaskSpec) -> Vectors:
    """Width and number of classes."""
    found = domain_of(task)
    return Vectors(found.width, found.classes)


def count(task: TaskSpec) -> int:
    """The field ``rows``. Errors: InputError also for an operation that the domain lacks."""
    domain_of(task).sample(task.operation, 1, stream(0, "samples", task.id))
    return int(checked(Fields, task.source, "source")["rows"])


def rows(task: TaskSpec, seed: int) -> Table:
    """(rows, width + 1), float64: the inputs, then the class."""
    found, n = domain_of(task), count(task)
    inputs, targets = found.sample(task.operation, n, stream(seed, "samples", task.id))
    return Table(np.column_stack([inputs, targets]), found.classes)


SOURCE = Source("samples", Fields, "vectors", shape=shape, count=count, rows=rows)
