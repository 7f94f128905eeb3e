"""The trigonometric algorithm inside a network (Nanda et al. 2023, arXiv 2301.05217, §4, App. A and C).

``mlp`` are activations (p, p, n) of the n hidden neurons at the answer position for every pair (a, b); ``W_L`` = W_U W_out is the
logit map (C, n), of which the C = p classes are rows; ``logits`` are (p, p, C). FVE is the fraction of variance explained,
1 − ‖y − ŷ‖²/‖y − ȳ‖² with the ordinary-least-squares ŷ; over the whole table every regressor here is orthogonal to the constant
and to the others, so ŷ is a projection. What does not vary, such as a dead neuron, has FVE NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from grokbench.analysis.progress import by_sum, cross_entropy, sum_projection
from grokbench.analysis.spectra import (
    Array,
    checked_frequencies,
    fourier_basis,
    n_frequencies,
    sum_waves,
    table,
)
from grokbench.specs.errors import InputError

CLUSTER_FVE = 0.85  # above it a neuron belongs to its frequency (§4.3)
_CHUNK = 2**24  # numbers transformed at a time


@dataclass(frozen=True)
class Clusters:
    """Each channel's best single frequency."""

    frequency: Array  # (m,) int64, 1 … (p − 1)/2; 0 for a channel that does not vary
    fve: Array  # (m,) NaN for a channel that does not vary

    def members(self, threshold: float = CLUSTER_FVE) -> Array:
        """Boolean mask (m,) of the channels with FVE > threshold; never a dead one."""
        return np.asarray(np.nan_to_num(self.fve, nan=0.0) > threshold)

    def share(self, threshold: float = CLUSTER_FVE) -> float:
        """Members over all channels; dead ones count below the line."""
        return float(self.members(threshold).mean())


