"""The dihedral group D_n: the rotations and the reflections of a polygon with n corners, of order 2n."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.tasks.domain import Domain, Indices
from grokbench.tasks.groups import Group, check_degree
from grokbench.tasks.limits import MAX_ELEMENTS

MOST = MAX_ELEMENTS // 2


@dataclass(frozen=True)
class Fields:
    """rotations, then reflections of a polygon; k sends corner i to i + k, and n + k sends it to k − i"""

    n: int = field(help="number of corners; there are 2n elements", least=3, most=MOST)


def build(table: Section) -> Group:
    """D_n, of 2n elements: r0 … r(n−1), then s0 … s(n−1)."""
    n = table["n"]
    check_degree("the number n of corners of the dihedral group", n, 3, MOST)

    def products() -> Indices:
        reflects, k = np.divmod(np.arange(2 * n, dtype=np.int64), n)
        turned = np.where(reflects, -1, 1)  # y takes corner ±i + k_x to ±(±i + k_x) + k_y
        shift = (k[:, None] * turned + k) % n
        return np.asarray((reflects[:, None] ^ reflects) * n + shift)

    return Group(2 * n, products, lambda: (f"{kind}{k}" for kind in "rs" for k in range(n)))


DOMAIN = Domain("dihedral-group", Fields, build, example={"n": 59})
