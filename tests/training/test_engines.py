"""Fast and plain engines make the same runs, whatever the recipe asks for; the weights agree to float64's last digits."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.training.engine import train
from grokbench.training.setup import noised

DECODER = {"model.d_model": 16, "training.dtype": "float64", "loss.precision": "float64", "task.domain.p": 11}
ONE_LAYER = {"model.d_model": 16, "model.d_head": 4, "model.d_mlp": 32, "training.dtype": "float64"}
QUADRATIC = {"model.width": 24, "training.dtype": "float64", "task.domain.p": 13}

HU = {
    "task.domain.p": 13,
    "training.dtype": "float64",
    "loss.kind": "cross-entropy",
    "loss.precision": "float64",
}
LSTM = HU | {"model.kind": "lstm", "model.hidden": 8, "model.d_embedding": 6}
MLP = HU | {"model.kind": "relu-mlp", "model.width": 24, "model.d_embedding": 6}

# No L2 decay: in Adam it makes weights without a gradient, the biases of keys, swing from rounding up to the learning rate.
PRE_NORM = DECODER | {"model.heads": 2, "training.batch": 20, "evaluation.spacing": 1}
MUON = {"optimizer.kind": "muon", "optimizer.lr": 0.02, "optimizer.weight_decay": 0.1}
JANATI = MUON | {
    "model.outputs": "elements",
    "model.init": "torch",
    "model.mlp_biases": "frozen",
    "optimizer.joined": [
        {"parameters": ["W_Q", "W_K", "W_V"], "axis": "rows"},
        {"parameters": ["W_O"], "axis": "columns"},
    ],
    "optimizer.adamw_groups": [
        {"parameters": "W_U", "lr": 1e-3, "weight_decay": 1.0},
        {"parameters": "W_E", "lr": 1e-2, "weight_decay": 1.0},
        {"parameters": "W_pos", "lr": 1e-2, "weight_decay": 1.0},
    ],
}
RAW = MUON | {"optimizer.direction": "raw", "optimizer.damped": False, "optimizer.nesterov": False}
NANDA = {"model.kind": "one-layer-transformer", "loss.kind": "cross-entropy", "task.domain.p": 13}


def trial(task: str, baseline: str, **settings: Any) -> Trial:
    spec, recipe = Library().resolve(task, baseline, settings)
    return Trial(spec, recipe, alpha=0.5, seed=9000, budget=25)


CASES = {
    "code": ("addition", "power2022/transformer", DECODER),
    "answer": ("division", "power2022/answer", DECODER),
    "partial batch": ("division", "power2022/answer", DECODER | {"training.batch": 20}),
    "full batch": ("division", "power2022/full-batch-adam", DECODER),
    "dropout": ("addition", "power2022/dropout-01", DECODER),
    "weight noise": ("addition", "power2022/weight-noise", DECODER | {"training.weight_noise": 0.1}),
    "noise and dropout": ("addition", "power2022/weight-noise", DECODER | {"model.dropout": 0.2}),
    "update noise": ("subtraction", "power2022/update-noise", DECODER),
    "decay to initial": ("subtraction", "power2022/decay-to-initial", DECODER),
    "openai-grok split": ("division", "power2022/openai-grok-split", DECODER),
    "one layer": (
        "addition",
        "nanda2023/transformer",
        ONE_LAYER | {"task.domain.p": 13, "training.batch": 16},
    ),
    "one layer, dropout": (
        "addition",
        "nanda2023/dropout-02",
        ONE_LAYER | {"task.domain.p": 13, "training.batch": 16},
    ),
    "one layer, noise": (
        "addition",
        "nanda2023/dropout-02",
        ONE_LAYER | {"task.domain.p": 13, "training.weight_noise": 0.1},
    ),
    "LSTM, one-hot": ("addition", "gromov2023/adamw", LSTM),
    "LSTM, scalars": ("subtraction", "gromov2023/adamw", LSTM | {"model.encoding": "scalars"}),
    "LSTM, embedding": (
        "addition",
        "gromov2023/adamw",
        LSTM | {"model.encoding": "embedding", "model.equals": True},
    ),
    "LSTM, minibatches": ("division", "gromov2023/adamw", LSTM | {"training.batch": 16}),
    "ReLU, one-hot": ("addition", "gromov2023/adamw", MLP),
    "ReLU, scalars": ("addition", "gromov2023/adamw", MLP | {"model.encoding": "scalars"}),
    "ReLU, embedding": (
        "division",
        "gromov2023/adamw",
        MLP | {"model.encoding": "embedding", "training.batch": 16},
    ),
    "ReLU, noise": ("addition", "gromov2023/adamw", MLP | {"training.weight_noise": 0.05}),
    "quadratic, Muon": ("addition", "gromov2023/adamw", QUADRATIC | MUON),
    "one layer, Muon": ("addition", "gromov2023/adamw", ONE_LAYER | MUON | NANDA),
    "one layer, Muon of fused heads": ("addition", "gromov2023/adamw", ONE_LAYER | NANDA | JANATI),
    "one layer, momentum of Muon": ("addition", "gromov2023/adamw", ONE_LAYER | NANDA | RAW),
    "decoder, groups": (
        "division",
        "power2022/answer",
        DECODER
        | {
            "optimizer.groups": [{"parameters": "blocks.0.*", "lr": 0.003}, {"parameters": "W_?", "lr": 1e-4}]
        },
    ),
    "pre-norm decoder": ("addition", "lee2024/none", PRE_NORM | {"optimizer.wrapper.kind": "grokfast-ema"}),
    "pre-norm decoder, one layer, all rows": (
        "division",
        "lee2024/none",
        PRE_NORM | {"model.layers": 1, "training.batch": "full", "loss.precision": "float32"},
    ),
    "LSTM, slow gradients": (
        "addition",
        "gromov2023/adamw",
        LSTM | {"optimizer.wrapper.kind": "grokfast-ema", "optimizer.l1": 1e-3},
    ),
    "ReLU, Lion": ("addition", "gromov2023/adamw", MLP | {"optimizer.kind": "lion", "optimizer.lr": 1e-4}),
    "quadratic, minibatches": ("addition", "gromov2023/adamw", QUADRATIC | {"training.batch": 16}),
}


@pytest.mark.parametrize("case", CASES)
def test_both_engines_make_the_same_run(case):
    task, baseline, settings = CASES[case]
    fast, plain = (train(trial(task, baseline, **settings), engine=name) for name in ("fast", "plain"))
    assert (fast.environment["engine"], plain.environment["engine"]) == ("fast", "plain")
    for name, curve in fast.curves.items():
        np.testing.assert_allclose(curve, plain.curves[name], rtol=1e-9, err_msg=name)
    assert fast.weights.keys() == plain.weights.keys()
    for name, weight in fast.weights.items():
        # float64 runs, stored in float32
        np.testing.assert_allclose(weight, plain.weights[name], rtol=1e-6, atol=1e-9, err_msg=name)


def test_noise_on_the_quadratic_networks_weights_belongs_to_the_seed():
    # Its engines lay W1 out differently, so that they agree in distribution only.
    noisy, bare = (
        trial("addition", "gromov2023/adamw", **QUADRATIC | {"training.weight_noise": sigma})
        for sigma in (0.01, 0.0)
    )
    assert train(noisy).content == train(noisy).content != train(bare).content


def test_minibatches_change_the_run_and_their_order_belongs_to_the_seed():
    task, baseline, settings = CASES["partial batch"]
    one = trial(task, baseline, **settings)
    first, again = train(one), train(one)
    assert first.content == again.content
    whole = train(trial(task, baseline, **settings | {"training.batch": "full"}))
    assert whole.content != first.content


def test_evaluations_of_a_minibatch_run_are_over_all_training_rows():
    task, baseline, settings = CASES["partial batch"]
    record = train(trial(task, baseline, **settings))
    whole = train(trial(task, baseline, **settings | {"training.batch": "full"}))
    # Before the first update both have the same network, and so the same loss over the same rows.
    assert record.curves["train_loss"][0] == pytest.approx(whole.curves["train_loss"][0], rel=1e-12)
    n = record.facts["n_train"]
    shares = record.curves["train_accuracy"] * n
    np.testing.assert_allclose(shares, np.round(shares), atol=1e-9)


def test_evaluations_keep_their_distance():
    task, baseline, settings = CASES["answer"]
    record = train(dataclasses.replace(trial(task, baseline, **settings), budget=90))
    assert record.curves["step"].tolist() == [0, 20, 40, 60, 80, 90]


def test_a_domain_beyond_the_vocabulary_is_refused_in_a_sentence():
    with pytest.raises(InputError, match="the vocabulary of 239 tokens"):
        train(trial("addition", "power2022/answer", **{"task.domain.p": 113}))


def test_noise_on_weights_has_its_sigma_and_leaves_no_trace():
    weights = [torch.randn(300, 400, generator=torch.Generator().manual_seed(0)), torch.ones(7)]
    before = [w.clone() for w in weights]
    with noised(weights, 0.01, torch.Generator().manual_seed(1)):
        added = torch.cat([(w - b).flatten() for w, b in zip(weights, before, strict=True)])
    assert float(added.std()) == pytest.approx(0.01, rel=0.01)
    assert all(torch.equal(w, b) for w, b in zip(weights, before, strict=True))
