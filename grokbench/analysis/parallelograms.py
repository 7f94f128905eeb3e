"""Parallelograms of embeddings on integer addition (Liu et al. 2022, arXiv 2205.10343, §3 and Appendices C to F).

Integers 0…p − 1 have embeddings E (p, d). The samples D₀ are the unordered pairs {i, j}, i ≤ j, sorted. Two of them with one
answer are a parallelogram where E_i + E_j = E_m + E_n. A set of samples is a mask (samples,) over D₀, a set of parallelograms one
over P₀.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

TOLERANCE = 0.01
"""δ, of the mean squared distance of standardised sums."""
ZERO = 1e-9
"""Below which an eigenvalue, or a length, is 0."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Parallelograms:
    """All that may be formed: ``pairs`` (samples, 2) of elements, ``sides`` (P₀, 2) of samples with one answer, and the matrix
    A ``rows`` (P₀, p), each e_i + e_j − e_m − e_n.
    """

    pairs: Indices
    sides: Indices
    rows: Floats

    @property
    def p(self) -> int:
        """How many elements there are."""
        return int(self.rows.shape[1])

    def seen(self, samples: Mask) -> Mask:
        """P₀(D): those with both sides in D, (…, P₀); of sets of samples (…, samples)."""
        return np.asarray(samples[..., self.sides].all(-1), dtype=np.bool_)

    def gram(self, chosen: Mask) -> Floats:
        """AᵀA of each set of parallelograms (…, P₀): (…, p, p)."""
        found: Floats = (chosen.astype(np.float64) @ self._outer).reshape(*chosen.shape[:-1], self.p, self.p)
        return found

    @functools.cached_property
    def _outer(self) -> Floats:
        """The outer square of each row, (P₀, p²)."""
        return (self.rows[:, :, None] * self.rows[:, None, :]).reshape(len(self.rows), -1)


def unordered(p: int) -> Indices:
    """The pairs i ≤ j of p elements, sorted, (p(p + 1)/2, 2)."""
    return np.argwhere(np.triu(np.ones((p, p), dtype=np.bool_))).astype(np.int64)


def parallelograms(pairs: Indices, answers: ArrayLike, p: int) -> Parallelograms:
    """Those of samples with these answers (samples,).

    >>> own = of_addition(4)
    >>> own.pairs[own.sides].tolist()
    [[[0, 2], [1, 1]], [[0, 3], [1, 2]], [[1, 3], [2, 2]]]
    """
    same = np.triu(np.equal.outer(np.asarray(answers), np.asarray(answers)), 1)
    sides = np.argwhere(same).astype(np.int64)
    sums = np.zeros((len(pairs), p))
    np.add.at(sums, (np.arange(len(pairs))[:, None], pairs), 1.0)
    return Parallelograms(pairs, sides, sums[sides[:, 0]] - sums[sides[:, 1]])


@functools.cache
def of_addition(p: int) -> Parallelograms:
    """Those of i + j."""
    pairs = unordered(p)
    return parallelograms(pairs, pairs.sum(1), p)


def nullity(gram: Floats) -> Indices:
    """p less the rank of A, of AᵀA (…, p, p). 2 where the parallelograms fix a line up to its place and its scale."""
    found: Indices = (np.linalg.eigvalsh(gram) < ZERO).sum(-1)
    return found


def third_eigenvalue(gram: Floats) -> Floats:
    """λ₃ of AᵀA (…,): the slowest rate at which what is no line decays, over 2/Z₀."""
    return np.asarray(np.linalg.eigvalsh(gram)[..., 2], dtype=np.float64)


def standardised(embedding: Floats) -> Floats:
    """(E − mean)/std of each dimension, with the unbiased deviation, (p, d)."""
    centred = embedding - embedding.mean(0)
    spread = centred.std(0, ddof=1)
    found: Floats = centred / np.where(spread > 0, spread, 1.0)
    return found


