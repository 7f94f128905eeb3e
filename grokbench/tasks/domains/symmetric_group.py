"""The symmetric group S_n: every permutation of n things, in lexicographic order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.tasks.domain import Domain, Indices
from grokbench.tasks.groups import Group, check_degree, of_permutations

MAX_N = 6


@dataclass(frozen=True)
class Fields:
    """permutations, in lexicographic order"""

    n: int = field(help="permutations of n points", least=2, most=MAX_N)


def build(table: Section) -> Group:
    """S_n, of n! elements, 2 ≤ n ≤ 6."""
    check_degree("the degree n of the symmetric group", table["n"], 2, MAX_N)
    return symmetric(table["n"])


@lru_cache(maxsize=MAX_N)
def symmetric(n: int) -> Group:
    """S_n."""
    return of_permutations(every_permutation(n))


def every_permutation(n: int) -> Indices:
    """Every permutation as a row of images, in lexicographic order, (n!, n)."""
    return np.array(list(permutations(range(n))), dtype=np.int64)


DOMAIN = Domain("symmetric-group", Fields, build, example={"n": 5})
