"""The factored network is the authors' network, and its hand-written step is the plain module's loss and gradient.

Data: rep-theory-mech-interp @01b2063, ``OneLayerMLP``; A5, embeddings of 24, 32 neurons, 64 rows; float64 log-softmax; AdamW
lr 1e-3, weight decay 1, betas (0.9, 0.98), no warm-up.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from grokbench.networks.factored_mlp import ARCHITECTURE, WEIGHTS, FactoredMLP
from grokbench.networks.fast import factored_mlp as fast_module
from grokbench.networks.fast.factored_mlp import FastFactoredMLP
from grokbench.tasks.domain import make_domain
from grokbench.training.updates import make_update
from tests.networks import drawn

DATA = Path(__file__).parent.parent / "data" / "chughtai2023-mlp.npz"
LOSS = {"kind": "cross-entropy", "precision": "float64"}


def relative(found, wanted) -> float:
    found, wanted = (np.asarray(a, dtype=np.float64) for a in (found, wanted))
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.fixture
def reference():
    return dict(np.load(DATA))


@pytest.fixture
def network(reference):
    return FactoredMLP({name: torch.from_numpy(reference[f"weight/{name}"]).double() for name in WEIGHTS})


@pytest.fixture
def rows(reference):
    return np.column_stack([reference["pairs"], reference["labels"]]).astype(np.int64)


def test_the_references_labels_are_products_of_our_group(rows):
    products = make_domain({"kind": "alternating-group", "n": 5}).products
    np.testing.assert_array_equal(products[rows[:, 0], rows[:, 1]], rows[:, 2])


def test_logits_are_the_references(reference, network, rows):
    logits = network(torch.from_numpy(rows[:, :2].copy())).detach()
    assert relative(logits, reference["logits_step0"]) < 1e-6
    fast = FastFactoredMLP(network, torch.float64, torch.float64)
    assert relative(fast.outputs(fast.rows(rows)), reference["logits_step0"]) < 1e-6


@pytest.mark.parametrize("engine", ["plain", "fast"])
def test_losses_gradients_and_four_updates_are_the_references(reference, network, rows, engine):
    net = drawn.engine(engine, network, "factored-mlp", LOSS, rows, rows)
    recipe = {"kind": "adamw", "lr": 1e-3, "beta1": 0.9, "beta2": 0.98, "eps": 1e-8, "weight_decay": 1.0}
    update = make_update({**recipe, "warmup": 0}).rule
    update.init(net.parameters, net.names)
    losses = []
    for step in range(4):
        losses.append(net.train_pass(accuracy=False).loss)
        if step == 0:
            for name, gradient in zip(net.names, net.gradients, strict=True):
                assert relative(gradient, reference[f"grad_step0/{name}"]) < 1e-5, name
        update.update(net.parameters, net.gradients, step)
    np.testing.assert_allclose(losses, reference["losses"], rtol=1e-6)
    weights = net.weights()
    for name in WEIGHTS:
        assert relative(weights[name], reference[f"weight_after4/{name}"]) < 1e-5, name


def whole_table() -> np.ndarray:
    products = make_domain({"kind": "dihedral-group", "n": 11}).products
    x, y = np.divmod(np.arange(484), 22)
    return np.column_stack([x, y, products.ravel()])


@pytest.mark.parametrize("block", [90, 600])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_the_hand_written_step_agrees_with_autograd(monkeypatch, block, precision):
    monkeypatch.setattr(fast_module, "BLOCK", block)
    net, rows = drawn.build({"kind": "factored-mlp", "d_embedding": 9, "width": 17}, 22, 9000), whole_table()
    loss = {**LOSS, "precision": precision}
    plain, fast = (
        drawn.engine(e, net, "factored-mlp", loss, rows[:300], rows[300:]) for e in ("plain", "fast")
    )
    for _ in range(2):  # a second pass forgets the first
        wanted, found = plain.train_pass(accuracy=True), fast.train_pass(accuracy=True)
        assert found.loss == pytest.approx(wanted.loss, rel=1e-10)
        assert found.accuracy == wanted.accuracy
        for one, other in zip(fast.gradients, plain.gradients, strict=True):
            assert relative(one, other) < 1e-10
    wanted, found = plain.score("test"), fast.score("test")
    assert (found.loss, found.accuracy) == (pytest.approx(wanted.loss, rel=1e-10), wanted.accuracy)


def test_a_loss_far_below_a_float_keeps_its_digits():
    """The log-softmax is in float64 whatever type the weights have."""
    net, rows = drawn.build({"kind": "factored-mlp", "d_embedding": 9, "width": 17}, 22, 9000), whole_table()
    with torch.no_grad():
        net.W_U.zero_()
        net.W_x.abs_()
        net.W_y.abs_()
        net.W.abs_()
        net.W_U[:, 3] = 10.0
    plain, fast = (
        drawn.engine(e, net, "factored-mlp", LOSS, rows[rows[:, 2] == 3], rows, dtype=torch.float32)
        for e in ("plain", "fast")
    )
    wanted = plain.train_pass(accuracy=True)
    assert 0 < wanted.loss < 1e-9 or wanted.loss == 0
    assert fast.train_pass(accuracy=True).loss == pytest.approx(wanted.loss, rel=1e-3, abs=1e-15)


def test_weights_are_drawn_as_in_the_authors_code():
    net = drawn.build({"kind": "factored-mlp", "d_embedding": 256, "width": 128}, 60, 9000)
    spread = {name: float(w.detach().std()) for name, w in net.named_parameters()}
    expected = {"W_x": 1 / 16, "W_y": 1 / 16, "W": 512**-0.5, "W_U": 128**-0.5}
    assert spread == {name: pytest.approx(std, rel=0.02) for name, std in expected.items()}
    assert ARCHITECTURE.size({"d_embedding": 256, "width": 128}, 60).weights == sum(
        w.numel() for w in net.parameters()
    )
