"""The analysis "circles": the output embedding of a decoder on residues (Power et al. 2022, arXiv 2201.02177, §3.4, Fig 3).

It reads the rows of the residues in W_U, before the first step and in the end; no pass through the network is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from grokbench.analysis import circles, spectra
from grokbench.analysis.spectra import Array
from grokbench.specs.types import Trial
from grokbench.tasks.vocabulary import FIRST_RESIDUE
from grokbench.training.analyses.weights import Weights
from grokbench.training.watching import Analysis, fits

ANALYSIS = Analysis(
    "circles",
    version=1,
    make="grokbench.training.analyses.circles:circles_of",
    faults=fits("analysis 'circles'", networks=("decoder-transformer",), odd_residues=True),
    summary="how the residues lie on circles in the output embedding, before the first step and in the end",
)


def circles_of(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """Of the last network, and under names that end in ``_initial`` of the one before the first step (NaN without it).

    ``power_share`` (h,): share of power of each frequency. ``best_share``, ``permuted_share``: of the strongest six, as the
    rows stand and permuted. ``gini``, ``ring_score``: see ``analysis.circles``. ``plane`` (p, 2): the last network's rows in
    the plane of its strongest frequency, ``frequency``; ``plane_initial``: the first network's rows at the same one.
    """
    p = int(trial.task.domain["p"])
    first, last = _rows(weights_by_step.get(0), p), _rows(weights_by_step[final_step], p)
    found: dict[str, Any] = {
        **_of(last, p, ""),
        **_of(first, p, "_initial"),
        "frequency": 0,
        "plane": np.full((p, 2), np.nan),
        "plane_initial": np.full((p, 2), np.nan),
    }
    shares = found["power_share"]
    if np.isfinite(shares).all():
        found["frequency"] = 1 + int(np.argmax(shares))
        found["plane"] = circles.ring_plane(last, found["frequency"])
        if np.isfinite(first).all():
            found["plane_initial"] = circles.ring_plane(first, found["frequency"])
    return {name: np.atleast_1d(value) for name, value in found.items()}


def _rows(weights: Weights | None, p: int) -> Array:
    """Output rows of the residues, (p, d); NaN where there are none or one is not finite."""
    rows = np.full((p, 1), np.nan)
    if weights is not None:
        read = np.asarray(weights["W_U"][FIRST_RESIDUE : FIRST_RESIDUE + p], dtype=np.float64)
        if np.isfinite(read).all():
            rows = read
    return rows


def _of(rows: Array, p: int, suffix: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "power_share": np.full(spectra.n_frequencies(p), np.nan),
        **dict.fromkeys(("best_share", "permuted_share", "gini", "ring_score"), np.nan),
    }
    if np.isfinite(rows).all() and np.isfinite(shares := circles.power_shares(rows)).all():
        found = {
            "power_share": shares,
            "best_share": circles.best_power_share(rows),
            "permuted_share": circles.permuted_power_share(rows),
            "gini": circles.wave_gini(rows),
            "ring_score": circles.ring_score(rows),
        }
    return {name + suffix: value for name, value in found.items()}
