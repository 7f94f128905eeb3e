"""The source "samples": rows drawn at random from a domain that gives vectors, such as bits.

The rows of a seed come from its stream ("samples", task id). α of them are trained on and the others tested on, as with a table;
or all tests are on ``test_rows`` others, from the stream ("test-samples", task id).
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
from grokbench.tasks.source import Source, Vectors, source
from grokbench.tasks.streams import stream
from grokbench.tasks.table import Table


class Sampled(Protocol):
    """What a domain has that gives samples."""

    width: int  # numbers in a row
    classes: int  # 0 where an answer is ``real`` numbers, an attribute that such a domain has beside it

    def sample(
        self, operation: str, n: int, generator: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """``n`` independent rows: inputs (n, width), and classes (n,) or real answers (n, real).

        A longer sample begins with a shorter one's rows. Raises InputError for an operation that means nothing here.

        A domain that draws something once for each seed, such as a teacher, also has ``of_seed(generator)``, which gives the
        domain that holds it; the generator is that of the stream ("domain", task id).
        """


@dataclass(frozen=True)
class Fields:
    """independent random rows, drawn once for each seed"""

    rows: int = field(3000, help="rows that are drawn, of which α are trained on", least=2, most=MAX_ROWS)
    test_rows: int = field(
        0,
        help="rows of a separate sample that is tested on; 0: the drawn rows that are not trained on",
        least=0,
        most=MAX_ROWS,
    )


def domain_of(task: TaskSpec, seed: int = 0) -> Any:
    """The task's domain as a seed has it, which is ``Sampled``. Errors: InputError."""
    found = make_domain(task.domain)
    if not hasattr(found, "sample"):
        raise InputError(
            f"{task.domain['kind']!r} gives no samples; leave the source out, and its table is used"
        )
    if hasattr(found, "of_seed"):
        return found.of_seed(stream(seed, "domain", task.id))
    return found


def real(task: TaskSpec) -> int:
    """How many real numbers an answer is; 0 where it is a class."""
    return int(getattr(make_domain(task.domain), "real", 0))


def shape(task: TaskSpec) -> Vectors:
    """Width and number of classes."""
    found = domain_of(task)
    return Vectors(found.width, found.classes)


def count(task: TaskSpec) -> int:
    """The field ``rows``. Errors: InputError also for an operation that the domain lacks."""
    domain_of(task).sample(task.operation, 1, stream(0, "samples", task.id))
    return int(checked(source(task).fields, task.source, "source")["rows"])


def held(task: TaskSpec) -> int:
    """The field ``test_rows``."""
    return int(checked(source(task).fields, task.source, "source")["test_rows"])


def rows(task: TaskSpec, seed: int) -> Table:
    """(rows + test_rows, width + 1), float64: the inputs, then the class; or (…, width + real) with real answers."""
    found, sizes = domain_of(task, seed), {"samples": count(task), "test-samples": held(task)}
    drawn = [
        np.column_stack(found.sample(task.operation, n, stream(seed, name, task.id)))
        for name, n in sizes.items()
        if n
    ]
    return Table(
        np.concatenate(drawn), found.classes, real=real(task), pairs=False, held=sizes["test-samples"]
    )


SOURCE = Source("samples", Fields, "vectors", shape=shape, count=count, rows=rows, real=real, held=held)
