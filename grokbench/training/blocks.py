"""The blocks of a quadratic network's weights, which the probes and analyses of Gromov 2023 (arXiv 2301.02679) read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grokbench.analysis import fourier
from grokbench.analysis.fourier import Array

NETWORKS = ("quadratic-mlp", "analytic-quadratic-mlp")
"""Kinds of network that have these blocks."""
SPECTRUM_CLASS = 6  # the class q whose preactivation Gromov's Fig 2 shows


def blocks(weights: Mapping[str, Array]) -> tuple[Array, Array, Array]:
    """U (N, p) from x, V (N, p) from y, W (N, p) to the classes: the rows of W1's halves and the columns of W2; float64."""
    w1, w2 = (weights[name].astype(np.float64) for name in ("W1", "W2"))
    p = w1.shape[1] // 2
    return w1[:, :p], w1[:, p:], w2.T


def preactivation(u: Array, v: Array, w: Array) -> Array:
    """Preactivation (p, p) of class 6, or of the last class where there are fewer."""
    return fourier.preactivation(u, v, w, min(SPECTRUM_CLASS, w.shape[1] - 1))
