"""The hand-written step is the plain module's loss and gradient, in float64 to 1e-10."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grokbench.networks.fast import products, quadratic_mlp
from grokbench.networks.fast.quadratic_mlp import FastQuadraticMLP
from grokbench.networks.quadratic_mlp import QuadraticMLP
from grokbench.networks.registry import build
from tests.networks.drawn import engine, initial_mlp


def table(p: int, share: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.divmod(np.arange(p * p), p)
    rows = np.column_stack([x, y, (x + y) % p])
    trained = np.random.default_rng(seed).random(p * p) < share
    return rows[trained], rows[~trained]


def relative(found: torch.Tensor, wanted: torch.Tensor) -> float:
    return float(torch.linalg.vector_norm(found - wanted) / torch.linalg.vector_norm(wanted))


@pytest.mark.parametrize("convention", ["mean-field", "folded"])
@pytest.mark.parametrize(
    "loss",
    [
        *({"kind": "mse", "reduction": reduction} for reduction in ("mean", "sum", "sum-classes")),
        {"kind": "cross-entropy", "precision": "float64"},
    ],
    ids=lambda loss: loss.get("reduction", loss["kind"]),
)
def test_loss_gradient_and_accuracy_agree_with_autograd(convention, loss):
    train, test = table(31, 0.7)  # 670 rows: two blocks, one of them short
    assert len(train) > quadratic_mlp.BLOCK
    model = {"kind": "quadratic-mlp", "width": 37, "convention": convention, "init_std": 0.0}
    plain, fast = (
        engine(e, build(model, 31, 9000), "quadratic-mlp", loss, train, test) for e in ("plain", "fast")
    )
    wanted, found = plain.train_pass(accuracy=True), fast.train_pass(accuracy=True)
    assert found.loss == pytest.approx(wanted.loss, rel=1e-10)
    assert found.accuracy == wanted.accuracy
    assert relative(fast.gradients[0].T, plain.gradients[0]) < 1e-10
    assert relative(fast.gradients[1], plain.gradients[1]) < 1e-10
    assert fast.score("test").loss == pytest.approx(plain.score("test").loss, rel=1e-10)
    assert fast.score("test").accuracy == plain.score("test").accuracy


def test_a_second_pass_forgets_the_first():
    train, test = table(13, 0.5)
    model = {"kind": "quadratic-mlp", "width": 9, "convention": "folded"}
    net = engine("fast", build(model, 13, 9000), "quadratic-mlp", {"kind": "mse"}, train, test, torch.float32)
    first = net.train_pass(accuracy=False).loss, [g.clone() for g in net.gradients]
    second = net.train_pass(accuracy=True).loss, list(net.gradients)
    assert first[0] == second[0]
    assert all(torch.equal(a, b) for a, b in zip(first[1], second[1], strict=True))


def test_of_equal_outputs_the_first_class_is_the_answer():
    w2 = torch.zeros(5, 3, dtype=torch.float64)  # every output is 0: class 0 is the answer everywhere
    network = QuadraticMLP(torch.ones(3, 10, dtype=torch.float64), w2, "folded")
    rows = np.array([[0, 0, 0], [0, 1, 1], [2, 3, 0]])
    fast = FastQuadraticMLP(network, torch.float64)
    assert fast.evaluate(fast.rows(rows)).correct == 2


def test_a_row_whose_outputs_are_not_numbers_is_not_right():
    network = QuadraticMLP(torch.full((3, 10), torch.nan), torch.ones(5, 3), "folded")
    fast = FastQuadraticMLP(network, torch.float32)
    assert fast.evaluate(fast.rows(np.array([[0, 0, 0], [1, 3, 4]]))).correct == 0


def test_weights_keep_the_plain_modules_names_and_shapes():
    network = build({"kind": "quadratic-mlp", "width": 6, "convention": "mean-field"}, 5, 9000)
    weights = FastQuadraticMLP(network, torch.float64).weights()
    assert {name: w.shape for name, w in weights.items()} == {
        n: p.shape for n, p in network.named_parameters()
    }
    assert all(torch.equal(weights[name], p) for name, p in network.named_parameters())


def test_either_librarys_products_give_the_same_gradient(monkeypatch):
    train, test = table(13, 0.5)
    network = initial_mlp({"width": 40}, 13, 9000)
    found = {}
    for library, chosen in (("blas", False), ("onednn", True)):
        monkeypatch.setattr(products, "onednn_is_chosen", lambda chosen=chosen: chosen)
        assert (
            engine("fast", network, "quadratic-mlp", {"kind": "mse"}, train, test, torch.float32).products
            == library
        )
        fast = FastQuadraticMLP(network, torch.float32)
        sums = fast.gradient(fast.rows(train), 1.0, count=True)
        found[library] = sums, [g.clone() for g in fast.gradients]
    (ours, gradients), (theirs, others) = found["blas"], found["onednn"]
    assert ours.correct == theirs.correct
    assert theirs.loss_sum == pytest.approx(ours.loss_sum, rel=1e-5)
    for a, b in zip(gradients, others, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5 * float(a.abs().max()))


def test_what_the_buffers_held_before_does_not_matter():
    train, _ = table(13, 0.5)
    model = {"kind": "quadratic-mlp", "width": 9, "convention": "folded"}
    fast = FastQuadraticMLP(build(model, 13, 9000), torch.float32)
    rows = fast.rows(train)
    first = fast.gradient(rows, 1.0, count=True), [g.clone() for g in fast.gradients]
    for block in rows.blocks:
        for buffer in (block.h, block.z, block.f):
            buffer.fill_(torch.nan)
    assert fast.gradient(rows, 1.0, count=True) == first[0]
    assert all(torch.equal(a, b) for a, b in zip(first[1], fast.gradients, strict=True))
