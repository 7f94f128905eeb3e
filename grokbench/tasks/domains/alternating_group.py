"""The alternating group A_n: the even permutations of n things, in lexicographic order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.tasks.domain import Domain, Indices, Mask
from grokbench.tasks.domains.symmetric_group import MAX_N, every_permutation
from grokbench.tasks.groups import Group, check_degree, of_permutations


@dataclass(frozen=True)
class Fields:
    """even permutations, in lexicographic order"""

    n: int = field(help="even permutations of n points", least=3, most=MAX_N)


def build(table: Section) -> Group:
    """A_n, of n!/2 elements, 3 ≤ n ≤ 6."""
    check_degree("the degree n of the alternating group", table["n"], 3, MAX_N)
    return alternating(table["n"])


@lru_cache(maxsize=MAX_N)
def alternating(n: int) -> Group:
    """A_n."""
    every = every_permutation(n)
    return of_permutations(every[even(every)])


def even(elements: Indices) -> Mask:
    """Whether each permutation (size, n) has an even number of inversions, (size,)."""
    first, second = np.triu_indices(elements.shape[1], 1)
    return np.asarray((elements[:, first] > elements[:, second]).sum(axis=1) % 2 == 0)


DOMAIN = Domain("alternating-group", Fields, build, example={"n": 5})
