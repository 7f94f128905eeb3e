"""The analysis "circuit": the final network taken apart (Nanda et al. 2023, arXiv 2301.05217, §4, App. A and C)."""

from __future__ import annotations

from grokbench.training.watching import Analysis, fits

ANALYSIS = Analysis(
    "circuit",
    version=1,
    make="grokbench.training.analyses.circuit:circuit_of",
    faults=fits(
        "analysis 'circuit'", networks=("one-layer-transformer",), odd_residues=True, operation="x + y"
    ),
    passes=lambda snapshots: 30.0,
    summary="the final network taken apart: spectra, neurons, heads, logit map, and losses after ablations",
)

# ---- from here on with torch

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from grokbench.analysis import ablations, circuit, progress, spectra
from grokbench.analysis.spectra import Array
from grokbench.specs.types import Trial
from grokbench.training.analyses.table_network import TableNetwork, key_frequencies
from grokbench.training.analyses.weights import Weights, finite


@torch.inference_mode()
def circuit_of(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """The final network taken apart, and what is compared with the initial one."""
    p = int(trial.task.domain["p"])
    weights = weights_by_step[final_step]
    h, n, heads = spectra.n_frequencies(p), len(weights["W_in"]), len(weights["W_Q"])
    found: dict[str, Any] = {
        "key": key_frequencies(weights, p),
        **_structure(weights_by_step.get(0), p, h, n, "_initial"),
        **_structure(weights, p, h, n, ""),
        # What follows stays so where the weights are not finite.
        **dict.fromkeys(CIRCUIT, np.nan),
        "readout_fve": np.empty((0, 2)),
        "logit_coefficients": np.empty(0),
        "logit_by_difference": np.full(p, np.nan),
        "formula_by_difference": np.full(p, np.nan),
        "loss_without_frequency": np.full(h, np.nan),
        "attention_fve": np.full(heads, np.nan),
        "attention_frequency": np.zeros(heads, dtype=np.int64),
    }
    del found["neuron_frequency_initial"]
    if finite(weights):
        network = TableNetwork.of(weights, p)
        clusters = circuit.Clusters(found["neuron_frequency"], found["neuron_fve"])
        found |= _attention(network)
        found |= _ablations(network, found["key"], clusters)
        found |= _algorithm(network, found["key"], clusters)
    return {name: np.atleast_1d(value) for name, value in found.items()}


CIRCUIT = (
    "cluster_share",
    "cluster_energy_share",
    "logit_map_residual",
    "logit_map_svd_residual",
    "logit_fve",
    "loss_all",
    "loss_formula",
    "loss_polynomial",
    "loss_sum_only",
    "loss_key_components",
    "loss_logit_directions",
    "loss_nullspace",
    "loss_skip_mlp_zero",
    "loss_skip_mlp_mean",
    "loss_heads_zero",
    "loss_skip_attention_zero",
)


def _structure(weights: Weights | None, p: int, h: int, n: int, suffix: str) -> dict[str, Array]:
    """Spectra, their Gini coefficients and the neurons' frequencies of one network; NaN where there is none."""
    found: dict[str, Any] = {
        "embedding_spectrum": np.full(h, np.nan),
        "logit_spectrum": np.full(h, np.nan),
        "gini_embedding": np.nan,
        "gini_logit_map": np.nan,
        "neuron_frequency": np.zeros(n, dtype=np.int64),
        "neuron_fve": np.full(n, np.nan),
    }
    if weights is not None and finite(weights):
        network = TableNetwork.of(weights, p)
        embedding, logit_map = weights["W_E"][:p], network.logit_map.numpy()
        hidden = network.hidden(network.embedding() + network.attention_output())
        clusters = circuit.neuron_clusters(hidden.numpy())
        found = {
            "embedding_spectrum": spectra.spectrum(embedding),
            "logit_spectrum": spectra.spectrum(logit_map),
            "gini_embedding": spectra.gini(spectra.component_norms(embedding)),
            "gini_logit_map": spectra.gini(spectra.component_norms(logit_map)),
            "neuron_frequency": clusters.frequency,
            "neuron_fve": clusters.fve,
        }
    return {name + suffix: value for name, value in found.items()}


def _attention(network: TableNetwork) -> dict[str, Any]:
    """Heads (App. C.1), and the loss without parts of the way around the neurons (App. A)."""
    to_x = circuit.neuron_clusters(network.attention()[..., 0].numpy())
    start, heads = network.embedding(), network.attention_output()
    residual = start + heads
    hidden = network.hidden(residual)
    bias = network.skip(0.0).numpy()  # W_U b_out belongs to the neurons' layer, not to the way around it
    logit_map = network.logit_map.numpy()
    mean = network.skip(residual.mean(dim=(0, 1))).numpy()
    found = {
        "attention_fve": to_x.fve,
        "attention_frequency": to_x.frequency,
        "loss_skip_mlp_zero": ablations.mlp_loss(hidden.numpy(), logit_map, bias),
        "loss_skip_mlp_mean": ablations.mlp_loss(hidden.numpy(), logit_map, mean),
    }
    del hidden
    for name, instead in (("loss_heads_zero", start.expand_as(heads)), ("loss_skip_attention_zero", heads)):
        found[name] = progress.table_loss(network.logits(instead).numpy())
    return found


def _ablations(network: TableNetwork, key: Array, clusters: circuit.Clusters) -> dict[str, Any]:
    """The loss with the hidden activations changed (§4.4, Fig 6)."""
    residual = network.embedding() + network.attention_output()
    hidden, skip = network.hidden(residual).numpy(), network.skip(residual).numpy()
    logit_map = network.logit_map.numpy()
    del residual
    # Two large arrays at most beside ``hidden`` and ``skip``: at p = 401 each is over 0.5 GB.
    found: dict[str, Any] = {
        "loss_polynomial": ablations.mlp_loss(
            ablations.polynomial_activations(hidden, clusters), logit_map, skip
        ),
        "loss_sum_only": ablations.mlp_loss(ablations.sum_activations(hidden, clusters), logit_map, skip),
    }
    read = hidden @ logit_map.T  # (p, p, p)
    if len(key):
        directions = circuit.key_directions(logit_map, key)
        found["readout_fve"] = circuit.readout_fve(hidden, logit_map, key)
        coordinates = hidden @ directions  # (p, p, r)
        del hidden
        along = coordinates @ (logit_map @ directions).T  # what W_L reads of split_directions' first part
        found["loss_logit_directions"] = progress.table_loss(along + skip)
        np.subtract(read, along, out=along)
        along += skip
        found["loss_nullspace"] = progress.table_loss(along)
        del along
        kept = ablations.keep_frequencies(read, key)  # of all neurons at once
        kept += skip
        found["loss_key_components"] = progress.table_loss(kept)
        del kept
    found["loss_without_frequency"] = ablations.frequency_ablation_losses(read, skip)
    return found


def _algorithm(network: TableNetwork, key: Array, clusters: circuit.Clusters) -> dict[str, Any]:
    """The logit map and the logits against the formula (§4.2, §4.3)."""
    logits, logit_map = network.logits().numpy(), network.logit_map.numpy()
    member = clusters.members()
    shares = circuit.column_energy_shares(logit_map, clusters.frequency)[member]
    shares = shares[np.isfinite(shares)]
    found: dict[str, Any] = {
        "loss_all": progress.table_loss(logits),
        "cluster_share": clusters.share(),
        "cluster_energy_share": shares.mean() if shares.size else np.nan,
    }
    if len(key):
        formula = circuit.trig_logits(logits, key)
        found |= {
            "logit_map_residual": circuit.logit_map_residual(logit_map, key),
            "logit_map_svd_residual": circuit.logit_map_svd_residual(logit_map, 2 * len(key)),
            "logit_fve": formula.fve,
            "logit_coefficients": formula.coefficients,
            "logit_by_difference": formula.logit_by_difference,
            "formula_by_difference": formula.formula_by_difference,
            "loss_formula": formula.loss,
        }
    return found
