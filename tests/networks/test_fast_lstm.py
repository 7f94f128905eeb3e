"""The hand-written step is the plain module's loss and gradient, in float64 to 1e-10."""

from __future__ import annotations

import timeit

import numpy as np
import pytest
import torch

from grokbench.networks.fast import lstm, products
from grokbench.networks.fast.lstm import FastLSTM
from grokbench.networks.lstm import LSTM
from grokbench.networks.operands import ENCODINGS
from tests.networks.drawn import initial_lstm

P = 31
CASES = [(encoding, equals) for encoding in ENCODINGS for equals in (False, True)]


def table(share: float = 0.8) -> np.ndarray:
    x, y = np.divmod(np.arange(P * P), P)
    return np.column_stack([x, y, (x + y) % P])[np.random.default_rng(0).random(P * P) < share]


def network(encoding: str = "one-hot", equals: bool = False) -> LSTM:
    """Weights several times their initial size, so that gates open and close; scalars, up to 30, see to that themselves."""
    net = initial_lstm({"hidden": 7, "encoding": encoding, "d_embedding": 9, "equals": equals}, P, 9000)
    with torch.no_grad():
        for weight in net.parameters():
            weight.mul_(0.5 if encoding == "scalars" else 3)
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


@pytest.mark.parametrize(("encoding", "equals"), CASES)
@pytest.mark.parametrize("block", [lstm.BLOCK, 300])
def test_loss_gradient_and_accuracy_agree_with_autograd(encoding, equals, block, monkeypatch):
    monkeypatch.setattr(lstm, "BLOCK", block)
    net, rows = network(encoding, equals), table()
    fast = FastLSTM(net, torch.float64)
    loss, logits = plain_loss(net, rows)
    prepared = fast.rows(rows)
    assert len(prepared.blocks) == (1 if block > len(rows) else 3)
    sums = fast.gradient(prepared, count=True)
    assert sums.loss_sum / len(rows) == pytest.approx(float(loss.detach()), rel=1e-10)
    assert sums.correct == int((logits.argmax(1).numpy() == rows[:, 2]).sum())
    assert_same_gradients(fast, net, loss)


@pytest.mark.parametrize(("encoding", "equals"), CASES)
def test_an_evaluation_gives_the_plain_logits(encoding, equals):
    net, rows = network(encoding, equals), table()
    fast = FastLSTM(net, torch.float64)
    loss, logits = plain_loss(net, rows)
    prepared = fast.rows(rows)
    assert relative(fast.outputs(prepared), logits) < 1e-12
    sums = fast.evaluate(prepared)
    assert sums.loss_sum / len(rows) == pytest.approx(float(loss.detach()), rel=1e-10)
    assert sums.correct == int((logits.argmax(1).numpy() == rows[:, 2]).sum())
    assert not any(g.any() for g in fast.gradients)


@pytest.mark.parametrize(("encoding", "equals"), CASES)
def test_single_precision_agrees_to_its_own_rounding(encoding, equals):
    net, rows = network(encoding, equals).float(), table()
    fast = FastLSTM(net, torch.float32)
    loss, _ = plain_loss(net, rows)
    assert fast.gradient(fast.rows(rows)).loss_sum / len(rows) == pytest.approx(
        float(loss.detach()), rel=1e-5
    )
    assert_same_gradients(fast, net, loss, 1e-4)


@pytest.mark.parametrize("equals", [False, True])
def test_a_batch_is_its_rows_in_any_order_and_as_often_as_they_come(equals):
    net, rows = network("embedding", equals), table()
    fast = FastLSTM(net, torch.float64)
    which = np.random.default_rng(2).integers(0, len(rows), 50)
    fast.gradient(fast.batch(fast.rows(rows), which))
    assert_same_gradients(fast, net, plain_loss(net, rows[which])[0])


