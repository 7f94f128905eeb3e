"""Margins of linear classifiers and of networks: the largest that there are, and how near a network is to a KKT point.

Rows come as Z = y x, (n, d): row i of a label y_i = ±1, so that Z w are the margins of a classifier w.
Source: Lyu et al., "Dichotomy of Early and Late Phase Implicit Biases" (arXiv 2311.18817), problems K1 and R1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def l2_max_margin(signed: Array) -> Array:
    """The w (d,) of least ‖w‖₂ with Z w ≥ 1, exactly, by its dual; nan where no w parts the rows or rows depend on one another.

    >>> l2_max_margin(np.array([[2.0, 0.0], [0.0, 1.0]])).round(12).tolist()
    [0.5, 1.0]
    """
    from scipy.optimize import nnls

    try:
        root = np.linalg.cholesky(signed @ signed.T)  # Z Zᵀ = R Rᵀ
        # The dual min ½ |Rᵀ a|² − 1ᵀ a over a ≥ 0 is a least-squares problem.
        multipliers, _ = nnls(root.T, np.linalg.solve(root, np.ones(len(signed))), maxiter=20 * len(signed))
    except (np.linalg.LinAlgError, RuntimeError):
        return np.full(signed.shape[1], np.nan)
    found: Array = signed.T @ multipliers
    return found


def l1_max_margin(signed: Array) -> Array:
    """A w (d,) of least ‖w‖₁ with Z w ≥ 1, by a linear programme; nan where no w parts the rows.

    >>> l1_max_margin(np.array([[2.0, 1.0], [2.0, -1.0]])).round(12).tolist()
    [0.5, 0.0]
    """
    from scipy.optimize import linprog

    n, d = signed.shape
    # Its dual, max 1ᵀ a over a ≥ 0 with |Zᵀ a| ≤ 1, has fewer unknowns; w are the dual's own multipliers.
    bounds = np.vstack([signed.T, -signed.T])  # (2d, n)
    found = linprog(-np.ones(n), A_ub=bounds, b_ub=np.ones(2 * d), bounds=(0, None), method="highs")
    if found.status != 0:
        return np.full(d, np.nan)
    up, down = np.split(-np.asarray(found.ineqlin.marginals, dtype=np.float64), 2)
    weights: Array = up - down
    return weights


def margin_share(signed: Array, weights: Array, best: Array, order: int) -> float:
    """The least margin of w over its ``order``-norm, over that of the ``best`` classifier: 1 at most; nan where w is 0."""
    norms = [np.linalg.norm(w, order) for w in (weights, best)]
    if not norms[0] > 0:
        return float("nan")
    least = [float((signed @ w).min()) for w in (weights, best)]
    return float(least[0] / norms[0] / (least[1] / norms[1]))


def kkt_residual(weights: Array, gradients: Array, margins: Array, degree: int) -> float:
    """How far θ's direction is from a KKT point of min ½‖θ‖² with all margins ≥ 1; 0 at one, 1 where nothing of it is explained.

    weights: θ (m,), all of a network that is homogeneous of ``degree``. gradients: of its margins by θ, (n, m). margins: (n,).
    θ is scaled so that its least margin is 1. Then the residual is the least length, over μ ≥ 0, of two numbers together:
    ‖θ − Σ μ_i ∇_i‖ / ‖θ‖ (stationarity) and Σ μ_i (margin_i − 1) / ‖θ‖² (slackness). nan where a margin is not above 0.
    """
    from scipy.optimize import nnls

    least = float(margins.min())
    if not least > 0:
        return float("nan")
    scale = least ** (-1 / degree)
    theta = scale * weights
    length = float(np.linalg.norm(theta))
    columns = scale ** (degree - 1) * gradients.T / length  # (m, n)
    slack = (margins / least - 1) / length**2
    matrix, target = np.vstack([columns, slack]), np.append(theta / length, 0.0)
    q, r = np.linalg.qr(matrix)
    inside = q.T @ target
    try:
        _, left = nnls(r, inside, maxiter=20 * len(margins))
    except RuntimeError:
        return float("nan")
    outside = max(1.0 - float(inside @ inside), 0.0)  # the part of θ that no μ reaches; ‖target‖ is 1
    return float(np.sqrt(left**2 + outside))
