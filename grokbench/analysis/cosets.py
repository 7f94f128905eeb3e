"""Subgroups and their cosets: how well a neuron is a function of a coset (Stander et al. 2023, arXiv 2312.06581).

The rival account of networks that compose group elements. ``products`` (n, n) is the table, element 0 the identity.
"""

from __future__ import annotations

import numpy as np

from grokbench.analysis.representations import inverses
from grokbench.analysis.spectra import Array


def generated(products: Array, elements: Array) -> Array:
    """The subgroup that these elements generate, as a mask (n,)."""
    inside = np.zeros(len(products), dtype=np.bool_)
    inside[0] = True
    inside[elements] = True
    while True:
        found = np.flatnonzero(inside)
        inside[products[np.ix_(found, found)]] = True
        if inside.sum() == len(found):
            return inside


def subgroups(products: Array) -> Array:
    """Every subgroup as a mask, the smallest first, (k, n)."""
    known = {
        mask.tobytes(): mask for mask in (generated(products, np.array([g])) for g in range(len(products)))
    }
    cyclic, new = [*known.values()], [*known.values()]
    while new:
        both = (a | b for a in new for b in cyclic if (b & ~a).any())
        joined = {mask.tobytes(): mask for mask in {m.tobytes(): m for m in both}.values()}
        closed = {m.tobytes(): m for m in (generated(products, np.flatnonzero(j)) for j in joined.values())}
        new = [mask for name, mask in closed.items() if name not in known]
        known |= closed
    found = np.stack([*known.values()])
    return found[np.lexsort((*~found.T[::-1], found.sum(axis=1)))]


def conjugacy_classes(products: Array, found: Array) -> int:
    """Into how many classes of conjugates these subgroups fall."""
    inverse = inverses(products)
    every = np.arange(len(products))
    least = set()
    for mask in found:
        conjugates = products[products[inverse][:, mask], every[:, None]]  # [x] = x⁻¹ H x
        least.add(min(tuple(row) for row in np.sort(conjugates, axis=1).tolist()))
    return len(least)


def coset_concentration(values: Array, products: Array, found: Array) -> Array:
    """Of each column of ``values`` (n, w), the largest share of variance between cosets of one subgroup, (w,).

    The best over left and right cosets of the subgroups; give it those other than 1 and the group. NaN of a constant column.
    """
    centred = values - values.mean(axis=0)
    total = (centred**2).sum(axis=0)
    best = np.full(values.shape[1], -np.inf)
    for mask in found:
        members = np.flatnonzero(mask)
        for cosets in (products[:, members], products[members].T):  # [g] = gH, Hg
            mean = centred[cosets].mean(axis=1)
            best = np.maximum(best, (mean**2).sum(axis=0))
    return np.asarray(np.divide(best, total, out=np.full(len(total), np.nan), where=total > 1e-12))