@pytest.mark.parametrize(("encoding", "equals"), CASES)
def test_a_second_pass_forgets_the_first_and_counting_changes_nothing(encoding, equals):
    fast = FastLSTM(network(encoding, equals), torch.float32)
    rows = fast.rows(table())
    first = fast.gradient(rows, count=False).loss_sum, [g.clone() for g in fast.gradients]
    for buffer in (*fast._room._rooms.values(), fast._d_tables, fast._d_read):
        buffer.fill_(torch.nan)
    assert fast.gradient(rows, count=True).loss_sum == first[0]
    assert all(torch.equal(a, b) for a, b in zip(first[1], fast.gradients, strict=True))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_change_of_the_parameters_is_a_change_of_the_network(encoding):
    net, rows = network(encoding, True), table()
    fast = FastLSTM(net, torch.float64)
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
        net.W_out.zero_()
        net.b_out.zero_()  # every output is 0: class 0 is the answer everywhere
    fast = FastLSTM(net, torch.float64)
    rows = fast.rows(np.array([[0, 0, 0], [0, 1, 1], [2, 29, 0]]))
    assert fast.evaluate(rows).correct == 2
    fast.parameters[0].fill_(torch.nan)
    assert fast.evaluate(rows).correct == 0


def test_logits_far_apart_do_not_overflow():
    net, rows = network().float(), table()
    with torch.no_grad():
        net.W_out.mul_(1000)
    fast = FastLSTM(net, torch.float32)
    loss, _ = plain_loss(net, rows)
    assert fast.gradient(fast.rows(rows)).loss_sum / len(rows) == pytest.approx(
        float(loss.detach()), rel=1e-5
    )
    assert all(torch.isfinite(g).all() for g in fast.gradients)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_weights_are_copies_with_the_plain_modules_names_and_shapes(encoding):
    net = network(encoding, True)
    fast = FastLSTM(net, torch.float64)
    weights = fast.weights()
    assert set(weights) == set(net.state_dict())
    assert all(torch.equal(weights[name], w) for name, w in net.state_dict().items())
    fast.parameters[0].zero_()
    assert weights[fast.names[0]].any()
    assert next(net.parameters()).any()


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN")
def test_both_libraries_multiply_alike(monkeypatch):
    net, rows = network(equals=True), table()
    found = {}
    for library in ("blas", "onednn"):
        monkeypatch.setattr(products, "backend", lambda dtype, library=library: library)
        fast = FastLSTM(net, torch.float32)
        found[library] = fast.gradient(fast.rows(rows)).loss_sum, fast.gradients
    assert found["blas"][0] == pytest.approx(found["onednn"][0], rel=1e-5)
    for a, b in zip(found["blas"][1], found["onednn"][1], strict=True):
        assert relative(a, b) < 1e-4


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_numpys_tanh_is_torchs(dtype):
    x = torch.cat(
        [torch.linspace(-12, 12, 4001), torch.tensor([0.0, 1e-20, -1e-5, torch.inf, -torch.inf, torch.nan])]
    )
    x = x.to(dtype)
    wanted, out = torch.tanh(x), torch.empty_like(x)
    products.tanh(x, out=out)
    torch.testing.assert_close(out, wanted, rtol=4 * torch.finfo(dtype).eps, atol=0, equal_nan=True)
    products.tanh(x, out=x)
    assert torch.equal(x[:-1], out[:-1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_exp_is_torchs_down_to_the_least_normal_number_and_nothing_below(dtype):
    x = torch.cat([-torch.linspace(0, 800, 4001), torch.tensor([-torch.inf, torch.nan])]).to(dtype)
    wanted, low = torch.exp(x), {torch.float32: -86, torch.float64: -707}[dtype]
    below = x <= low
    assert products.exp_(x) is x
    torch.testing.assert_close(
        x[~below], wanted[~below], rtol=2 * torch.finfo(dtype).eps, atol=0, equal_nan=True
    )
    assert below.any()
    assert not x[below].any()
    assert wanted[below].max() < 5 * torch.finfo(dtype).tiny


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_exp_takes_no_longer_where_it_is_nothing(dtype):
    """MKL and numpy take ten times as long for each such number: half of the time of a network that is sure of itself."""

    def took(x):
        y = torch.empty_like(x)
        return min(timeit.repeat(lambda: products.exp_(y.copy_(x)), number=3, repeat=15))

    some = torch.rand(97, 2822, dtype=dtype)
    assert took(some * -1e4) < 3 * took(some * -50)
