"""The analysis "max-margins": towards which classifier a diagonal linear network points, snapshot by snapshot.

Lyu et al., "Dichotomy of Early and Late Phase Implicit Biases" (arXiv 2311.18817): early on the classifier w = u² − v² is the
one of the largest L2 margin, later (u, v) is a KKT point, and w has the largest L1 margin.
"""

from __future__ import annotations

from grokbench.training.watching import Analysis, fits

ANALYSIS = Analysis(
    "max-margins",
    version=1,
    make="grokbench.training.analyses.max_margins:max_margins",
    faults=fits("analysis 'max-margins'", networks=("diagonal-linear",)),
    passes=lambda snapshots: 40.0 + 2.0 * snapshots,
    summary="a diagonal network's classifier against those of the largest L2 and L1 margin, and how near to a KKT point it is",
)

# ---- from here on with torch

from collections.abc import Mapping

import numpy as np

from grokbench.analysis import margins
from grokbench.specs.types import Array, Trial
from grokbench.tasks.trained import trial_rows
from grokbench.training.analyses.weights import Weights, finite


def max_margins(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """One row a snapshot, ascending. What weights or rows do not allow is nan: no cosine of w = 0, no residual of errors.

    ``norm``: of (u, v). ``cosine_l2``, ``cosine_l1``: of w with the classifier of the largest margin. ``share_l2``, ``share_l1``:
    the least margin of w over its norm, over the largest that there is. ``kkt``: ``margins.kkt_residual`` of (u, v).
    """
    rows = trial_rows(trial).train
    signed = rows[:, :-1] * (2 * rows[:, -1:] - 1)  # (n, d)
    best = {1: margins.l1_max_margin(signed), 2: margins.l2_max_margin(signed)}
    steps = sorted(weights_by_step)
    found = [_row(weights_by_step[step], signed, best) for step in steps]
    names = ("norm", "cosine_l2", "cosine_l1", "share_l2", "share_l1", "kkt")
    columns = {name: np.array([row.get(name, np.nan) for row in found]) for name in names}
    return {"step": np.array(steps, dtype=np.int64), **columns}


def _row(weights: Weights, signed: Array, best: Mapping[int, Array]) -> dict[str, float]:
    if not finite(weights):
        return {}
    u, v = (np.asarray(weights[name], dtype=np.float64) for name in ("u", "v"))
    w, theta = u**2 - v**2, np.concatenate([u, v])
    row = {"norm": float(np.linalg.norm(theta))}
    for order, other in best.items():
        lengths = float(np.linalg.norm(w) * np.linalg.norm(other))
        row[f"cosine_l{order}"] = float(w @ other / lengths) if lengths > 0 else float("nan")
        row[f"share_l{order}"] = margins.margin_share(signed, w, other, order)
    gradients = np.hstack([2 * u * signed, -2 * v * signed])  # (n, 2d)
    row["kkt"] = margins.kkt_residual(theta, gradients, signed @ w, degree=2)
    return row
