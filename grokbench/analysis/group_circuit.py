"""What of a network that composes group elements lies in which representation (Chughtai, Chan and Nanda 2023, arXiv 2302.03025).

Everything here needs only the projectors on the isotypic parts, P[g, h] = (d / n m) χ(h⁻¹ g), never the matrices ρ(g).
``products`` (n, n) is the multiplication table. ``parts`` (r, n, n) are the projectors of the irreps asked about. ``hidden``
(n, n, w) are activations of w neurons on every pair (a, b), ``logits`` (n, n, n) of every pair for every c.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from grokbench.analysis.progress import cross_entropy
from grokbench.analysis.representations import Irrep, projector
from grokbench.analysis.spectra import Array

KEY = 0.005  # trace similarity above which an irrep is key (the paper, and its code's metrics.py)


def projectors(irreps: Iterable[Irrep], products: Array) -> Array:
    """Those of several irreps, (r, n, n)."""
    return np.stack([projector(irrep, products) for irrep in irreps])


def chance(irreps: Iterable[Irrep], n: int) -> float:
    """Share of a random matrix of n rows that lies in these irreps, Σ rank / n."""
    return sum(irrep.rank for irrep in irreps) / n


def excess(share: float, by_chance: float) -> float:
    """What a share has beyond chance, of all that it could have; NaN where chance is everything."""
    return (share - by_chance) / (1 - by_chance) if by_chance < 1 - 1e-9 else float("nan")


def row_shares(rows: Array, parts: Array) -> Array:
    """‖P_ρ A‖² / ‖A‖² of A (n, w), whose rows stand for elements and are not centred, (r,); NaN of zeros."""
    total = (rows**2).sum()
    inside = ((parts @ rows) ** 2).sum(axis=(1, 2))
    return np.asarray(inside / total if total > 0 else np.full(len(parts), np.nan))


def product_mean(grid: Array, products: Array) -> Array:
    """Mean over the n pairs of equal product: (n, n, w) -> (n, w)."""
    right = np.argsort(products, axis=1)  # [a, c] is the b with a b = c
    return np.asarray(np.take_along_axis(grid, right[:, :, None], axis=1).mean(axis=0))


def hidden_shares(hidden: Array, products: Array, parts: Array) -> Array:
    """Shares of the hidden layer's variance that ρ(a), ρ(b) and ρ(ab) explain, (3, r); neurons are centred over all pairs."""
    centred = hidden - hidden.mean(axis=(0, 1))
    total = (centred**2).sum()
    means = (centred.mean(axis=1), centred.mean(axis=0), product_mean(centred, products))
    inside = np.stack([((parts @ mean) ** 2).sum(axis=(1, 2)) for mean in means]) * len(products)
    return np.asarray(inside / total if total > 0 else np.full(inside.shape, np.nan))


def neuron_purity(hidden: Array, products: Array, parts: Array) -> Array:
    """Of each neuron, the share of its best irrep in what ρ(a), ρ(b) and ρ(ab) explain over all irreps, (w,); NaN of none."""
    centred = hidden - hidden.mean(axis=(0, 1))
    means = np.stack([centred.mean(axis=1), centred.mean(axis=0), product_mean(centred, products)])
    inside = ((parts[:, None] @ means) ** 2).sum(axis=(1, 2))  # (r, w)
    total = inside.sum(axis=0)
    best = inside.max(axis=0)
    return np.asarray(np.divide(best, total, out=np.full(len(total), np.nan), where=total > 1e-12))


def trace_similarities(logits: Array, products: Array, parts: Array) -> Array:
    """Cosine, over all n³ entries, of the logits less their mean over classes with χ_ρ(a b c⁻¹), (r,); NaN of zeros.

    A projector is such a tensor up to a factor, as a function of ab and c.
    """
    centred = logits - logits.mean(axis=2, keepdims=True)
    norm = np.sqrt((centred**2).sum())
    inner = (parts * product_mean(centred, products)).sum(axis=(1, 2)) * np.sqrt(len(products))
    sizes = np.sqrt((parts**2).sum(axis=(1, 2)))
    return np.asarray(inner / (sizes * norm) if norm > 0 else np.full(len(parts), np.nan))


def product_logits(hidden: Array, readout: Array, products: Array, parts: Array) -> Array:
    """Logits of the part of the hidden layer that is a function of ab in the irreps' span, by product, (n, n).

    Index with ``products`` for those of every pair. readout: W_U (w, n).
    """
    return np.asarray(parts.sum(axis=0) @ product_mean(hidden, products) @ readout)


def character_logits(logits: Array, products: Array, parts: Array) -> Array:
    """The logits' component along each χ_ρ(a b c⁻¹), added up, by product, (n, n)."""
    centred = logits - logits.mean(axis=2, keepdims=True)
    inner = (parts * product_mean(centred, products)).sum(axis=(1, 2))
    return np.asarray(np.einsum("r,rgc->gc", inner / (parts**2).sum(axis=(1, 2)), parts))


def restricted_loss(by_product: Array) -> float:
    """Mean loss over all pairs of logits that depend on ab alone, (n, n)."""
    return float(cross_entropy(by_product, np.arange(len(by_product))).mean())


def excluded_loss(logits: Array, by_product: Array, products: Array, rows: Array) -> float:
    """Mean loss over the pairs ``rows`` (a mask (n, n)) of the logits without those that depend on ab alone."""
    right = products[rows]
    return float(cross_entropy(logits[rows] - by_product[right], right).mean())