def formed(own: Parallelograms, embedding: Floats, tolerance: float = TOLERANCE) -> Mask:
    """P(R, δ): which parallelograms an embedding (p, d) has."""
    found: Mask = ((own.rows @ standardised(embedding)) ** 2).mean(-1) < tolerance
    return found


def quality(own: Parallelograms, embedding: Floats, tolerance: float = TOLERANCE) -> float:
    """RQI: share of the possible parallelograms that an embedding has."""
    return float(formed(own, embedding, tolerance).mean())


def augmented(own: Parallelograms, samples: Mask, chosen: Mask) -> Mask:
    """D̄(D, P): D and every sample that some sample of D meets in a parallelogram of P."""
    found, sides = samples.copy(), own.sides[chosen]
    found[sides[samples[sides[:, 1]], 0]] = True
    found[sides[samples[sides[:, 0]], 1]] = True
    return found


def ideal(own: Parallelograms, samples: Mask) -> Mask:
    """P(D): those that follow from the parallelograms within D, that is which leave the rank of A as it is."""
    values, vectors = np.linalg.eigh(own.gram(own.seen(samples)))
    free = own.rows @ vectors[:, values < ZERO]
    found: Mask = (free**2).sum(-1) < ZERO
    return found


def least_rows(own: Parallelograms, orders: Indices) -> Indices:
    """How many samples of each order (draws, samples) of them are the fewest that fix a line; one more than all where none do.

    A set fixes what its subsets fix, so that the number is found by halving.
    """
    draws, n = orders.shape
    rank = np.argsort(orders, axis=1)
    low, high = np.zeros(draws, dtype=np.int64), np.full(draws, n + 1, dtype=np.int64)
    while (high - low > 1).any():
        middle = (low + high) // 2
        fixed = nullity(own.gram(own.seen(rank < middle[:, None]))) == 2
        high, low = np.where(fixed, middle, high), np.where(fixed, low, middle)
    return high


def half_of(counts: Indices) -> float:
    """The number at which half of the draws are reached, linear between whole numbers."""
    at = np.arange(counts.min() - 1, counts.max() + 1)
    share = (counts[:, None] <= at).mean(0)
    return float(np.interp(0.5, share, at))


# -- the effective theory ----------------------------------------------------------------------------------


def effective_loss(gram: Floats, embedding: Floats) -> Floats:
    """ℓ₀ = Σ |A E|², of embeddings (…, p)."""
    found: Floats = np.einsum("...i,ij,...j->...", embedding, gram, embedding)
    return found


def flow(gram: Floats, embedding: Floats, divided: bool) -> Floats:
    """Ė = −∇ of ℓ₀/Z₀ with Z₀ = Σ E², or where it is not ``divided`` of ℓ₀; embeddings (…, p)."""
    pull = 2 * embedding @ gram
    if not divided:
        return -pull
    size = (embedding**2).sum(-1, keepdims=True)
    loss = effective_loss(gram, embedding)[..., None]
    found: Floats = 2 * loss / size**2 * embedding - pull / size
    return found


def flowed(gram: Floats, embedding: Floats, time: float, steps: int, divided: bool = True) -> Floats:
    """Where ``flow`` has led after a time, by the fourth-order Runge–Kutta rule."""
    h, e = time / steps, embedding.copy()
    for _ in range(steps):
        k1 = flow(gram, e, divided)
        k2 = flow(gram, e + h / 2 * k1, divided)
        k3 = flow(gram, e + h / 2 * k2, divided)
        e = e + h / 6 * (k1 + 2 * k2 + 2 * k3 + flow(gram, e + h * k3, divided))
    return e


def descended(gram: Floats, embedding: Floats, rate: float, steps: int, size: float) -> Floats:
    """Embeddings (steps + 1, p) along the authors' own descent: steps of ``flow`` with a Z₀ that stays ``size``.

    From some starts embeddings grow without bound, because Z₀ does not; there they are not finite.
    """
    e, found = embedding, [embedding]
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            pulled = e @ gram
            e = e - rate * (2 / size * pulled - 2 * (pulled @ e) / size**2 * e)
            found.append(e)
    return np.stack(found)
