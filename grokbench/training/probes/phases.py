"""The probe "phases": how far the neurons' phases have come together (Gromov 2023, arXiv 2301.02679)."""

from __future__ import annotations

from collections.abc import Mapping

from grokbench.analysis import fourier
from grokbench.analysis.fourier import Array
from grokbench.training.blocks import NETWORKS, blocks
from grokbench.training.watching import Probe, fits

PROBE = Probe(
    "phases",
    look="grokbench.training.probes.phases:phases",
    faults=fits("probe 'phases'", networks=NETWORKS),
    summary="how far ψ = φ1 + φ2 − φ3 gathers at 0, over all neurons, with its histogram",
)


def phases(weights: Mapping[str, Array]) -> dict[str, object]:
    """How far ψ = φ1 + φ2 − φ3 gathers at 0, over all neurons."""
    psi = fourier.neuron_phases(*blocks(weights)).sum
    return {
        "resultant": fourier.resultant(psi),
        "share_near_zero": fourier.share_near_zero(psi),
        "circular_std": fourier.circular_std(psi),
        "histogram": fourier.phase_histogram(psi),
    }
