"""The probe "spectrum": where the energy of one preactivation lies (Gromov 2023, arXiv 2301.02679, Fig 2)."""

from __future__ import annotations

from collections.abc import Mapping

from grokbench.analysis import fourier
from grokbench.analysis.fourier import Array
from grokbench.training.blocks import NETWORKS, blocks, preactivation
from grokbench.training.watching import Probe, fits

PROBE = Probe(
    "spectrum",
    look="grokbench.training.probes.spectrum:spectrum",
    faults=fits("probe 'spectrum'", networks=NETWORKS),
    summary="energy shares of the preactivation of one class: of n + m, 2n, 2m, n − m, and the rest",
)


def spectrum(weights: Mapping[str, Array]) -> dict[str, float]:
    """Energy shares of the preactivation of class 6 (of the last class where there are fewer)."""
    shares = fourier.preactivation_spectrum(preactivation(*blocks(weights)))
    return {
        "share_sum": shares.sum,
        "share_2n": shares.from_n,
        "share_2m": shares.from_m,
        "share_difference": shares.difference,
        "share_rest": shares.rest,
    }
