"""The hand-written step is the plain module's loss and gradient, in float64 to 1e-10."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grokbench.networks.fast import products, relu_mlp
from grokbench.networks.fast.relu_mlp import FastReluMLP
from grokbench.networks.operands import ENCODINGS
from grokbench.networks.relu_mlp import ReluMLP
from tests.networks.drawn import engine, initial_relu_mlp

P = 31
CASES = [(encoding, hidden_layers) for encoding in ENCODINGS for hidden_layers in (1, 2, 3)]


def table(share: float = 0.8) -> np.ndarray:
    x, y = np.divmod(np.arange(P * P), P)
    return np.column_stack([x, y, (x + y) % P])[np.random.default_rng(0).random(P * P) < share]


def network(encoding: str = "one-hot", hidden_layers: int = 2, biases: bool = True) -> ReluMLP:
    model = {"width": 37, "hidden_layers": hidden_layers, "encoding": encoding, "d_embedding": 9}
    model["biases"] = biases
    net = initial_relu_mlp(model, P, 9000)
    with torch.no_grad():
        for weight in net.parameters():
            weight.mul_(1 if encoding == "scalars" else 2)
    return net


def plain_loss(net, rows):
    logits = net(torch.from_numpy(rows[:, :2].copy()))
    return torch.nn.functional.cross_entropy(logits, torch.from_numpy(rows[:, 2].copy())), logits.detach()


def relative(found: torch.Tensor, wanted: torch.Tensor) -> float:
    return float(torch.linalg.vector_norm(found - wanted) / torch.linalg.vector_norm(wanted))


def assert_same_gradients(fast, net, loss, tolerance=1e-10):
    named = dict(net.named_parameters())
    assert fast.names == tuple(named)
    for name, found, wanted in zip(
        fast.names, fast.gradients, torch.autograd.grad(loss, list(named.values())), strict=True
    ):
        assert found.shape == wanted.shape
        assert relative(found, wanted) < tolerance, name


@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize(("encoding", "hidden_layers"), CASES)
def test_loss_gradient_and_accuracy_agree_with_autograd(encoding, hidden_layers, biases):
    net, rows = network(encoding, hidden_layers, biases), table()
    assert len(rows) > relu_mlp.BLOCK  # two blocks, of unequal size
    fast = FastReluMLP(net, torch.float64)
    loss, logits = plain_loss(net, rows)
    sums = fast.gradient(fast.rows(rows), count=True)
    assert sums.loss_sum / len(rows) == pytest.approx(float(loss.detach()), rel=1e-10)
    assert sums.correct == int((logits.argmax(1).numpy() == rows[:, 2]).sum())
    assert_same_gradients(fast, net, loss)


@pytest.mark.parametrize("hidden_layers", [1, 2])
def test_the_squared_error_agrees_with_autograd(hidden_layers):
    net, rows = network(hidden_layers=hidden_layers), table()
    train, test = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    loss = {"kind": "mse", "reduction": "sum-classes"}
    plain, fast = (engine(e, net, "relu-mlp", loss, train, test) for e in ("plain", "fast"))
    wanted, found = plain.train_pass(accuracy=True), fast.train_pass(accuracy=True)
    assert found.loss == pytest.approx(wanted.loss, rel=1e-10)
    assert found.accuracy == wanted.accuracy
    for one, other in zip(fast.gradients, plain.gradients, strict=True):
        assert relative(one, other) < 1e-10
    assert fast.score("test").loss == pytest.approx(plain.score("test").loss, rel=1e-10)


@pytest.mark.parametrize(("encoding", "hidden_layers"), CASES)
def test_an_evaluation_gives_the_plain_logits(encoding, hidden_layers):
    net, rows = network(encoding, hidden_layers), table()
    fast = FastReluMLP(net, torch.float64)
    loss, logits = plain_loss(net, rows)
    prepared = fast.rows(rows)
    assert relative(fast.outputs(prepared), logits) < 1e-12
    sums = fast.evaluate(prepared)
    assert sums.loss_sum / len(rows) == pytest.approx(float(loss.detach()), rel=1e-10)
    assert sums.correct == int((logits.argmax(1).numpy() == rows[:, 2]).sum())
    assert not any(g.any() for g in fast.gradients)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_single_precision_agrees_to_its_own_rounding(encoding):
    net, rows = network(encoding).float(), table()
    fast = FastReluMLP(net, torch.float32)
    loss, _ = plain_loss(net, rows)
    assert fast.gradient(fast.rows(rows)).loss_sum / len(rows) == pytest.approx(
        float(loss.detach()), rel=1e-5
    )
    assert_same_gradients(fast, net, loss, 1e-4)


def test_a_batch_is_its_rows_in_any_order_and_as_often_as_they_come():
    net, rows = network("embedding"), table()
    fast = FastReluMLP(net, torch.float64)
    which = np.random.default_rng(2).integers(0, len(rows), 50)
    fast.gradient(fast.batch(fast.rows(rows), which))
    assert_same_gradients(fast, net, plain_loss(net, rows[which])[0])


@pytest.mark.parametrize("hidden_layers", [1, 2, 3])
def test_a_second_pass_forgets_the_first_and_counting_changes_nothing(hidden_layers):
    fast = FastReluMLP(network("embedding", hidden_layers), torch.float32)
    rows = fast.rows(table())
    first = fast.gradient(rows, count=False).loss_sum, [g.clone() for g in fast.gradients]
    for buffer in (*fast._room._rooms.values(), fast._table, fast._d_table):
        buffer.fill_(torch.nan)
    assert fast.gradient(rows, count=True).loss_sum == first[0]
    assert all(torch.equal(a, b) for a, b in zip(first[1], fast.gradients, strict=True))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_change_of_the_parameters_is_a_change_of_the_network(encoding):
    net, rows = network(encoding), table()
    fast = FastReluMLP(net, torch.float64)
    prepared = fast.rows(rows)
    fast.gradient(prepared)
    with torch.no_grad():
        for ours, theirs in zip(fast.parameters, net.parameters(), strict=True):
            ours.mul_(0.9)
            theirs.mul_(0.9)
    fast.gradient(prepared)
    assert_same_gradients(fast, net, plain_loss(net, rows)[0])


def test_of_equal_outputs_the_first_class_is_the_answer_and_nan_is_none():
    net = network()
    with torch.no_grad():
        net.W3.zero_()
        net.b3.zero_()  # every output is 0: class 0 is the answer everywhere
    fast = FastReluMLP(net, torch.float64)
    rows = fast.rows(np.array([[0, 0, 0], [0, 1, 1], [2, 29, 0]]))
    assert fast.evaluate(rows).correct == 2
    fast.parameters[-1].fill_(torch.nan)
    assert fast.evaluate(rows).correct == 0


def test_a_unit_that_stays_at_zero_passes_no_gradient():
    net, rows = network(hidden_layers=1), table()
    with torch.no_grad():
        net.W1.zero_()
        net.b1.zero_()
    fast = FastReluMLP(net, torch.float64)
    fast.gradient(fast.rows(rows))
    found = dict(zip(fast.names, fast.gradients, strict=True))
    assert not found["W1"].any()
    assert not found["b1"].any()
    assert found["b2"].any()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_weights_are_copies_with_the_plain_modules_names_and_shapes(encoding):
    net = network(encoding)
    fast = FastReluMLP(net, torch.float64)
    weights = fast.weights()
    assert set(weights) == set(net.state_dict())
    assert all(torch.equal(weights[name], w) for name, w in net.state_dict().items())
    fast.parameters[0].zero_()
    assert weights[fast.names[0]].any()
    assert next(net.parameters()).any()


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN")
def test_both_libraries_multiply_alike(monkeypatch):
    net, rows = network(), table()
    found = {}
    for library in ("blas", "onednn"):
        monkeypatch.setattr(products, "backend", lambda dtype, library=library: library)
        fast = FastReluMLP(net, torch.float32)
        found[library] = fast.gradient(fast.rows(rows)).loss_sum, fast.gradients
    assert found["blas"][0] == pytest.approx(found["onednn"][0], rel=1e-5)
    for a, b in zip(found["blas"][1], found["onednn"][1], strict=True):
        assert relative(a, b) < 1e-4
