"""The probe "circulant": how near a kernel machine's features are to each operation's structure (Mallinar et al. 2024)."""

from __future__ import annotations

from collections.abc import Mapping

from grokbench.analysis import circulant
from grokbench.specs.types import Array
from grokbench.training.watching import Probe, fits

PROBE = Probe(
    "circulant",
    look="grokbench.training.probes.circulant:circulant_structure",
    faults=fits("probe 'circulant'", networks=("rfm",)),
    summary="deviation of M from the circulant structure of add, subtract, multiply and divide",
)


def circulant_structure(weights: Mapping[str, Array]) -> dict[str, float]:
    """``circulant.deviation`` from each operation's structure; nan where p is no prime and the operation needs one."""
    block = circulant.coupling(weights["M"])
    row = {}
    for operation in circulant.OPERATIONS:
        try:
            row[operation] = circulant.deviation(block, operation)
        except ValueError:
            row[operation] = float("nan")
    return row
