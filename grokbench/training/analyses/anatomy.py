"""The analysis "anatomy": the final network by its key frequencies, those before the largest gap in the logit map's spectrum.

Nanda et al. 2023 (arXiv 2301.05217), §4 and App. A, and what the discussion of the authors' post asks: what of the final
network is there before the first step.
"""

from __future__ import annotations

from grokbench.training.watching import Analysis, fits

ANALYSIS = Analysis(
    "anatomy",
    version=1,
    make="grokbench.training.analyses.anatomy:anatomy_of",
    faults=fits(
        "analysis 'anatomy'", networks=("one-layer-transformer",), odd_residues=True, operation="x + y"
    ),
    first=True,
    passes=lambda snapshots: 10.0,
    summary="key frequencies before the gap: the logit map's rank, losses without parts, and what was there at the start",
)

# ---- from here on with torch

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from grokbench.analysis import ablations, circles, circuit, progress, spectra
from grokbench.analysis.spectra import Array
from grokbench.specs.types import Trial
from grokbench.training.analyses.table_network import TableNetwork
from grokbench.training.analyses.weights import Weights, finite

CHANGES = (
    "all",
    "attention_mean",
    "formula",
    "heads_zero",
    "key_components",
    "logit_directions",
    "nullspace",
    "polynomial",
    "restricted",
    "skip_attention_zero",
    "skip_mlp_mean",
    "sum_only",
)
"""What is done to the network before its loss is taken; "all" is the network as it is."""
NUMBERS = ("gap", "logit_map_residual", "logit_fve", "initial_rank", "ring_initial", "ring_final")


@torch.inference_mode()
def anatomy_of(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """``key`` (K,), ``gap``: the weakest key frequency's norm in W_L over the strongest other's. ``logit_map_singular`` (p,).

    ``readout_fve`` (K, 2), ``logit_fve``, ``logit_map_residual``: as ``analysis.circuit`` has them. ``initial_rank``: mean
    rank of the key frequencies in the spectrum of the initial embedding, 1 for the largest, over that of all, (h + 1)/2.
    ``ring_initial``, ``ring_final``: ring scores of the initial and the final embedding in the final one's principal plane.
    ``attention_to_equals`` (H,): mean over the table. ``loss_…``: mean over the table after each of ``CHANGES``, and
    ``loss_without_frequency`` (h,). NaN where the weights are not finite or the logit map has no wave.
    """
    p = int(trial.task.domain["p"])
    first, last = weights_by_step[0], weights_by_step[final_step]
    found: dict[str, Any] = {
        "key": np.empty(0, dtype=np.int64),
        "logit_map_singular": np.full(p, np.nan),
        "attention_to_equals": np.full(len(last["W_Q"]), np.nan),
        "readout_fve": np.empty((0, 2)),
        "loss_without_frequency": np.full(spectra.n_frequencies(p), np.nan),
        **dict.fromkeys((*NUMBERS, *(f"loss_{change}" for change in CHANGES)), np.nan),
    }
    if finite(last):
        network = TableNetwork.of(last, p)
        logit_map = network.logit_map.numpy()
        found["key"], found["gap"] = spectra.before_the_gap(spectra.spectrum(logit_map))
        singular = np.linalg.svd(logit_map, compute_uv=False)
        found["logit_map_singular"] = np.pad(singular, (0, p - len(singular)))
        found["attention_to_equals"] = network.attention()[..., 2].mean(dim=(0, 1)).numpy()
        if len(found["key"]):
            found["logit_map_residual"] = circuit.logit_map_residual(logit_map, found["key"])
            found |= _losses(network, found["key"])
            found |= _start(first["W_E"][:p], last["W_E"][:p], found["key"]) if finite(first) else {}
    return {name: np.atleast_1d(value) for name, value in found.items()}


def _start(first: Array, last: Array, key: Array) -> dict[str, float]:
    """What the initial embedding (p, d) has of the final one."""
    norms = spectra.spectrum(first)
    rank = 1 + np.argsort(np.argsort(-norms, kind="stable"), kind="stable")
    plane = circles.principal_plane(last)
    return {
        "initial_rank": float(rank[key - 1].mean() / ((len(norms) + 1) / 2)),
        "ring_initial": circles.plane_ring_score(first, plane),
        "ring_final": circles.plane_ring_score(last, plane),
    }


def _losses(network: TableNetwork, key: Array) -> dict[str, Any]:
    """The loss over the table as it is and after changes to the neurons (§4.4) and to the attention (App. A)."""
    start, heads = network.embedding(), network.attention_output()
    residual = start + heads
    hidden, skip = network.hidden(residual).numpy(), network.skip(residual).numpy()
    logit_map, clusters = network.logit_map.numpy(), circuit.neuron_clusters(hidden)
    found: dict[str, Any] = {"readout_fve": circuit.readout_fve(hidden, logit_map, key)}
    for name, changed in (
        ("polynomial", ablations.polynomial_activations),
        ("sum_only", ablations.sum_activations),
    ):
        found[f"loss_{name}"] = ablations.mlp_loss(changed(hidden, clusters), logit_map, skip)
    mean = network.skip(residual.mean(dim=(0, 1))).numpy()
    found["loss_skip_mlp_mean"] = ablations.mlp_loss(hidden, logit_map, mean)
    read, directions = hidden @ logit_map.T, circuit.key_directions(logit_map, key)
    along = (hidden @ directions) @ (logit_map @ directions).T  # what W_L reads along the directions
    del hidden
    logits = read + skip  # (p, p, p)
    formula = circuit.trig_logits(logits, key)
    instead = {
        "attention_mean": (start + heads.mean(dim=(0, 1))).expand_as(heads),
        "heads_zero": start.expand_as(heads),
        "skip_attention_zero": heads,
    }
    for name, stream in instead.items():
        found[f"loss_{name}"] = progress.table_loss(network.logits(stream).numpy())
    return found | {
        "loss_all": progress.table_loss(logits),
        "loss_restricted": progress.restricted_loss(logits, key),
        "loss_formula": formula.loss,
        "logit_fve": formula.fve,
        "loss_logit_directions": progress.table_loss(along + skip),
        "loss_nullspace": progress.table_loss(read - along + skip),
        "loss_key_components": progress.table_loss(ablations.keep_frequencies(read, key) + skip),
        "loss_without_frequency": ablations.frequency_ablation_losses(read, skip),
    }
