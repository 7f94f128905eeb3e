"""The probe "ipr": how few frequencies a neuron holds (Gromov 2023, arXiv 2301.02679)."""

from __future__ import annotations

from collections.abc import Mapping

from grokbench.analysis import fourier
from grokbench.analysis.fourier import Array
from grokbench.training.blocks import NETWORKS, blocks
from grokbench.training.watching import Probe, fits

PROBE = Probe(
    "ipr",
    look="grokbench.training.probes.ipr:ipr",
    faults=fits("probe 'ipr'", networks=NETWORKS),
    summary="mean inverse participation ratio of the neurons, over the three blocks of weights and in each",
)


def ipr(weights: Mapping[str, Array]) -> dict[str, float]:
    """Mean inverse participation ratio of the neurons, over the three blocks and in each."""
    means = [float(fourier.ipr(block).mean()) for block in blocks(weights)]
    return {"ipr": sum(means) / 3, "ipr_u": means[0], "ipr_v": means[1], "ipr_w": means[2]}
