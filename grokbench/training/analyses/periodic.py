"""The analysis "periodic-neurons": phases of the neurons that hold one frequency (Gromov 2023, arXiv 2301.02679, Fig 3)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grokbench.analysis import fourier
from grokbench.specs.types import Array, Trial
from grokbench.training.analyses.weights import Weights
from grokbench.training.blocks import NETWORKS, blocks
from grokbench.training.watching import Analysis, fits

LEAST = 0.5  # of the inverse participation ratio, in each of the three blocks
ANALYSIS = Analysis(
    "periodic-neurons",
    version=1,
    make="grokbench.training.analyses.periodic:periodic_of",
    faults=fits("analysis 'periodic-neurons'", networks=NETWORKS),
    summary="how many neurons hold one frequency, and how far ψ = φ1 + φ2 − φ3 spreads over these, in the end",
)


@np.errstate(all="ignore")  # weights of a run that diverged are what they are
def periodic_of(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """``share`` of the neurons that are periodic and ``circular_std`` of their ψ, radians, each (1,); NaN where there are none.

    Periodic: an inverse participation ratio of 0.5 or more in u, v and w, and one frequency that is strongest in all three.
    """
    own = blocks(weights_by_step[final_step])
    strongest = [1 + np.argmax(np.abs(np.fft.rfft(block, axis=1)[:, 1:]), axis=1) for block in own]
    periodic = np.min([fourier.ipr(block) for block in own], axis=0) >= LEAST  # (N,)
    periodic &= (strongest[0] == strongest[1]) & (strongest[1] == strongest[2])
    psi = fourier.neuron_phases(*own).sum[periodic]
    spread = fourier.circular_std(psi) if psi.size else np.nan
    return {"share": np.atleast_1d(np.mean(periodic)), "circular_std": np.atleast_1d(spread)}
