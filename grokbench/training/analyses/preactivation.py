"""The analysis "preactivation-power": the map of Gromov's Fig 2 before and after training (arXiv 2301.02679)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grokbench.analysis import fourier
from grokbench.specs.types import Array, Trial
from grokbench.training.analyses.weights import Weights
from grokbench.training.blocks import NETWORKS, blocks, preactivation
from grokbench.training.watching import Analysis, fits

ANALYSIS = Analysis(
    "preactivation-power",
    version=1,
    make="grokbench.training.analyses.preactivation:power_of",
    faults=fits("analysis 'preactivation-power'", networks=NETWORKS),
    first=True,
    summary="power spectrum over (n, m) of one preactivation, before the first step and in the end",
)


@np.errstate(all="ignore")  # weights of a run that diverged are what they are
def power_of(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """``initial`` and ``final``: |FFT₂|² of the preactivation of class 6, (p, p)."""
    ends = {"initial": weights_by_step[0], "final": weights_by_step[final_step]}
    return {
        when: fourier.power_spectrum(preactivation(*blocks(weights))).astype(np.float32)
        for when, weights in ends.items()
    }
