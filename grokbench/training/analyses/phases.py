"""The analysis "neuron-phases": ψ of every neuron before and after training (Gromov 2023, arXiv 2301.02679, Fig 3)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grokbench.analysis import fourier
from grokbench.specs.types import Array, Trial
from grokbench.training.analyses.weights import Weights
from grokbench.training.blocks import NETWORKS, blocks
from grokbench.training.watching import Analysis, fits

ANALYSIS = Analysis(
    "neuron-phases",
    version=1,
    make="grokbench.training.analyses.phases:phases_of",
    faults=fits("analysis 'neuron-phases'", networks=NETWORKS),
    first=True,
    summary="ψ = φ1 + φ2 − φ3 of every neuron, before the first step and in the end",
)


@np.errstate(all="ignore")  # weights of a run that diverged are what they are
def phases_of(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """``initial`` and ``final``: ψ of every neuron, (N,) radians."""
    ends = {"initial": weights_by_step[0], "final": weights_by_step[final_step]}
    return {
        when: fourier.neuron_phases(*blocks(weights)).sum.astype(np.float32) for when, weights in ends.items()
    }
