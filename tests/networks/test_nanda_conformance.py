"""Given the weights of the authors' code, both engines give its logits, losses, gradients and updates.

Data: progress-measures-paper @23d2c64 with d_model 32, 4 heads × 8, MLP 64, p = 113, biases away from 0, 64 rows; float64
log-softmax at the last position; AdamW lr 1e-3, weight decay 1, betas (0.9, 0.98), warmed up over 10 updates from 0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from grokbench.networks.fast.one_layer_transformer import FastOneLayerTransformer
from grokbench.networks.one_layer_transformer import WEIGHTS, OneLayerTransformer
from grokbench.training.updates import make_update
from tests.networks import drawn

DATA = Path(__file__).parent.parent / "data" / "nanda2023-transformer.npz"
THEIRS = {"W_E": "embed.W_E", "W_pos": "pos_embed.W_pos", "W_U": "unembed.W_U"}
THEIRS |= {name: f"blocks.0.attn.{name}" for name in ("W_Q", "W_K", "W_V", "W_O")}
THEIRS |= {name: f"blocks.0.mlp.{name}" for name in ("W_in", "b_in", "W_out", "b_out")}


def ours(name: str, theirs: np.ndarray) -> np.ndarray:
    """The reference's orientation -> ours: it holds W_E and W_U transposed, and the heads of W_O side by side."""
    if name in ("W_E", "W_U"):
        return theirs.T.copy()
    if name == "W_O":
        return theirs.reshape(32, 4, 8).swapaxes(0, 1).copy()
    return theirs


def relative(found, wanted) -> float:
    found, wanted = (np.asarray(a, dtype=np.float64) for a in (found, wanted))
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.fixture
def reference():
    return dict(np.load(DATA))


@pytest.fixture
def network(reference):
    return OneLayerTransformer(
        {name: torch.from_numpy(ours(name, reference[f"weight/{THEIRS[name]}"])).double() for name in WEIGHTS}
    )


@pytest.fixture
def rows(reference):
    return np.column_stack([reference["tokens"][:, :2], reference["labels"]]).astype(np.int64)


def test_logits_of_the_plain_module_are_the_references_at_all_positions(reference, network, rows):
    tokens = network.tokens(rows[:, :2])
    np.testing.assert_array_equal(tokens.numpy(), reference["tokens"])
    assert relative(network.every_position(tokens).detach(), reference["logits_step0"]) < 1e-6


def test_logits_of_the_hand_written_forward_are_the_references(reference, network, rows):
    fast = FastOneLayerTransformer(network, torch.float64)
    assert relative(fast.outputs(fast.rows(rows)), reference["logits_step0"][:, -1]) < 1e-6


@pytest.mark.parametrize("engine", ["plain", "fast"])
def test_losses_gradients_and_four_updates_are_the_references(reference, network, rows, engine):
    loss = {"kind": "cross-entropy", "precision": "float64"}
    net = drawn.engine(engine, network, "one-layer-transformer", loss, rows, rows)
    recipe = {"kind": "adamw", "lr": 1e-3, "beta1": 0.9, "beta2": 0.98, "eps": 1e-8, "weight_decay": 1.0}
    update = make_update({**recipe, "warmup": 10}).rule
    update.init(net.parameters, net.names)
    losses = []
    for step in range(4):
        losses.append(net.train_pass(accuracy=False).loss)
        if step == 0:
            for name, gradient in zip(WEIGHTS, net.gradients, strict=True):
                assert relative(gradient, ours(name, reference[f"grad_step0/{THEIRS[name]}"])) < 1e-5, name
        update.update(net.parameters, net.gradients, step)
    np.testing.assert_allclose(losses, reference["losses"], rtol=1e-6)
    weights = net.weights()
    for name in WEIGHTS:
        assert relative(weights[name], ours(name, reference[f"weight_after4/{THEIRS[name]}"])) < 1e-5, name