def neuron_clusters(mlp: ArrayLike) -> Clusters:
    """Which frequency explains each channel of (p, p, m) best, and how well (§4.3; for attention patterns App. C.1).

    For every frequency the FVE by the polynomial of degree 2 in cos and sin of w_k a and w_k b of that frequency alone: the eight
    non-constant components of {1, cos w_k, sin w_k}⊗{1, cos w_k, sin w_k}. Of equal frequencies the lowest is chosen.
    """
    values = table(mlp)
    p, _, m = values.shape
    width = max(1, _CHUNK // (p * p))
    parts = [_clusters(values[:, :, start : start + width]) for start in range(0, m, width)]
    return Clusters(np.concatenate([f for f, _ in parts]), np.concatenate([v for _, v in parts]))


def _clusters(values: Array) -> tuple[Array, Array]:
    p, _, m = values.shape
    basis = fourier_basis(p)
    over_a = (basis @ values.reshape(p, p * m)).reshape(p, p, m)  # (frequency row, b, m)
    energy = np.empty((n_frequencies(p), m))
    constant_a = basis @ over_a[0]  # (p, m): components that vary with b alone
    for k in range(1, len(energy) + 1):
        rows = [0, 2 * k - 1, 2 * k]
        # A product per row of three; each is (3, p) @ (p, m).
        both = [basis[rows] @ over_a[row] for row in rows[1:]]
        energy[k - 1] = (constant_a[rows[1:]] ** 2).sum(axis=0) + sum((part**2).sum(axis=0) for part in both)
    whole = np.einsum("abm,abm->m", values, values)
    variance = whole - constant_a[0] ** 2
    # Cancellation leaves rounding where a channel is constant; a channel is alive if its variance shows above that.
    alive = variance > 1e-12 * whole
    best = np.argmax(energy, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        fve = np.where(alive, energy[best, np.arange(m)] / variance, np.nan)
    return np.where(alive, best + 1, 0).astype(np.int64), np.minimum(fve, 1.0)


def readout_fve(mlp: ArrayLike, W_L: ArrayLike, frequencies: ArrayLike) -> Array:
    """How well u_kᵀMLP is cos w_k(a + b) and v_kᵀMLP is sin w_k(a + b) -> (K, 2) FVE (§4.2, Table 1).

    Here u_k and v_k (n,) are the directions in which W_L reads the neurons for cos w_k c and sin w_k c: rows 2k − 1 and 2k of
    F·W_L.
    """
    values = table(mlp)
    p, n = len(values), values.shape[2]
    keys = checked_frequencies(frequencies, p)
    waves = sum_waves(p, keys)  # (K, 2, p)
    read = np.einsum("ksc,cn->ksn", waves, _map(W_L, p)[:p])  # (K, 2, n)
    seen = values.reshape(p * p, n) @ read.reshape(-1, n).T  # (p², 2K)
    along = np.einsum("ksp,pks->ks", waves, by_sum(seen.reshape(p, p, len(keys), 2))) * np.sqrt(p)
    centred = seen - seen.mean(axis=0)
    return _share(along**2, (centred**2).sum(axis=0).reshape(len(keys), 2), (seen**2).sum(axis=0))


def logit_map_residual(W_L: ArrayLike, frequencies: ArrayLike) -> float:
    """‖W_L − P W_L‖_F / ‖W_L‖_F, P onto cos and sin of the frequencies over the classes (§4.2); NaN for a zero map."""
    matrix = _square_map(W_L)
    p = len(matrix)
    waves = sum_waves(p, frequencies).reshape(-1, p)
    return _relative(matrix - waves.T @ (waves @ matrix), matrix)


def logit_map_svd_residual(W_L: ArrayLike, rank: int) -> float:
    """‖W_L − W‖_F / ‖W_L‖_F, W the best approximation of this rank; no P of rank 2K can do better. NaN for a zero map."""
    matrix = np.asarray(W_L, dtype=np.float64)
    singular = np.linalg.svd(matrix, compute_uv=False)
    return _relative(singular[rank:], singular)


def key_directions(W_L: ArrayLike, frequencies: ArrayLike) -> Array:
    """Orthonormal basis (n, r ≤ 2K) of the neuron directions that W_L reads for the frequencies' cos and sin (§4.4)."""
    matrix = _square_map(W_L)
    p = len(matrix)
    read = sum_waves(p, frequencies).reshape(-1, p) @ matrix  # (2K, n)
    if not len(read):
        return np.zeros((matrix.shape[1], 0))
    _, singular, rows = np.linalg.svd(read, full_matrices=False)
    return np.asarray(rows[singular > 1e-12 * singular[0]].T)


def column_energy_shares(W_L: ArrayLike, frequency: ArrayLike) -> Array:
    """For each neuron the share of its column of W_L, without the mean, that lies at its own frequency -> (n,) (§4.3).

    ``frequency`` (n,) as in ``Clusters``. NaN where the frequency is 0 or the column is constant.
    """
    matrix = _square_map(W_L)
    own = np.asarray(frequency, dtype=np.int64)
    if own.shape != matrix.shape[1:]:
        raise InputError(f"one frequency a neuron: {own.shape} does not fit W_L {matrix.shape}")
    power = (fourier_basis(len(matrix)) @ matrix) ** 2
    at, column = np.maximum(own, 1), np.arange(len(own))
    found = _share(
        power[2 * at - 1, column] + power[2 * at, column], power[1:].sum(axis=0), power.sum(axis=0)
    )
    return np.where(own > 0, found, np.nan)


@dataclass(frozen=True)
class TrigLogits:
    """logits ≈ Σ_k α_k cos(w_k(a + b − c)), the logits of each pair first freed of their mean over the classes.

    That mean does not reach the softmax. ``loss`` is that of the formula in the logits' place, over the whole table.
    """

    coefficients: Array  # α (K,)
    fve: float
    loss: float
    logit_by_difference: Array  # (p,): mean centred logit at each (c − a − b) mod p
    formula_by_difference: Array  # (p,): the formula there


def trig_logits(logits: ArrayLike, frequencies: ArrayLike) -> TrigLogits:
    """Least-squares fit of the paper's formula for the logits (p, p, p) (§4.2)."""
    values = table(logits)
    p = len(values)
    if values.shape != (p, p, p):
        raise InputError(f"the formula needs logits (p, p, p), not {values.shape}")
    keys = checked_frequencies(frequencies, p)
    means = values.mean(axis=2)
    at_sum = by_sum(values) - by_sum(means[:, :, None])  # (p, p): s, c
    n = np.arange(p)
    by_difference = at_sum[n[:, None], (n[:, None] + n[None, :]) % p].mean(axis=0)  # index c − s
    cosines = np.cos(2 * np.pi / p * (np.outer(keys, n) % p))  # (K, p), each of squared norm p/2
    alpha = cosines @ by_difference * 2 / p
    formula = alpha @ cosines
    energy = float(np.einsum("abc,abc->", values, values))
    variance = energy - p * float((means**2).sum())  # the centred logits' own mean is 0
    fve = _share(np.array(alpha @ alpha * p**3 / 2), np.array(variance), np.array(energy))
    loss = float(cross_entropy(formula, 0))
    return TrigLogits(alpha, float(fve), loss, by_difference, formula)


def sum_share(logits: ArrayLike, frequencies: ArrayLike) -> float:
    """Share of the variance of the logits (each class without its mean over the table) in the sum directions (App. C)."""
    values = table(logits)
    p = len(values)
    projected = sum_projection(values, frequencies)
    mean, energy = values.mean(axis=(0, 1)), np.einsum("abc,abc->", values, values)
    return float(_share(p * np.sum(projected**2), energy - p * p * np.sum(mean**2), energy))


def _share(part: Array, whole: Array, energy: Array) -> Array:
    """part/whole, NaN where ``whole`` is no more than the rounding of ``energy``."""
    part, whole, energy = (np.asarray(x, dtype=np.float64) for x in (part, whole, energy))
    alive = whole > 1e-12 * energy.reshape(whole.shape)
    return np.where(alive, np.minimum(part / np.where(alive, whole, 1.0), 1.0), np.nan)


def _relative(rest: Array, whole: Array) -> float:
    norm = float(np.linalg.norm(whole))
    return float(np.linalg.norm(rest)) / norm if norm else float("nan")


def _map(W_L: ArrayLike, p: int) -> Array:
    matrix = np.asarray(W_L, dtype=np.float64)
    if matrix.ndim != 2 or len(matrix) < p:
        raise InputError(f"the logit map has shape (C, n) with C ≥ {p}, not {matrix.shape}")
    return matrix


def _square_map(W_L: ArrayLike) -> Array:
    matrix = np.asarray(W_L, dtype=np.float64)
    if matrix.ndim != 2:
        raise InputError(f"the logit map has shape (p, n), not {matrix.shape}")
    n_frequencies(len(matrix))
    return matrix
