"""The cyclic group C_n, written as products: the rotations of a polygon with n corners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.tasks.domain import Domain, Indices
from grokbench.tasks.groups import Group, check_degree
from grokbench.tasks.limits import MAX_ELEMENTS


@dataclass(frozen=True)
class Fields:
    """rotations of a polygon; element k sends corner i to i + k"""

    n: int = field(help="number of corners, and of elements", least=2, most=MAX_ELEMENTS)


def build(table: Section) -> Group:
    """C_n, of n elements r0 … r(n−1)."""
    n = table["n"]
    check_degree("the order n of the cyclic group", n, 2, MAX_ELEMENTS)

    def products() -> Indices:
        every = np.arange(n, dtype=np.int64)
        return np.asarray((every[:, None] + every) % n)

    return Group(n, products, lambda: (f"r{k}" for k in range(n)))


DOMAIN = Domain("cyclic-group", Fields, build, example={"n": 113})
