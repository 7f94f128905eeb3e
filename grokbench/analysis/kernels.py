"""Tangent kernels: how well one is aligned with labels, and how far it has moved from another.

Kumar et al., "Grokking as the transition from lazy to rich training dynamics" (arXiv 2310.06110), §5 and Eq. 5. A kernel is a
symmetric (n, n) matrix over rows. Of several outputs it is the sum over outputs, K(x, x′) = Σ_c ∇f_c(x) · ∇f_c(x′).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def quadratic_kernel(inputs: Floats, w1: Floats, w2: Floats, scale: float) -> Floats:
    """Of f = scale · W2 (W1 x)²: inputs (n, D), W1 (N, D), W2 (p, N)."""
    h = inputs @ w1.T  # (n, N)
    squares = h**2
    readouts = (w2**2).sum(0)  # (N,)
    found = len(w2) * squares @ squares.T + 4 * (inputs @ inputs.T) * ((h * readouts) @ h.T)
    return np.asarray(scale**2 * found)


def committee_kernel(inputs: Floats, w: Floats, epsilon: float) -> Floats:
    """Of f = (1/N) Σ φ(w_i · x), φ(h) = h + (ε/2) h²: Eq. 5 over N. inputs (n, d), W (N, d)."""
    slopes = 1 + epsilon * (inputs @ w.T)  # (n, N)
    return np.asarray((inputs @ inputs.T) * (slopes @ slopes.T) / len(w) ** 2)


def centred(kernel: Floats) -> Floats:
    """H K H with H = I − 11ᵀ/n."""
    rows = kernel - kernel.mean(0)
    return np.asarray(rows - rows.mean(1, keepdims=True))


def alignment(kernel: Floats, labels: Floats) -> float:
    """Centred kernel alignment with the labels' own kernel y yᵀ, of labels (n, c); nan where either has no spread."""
    own, other = centred(kernel), centred(labels @ labels.T)
    return cosine(own, other)


def cosine(first: Floats, second: Floats) -> float:
    """⟨A, B⟩ / (‖A‖ ‖B‖) of two kernels; nan where either is 0."""
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float((first * second).sum()) / lengths if lengths > 0 else float("nan")
