"""The source "table": every row of the operation's table that has an answer."""

from __future__ import annotations

from dataclasses import dataclass

from grokbench.specs.types import TaskSpec
from grokbench.tasks.expression import parse
from grokbench.tasks.source import Pairs, Shape, Source
from grokbench.tasks.table import build_table, domain_of_pairs


@dataclass(frozen=True)
class Fields:
    """every row of the operation's table"""


def shape(task: TaskSpec) -> Shape:
    """Number of elements of the domain, and of answers where they are not its elements. Errors: InputError."""
    domain = domain_of_pairs(task)
    n = int(domain.size)
    classes = int(domain.n_answers(parse(task.operation))) if hasattr(domain, "n_answers") else n
    return n if classes == n else Pairs(n, classes)


SOURCE = Source(
    "table",
    Fields,
    "pairs",
    shape=shape,
    count=lambda task: len(build_table(task).rows),
    rows=lambda task, seed: build_table(task),
)
