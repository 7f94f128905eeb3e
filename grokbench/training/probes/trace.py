"""The probe "trace": the loss and the norms of weights and gradients at every step."""

from __future__ import annotations

from grokbench.training.blocks import NETWORKS
from grokbench.training.watching import Pass, Probe, fits

PROBE = Probe(
    "trace",
    look="grokbench.training.probes.trace:trace",
    faults=fits("probe 'trace'", networks=NETWORKS),
    every_step=True,
    summary="loss, norms of weights and norms of gradients at every step, before its update",
)

# ---- from here on with torch

import torch
from torch import Tensor


def trace(own: Pass) -> dict[str, float]:
    """The loss before the update; ‖W‖_F / √entries and ‖∂L/∂W‖_F of each matrix, summed in float64."""
    row = {"loss": own.loss}
    for i, p in enumerate(own.parameters, 1):
        row[f"weight_norm_{i}"] = _norm(p) / p.numel() ** 0.5
    for i, g in enumerate(own.gradients, 1):
        row[f"gradient_norm_{i}"] = _norm(g)
    return row


def _norm(tensor: Tensor) -> float:
    return float(torch.linalg.vector_norm(tensor, dtype=torch.float64))
