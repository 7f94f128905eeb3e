"""The irreducible real representations of a finite group, found from its multiplication table alone.

``products`` (n, n) is the table: entry [g, h] is the number of g h, and element 0 is the identity. Over the real numbers the
regular representation splits into isotypic parts. The matrix M[g, h] = c(h⁻¹ g) of a function c that is constant on classes,
and the same for g and g⁻¹, is symmetric and acts on each part as a number. For a drawn c these numbers differ, so that the
eigenspaces of M are the parts (Serre, Linear representations of finite groups, §2.6; Schur's lemma).

A pair of complex conjugate representations is one real one, such as the two waves of one frequency over a cyclic group.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
from numpy.typing import ArrayLike

from grokbench.analysis.spectra import Array
from grokbench.specs.errors import InputError

TIES = 1e-6  # eigenvalues of a part agree to 1e-12; the drawn ones of two parts are farther apart than this
_DRAWS = 20


@dataclass(frozen=True)
class Irrep:
    """An irreducible real representation ρ of a group of n elements.

    name: its dimension and a letter, by falling character, so that "1a" is trivial; "4a" and "4b" of S5 are the standard
    representation and its product with the sign. commutant: dimension of what commutes with it, 1, 2 or 4, for representations
    that stay irreducible over the complex numbers, that split into a conjugate pair, and that split into two equal ones.
    """

    name: str
    dimension: int
    commutant: int
    character: Array  # (n,)

    @property
    def rank(self) -> int:
        """Dimension of its isotypic part of the regular representation, d² over that of the commutant."""
        return self.dimension**2 // self.commutant

    @property
    def faithful(self) -> bool:
        """Whether only the identity acts as one."""
        return bool((np.abs(self.character - self.dimension) < TIES).sum() == 1)


def checked_group(products: ArrayLike) -> Array:
    """A multiplication table (n, n). Errors: InputError where it is not one of a group whose element 0 is the identity."""
    table = np.asarray(products)
    n = len(table)
    if table.shape != (n, n) or n == 0 or not np.issubdtype(table.dtype, np.integer):
        raise InputError(f"a multiplication table is a square of element numbers; got shape {table.shape}")
    every = np.arange(n)
    latin = all((np.sort(table, axis=axis) == (every if axis else every[:, None])).all() for axis in (0, 1))
    unit = (table[0] == every).all() and (table[:, 0] == every).all()
    if not (latin and unit and all((table[table[a]] == table[a][table]).all() for a in range(n))):
        raise InputError("the table is not that of a group whose element 0 is the identity")
    return np.asarray(table, dtype=np.int64)


def inverses(products: Array) -> Array:
    """g⁻¹ of each element, (n,)."""
    return np.asarray(products.argmin(axis=1))


def quotients(products: Array) -> Array:
    """h⁻¹ g at [g, h], (n, n)."""
    return np.asarray(products[inverses(products)].T)


def classes(products: Array) -> Array:
    """The number of each element's class, where g and g⁻¹ count as one class, (n,)."""
    inverse = inverses(products)
    conjugates = products[products[inverse], np.arange(len(products))[:, None]]  # [x, g] = x⁻¹ g x
    least = np.minimum(conjugates.min(axis=0), inverse[conjugates].min(axis=0))
    return np.asarray(np.unique(least, return_inverse=True)[1])


def irreps(products: ArrayLike) -> tuple[Irrep, ...]:
    """Every irreducible real representation, by dimension, then by falling character.

    Errors: InputError where the table is not that of a group.
    """
    table = checked_group(products)
    return _irreps(table.tobytes(), len(table))


@lru_cache(maxsize=8)
def _irreps(data: bytes, n: int) -> tuple[Irrep, ...]:
    table = np.frombuffer(data, dtype=np.int64).reshape(n, n)
    own = classes(table)
    squares = np.diagonal(table)
    found = sorted(
        (_of_part(basis, squares) for basis in _parts(table, own)),
        key=lambda part: (part[0], (-np.round(part[2], 6)).tolist()),
    )
    named = []
    for d, alike in groupby(found, key=lambda part: part[0]):
        for index, (_, commutant, character) in enumerate(alike):
            named.append(Irrep(f"{d}{_letters(index)}", d, commutant, character))
    return tuple(named)


def _letters(index: int) -> str:
    """a … z, aa, ab …"""
    more, last = divmod(index, 26)
    return (_letters(more - 1) if more else "") + chr(ord("a") + last)


def _parts(table: Array, own: Array) -> list[Array]:
    """An orthonormal basis (n, rank) of each isotypic part."""
    count = int(own.max()) + 1  # as many irreducible real representations as classes
    between = quotients(table)
    for draw in range(_DRAWS):
        on_class = np.random.default_rng(draw).standard_normal(count)
        values, vectors = np.linalg.eigh(on_class[own[between]])
        ends = np.flatnonzero(np.diff(values) > TIES * (values[-1] - values[0] + 1)) + 1
        parts = np.split(vectors, ends, axis=1)
        if len(parts) == count:
            return parts
    raise InputError(f"the representations of a group of {len(table)} elements could not be told apart")


def _of_part(basis: Array, squares: Array) -> tuple[int, int, Array]:
    """Dimension, dimension of the commutant, and character of an isotypic part.

    The part's projector has (d / n m) χ(g) in its first column. The mean of χ(g²) is 1, 0 or −2 where m is 1, 2 or 4.
    """
    n, rank = basis.shape
    over_d = basis @ basis[0] * (n / rank)  # χ(g) / d
    indicator = over_d[squares].mean() * np.sqrt(rank)
    commutant = 1 if indicator > 0.5 else 4 if indicator < -0.5 else 2
    dimension = round(float(np.sqrt(rank * commutant)))
    return dimension, commutant, over_d * dimension


def projector(irrep: Irrep, products: Array) -> Array:
    """P[g, h] = (d / n m) χ(h⁻¹ g), the orthogonal projector on the isotypic part, (n, n)."""
    scale = irrep.dimension / (len(products) * irrep.commutant)
    return np.asarray(scale * irrep.character[quotients(products)])


def matrices(irrep: Irrep, products: Array) -> Array:
    """ρ(g) of every element as orthogonal matrices, (n, d, d): ρ(g) ρ(h) = ρ(g h).

    A drawn symmetric operator that commutes with left multiplication has eigenspaces in the isotypic part that are irreducible.
    """
    n, d = len(products), irrep.dimension
    part = np.linalg.eigh(projector(irrep, products))[1][:, n - irrep.rank :]
    drawn = np.random.default_rng(0).standard_normal(n)
    drawn += drawn[inverses(products)]
    commuting = drawn[products[inverses(products)]]  # [g, h] = f(g⁻¹ h)
    basis = part @ np.linalg.eigh(part.T @ commuting @ part)[1][:, :d]
    moved = basis[products[inverses(products)]]  # [x, g] is row x⁻¹ g
    return np.asarray(np.einsum("gi,xgj->xij", basis, moved))
