"""The whole table of a task's operation, worked out on arrays by the task's domain.

An operation is evaluated once over all pairs: x is a column, y a row, and numpy broadcasts them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grokbench import parts
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.domain import Elements, make_domain
from grokbench.tasks.expression import parse
from grokbench.tasks.limits import MAX_ROWS


@dataclass(frozen=True, eq=False)
class Table:
    """The rows that a task is split into. The last number of a row is its class, those before it are what a network reads.

    Of an operation: every (x, y, x∘y) that has an answer, int64 (n_rows, 3), sorted by (x, y). Of samples: float64
    (n_rows, width + 1). Where answers are ``real`` numbers, so many of a row's last numbers are its answer, and rows are float64.
    """

    rows: NDArray[Any]
    n_elements: int  # how many elements there are, such as p or n!; of samples, how many classes
    n_classes: int = 0  # how many answers there are, where they are not the elements
    real: int = 0
    pairs: bool = True  # of rows with real answers: whether the numbers before it are two elements
    held: int = (
        0  # the last rows, a test set of their own whatever is trained on; 0: those not trained on are tested
    )

    @property
    def classes(self) -> int:
        """How many classes answers are among; 0 where they are real numbers."""
        return 0 if self.real else self.n_classes or self.n_elements

    @property
    def pool(self) -> int:
        """How many rows may be trained on."""
        return len(self.rows) - self.held


def build_table(task: TaskSpec) -> Table:
    """The table of a task's operation.

    A row whose answer needs a division by zero is left out. Raises InputError, one sentence that begins with
    the task's id, for a bad operation, p < 2, a division over composite p, a comparison that decides nothing, a table
    over 5·10⁷ rows (before anything is allocated), a domain without pairs, or a table without rows.
    """
    try:
        domain = domain_of_pairs(task)
        n = domain.size
        if n * n > MAX_ROWS:
            raise InputError(f"{n} elements make a table of {n * n:,} rows, over the limit of {MAX_ROWS:,}")
        tree = parse(task.operation)
        strangers = parts.of_domain(task.domain)
        with parts.blamed(strangers):
            answers, defined = domain.answers(tree)
            square, kept = np.broadcast_to(answers, (n, n)), np.broadcast_to(defined, (n, n))
            classes = domain.n_answers(tree) if hasattr(domain, "n_answers") else n
            if (
                strangers
                and square[kept].size
                and not 0 <= square[kept].min() <= square[kept].max() < classes
            ):
                raise ValueError(f"an answer that is none of the elements 0 to {classes - 1}")
    except UnknownNameError:
        raise
    except InputError as error:
        raise InputError(f"task {task.id!r}: {error}") from None

    flat = square.reshape(-1)  # row x·n + y
    where = np.flatnonzero(kept)
    if not len(where):
        raise InputError(f"task {task.id!r}: operation {task.operation!r} divides by zero on every row")
    rows = np.empty((len(where), 3), dtype=np.int64)
    np.floor_divide(where, n, out=rows[:, 0])
    np.remainder(where, n, out=rows[:, 1])
    rows[:, 2] = flat[where]
    return Table(rows=rows, n_elements=n, n_classes=0 if classes == n else classes)


def domain_of_pairs(task: TaskSpec) -> Elements:
    """The task's domain. Errors as in ``make_domain``; InputError for one that has no table of pairs."""
    domain: Elements = make_domain(task.domain)
    if not hasattr(domain, "answers"):
        kind = task.domain["kind"]
        needed = '{ kind = "vectors" }' if hasattr(domain, "vectors") else '{ kind = "samples", rows = 3000 }'
        raise InputError(f"{kind!r} has no table of pairs; give it source = {needed}")
    return domain
