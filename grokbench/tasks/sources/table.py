"""The source "table": every row of the operation's table that has an answer."""

from __future__ import annotations

from dataclasses import dataclass

from grokbench.specs.types import TaskSpec
from grokbench.tasks.source import Source
from grokbench.tasks.table import build_table, domain_of_pairs


@dataclass(frozen=True)
class Fields:
    """every row of the operation's table"""


def size(task: TaskSpec) -> int:
    """Number of elements of the domain. Errors: InputError."""
    return int(domain_of_pairs(task).size)


SOURCE = Source(
    "table",
    Fields,
    "pairs",
    shape=size,
    count=lambda task: len(build_table(task).rows),
    rows=lambda task, seed: build_table(task),
)
