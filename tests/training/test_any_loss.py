"""Any network trains under any loss: by its hand-written step where it has one, else by autograd."""

from __future__ import annotations

import numpy as np
import pytest

import grokbench
from grokbench.specs.errors import InputError

SMALL = {"task.domain.p": 11, "training.dtype": "float64"}
RELU = {"model.kind": "relu-mlp", "model.width": 32}
QUADRATIC = {"model.kind": "quadratic-mlp", "model.width": 32}
TRANSFORMER = {
    "model.kind": "one-layer-transformer",
    "model.d_model": 16,
    "model.d_head": 4,
    "model.d_mlp": 32,
}
DECODER = {"model.kind": "decoder-transformer", "model.d_model": 16}
LSTM = {"model.kind": "lstm", "model.hidden": 16}
PAIRS = {
    "relu-mlp × hinge": (RELU, {"loss.kind": "hinge"}),
    "relu-mlp × float16": (RELU, {"loss.kind": "cross-entropy", "loss.precision": "float16"}),
    "quadratic-mlp × float16": (QUADRATIC, {"loss.kind": "cross-entropy", "loss.precision": "float16"}),
    "quadratic-mlp × hinge": (QUADRATIC, {"loss.kind": "hinge"}),
    "one-layer-transformer × mse": (TRANSFORMER, {"loss.kind": "mse", "loss.reduction": "sum-classes"}),
    "one-layer-transformer × bfloat16": (
        TRANSFORMER,
        {"loss.kind": "cross-entropy", "loss.precision": "bfloat16"},
    ),
    "one-layer-transformer × hinge": (TRANSFORMER | {"model.dropout": 0.1}, {"loss.kind": "hinge"}),
    "decoder-transformer × mse": (DECODER, {"loss.kind": "mse", "training.batch": 16}),
    "lstm × hinge": (LSTM, {"loss.kind": "hinge"}),
    "lstm × mse": (LSTM, {"loss.kind": "mse"}),
}


def trained(model, loss, **own):
    settings = {**SMALL, **model, **loss, "optimizer.kind": "adamw", "optimizer.lr": 0.01}
    return grokbench.run("addition", "gromov2023/adamw", seed=9000, steps=40, settings=settings, **own)


@pytest.mark.parametrize("pair", PAIRS)
def test_a_loss_without_a_hand_written_step_trains_on_the_plain_engine(pair):
    record = trained(*PAIRS[pair])
    assert record.environment["engine"] == "plain"
    train_loss = record.curves["train_loss"]
    assert np.isfinite(train_loss).all()
    assert train_loss[-1] < train_loss[0]
    assert record.content == trained(*PAIRS[pair]).content


def test_a_loss_with_a_hand_written_step_trains_on_the_fast_engine():
    assert trained(QUADRATIC, {"loss.kind": "mse"}).environment["engine"] == "fast"
    assert trained(QUADRATIC, {"loss.kind": "cross-entropy"}).environment["engine"] == "fast"
    assert trained(RELU, {"loss.kind": "cross-entropy"}).environment["engine"] == "fast"
    assert trained(RELU, {"loss.kind": "mse"}).environment["engine"] == "fast"


def test_weights_that_the_plain_engine_trained_can_be_loaded(tmp_path):
    path = tmp_path / "weights.safetensors"
    trained(*PAIRS["relu-mlp × hinge"], save=path)
    assert sum(p.numel() for p in grokbench.load_network(path).parameters()) > 0


def test_a_fast_engine_that_there_is_not_is_refused_in_a_sentence():
    from grokbench.api import resolve_trial
    from grokbench.training.engine import train

    trial = resolve_trial(
        "addition", "gromov2023/adamw", seed=9000, steps=1, settings=SMALL | {"loss.kind": "hinge"}
    )
    with pytest.raises(InputError, match="quadratic-mlp has no hand-written step for hinge"):
        train(trial, engine="fast")
