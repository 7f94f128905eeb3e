"""Given the weights of the authors' group's code, both engines give its outputs, losses, gradients and updates.

Data: d-doshi/Grokking @0b4335f, folded form, N = 64, p = 97, 64 pairs, AdamW lr 0.01, weight decay 5, betas (0.9, 0.98).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from grokbench.networks.fast.quadratic_mlp import FastQuadraticMLP
from grokbench.networks.quadratic_mlp import QuadraticMLP
from grokbench.training.optimizers.adam import Adam
from tests.networks import drawn

DATA = Path(__file__).parent.parent / "data" / "gromov2023-folded-mlp.npz"
NAMES = {"W1": "fc1.weight", "W2": "fc2.weight"}


def relative(found, wanted) -> float:
    found, wanted = (np.asarray(a, dtype=np.float64) for a in (found, wanted))
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.fixture
def reference():
    return dict(np.load(DATA))


@pytest.fixture
def network(reference):
    w1, w2 = (torch.from_numpy(reference[f"weight/{name}"]).double() for name in NAMES.values())
    return QuadraticMLP(w1, w2, "folded")


@pytest.fixture
def rows(reference):
    pairs = reference["pairs"].astype(np.int64)
    return np.column_stack([pairs, pairs.sum(axis=1) % 97])


def test_outputs_of_the_plain_module_are_the_references(reference, network, rows):
    assert relative(network(network.encode(rows[:, :2])).detach(), reference["outputs_step0"]) < 1e-6


def test_outputs_of_the_hand_written_forward_are_the_references(reference, network, rows):
    fast = FastQuadraticMLP(network, torch.float64)
    assert relative(fast.outputs(fast.rows(rows)), reference["outputs_step0"]) < 1e-6


@pytest.mark.parametrize("engine", ["plain", "fast"])
def test_losses_gradients_and_four_updates_are_the_references(reference, network, rows, engine):
    net = drawn.engine(engine, network, "quadratic-mlp", {"kind": "mse", "reduction": "mean"}, rows, rows)
    update = Adam(lr=0.01, beta1=0.9, beta2=0.98, eps=1e-8, weight_decay=5.0)
    update.init(net.parameters, net.names)
    losses = []
    for step in range(4):
        losses.append(net.train_pass(accuracy=False).loss)
        if step == 0:
            for gradient, ours, theirs in zip(net.gradients, NAMES, NAMES.values(), strict=True):
                gradient = (
                    gradient if engine == "plain" or ours == "W2" else gradient.T
                )  # the fast path holds W1ᵀ
                assert relative(gradient, reference[f"grad_step0/{theirs}"]) < 1e-5
        update.update(net.parameters, net.gradients, step)
    np.testing.assert_allclose(losses, reference["losses"], rtol=1e-6)
    for ours, theirs in NAMES.items():
        assert relative(net.weights()[ours], reference[f"weight_after4/{theirs}"]) < 1e-5
