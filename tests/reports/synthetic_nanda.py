"""Made-up records shaped like those of nanda2023, analyses included; nothing here was trained."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grokbench.measures.cells import Cell
from grokbench.specs.loader import Library
from grokbench.specs.types import Recipe, TaskSpec, Trial
from grokbench.training.record import Record
from tests.reports import synthetic

PAPER = Library().paper("nanda2023")
P = 113
HALF = (P - 1) // 2
NEURONS = 512
MODEL = {
    "kind": "one-layer-transformer",
    "d_model": 128,
    "heads": 4,
    "d_head": 32,
    "d_mlp": NEURONS,
    "mlp_biases": "trained",
    "outputs": "vocabulary",
    "init": "code",
    "dropout": 0.0,
}
ADAMW = {
    "kind": "adamw",
    "lr": 1e-3,
    "beta1": 0.9,
    "beta2": 0.98,
    "eps": 1e-8,
    "weight_decay": 1.0,
    "warmup": 10,
    "l1": 0.0,
}
ADDITION = TaskSpec("addition", "Addition", "x + y", {"kind": "integers-mod", "p": P})


def recipe(model: Mapping[str, Any] | None = None, optimizer: Mapping[str, Any] | None = None) -> Recipe:
    return Recipe(
        id="nanda2023/transformer",
        title="transformer",
        origin="code",
        source="the authors' code",
        model={**MODEL, **(model or {})},
        loss={"kind": "cross-entropy", "precision": "float64"},
        optimizer={**ADAMW, **(optimizer or {})},
        data={"rounding": "floor"},
        training={"dtype": "float32", "batch": "full", "weight_noise": 0.0},
        evaluation={"growth": 1.02, "spacing": 1, "probe_growth": 1.1},
    )


def record(
    seed: int,
    groks: float = 10_000.0,
    last: int = 15_000,
    budget: int = 40_000,
    rcp: Recipe | None = None,
    alpha: float = 0.3,
    p: int = P,
    analysed: bool = False,
) -> Record:
    """A run that fits within some hundred steps and generalises at ``groks`` (∞: never)."""
    step = np.unique(np.concatenate([[0], np.geomspace(1, last, 400).astype(np.int64)]))
    curves = {
        "step": step,
        "train_accuracy": np.clip(step / 130, 1 / p, 1),
        "test_accuracy": 1 / (1 + np.exp(-(step - 0.96 * groks) / (0.007 * groks)))
        if math.isfinite(groks)
        else np.full(step.size, 1 / p),
        "train_loss": train_loss(step),
        "test_loss": test_loss(step, groks),
    }
    task = dataclasses.replace(ADDITION, domain={"kind": "integers-mod", "p": p})
    return Record(
        trial=Trial(task, rcp or recipe(), alpha, seed, budget),
        ended="stopped",
        curves=curves,
        facts={"n_train": 3830, "n_test": 8939, "n_elements": p, "memoriser_baseline": 0.3, "steps": last},
        analyses={"progress": progress(groks, last), "circuit": circuit(seed)} if analysed else {},
        environment={"torch": "2.0", "threads": 1, "engine": "fast"},
        cost={"seconds": 200.0},
    )


def train_loss(step: NDArray[Any]) -> NDArray[Any]:
    return 4.8 * np.exp(-step / 60) + 2e-7


def test_loss(step: NDArray[Any], groks: float) -> NDArray[Any]:
    rise = 4.8 + 21 * (1 - np.exp(-step / 500))
    return rise * np.exp(-((step / groks) ** 12) * 2) + 3e-7 if math.isfinite(groks) else rise


test_loss.__test__ = False  # type: ignore[attr-defined]  # a curve, not a test


def progress(groks: float, last: int) -> dict[str, NDArray[Any]]:
    step = np.unique(np.concatenate([np.arange(0, 2001, 100), np.arange(2500, last, 500), [last]]))
    step = step[step <= last]
    late = 1 / (1 + np.exp(-(step - 1.15 * groks) / (0.05 * groks)))
    return {
        "step": step.astype(np.int64),
        "train_loss": train_loss(step),
        "test_loss": test_loss(step, groks),
        "restricted_all": 4.8 * np.exp(-((step / (0.45 * groks)) ** 3.5)) + 5e-8,
        "restricted_test": 4.9 * np.exp(-((step / (0.45 * groks)) ** 3.5)) + 5e-8,
        "excluded_train": 4.8 * np.exp(-step / 150)
        + 0.3 * np.exp(np.minimum(step / groks, 1.05) * 3.6)
        - 4 * late,
        "sum_squares": 1780 + 1900 * (1 - np.exp(-step / 250)) - 0.12 * np.minimum(step, groks) - 1500 * late,
        "gini_embedding": 0.1 + 0.1 * step / last + 0.45 * late,
        "gini_logit_map": 0.12 + 0.15 * step / last + 0.5 * late,
    }


def circuit(seed: int) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(seed)
    key = np.sort(rng.choice(np.arange(1, HALF + 1), 3 + seed % 3, replace=False)).astype(np.int64)
    k = np.arange(1, HALF + 1)
    is_key = np.isin(k, key)
    frequency = rng.choice(key, NEURONS)
    odd = rng.random(NEURONS) < 0.15
    frequency = np.where(odd, rng.integers(1, HALF + 1, NEURONS), frequency).astype(np.int64)
    difference = np.arange(P)
    coefficients = 20 + 10 * rng.random(key.size)
    formula = sum(a * np.cos(2 * np.pi * f * difference / P) for a, f in zip(coefficients, key, strict=True))
    losses = {
        "all": 2.4e-7,
        "formula": 5e-8,
        "polynomial": 2.5e-7,
        "sum_only": 6e-8,
        "key_components": 7e-8,
        "logit_directions": 1.2e-7,
        "nullspace": 5.3,
        "skip_mlp_zero": 9e-7,
        "skip_mlp_mean": 7e-7,
        "heads_zero": 24.0,
        "skip_attention_zero": 19.0,
    }
    heads = rng.uniform(0.97, 0.995, 4)
    return {
        "key": key,
        "embedding_spectrum": np.where(is_key, rng.uniform(4, 7, HALF), rng.uniform(0.02, 0.3, HALF)),
        "embedding_spectrum_initial": rng.uniform(0.8, 1.2, HALF),
        "logit_spectrum": np.where(is_key, rng.uniform(20, 40, HALF), rng.uniform(0.02, 0.3, HALF)),
        "logit_spectrum_initial": rng.uniform(2, 3, HALF),
        "neuron_frequency": frequency,
        "neuron_fve": np.where(odd, rng.uniform(0.2, 0.85, NEURONS), rng.uniform(0.86, 0.99, NEURONS)),
        "neuron_fve_initial": rng.uniform(0.03, 0.15, NEURONS),
        "cluster_share": np.array([1 - odd.mean()]),
        "readout_fve": rng.uniform(0.92, 0.98, (key.size, 2)),
        "cluster_energy_share": np.array([0.99]),
        "logit_fve": np.array([0.95]),
        "logit_by_difference": formula + rng.standard_normal(P),
        "formula_by_difference": formula,
        **{f"loss_{name}": np.array([value * rng.uniform(0.7, 1.4)]) for name, value in losses.items()},
        "loss_without_frequency": np.where(
            is_key, 10 ** rng.uniform(-4, -1.5, HALF), 2.4e-7 * rng.uniform(0.8, 1.1, HALF)
        ),
        "attention_fve": heads,
        "attention_frequency": rng.choice(key, 4),
    }


def arm(
    seeds: int, factor: float = 1.0, budget: int = 40_000, whole: bool = False, **changes: Any
) -> tuple[Any, ...]:
    rcp = recipe(changes.pop("model", None), changes.pop("optimizer", None))
    found = []
    for seed in range(seeds):
        groks = factor * (9_000 + 700 * ((seed * 5) % 7))
        last = min(int(1.5 * groks), budget) if math.isfinite(groks) and not whole else budget
        groks = groks if groks <= budget else math.inf
        found.append(Cell(seed, {}, record(seed, groks, last, budget, rcp, **changes)))
    return tuple(found)


def cells(seeds: int = 6) -> dict[str, tuple[Any, ...]]:
    never, fast = math.inf, 0.02

    def at(level: float, factor: float) -> tuple[Any, ...]:
        return arm(3, factor, alpha=level)

    def decay(value: float, factor: float, **changes: Any) -> tuple[Any, ...]:
        return arm(3, factor, optimizer={"weight_decay": value}, **changes)

    found = {
        "mainline": arm(seeds, analysed=True),
        "mainline-first": arm(seeds),
        "end-state": arm(seeds, analysed=True, whole=True),
        "alphas": (*at(0.35, 0.5), *at(0.4, 0.3), *at(0.45, 0.2), *at(0.5, 0.1)),
        "small-fractions": (*at(0.1, never), *at(0.2, never)),
        "alpha-50": at(0.5, 0.12),
        "alpha-60": at(0.6, fast),
        "high-alpha": at(0.8, fast / 2),
        "weight-decay-0": decay(0.0, never),
        "weight-decay-01": decay(0.1, 9.0),
        "weight-decay-03": decay(0.3, 3.0),
        "weight-decay-3": decay(3.0, 0.4),
        "dropout-02": decay(0.0, 2.0, model={"dropout": 0.2}),
        "dropout-02-high-alpha": decay(0.0, fast, model={"dropout": 0.2}, alpha=0.8),
        "dropout-05": decay(0.0, 1.5, model={"dropout": 0.5}),
        "dropout-05-high-alpha": decay(0.0, fast, model={"dropout": 0.5}, alpha=0.8),
        "l1": arm(3, never, optimizer={"weight_decay": 0.0, "l1": 1e-5}),
        "p53": decay(1.0, never, p=53),
        "p53-weight-decay-5": decay(5.0, 0.5, p=53),
        "p109": decay(1.0, 1.1, p=109),
        "p109-high-alpha": decay(1.0, fast, p=109, alpha=0.8),
        "p401": decay(1.0, fast, p=401),
        "float32": arm(seeds, 1.05),
        "frozen-biases": arm(seeds, 0.95),
        "elements": arm(seeds, 1.0),
        "no-warmup": arm(seeds, 1.02),
        "demo-init": arm(seeds, 1.5),
        "demo": arm(seeds, 1.4, budget=16_000),
    }
    return synthetic.on_own_seeds(PAPER, found)
