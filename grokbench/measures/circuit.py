"""The circuit of the final network (analyses "anatomy", "circuit"): frequencies, what neurons and logits are made of, ablations.

Key frequencies are those of the final logit map before the largest gap in its spectrum, when its norms are put in order
(Nanda et al. 2023, sections 4.1 to 4.4 and appendices A and C). Losses are means over the whole table, in nats.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from grokbench.measures.cells import SeedView
from grokbench.measures.needed import analysis
from grokbench.measures.reading import Floats, one
from grokbench.measures.requiring import requires
from grokbench.training.record import Record

Change = Literal[
    "all", "attention-mean", "formula", "heads-zero", "key-components", "logit-directions", "nullspace",
    "polynomial", "restricted", "skip-attention-zero", "skip-mlp-mean", "sum-only",
]  # fmt: skip
"""What is done to the network before its loss is taken; "all" is the network as it is."""
FLOAT32 = 1.2e-7  # the least difference of losses near 1 that float32 holds


def _array(record: Record, name: str, of: str = "anatomy") -> Floats:
    return np.asarray(record.analyses[of][name], dtype=np.float64)


def _number(record: Record, name: str, of: str = "anatomy") -> float:
    return float(_array(record, name, of).ravel()[0])


def _loss(record: Record, change: str) -> float:
    return _number(record, f"loss_{change.replace('-', '_')}")


def _keys(record: Record) -> frozenset[int]:
    return frozenset(int(k) for k in _array(record, "key"))


@requires(analysis("circuit", "embedding_spectrum"))
def embedding_frequency_count(view: SeedView, threshold: float = 0.25, arm: int = 0) -> float:
    """Number of frequencies whose norm in the embedding is at least ``threshold`` of the largest."""
    spectrum = _array(one(view, arm), "embedding_spectrum", "circuit")
    return float(np.sum(spectrum >= threshold * np.max(spectrum)))


@requires(analysis("circuit", "gini_embedding"))
def embedding_gini(view: SeedView, arm: int = 0) -> float:
    """Gini coefficient of the norms of the embedding's Fourier components."""
    return _number(one(view, arm), "gini_embedding", "circuit")


@requires(analysis("anatomy", "key"))
def key_frequency_count(view: SeedView, arm: int = 0) -> float:
    """Number of key frequencies."""
    return float(len(_keys(one(view, arm))))


@requires(analysis("anatomy", "gap"))
def key_frequency_gap(view: SeedView, arm: int = 0) -> float:
    """Norm of the weakest key frequency in the logit map over that of the strongest other: the gap at which they are counted."""
    return _number(one(view, arm), "gap")


@requires(analysis("anatomy", "key"))
def key_frequency_overlap(view: SeedView, first: int = 0, second: int = 1) -> float:
    """Jaccard overlap of two arms' key frequencies: common ones over those that either has."""
    one_set, other = _keys(one(view, first)), _keys(one(view, second))
    return len(one_set & other) / len(one_set | other)


@requires(analysis("anatomy", "initial_rank"))
def initial_key_rank(view: SeedView, arm: int = 0) -> float:
    """Mean rank of the final key frequencies in the spectrum of the initial embedding, over that of all frequencies.

    The largest norm has rank 1. 1 is chance; less: the initial embedding had more of them than of others.
    """
    return _number(one(view, arm), "initial_rank")


@requires(analysis("anatomy", "ring_initial", "ring_final"))
def principal_ring_score(view: SeedView, at: Literal["start", "end"], arm: int = 0) -> float:
    """How well the embedding stands on a ring in the plane of the final embedding's first two principal directions.

    |mean exp(i(θ_n − 2πkn/p))| at the best k, θ_n the angle of residue n. ``at``: the embedding at the "start" or the "end".
    1 on a ring, about 0.2 at p = 113 for rows in no order.
    """
    return _number(one(view, arm), "ring_initial" if at == "start" else "ring_final")


@requires(analysis("anatomy", "logit_map_residual"))
def logit_map_residual(view: SeedView, arm: int = 0) -> float:
    """Share of ‖W_L‖_F (a norm, not an energy) outside the cosines and sines of the key frequencies."""
    return _number(one(view, arm), "logit_map_residual")


