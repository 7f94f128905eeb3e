"""Trials that train as one model leave the records that they leave one by one, whatever the network and the recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from grokbench import parts
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.training import engine
from grokbench.training.batched.loop import train_together
from grokbench.training.engine import train
from grokbench.training.record import Record

STEPS = 200
EVERY = {"training.dtype": "float64", "evaluation.growth": 1.3}
SMALL = EVERY | {"task.domain.p": 5}
CROSS = SMALL | {"loss.kind": "cross-entropy", "loss.precision": "float64"}
DECODER = SMALL | {"model.d_model": 8, "model.heads": 2, "loss.precision": "float64"}
ONE_LAYER = SMALL | {"model.d_model": 8, "model.d_head": 2, "model.d_mlp": 16, "loss.precision": "float64"}
PARITY = EVERY | {
    "task.operation": "parity",
    "task.domain.kind": "bits",
    "task.domain.n": 7,
    "task.domain.k": 2,
    "task.source.kind": "samples",
    "task.source.rows": 60,
    "model.kind": "vector-mlp",
    "model.width": 10,
    "loss.kind": "hinge",
    "optimizer.kind": "gd",
    "optimizer.lr": 0.1,
    "optimizer.weight_decay": 0.01,
}
HU = CROSS | {"model.hidden": 5, "model.d_embedding": 4}
RATES: tuple[Mapping[str, Any], ...] = ({}, {"optimizer.lr": 0.002}, {"optimizer.weight_decay": 0.3})
"""Trial i has the i-th of these, modulo their number."""

CASES: dict[str, tuple[str, Mapping[str, Any], Sequence[Mapping[str, Any]]]] = {
    "quadratic-mlp": (
        "gromov2023/gd-momentum",
        SMALL
        | {"model.width": 12, "model.init_std": 0.4, "optimizer.lr": 0.5, "optimizer.weight_decay": 0.01},
        ({}, {"optimizer.lr": 0.2}, {"model.init_std": 0.3, "optimizer.momentum": 0.5}),
    ),
    "analytic-quadratic-mlp": (
        "gromov2023/adamw",
        SMALL
        | {
            "model.kind": "analytic-quadratic-mlp",
            "model.width": 12,
            "training.batch": 6,
            "optimizer.weight_decay": 0.1,
        },
        RATES,
    ),
    "one-layer-transformer": (
        "nanda2023/dropout-02",
        ONE_LAYER,
        ({}, {"model.dropout": 0.4}, {"optimizer.lr": 0.003}),
    ),
    "decoder-transformer": (
        "power2022/weight-noise",
        DECODER | {"model.layers": 1, "model.dropout": 0.1, "training.batch": 7},
        ({}, {"training.weight_noise": 0.05}, {"optimizer.lr": 0.003, "optimizer.warmup": 4}),
    ),
    "lstm": (
        "gromov2023/adamw",
        HU | {"model.kind": "lstm", "optimizer.l1": 1e-3, "optimizer.weight_decay": 0.1},
        RATES,
    ),
    "gru": (
        "gromov2023/adamw",
        HU
        | {
            "model.kind": "gru",
            "model.encoding": "embedding",
            "training.batch": 5,
            "optimizer.weight_decay": 0.1,
        },
        RATES,
    ),
    "relu-mlp": (
        "gromov2023/adamw",
        CROSS
        | {
            "model.kind": "relu-mlp",
            "model.width": 10,
            "optimizer.wrapper.kind": "grokfast-ema",
            "optimizer.groups": [{"parameters": "W*", "lr": 0.003}],
            "data.corruption.kind": "labels",
            "data.corruption.share": 0.3,
        },
        (
            {},
            {"optimizer.groups": [{"parameters": "W*", "lr": 0.001}]},
            {"optimizer.wrapper.lamb": 1.0, "data.corruption.share": 0.2},
        ),
    ),
    "vector-mlp": (
        "gromov2023/gd",
        PARITY | {"training.batch": 8},
        ({}, {"optimizer.lr": 0.05}, {"task.source.rows": 50}),
    ),
    "online": (
        "gromov2023/gd",
        PARITY | {"task.source.kind": "online", "training.batch": 8},
        ({}, {"optimizer.lr": 0.05}, {"training.batch": 5}),
    ),
    "noise and decay to initial": (
        "gromov2023/adamw",
        SMALL
        | {
            "model.width": 8,
            "optimizer.weight_decay": 0.1,
            "optimizer.decay_to": "initial",
            "optimizer.update_noise": 0.2,
            "training.weight_noise": 0.01,
        },
        ({}, {"optimizer.update_noise": 0.1, "optimizer.beta1": 0.8}, {"training.weight_noise": 0.02}),
    ),
    "muon": (
        "gromov2023/adamw",
        SMALL
        | {"model.width": 8, "optimizer.kind": "muon", "optimizer.lr": 0.02, "optimizer.weight_decay": 0.1},
        RATES,  # its 200 steps are cut to 100, because Newton-Schulz makes much of rounding once it has fitted
    ),
    "lion": (
        "gromov2023/adamw",
        SMALL
        | {"model.width": 8, "optimizer.kind": "lion", "optimizer.lr": 1e-3, "optimizer.weight_decay": 0.1},
        RATES,
    ),
    "adam": (
        "gromov2023/adamw",
        SMALL
        | {"model.width": 8, "optimizer.kind": "adam", "optimizer.lr": 0.01, "optimizer.weight_decay": 0.1},
        RATES,
    ),
}
"""A case for each network, under its name, and further ones: recipe, settings of all trials, and those of single ones."""


def eight(case: str) -> list[Trial]:
    baseline, common, single = CASES[case]
    found, steps = [], STEPS // 2 if case == "muon" else STEPS
    for i in range(8):
        spec, recipe = Library().resolve("addition", baseline, common | single[i % len(single)])
        # Unequal numbers of rows, and one that leaves early.
        found.append(
            Trial(spec, recipe, alpha=0.5 + 0.05 * (i % 4), seed=9000 + i, budget=60 if i == 1 else steps)
        )
    return found


def together(trials: Sequence[Trial], **more: Any) -> list[Record]:
    found: dict[int, Any] = {}
    train_together(trials, found.__setitem__, **more)
    for one in found.values():
        if isinstance(one, Exception):
            raise one
    return [found[i] for i in range(len(trials))]


@pytest.fixture(autouse=True)
def in_double_precision(monkeypatch):
    """Records keep weights as they were, not rounded to float32."""
    monkeypatch.setattr(engine, "float32", lambda weights: {n: w.numpy().copy() for n, w in weights.items()})


def agree(one: Record, other: Record) -> None:
    assert (one.ended, other.facts) == (other.ended, pytest.approx(one.facts, rel=1e-8))
    for name, curve in one.curves.items():
        np.testing.assert_allclose(other.curves[name], curve, rtol=1e-8, atol=1e-12, err_msg=name)
    assert one.weights.keys() == other.weights.keys()
    for name, weight in one.weights.items():
        scale = max(1e-12, np.abs(weight).max())
        np.testing.assert_allclose(other.weights[name], weight, rtol=0, atol=1e-8 * scale, err_msg=name)


@pytest.mark.parametrize("case", CASES)
def test_eight_trials_in_a_batch_are_those_eight(case):
    trials = eight(case)
    found = together(trials)
    for trial, record in zip(trials, found, strict=True):
        assert (record.environment["engine"], record.environment["together"]) == ("batched", 8)
        agree(train(trial, engine="plain"), record)


def test_every_network_has_a_case():
    assert set(parts.names("networks")) <= CASES.keys()
