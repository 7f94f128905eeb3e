"""Fourier spectra over Z/pZ and how sparse they are (Nanda et al. 2023, arXiv 2301.05217, §4.1, §5.1, App. C).

Convention: w_k = 2πk/p, k = 1 … h with h = (p − 1)/2, p odd. The basis is real and orthonormal: row 0 is the constant, rows
2k − 1 and 2k are cos(w_k n) and sin(w_k n), each divided by its norm. ``spectrum`` and its like put frequency k at index k − 1.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from grokbench.specs.errors import InputError

Array = NDArray[Any]
KEY_THRESHOLD = 0.25  # of the largest norm in the spectrum of the logit map; the paper gives no number


def n_frequencies(p: int) -> int:
    """h = (p − 1)/2, the number of frequencies beside the constant.

    Raises InputError for p < 3 and for an even p, whose frequency p/2 has a cosine but no sine.

    >>> n_frequencies(113)
    56
    """
    if p < 3 or p % 2 == 0:
        raise InputError(f"the Fourier measures need an odd p of at least 3, not p = {p}")
    return (p - 1) // 2


def fourier_basis(p: int) -> Array:
    """Orthonormal rows F (p, p): constant, cos w_1 n, sin w_1 n, cos w_2 n, … (§2.1 and the authors' code).

    Errors as in ``n_frequencies``.

    >>> F = fourier_basis(5)
    >>> bool(np.allclose(F @ F.T, np.eye(5)))
    True
    """
    return _basis(p).copy()


@lru_cache(maxsize=4)
def _basis(p: int) -> Array:
    h = n_frequencies(p)
    # The angle is reduced exactly, in integers, so that large k·n lose no digits.
    angle = 2 * np.pi / p * (np.outer(np.arange(1, h + 1), np.arange(p)) % p)  # (h, p)
    basis = np.empty((p, p))
    basis[0] = 1 / np.sqrt(p)
    basis[1::2] = np.cos(angle) * np.sqrt(2 / p)
    basis[2::2] = np.sin(angle) * np.sqrt(2 / p)
    basis.setflags(write=False)  # shared by every caller
    return basis


def checked_frequencies(frequencies: ArrayLike, p: int) -> Array:
    """Return the frequencies as an int64 array (K,), each once and ascending.

    Raises InputError for one outside 1 … h.
    """
    found = np.unique(np.asarray(frequencies, dtype=np.float64))
    h = n_frequencies(p)
    if not np.all((found >= 1) & (found <= h) & (found == np.round(found))):
        raise InputError(f"frequencies must be whole numbers from 1 to {h} at p = {p}, not {found.tolist()}")
    return found.astype(np.int64)


def component_norms(matrix: ArrayLike) -> Array:
    """‖row of F·M‖₂ of M (p, m) -> (p,): the constant, then cos and sin of each frequency apart (Fig 3)."""
    values = _matrix(matrix)
    return np.asarray(np.linalg.norm(_basis(len(values)) @ values, axis=1))


def spectrum(matrix: ArrayLike) -> Array:
    """Norm of M (p, m) at each frequency, ‖rows 2k − 1 and 2k of F·M‖₂ -> (h,); M = W_E[:p] or W_L[:p] (§4.1).

    >>> wave = np.cos(2 * np.pi * 2 * np.arange(7) / 7)
    >>> spectrum(wave[:, None]).round(6).tolist()
    [0.0, 1.870829, 0.0]
    """
    norms = component_norms(matrix)
    return np.asarray(np.hypot(norms[1::2], norms[2::2]))


def key_frequencies(logit_map: ArrayLike, threshold: float = KEY_THRESHOLD) -> Array:
    """Frequencies at which W_L (p, n) is not negligible -> (K,) int64, ascending.

    Those whose norm in ``spectrum(logit_map)`` is at least ``threshold`` of the largest one (App. C.2 looks at the same
    spectrum but names no number). Empty for a map that is zero or not finite.
    """
    values = _matrix(logit_map)
    n_frequencies(len(values))
    if not np.all(np.isfinite(values)):
        return np.empty(0, dtype=np.int64)
    norms = spectrum(values)
    # A map without any wave still leaves rounding noise in its spectrum.
    if norms.max() <= 1e-12 * np.linalg.norm(values):
        return np.empty(0, dtype=np.int64)
    return 1 + np.flatnonzero(norms >= threshold * norms.max()).astype(np.int64)


def before_the_gap(norms: ArrayLike) -> tuple[Array, float]:
    """Frequencies before the largest gap of a spectrum (h,), and that gap -> ((K,) int64 ascending, ratio ≥ 1).

    Norms are put in order, largest first. The gap is the largest ratio of one to the next, and frequencies before it
    are key. There are 1 to h − 1 of them. Empty and NaN where a norm is not finite or fewer than two are above 0.

    >>> before_the_gap([0.1, 4.0, 0.2, 3.0])[0].tolist()
    [2, 4]
    """
    values = np.asarray(norms, dtype=np.float64)
    order = np.argsort(-values, kind="stable")
    ranked = values[order]
    if not np.all(np.isfinite(values)) or np.count_nonzero(values) < 2:
        return np.empty(0, dtype=np.int64), float("nan")
    kept = ranked[: np.count_nonzero(values)]  # a norm of exactly 0 has no ratio
    ratios = kept[:-1] / kept[1:]
    at = int(np.argmax(ratios))
    return 1 + np.sort(order[: at + 1]).astype(np.int64), float(ratios[at])


def gini(values: ArrayLike) -> float:
    """Gini coefficient of non-negative numbers (n,) (Hurley and Rickard 2009, Eq 5; §5.1).

    With c_1 ≤ … ≤ c_n, G = 1 − 2 Σ_i (c_i / Σc)·((n − i + ½)/n): 0 where all are equal, (n − 1)/n where one alone is not 0. NaN
    for zeros alone or where a number is not finite. In the paper's use the numbers are ``component_norms(W_E[:p])`` and
    ``component_norms(W_L[:p])``.

    Raises InputError for a negative number or none at all.

    >>> gini([0, 0, 0, 5])
    0.75
    """
    c = np.sort(np.asarray(values, dtype=np.float64).ravel())
    if not c.size:
        raise InputError("gini needs at least one number")
    if not np.all(np.isfinite(c)) or c[-1] == 0 == c[0]:
        return float("nan")
    if c[0] < 0:
        raise InputError("gini is defined for numbers that are not negative")
    n = c.size
    share = c / c[-1]  # first by the largest, so that the sum cannot overflow
    return float(1 - 2 * np.sum(share / share.sum() * (n - np.arange(1, n + 1) + 0.5) / n))


def sum_squared_weights(weights: Mapping[str, ArrayLike] | Iterable[ArrayLike]) -> float:
    """Σ w² over every number of every array, summed in float64 (§5.1, "total sum of squared weights")."""
    arrays = weights.values() if isinstance(weights, Mapping) else weights
    return float(sum(float(np.sum(np.asarray(w, dtype=np.float64) ** 2)) for w in arrays))


def components_2d(grid: ArrayLike) -> Array:
    """2-D Fourier components over both inputs, F·G·Fᵀ for each of m channels: (p, p, …) -> (p, p, …).

    Entry [i, j] is the coefficient of F[i] (over a) ⊗ F[j] (over b).
    """
    values = square(grid)
    basis = _basis(len(values))
    over_a = np.tensordot(basis, values, axes=1)  # (p, p, …)
    return np.moveaxis(np.tensordot(basis, over_a, axes=(1, 1)), 0, 1)


def block(grid: ArrayLike, frequency: SupportsIndex) -> Array:
    """The 3×3 components {1, cos w_k, sin w_k}⊗{1, cos w_k, sin w_k} of (p, p, m) -> (3, 3, m)."""
    values = table(grid)
    p, m = len(values), values.shape[2]
    waves = _block_rows(p, frequency)  # (3, p)
    over_a = (waves @ values.reshape(p, p * m)).reshape(3, p, m)
    return np.asarray(np.einsum("jb,ibm->ijm", waves, over_a, optimize=True))


def from_block(components: ArrayLike, frequency: SupportsIndex, p: int) -> Array:
    """The grid (p, p, m) whose 3×3 components at one frequency are ``components`` (3, 3, m), all others 0."""
    coefficients = np.asarray(components, dtype=np.float64)  # (3, 3, m)
    waves = _block_rows(p, frequency)
    over_b = np.einsum("jb,ijm->ibm", waves, coefficients)  # (3, p, m)
    return np.asarray((waves.T @ over_b.reshape(3, -1)).reshape(p, p, -1))


def sum_directions(p: int, frequencies: ArrayLike) -> Array:
    """Unit vectors over the p×p grid that depend on a + b alone -> (K, 2, p, p) (§5.1).

    u_k = (cos_k⊗cos_k − sin_k⊗sin_k)/√2 ∝ cos w_k(a + b) and v_k = (sin_k⊗cos_k + cos_k⊗sin_k)/√2 ∝ sin w_k(a + b), with the
    normed vectors of ``fourier_basis``. All 2K of them are orthonormal.
    """
    return np.asarray(sum_waves(p, frequencies)[:, :, sums(p)] / np.sqrt(p))


def sum_waves(p: int, frequencies: ArrayLike) -> Array:
    """Normed cos w_k s and sin w_k s -> (K, 2, p); at s = a + b and divided by √p they are u_k and v_k."""
    keys = checked_frequencies(frequencies, p)
    basis = _basis(p)
    return np.stack([basis[2 * keys - 1], basis[2 * keys]], axis=1)


def sums(p: int) -> Array:
    """(a + b) mod p over the grid, (p, p) int64."""
    n = np.arange(p)
    return (n[:, None] + n[None, :]) % p


def square(grid: ArrayLike) -> Array:
    """``grid`` as float64 with two equal leading axes; InputError where they differ."""
    values = np.asarray(grid, dtype=np.float64)
    if values.ndim < 2 or values.shape[0] != values.shape[1]:
        raise InputError(f"a table over all pairs has shape (p, p, …), not {values.shape}")
    n_frequencies(values.shape[0])
    return values


def table(grid: ArrayLike) -> Array:
    """``grid`` as float64 (p, p, m): numbers of m channels for every pair; InputError for another shape."""
    values = square(grid)
    if values.ndim != 3:
        raise InputError(f"a table of channels has shape (p, p, m), not {values.shape}")
    return values


def _block_rows(p: int, frequency: SupportsIndex) -> Array:
    k = operator.index(frequency)
    checked_frequencies([k], p)
    return _basis(p)[[0, 2 * k - 1, 2 * k]]  # (3, p)


def _matrix(matrix: ArrayLike) -> Array:
    values = np.asarray(matrix, dtype=np.float64)
    if values.ndim != 2:
        raise InputError(f"a weight matrix has shape (p, m), not {values.shape}")
    return values
