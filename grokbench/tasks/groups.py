"""Finite groups by their multiplication table, whichever group it is.

Element 0 is the identity. ``x * y`` applies x first: of permutations, (x*y)[i] = y[x[i]].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import numpy as np

from grokbench.specs.errors import InputError
from grokbench.tasks.domain import Indices, Mask, whole
from grokbench.tasks.limits import MAX_ELEMENTS
from grokbench.tasks.tree import Binary, Node, Power, Value, Variable, to_text


class Group:
    """A group of ``size`` elements, the first of which is the identity.

    products: gives the table (size, size) whose entry [a, b] is the number of a * b; it is asked for once, and kept.
    names: gives what each element is called.
    """

    modulus = None

    def __init__(
        self, size: int, products: Callable[[], Indices], names: Callable[[], Iterable[str]]
    ) -> None:
        if size > MAX_ELEMENTS:
            raise InputError(f"the group has {size:,} elements; a table is for at most {MAX_ELEMENTS:,}")
        self.size, self._products, self._names = size, products, names

    @cached_property
    def products(self) -> Indices:
        """The multiplication table, (size, size), read-only."""
        found = self._products()
        found.flags.writeable = False  # shared by every caller
        return found

    @cached_property
    def names(self) -> tuple[str, ...]:
        """See ``Elements``."""
        return tuple(self._names())

    @cached_property
    def inverses(self) -> Indices:
        """g⁻¹ of each element g, (size,)."""
        return np.asarray(self.products.argmin(axis=1), dtype=np.int64)  # the identity is 0, the least

    def powers(self, exponent: int) -> Indices:
        """g^exponent of each element g, (size,)."""
        base = np.arange(self.size, dtype=np.int64) if exponent >= 0 else self.inverses
        result, left = np.zeros_like(base), abs(exponent)
        while left:
            if left & 1:
                result = self.products[result, base]
            base = self.products[base, base]
            left >>= 1
        return result

    def answers(self, tree: Value) -> tuple[Indices, Mask]:
        """See ``Elements``; defined everywhere."""
        return self._value(tree), np.ones((1, 1), dtype=np.bool_)

    def _value(self, node: Node) -> Indices:
        match node:
            case Variable(name):
                every = np.arange(self.size, dtype=np.int64)
                return every.reshape((-1, 1) if name == "x" else (1, -1))
            case Power(base, exponent):
                return self.powers(exponent)[self._value(base)]
            case Binary("*", left, right):
                return self.products[self._value(left), self._value(right)]
            case Binary("/", _, _):
                raise InputError(f"a group has no '/' in {to_text(node)!r}; write x * y**-1")
            case _:
                raise InputError(
                    f"in a group only '*' and '**' of x and y mean something, not {to_text(node)!r}"
                )


def of_permutations(elements: Indices) -> Group:
    """A group of permutations (size, n) as rows of images, in lexicographic order and closed under products.

    Each is named by its images: "120" sends 0 to 1, 1 to 2 and 2 to 0.
    """
    return Group(
        len(elements),
        lambda: composed(elements),
        lambda: ("".join(map(str, images)) for images in elements.tolist()),
    )


def composed(elements: Indices) -> Indices:
    """The multiplication table of permutations (size, n) with n ≤ 6: (x*y)[i] = y[x[i]]."""
    size, n = elements.shape
    digits = n ** np.arange(n, dtype=np.int64)
    rank = np.zeros(n**n, dtype=np.int64)
    rank[elements @ digits] = np.arange(size)
    images = elements[:, elements]  # [b, a, i] = b[a[i]]
    return np.ascontiguousarray(rank[images @ digits].T)


def direct_product(factors: Sequence[Group]) -> Group:
    """Tuples of one element of each group, multiplied one by one; the last of them runs fastest."""
    size = int(np.prod([group.size for group in factors], dtype=object))

    def products() -> Indices:
        found = np.zeros((1, 1), dtype=np.int64)
        for group in factors:
            n, m = len(found), group.size
            both = found[:, None, :, None] * m + group.products[None, :, None, :]  # [a, i, b, j]
            found = both.reshape(n * m, n * m)
        return np.ascontiguousarray(found)

    def names() -> Iterable[str]:
        found = [""]
        for group in factors:
            found = [f"{left},{right}" if left else right for left in found for right in group.names]
        return (f"({name})" for name in found)

    return Group(size, products, names)


def check_degree(what: str, n: object, least: int, most: int) -> None:
    """Raises InputError where ``n``, ``what`` it is of, is no integer between these two."""
    if not whole(n):
        raise InputError(f"{what} must be an integer, not {n!r}")
    if not (isinstance(n, int) and least <= n <= most):
        raise InputError(f"{what} must be {least} to {most}, not {n}")
