"""Networks built by hand from the paper's formula, in which every measure has a known answer."""

from __future__ import annotations

import numpy as np

PHASES = 2 * np.pi * np.arange(5) / 5  # of the neurons of one frequency; their second harmonics add up to 0


def wave(p: int, k: int, numbers: np.ndarray, phase: np.ndarray | float = 0.0) -> np.ndarray:
    """cos(w_k n + φ), phases along a last axis."""
    angle = 2 * np.pi / p * (k * np.asarray(numbers) % p)
    return np.cos(angle[..., None] + np.atleast_1d(phase))


def sum_network(p: int, keys: tuple[int, ...], scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """mlp (p, p, n) = cos(w_k(a + b) + φ) and W_L (p, n) = scale · cos(w_k c + φ), five neurons a frequency.

    Their product is (5 scale / 2) Σ_k cos(w_k(a + b − c)).
    """
    n = np.arange(p)
    total = n[:, None] + n[None, :]
    mlp = np.concatenate([wave(p, k, total, PHASES) for k in keys], axis=-1)
    return mlp, scale * np.concatenate([wave(p, k, n, PHASES) for k in keys], axis=-1)


def polynomial_neurons(p: int, keys: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """(p, p, 4 a key) random polynomials of degree 2 in cos and sin of w_k a and w_k b, each with its constant."""
    rng, n = np.random.default_rng(seed), np.arange(p)
    found = []
    for k in keys:
        basis = np.stack([np.ones(p), wave(p, k, n)[:, 0], wave(p, k, n, -np.pi / 2)[:, 0]])
        found.append(np.einsum("ia,jb,ijm->abm", basis, basis, rng.standard_normal((3, 3, 4))))
    return np.concatenate(found, axis=-1)