@requires(analysis("anatomy", "logit_map_singular", "key"))
def logit_map_rank_per_key(view: SeedView, rest: float = 0.011, arm: int = 0) -> float:
    """Rank of the logit map over the number of key frequencies.

    The rank is the least one whose best approximation leaves at most ``rest`` of the map's norm.
    """
    record = one(view, arm)
    energy = np.sort(_array(record, "logit_map_singular") ** 2)  # (p,): the smallest first
    left_out = int(np.sum(np.sqrt(np.cumsum(energy)) <= rest * np.sqrt(energy.sum())))
    return (energy.size - left_out) / len(_keys(record))


@requires(analysis("anatomy", "readout_fve"))
def readout_fve(view: SeedView, which: Literal["least", "median"] = "least", arm: int = 0) -> float:
    """Variance of uᵀMLP and vᵀMLP explained by cos and sin of w(a + b), over key frequencies: "least" or "median"."""
    values = _array(one(view, arm), "readout_fve")
    return float(np.min(values) if which == "least" else np.median(values))


@requires(analysis("anatomy", "logit_fve"))
def logit_formula_fve(view: SeedView, arm: int = 0) -> float:
    """Variance of the logits explained by Σ α_k cos(w_k(a + b − c)) over the key frequencies."""
    return _number(one(view, arm), "logit_fve")


NEURONS = {"start": "neuron_fve_initial", "end": "neuron_fve"}


@requires(analysis("circuit", lambda chosen: NEURONS[chosen["at"]]))
def neuron_share(
    view: SeedView, at: Literal["start", "end"] = "end", fve: float = 0.85, arm: int = 0
) -> float:
    """Share of neurons of whose variance the degree-2 terms of one frequency explain more than ``fve``.

    ``at``: "start" (before the first step) or "end".
    """
    return float(np.mean(_array(one(view, arm), NEURONS[at], "circuit") > fve))


@requires(analysis("circuit", "cluster_energy_share"))
def cluster_energy_share(view: SeedView, arm: int = 0) -> float:
    """Share of a neuron's column of W_L, constant left out, at its own frequency; mean over neurons with FVE > 0.85."""
    return _number(one(view, arm), "cluster_energy_share", "circuit")


@requires(analysis("anatomy", "loss_{change}"))
def ablation_loss(view: SeedView, change: Change = "all", arm: int = 0) -> float:
    """Mean loss over the whole table after a change to the network, in nats."""
    return _loss(one(view, arm), change)


@requires(analysis("anatomy", "loss_{change}", "loss_all"))
def ablation_loss_change(view: SeedView, change: Change, arm: int = 0) -> float:
    """Mean loss over the whole table after a change to the network less its loss as it is, in nats."""
    record = one(view, arm)
    return _loss(record, change) - _loss(record, "all")


@requires(analysis("anatomy", "loss_without_frequency", "loss_all", "key"))
def frequency_loss_margin(view: SeedView, arm: int = 0) -> float:
    """Least rise of the loss without one key frequency, over the median change without one other frequency.

    The frequency's components are taken out of all neurons. Changes count by their size, and below 1.2e-7, which float32
    does not hold, as that. Negative where the loss falls without a key frequency.
    """
    record = one(view, arm)
    changes = _array(record, "loss_without_frequency") - _loss(record, "all")
    key = np.isin(np.arange(1, changes.size + 1), list(_keys(record)))
    return float(np.min(changes[key]) / max(float(np.median(np.abs(changes[~key]))), FLOAT32))


@requires(analysis("circuit", "attention_fve"))
def attention_head_share(view: SeedView, fve: float = 0.8, arm: int = 0) -> float:
    """Share of heads whose attention to the first operand is explained to ``fve`` by one frequency's degree-2 terms."""
    return float(np.mean(_array(one(view, arm), "attention_fve", "circuit") >= fve))


@requires(analysis("anatomy", "attention_to_equals"))
def attention_to_equals(view: SeedView, arm: int = 0) -> float:
    """What the answer position pays to itself, the "=": mean over the table, of the head that pays most."""
    return float(np.max(_array(one(view, arm), "attention_to_equals")))
