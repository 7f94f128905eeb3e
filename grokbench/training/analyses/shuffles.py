"""The analysis "phase-shuffles": what a network still answers once its neurons' phases are dealt out anew.

Gromov 2023 (arXiv 2301.02679, Eq 12 and Figs 3, 4b). Every neuron keeps its frequency, its amplitudes and all its other waves;
only the phases at that frequency move to other neurons.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grokbench.analysis import fourier
from grokbench.specs.types import Array, Trial
from grokbench.training.analyses.weights import Weights, finite
from grokbench.training.blocks import NETWORKS, blocks
from grokbench.training.watching import Analysis, fits

DRAWS = 5  # of permutations, of which the median is taken
ROWS = 512  # of the table at a time
ANALYSIS = Analysis(
    "phase-shuffles",
    version=1,
    make="grokbench.training.analyses.shuffles:shuffles_of",
    faults=fits("analysis 'phase-shuffles'", networks=NETWORKS),
    passes=lambda snapshots: 1 + 2 * DRAWS,
    summary="accuracy over the table once the neurons' phases are permuted, one by one and with φ1 + φ2 − φ3 kept",
)


@np.errstate(all="ignore")  # weights of a run that diverged are what they are
def shuffles_of(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """Share of the whole table that the last network answers rightly, each (1,); NaN where a weight is not finite.

    ``unshuffled``: as it is. ``independent``: φ1, φ2 and φ3 permuted over the neurons, each on its own. ``sum_kept``: φ1 and φ2
    permuted so, and φ3 turned by as much as their sum, so that every ψ = φ1 + φ2 − φ3 stays. Medians of 5 seeded permutations.
    """
    weights = weights_by_step[final_step]
    names = ("unshuffled", "independent", "sum_kept")
    shares = _shares(trial, *blocks(weights)) if finite(weights) else (np.nan,) * len(names)
    return {name: np.atleast_1d(share) for name, share in zip(names, shares, strict=True)}


def _shares(trial: Trial, u: Array, v: Array, w: Array) -> tuple[float, float, float]:
    own = fourier.neuron_phases(u, v, w)
    phases, rng = (own.phase_u, own.phase_v, own.phase_w), np.random.default_rng(0)
    independent, sum_kept = [], []
    for _ in range(DRAWS):
        by = [rng.permutation(phase) - phase for phase in phases]
        first, second, third = (
            fourier.turned(block, own.frequency, turn) for block, turn in zip((u, v, w), by, strict=True)
        )
        independent.append(_answered(trial, first, second, third))
        sum_kept.append(_answered(trial, first, second, fourier.turned(w, own.frequency, by[0] + by[1])))
    return _answered(trial, u, v, w), float(np.median(independent)), float(np.median(sum_kept))


# ---- from here on with torch

import torch

from grokbench.tasks.table import build_table


def _answered(trial: Trial, u: Array, v: Array, w: Array) -> float:
    """Share of the rows of the task's table whose right class has the largest Σ_k w[k] (u[k, x] + v[k, y])²."""
    rows = torch.from_numpy(build_table(trial.task).rows)
    of_x, of_y, out = (torch.from_numpy(block.astype(np.float32).T.copy()) for block in (u, v, w))  # (p, N)
    right = 0
    for some in rows.split(ROWS):
        hidden = of_x[some[:, 0]].add_(of_y[some[:, 1]]).square_()  # (rows, N)
        right += int(((hidden @ out.T).argmax(1) == some[:, 2]).sum())
    return right / len(rows)
