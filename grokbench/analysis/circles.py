"""Circles in the output embedding: its rows as waves over the residues (Power et al. 2022, arXiv 2201.02177, §3.4, Fig 3 right).

The paper shows a t-SNE picture; these numbers are ours. The rows are those of the residues 0 … p − 1 in their order, their mean
taken away. Frequencies k = 1 … h, h = (p − 1)/2, p odd, stand at index k − 1, as in ``spectra``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from grokbench.analysis.spectra import (
    Array,
    checked_frequencies,
    component_norms,
    fourier_basis,
    gini,
    spectrum,
)
from grokbench.specs.errors import InputError

BEST = 6  # frequencies whose shares are added up
PERMUTATIONS = 100


def power_shares(rows: ArrayLike) -> Array:
    """Share of the power of the centred rows (p, d) at each frequency -> (h,), of sum 1; NaN where all rows are equal.

    >>> n = np.arange(7)
    >>> power_shares(np.cos(2 * np.pi * 2 * n / 7)[:, None]).round(6).tolist()
    [0.0, 1.0, 0.0]
    """
    power = spectrum(rows) ** 2
    # Equal rows still leave rounding noise.
    if not power.sum() > 1e-20 * np.sum(np.square(np.asarray(rows, dtype=np.float64))):
        return np.full(len(power), np.nan)
    return np.asarray(power / power.sum())


def best_power_share(rows: ArrayLike, best: int = BEST) -> float:
    """Share of the power in the ``best`` strongest frequencies; min(1, best/h) at least."""
    if best < 1:
        raise InputError(f"at least one frequency is needed, not {best}")
    return float(np.sort(power_shares(rows))[-best:].sum())


def permuted_power_share(
    rows: ArrayLike, best: int = BEST, permutations: int = PERMUTATIONS, seed: int = 0
) -> float:
    """Median of ``best_power_share`` over seeded permutations of the rows: what the same rows give in no order."""
    values = np.asarray(rows, dtype=np.float64)
    rng = np.random.default_rng(seed)
    return float(np.median([best_power_share(rng.permutation(values), best) for _ in range(permutations)]))


def wave_gini(rows: ArrayLike) -> float:
    """Gini coefficient of the norms of the p − 1 waves (cosine and sine of each frequency); 0 where all are alike."""
    return gini(component_norms(rows)[1:])


def ring_plane(rows: ArrayLike, k: int) -> Array:
    """Coordinates (p, 2) of each centred row in the plane of frequency ``k``, by least squares; cos and sin on a circle.

    The rows' cosine and sine components at k span the plane. They are taken without the row that is placed, which else
    would be drawn to its own place: in d > p dimensions even random rows would form a ring. NaN where they span no plane.
    """
    values = np.asarray(rows, dtype=np.float64)
    p = len(values)
    checked_frequencies([k], p)
    centred = values - values.mean(axis=0)
    waves = fourier_basis(p)[[2 * k - 1, 2 * k]] * np.sqrt(2 / p)  # (2, p): 2/p cos and 2/p sin
    axes = waves @ centred  # (2, d)
    own = waves.T[:, :, None] * centred[:, None, :]  # (p, 2, d): each row's own part of them
    without = axes - own
    gram = without @ without.transpose(0, 2, 1)  # (p, 2, 2)
    along = np.einsum("nid,nd->ni", without, centred)
    area = np.linalg.det(gram)
    flat = ~(area > 1e-12 * np.trace(gram, axis1=1, axis2=2) ** 2)
    gram[flat] = np.eye(2)
    found = np.linalg.solve(gram, along[:, :, None])[:, :, 0]
    found[flat] = np.nan
    return np.asarray(found)


def ring_score(rows: ArrayLike, k: int | None = None) -> float:
    """How well the rows follow a circle: |mean over n of exp(i(θ_n − 2πkn/p))|, θ_n the angle of row n in ``ring_plane``.

    1 where every row stands at its place on the ring, about 1/√p for rows in no order. ``k``: the strongest frequency
    where none is given. NaN without a plane.
    """
    values = np.asarray(rows, dtype=np.float64)
    p = len(values)
    if k is None:
        shares = power_shares(values)
        if np.isnan(shares).any():
            return float("nan")
        k = 1 + int(np.argmax(shares))
    at = ring_plane(values, k)
    angle = np.arctan2(at[:, 1], at[:, 0]) - 2 * np.pi / p * (k * np.arange(p) % p)
    return float(np.abs(np.mean(np.exp(1j * angle))))


def principal_plane(rows: ArrayLike) -> Array:
    """Orthonormal directions (d, 2) in which the centred rows (p, d) vary most."""
    values = np.asarray(rows, dtype=np.float64)
    return np.asarray(np.linalg.svd(values - values.mean(axis=0), full_matrices=False)[2][:2].T)


def plane_ring_score(rows: ArrayLike, plane: ArrayLike) -> float:
    """How well the rows (p, d) stand on a ring in a plane (d, 2): max over k of |mean exp(i(θ_n − 2πkn/p))|.

    θ_n is the angle of centred row n in the plane, k runs over 1 … p − 1, that is both ways round. 1 on a ring, about
    √(ln p / p) for rows in no order, 0.2 at p = 113.
    """
    values = np.asarray(rows, dtype=np.float64)
    at = (values - values.mean(axis=0)) @ np.asarray(plane, dtype=np.float64)  # (p, 2)
    turning = np.exp(1j * np.arctan2(at[:, 1], at[:, 0]))
    return float(np.abs(np.fft.fft(turning))[1:].max() / len(values))
