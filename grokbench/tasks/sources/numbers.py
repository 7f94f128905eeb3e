"""The source "numbers": every row of the operation's table on integers, with the answer as a real number.

The table of x · y over 0…p − 1, divided by p², is v vᵀ with v_i = i/p, the matrix that Lyu et al. complete (2311.18817, §3.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grokbench.specs.errors import InputError
from grokbench.specs.fields import checked, field
from grokbench.specs.types import TaskSpec
from grokbench.tasks.expression import parse
from grokbench.tasks.source import Pairs, Source
from grokbench.tasks.table import Table, build_table, domain_of_pairs


@dataclass(frozen=True)
class Fields:
    """every row of the operation's table on integers, with the answer as a real number"""

    divisor: float = field(1.0, help="what answers are divided by", above=0.0)


def rows(task: TaskSpec, seed: int) -> Table:
    """(rows, 3), float64: x, y, and the answer over the divisor. Errors: InputError for a domain whose answers are no numbers."""
    domain = domain_of_pairs(task)
    if not hasattr(domain, "values"):
        raise InputError(f"the answers of {task.domain['kind']!r} are no real numbers; use 'integers'")
    table = build_table(task)
    values = domain.values(parse(task.operation)) / checked(Fields, task.source, "source")["divisor"]
    found = table.rows.astype(np.float64)
    found[:, 2] = values[table.rows[:, 2]]
    return Table(found, table.n_elements, real=1)


SOURCE = Source(
    "numbers",
    Fields,
    "pairs",
    shape=lambda task: Pairs(int(domain_of_pairs(task).size), 0),
    count=lambda task: len(build_table(task).rows),
    rows=rows,
    real=lambda task: 1,
)
