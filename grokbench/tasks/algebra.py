"""The finite domains: integers modulo p, and the symmetric group S_n.

Elements are indices: a residue is itself, a permutation its rank in lexicographic order (0 is the identity).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from grokbench.specs.errors import InputError

Indices = NDArray[np.int64]

MAX_ROWS = 50_000_000
MAX_N = 6


@dataclass(frozen=True)
class IntegersMod:
    """Z/pZ, of p elements. Up to p = 7071 (``MAX_ROWS``) every product of two residues fits an int64."""

    p: int

    def __post_init__(self) -> None:
        if not _is_int(self.p):
            raise InputError(f"the modulus p must be an integer, not {self.p!r}")
        if self.p < 2:
            raise InputError(f"the modulus p must be at least 2, not {self.p}")
        if self.p**2 > MAX_ROWS:
            raise InputError(
                f"p = {self.p} makes a table of {self.p**2:,} rows, over the limit of {MAX_ROWS:,}; "
                f"use p <= {math.isqrt(MAX_ROWS)}"
            )

    @property
    def size(self) -> int:
        """How many elements there are."""
        return self.p

    @cached_property
    def is_prime(self) -> bool:
        """Whether every residue but 0 has an inverse."""
        return all(self.p % d for d in range(2, math.isqrt(self.p) + 1))

    @cached_property
    def inverses(self) -> Indices:
        """a⁻¹ for each residue a, (p,); the entry of 0, which has none, is 0. For p prime only."""
        found = self._raised(np.arange(self.p, dtype=np.int64), self.p - 2)  # Fermat
        found[0] = 0
        return found

    def powers(self, exponent: int) -> Indices:
        """a^exponent for each residue a, (p,). 0⁰ = 1; a negative exponent is a power of the inverse."""
        base = np.arange(self.p, dtype=np.int64) if exponent >= 0 else self.inverses
        return self._raised(base, abs(exponent))

    def _raised(self, base: Indices, exponent: int) -> Indices:
        result = np.full_like(base, 1 % self.p)
        while exponent:
            if exponent & 1:
                result = result * base % self.p
            base = base * base % self.p
            exponent >>= 1
        return result


@dataclass(frozen=True)
class SymmetricGroup:
    """S_n, of n! elements. ``x * y`` applies x first: (x*y)[i] = y[x[i]]."""

    n: int

    def __post_init__(self) -> None:
        if not _is_int(self.n):
            raise InputError(f"the degree n of the symmetric group must be an integer, not {self.n!r}")
        if not 2 <= self.n <= MAX_N:
            raise InputError(f"the degree n of the symmetric group must be 2 to {MAX_N}, not {self.n}")

    @property
    def size(self) -> int:
        """How many elements there are, n!."""
        return math.factorial(self.n)

    @property
    def elements(self) -> Indices:
        """Every permutation as a row of images, in lexicographic order, (n!, n)."""
        return _elements(self.n)

    @property
    def products(self) -> Indices:
        """The multiplication table, (n!, n!): entry [a, b] is the index of a * b."""
        return _products(self.n)

    def powers(self, exponent: int) -> Indices:
        """g^exponent for each element g, (n!,). Exponents count modulo lcm(1…n)."""
        left = exponent % math.lcm(*range(1, self.n + 1))
        base = np.arange(self.size, dtype=np.int64)
        result = np.zeros_like(base)
        while left:
            if left & 1:
                result = self.products[result, base]
            base = self.products[base, base]
            left >>= 1
        return result


@lru_cache(maxsize=MAX_N)
def _elements(n: int) -> Indices:
    found = np.array(list(permutations(range(n))), dtype=np.int64)
    found.flags.writeable = False  # shared by every caller
    return found


@lru_cache(maxsize=MAX_N)
def _products(n: int) -> Indices:
    elements = _elements(n)
    digits = n ** np.arange(n, dtype=np.int64)
    rank = np.zeros(n**n, dtype=np.int64)
    rank[elements @ digits] = np.arange(len(elements))
    images = elements[:, elements]  # [b, a, i] = b[a[i]]
    found = np.ascontiguousarray(rank[images @ digits].T)
    found.flags.writeable = False
    return found


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
