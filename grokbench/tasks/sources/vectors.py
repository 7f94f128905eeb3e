"""The source "vectors": every row of a data set that a domain has, such as digits; α of them are trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from grokbench.specs.errors import InputError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.domain import make_domain
from grokbench.tasks.source import Source, Vectors
from grokbench.tasks.table import Table


class DataSet(Protocol):
    """What a domain has that is a data set. All but ``vectors`` is cheap, and needs nothing installed."""

    width: int  # numbers in a row
    classes: int
    count: int  # rows

    def check(self, operation: str) -> None:
        """Raises InputError for an operation that means nothing here."""

    def ready(self) -> None:
        """Raises InputError where ``vectors`` needs something that is not installed. Nothing is imported."""

    def vectors(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Inputs (count, width) and classes (count,), the same each time. Errors: InputError where they cannot be read."""


@dataclass(frozen=True)
class Fields:
    """every row of a data set"""


def domain_of(task: TaskSpec) -> Any:
    """The task's domain, which is a ``DataSet``. Errors: InputError."""
    found = make_domain(task.domain)
    if not hasattr(found, "vectors"):
        raise InputError(
            f"{task.domain['kind']!r} is no data set; leave the source out, and its table is used"
        )
    found.check(task.operation)
    return found


def shape(task: TaskSpec) -> Vectors:
    """Width and number of classes."""
    found = domain_of(task)
    return Vectors(found.width, found.classes)


def rows(task: TaskSpec, seed: int) -> Table:
    """(count, width + 1), float64: the inputs, then the class. The same for every seed."""
    found = domain_of(task)
    return Table(np.column_stack(found.vectors()), found.classes)


SOURCE = Source(
    "vectors",
    Fields,
    "vectors",
    shape=shape,
    count=lambda task: int(domain_of(task).count),
    rows=rows,
    ready=lambda task: domain_of(task).ready(),
)
