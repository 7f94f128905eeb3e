"""Fourier structure of the quadratic network's weights and outputs (Gromov, arXiv 2301.02679, §2.3, Figs 2, 3 and 5).

Convention: the one-sided transform ``numpy.fft.rfft``, nothing dropped: the constant is one of the p//2 + 1 coefficients. A pure
cosine over p points then has an inverse participation ratio of 1, Gaussian noise about 0.04 at p = 97. (With the two-sided
transform both are halved.)

The orthonormal real basis, in which the transformers are read, is in ``spectra``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
BINS = 32  # of the histogram of phases over (−π, π]


def ipr(vectors: Array, r: int = 2) -> Array:
    """Inverse participation ratio of each row of ``vectors`` (…, p) -> (…,): Σ|ṽ|^2r / (Σ|ṽ|²)^r, ṽ = rfft(v).

    1 for one frequency, small for many; NaN for a row of zeros.

    >>> n = np.arange(97)
    >>> round(float(ipr(np.cos(2 * np.pi * 5 * n / 97 + 1.0))), 9)
    1.0
    """
    power = np.abs(np.fft.rfft(np.asarray(vectors, dtype=np.float64), axis=-1)) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        # Divided first, so that no power of a large or small weight over- or underflows.
        share = power / power.sum(axis=-1, keepdims=True)
        return np.asarray((share**r).sum(axis=-1))


@dataclass(frozen=True)
class NeuronPhases:
    """Per neuron: its frequency and the phases of its three blocks there, radians in (−π, π]."""

    frequency: Array  # (N,) int, 1 … p//2
    phase_u: Array  # (N,)
    phase_v: Array  # (N,)
    phase_w: Array  # (N,)
    sum: Array  # (N,) ψ = wrap(φ1 + φ2 − φ3): 0 for Gromov's solution (Eq 12)


def neuron_phases(u: Array, v: Array, w: Array) -> NeuronPhases:
    """Phases of neurons whose weights are u (N, p) from x, v (N, p) from y, and w (N, p) to the classes.

    Every phase is read at the frequency (the constant left out) that is strongest in u.
    """
    u_hat, v_hat, w_hat = (
        np.fft.rfft(np.asarray(a, dtype=np.float64), axis=-1) for a in (u, v, w)
    )  # (N, p//2 + 1)
    frequency = 1 + np.argmax(np.abs(u_hat[:, 1:]), axis=1)  # (N,)
    at = np.arange(len(frequency)), frequency
    phi1, phi2, phi3 = np.angle(u_hat[at]), np.angle(v_hat[at]), np.angle(w_hat[at])
    return NeuronPhases(frequency, phi1, phi2, phi3, wrap(phi1 + phi2 - phi3))


def turned(vectors: Array, frequency: Array, by: Array) -> Array:
    """Rows (N, p) with the phase of each at its own ``frequency`` (N,) moved on by the angle ``by`` (N,), radians.

    All that lies at other frequencies stays, amplitudes too.

    >>> n = np.arange(7)
    >>> moved = turned(np.cos(2 * np.pi * 2 * n / 7)[None], np.array([2]), np.array([np.pi]))
    >>> bool(np.allclose(moved, -np.cos(2 * np.pi * 2 * n / 7)))
    True
    """
    rows = np.asarray(vectors, dtype=np.float64)
    waves = np.fft.rfft(rows, axis=-1)  # (N, p//2 + 1)
    waves[np.arange(len(waves)), frequency] *= np.exp(1j * np.asarray(by))
    return np.fft.irfft(waves, n=rows.shape[-1], axis=-1)


def wrap(angle: Array) -> Array:
    """Shift an angle by whole turns into (−π, π].

    >>> [round(float(a), 3) for a in wrap(np.array([np.pi, -np.pi, 3.5]))]
    [3.142, 3.142, -2.783]
    """
    return np.asarray(np.pi - np.mod(np.pi - np.asarray(angle, dtype=np.float64), 2 * np.pi))


def resultant(angle: Array) -> float:
    """|mean of e^{iψ}|: 1 when all angles agree, about 1/√n when they are uniform."""
    return float(np.abs(np.mean(np.exp(1j * np.asarray(angle)))))


def share_near_zero(angle: Array, within: float = np.pi / 8) -> float:
    """Share of angles with |ψ| < ``within``; uniform angles give within/π."""
    return float(np.mean(np.abs(angle) < within))


def circular_std(angle: Array) -> float:
    """√(−2 ln R), radians, R the resultant; 0 when all angles agree."""
    with np.errstate(divide="ignore"):
        return float(np.sqrt(-2 * np.log(min(resultant(angle), 1.0))))


def phase_histogram(angle: Array, bins: int = BINS) -> Array:
    """Counts over equal bins of (−π, π], (bins,) int64; angles that are not finite are not counted."""
    finite = np.asarray(angle)[np.isfinite(angle)]
    return np.histogram(finite, bins=bins, range=(-np.pi, np.pi))[0].astype(np.int64)


def preactivation(u: Array, v: Array, w: Array, q: int) -> Array:
    """h2_q over all pairs, up to a constant factor: Σ_k w[k, q] (u[k, n] + v[k, m])², (p, p): n down, m across."""
    u, v, row = (np.asarray(a, dtype=np.float64) for a in (u, v, w[:, q]))
    weighted = row[:, None] * u  # (N, p)
    # einsum, not @: the BLAS would start threads that spin beside the training they watch.
    cross = np.einsum("kn,km->nm", weighted, v)
    return np.asarray(
        (weighted * u).sum(axis=0)[:, None] + (row[:, None] * v**2).sum(axis=0)[None, :] + 2 * cross
    )


def power_spectrum(grid: Array) -> Array:
    """|FFT2|² of a (p, p) grid without its mean, as shares that sum to 1, (p, p); NaN where the grid is constant."""
    power = np.abs(np.fft.fft2(np.asarray(grid, dtype=np.float64))) ** 2
    power[0, 0] = 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(power / power.sum())


@dataclass(frozen=True)
class SpectrumShares:
    """Energy of a preactivation by line of its 2-D spectrum; the five add up to 1."""

    sum: float  # (f, f): the series n + m = q
    from_n: float  # (f, 0): 2n = q, and all that depends on n alone
    from_m: float  # (0, f): 2m = q, and all that depends on m alone
    difference: float  # (f, −f): n − m = q
    rest: float


def preactivation_spectrum(grid: Array) -> SpectrumShares:
    """Where the energy of a (p, p) grid lies, the (0, 0) term left out (Gromov, Fig 2)."""
    power = power_spectrum(grid)
    f = np.arange(1, len(power))
    lines = [power[f, f], power[f, 0], power[0, f], np.where(f == -f % len(power), 0.0, power[f, -f])]
    from_sum, from_n, from_m, difference = (float(line.sum()) for line in lines)
    rest = 1.0 - (from_sum + from_n + from_m + difference)
    return SpectrumShares(from_sum, from_n, from_m, difference, rest)
