"""The circuit of the final network (analysis "circuit"): frequencies, what neurons and logits are made of, ablations.

Key frequencies are those of the final logit map (Nanda et al. 2023, sections 4.1 to 4.4 and appendices A and C).
Ablated losses are means over the whole table; chance is ln p.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np

from grokbench.measures.cells import SeedView
from grokbench.measures.progress import chance
from grokbench.measures.reading import Floats, one
from grokbench.specs.errors import UnknownNameError
from grokbench.training.record import Record

Change = Literal[
    "all", "formula", "heads-zero", "key-components", "logit-directions", "nullspace", "polynomial",
    "skip-attention-zero", "skip-mlp-mean", "skip-mlp-zero", "sum-only",
]  # fmt: skip
CHANGES: tuple[str, ...] = get_args(Change)
"""What is done to the network before its loss is taken; "all" is the network as it is."""


def _array(record: Record, name: str) -> Floats:
    """An array of the analysis as floats; empty where the record lacks it."""
    found = record.analyses.get("circuit", {}).get(name)
    return np.empty(0) if found is None else np.asarray(found, dtype=np.float64)


def _number(record: Record, name: str) -> float:
    values = _array(record, name)
    return float(values.ravel()[0]) if values.size else math.nan


def _loss(record: Record, change: str) -> float:
    if change not in CHANGES:
        raise UnknownNameError("change", change, CHANGES)
    return _number(record, f"loss_{change.replace('-', '_')}")


def _keys(record: Record) -> frozenset[int]:
    return frozenset(int(k) for k in _array(record, "key"))


def _chosen(which: str, known: tuple[str, ...]) -> str:
    if which not in known:
        raise UnknownNameError("choice", which, known)
    return which


def embedding_frequency_count(view: SeedView, threshold: float = 0.25, arm: int = 0) -> float:
    """Number of frequencies whose norm in the embedding is at least ``threshold`` of the largest."""
    spectrum = _array(one(view, arm), "embedding_spectrum")
    counted = float(np.sum(spectrum >= threshold * np.max(spectrum))) if spectrum.size else 0.0
    return counted or math.nan  # the largest is always among them, unless it is not a number


def embedding_gini(view: SeedView, arm: int = 0) -> float:
    """Gini coefficient of the norms of the embedding's Fourier components."""
    return _number(one(view, arm), "gini_embedding")


def key_frequency_count(view: SeedView, arm: int = 0) -> float:
    """Number of key frequencies; nan without the analysis."""
    return float(len(_keys(one(view, arm)))) or math.nan


def key_frequency_overlap(view: SeedView, first: int = 0, second: int = 1) -> float:
    """Jaccard overlap of two arms' key frequencies: common ones over those that either has."""
    one_set, other = _keys(one(view, first)), _keys(one(view, second))
    return len(one_set & other) / len(one_set | other) if one_set and other else math.nan


def logit_map_residual(view: SeedView, arm: int = 0) -> float:
    """Share of ‖W_L‖_F (a norm, not an energy) outside the cosines and sines of the key frequencies."""
    return _number(one(view, arm), "logit_map_residual")


def logit_map_svd_residual(view: SeedView, arm: int = 0) -> float:
    """Share of the logit map's norm outside its best approximation of rank 2K, K the number of key frequencies."""
    return _number(one(view, arm), "logit_map_svd_residual")


def readout_fve(view: SeedView, which: Literal["least", "median"] = "least", arm: int = 0) -> float:
    """Variance of uᵀMLP and vᵀMLP explained by cos and sin of w(a + b), over key frequencies: "least" or "median"."""
    _chosen(which, ("least", "median"))
    values = _array(one(view, arm), "readout_fve")
    if not values.size:
        return math.nan
    return float(np.min(values) if which == "least" else np.median(values))


def logit_formula_fve(view: SeedView, arm: int = 0) -> float:
    """Variance of the logits explained by Σ α_k cos(w_k(a + b − c)) over the key frequencies."""
    return _number(one(view, arm), "logit_fve")


def neuron_share(
    view: SeedView, at: Literal["start", "end"] = "end", fve: float = 0.85, arm: int = 0
) -> float:
    """Share of neurons of whose variance the degree-2 terms of one frequency explain more than ``fve``.

    ``at``: "start" (before the first step) or "end".
    """
    _chosen(at, ("start", "end"))
    values = _array(one(view, arm), "neuron_fve" if at == "end" else "neuron_fve_initial")
    return math.nan if np.isnan(values).all() else float(np.mean(values > fve))


def cluster_energy_share(view: SeedView, arm: int = 0) -> float:
    """Share of a neuron's column of W_L, constant left out, at its own frequency; mean over neurons with FVE > 0.85.

    nan when there is no such neuron.
    """
    return _number(one(view, arm), "cluster_energy_share")


def ablation_loss(view: SeedView, change: Change = "all", arm: int = 0) -> float:
    """Mean loss over the whole table after a change to the network, in nats."""
    return _loss(one(view, arm), change)


def ablation_loss_over_chance(view: SeedView, change: Change, arm: int = 0) -> float:
    """Mean loss over the whole table after a change to the network, over ln p, the loss of guessing."""
    record = one(view, arm)
    return _loss(record, change) / chance(record)


def ablation_loss_ratio(view: SeedView, change: Change, arm: int = 0) -> float:
    """Mean loss over the whole table after a change to the network, over its loss as it is."""
    record = one(view, arm)
    return _over(_loss(record, change), _loss(record, "all"))


def frequency_ablation_ratio(
    view: SeedView, which: Literal["least-key", "median-other"], arm: int = 0
) -> float:
    """Loss without one frequency's components in the neurons over the loss as it is.

    ``which``: "least-key", the smallest over key frequencies, or "median-other", the median over all others.
    """
    _chosen(which, ("least-key", "median-other"))
    record = one(view, arm)
    losses, keys = _array(record, "loss_without_frequency"), _keys(record)
    key = np.array([k in keys for k in range(1, losses.size + 1)], dtype=bool)
    chosen = losses[key] if which == "least-key" else losses[~key]
    if not chosen.size:
        return math.nan
    return _over(float(np.min(chosen) if which == "least-key" else np.median(chosen)), _loss(record, "all"))


def attention_head_share(view: SeedView, fve: float = 0.8, arm: int = 0) -> float:
    """Share of heads whose attention to the first operand is explained to ``fve`` by one frequency's degree-2 terms."""
    values = _array(one(view, arm), "attention_fve")
    return math.nan if np.isnan(values).all() else float(np.mean(values >= fve))


def _over(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0 else math.nan
