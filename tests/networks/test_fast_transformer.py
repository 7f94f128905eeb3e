"""The hand-written step is the plain module's loss and gradient, in float64 to 1e-10."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grokbench.networks.base import dropout_mask
from grokbench.networks.fast import head_sums, products, tiles
from grokbench.networks.fast.one_layer_transformer import FastOneLayerTransformer
from grokbench.networks.one_layer_transformer import BIASES, WEIGHTS, OneLayerTransformer
from grokbench.networks.registry import build
from grokbench.specs.errors import UnknownNameError

P = 31


def rows(share: float = 0.8) -> np.ndarray:
    x, y = np.divmod(np.arange(P * P), P)
    return np.column_stack([x, y, (x + y) % P])[np.random.default_rng(0).random(P * P) < share]


def network(**fields) -> OneLayerTransformer:
    """Weights several times their initial size, for sharp attention, and biases away from 0."""
    sizes = {"d_model": 20, "heads": 3, "d_head": 5, "d_mlp": 37}
    net = build({"kind": "one-layer-transformer", **sizes, **fields}, P, 9000)
    with torch.no_grad():
        for name in WEIGHTS:
            getattr(net, name).mul_(2)
        for name in BIASES:
            bias = getattr(net, name)
            bias += torch.from_numpy(np.random.default_rng(1).normal(size=bias.shape))
    return net


def plain_loss(net, table, mask=None, precision=torch.float64):
    logits = net(net.tokens(table[:, :2]), mask).to(precision)
    return torch.nn.functional.cross_entropy(logits, torch.from_numpy(table[:, 2].copy())), logits.detach()


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


@pytest.mark.parametrize("outputs", ["vocabulary", "elements"])
@pytest.mark.parametrize("mlp_biases", ["trained", "frozen"])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("share", [0.8, 0.15])
def test_loss_gradient_and_accuracy_agree_with_autograd(outputs, mlp_biases, dropout, share):
    net, table = network(outputs=outputs, mlp_biases=mlp_biases, dropout=dropout), rows(share)
    assert (
        len(table) > tiles.BLOCK or 64 < len(table) < head_sums.FEW
    )  # two blocks, of unequal size, or few rows
    generator, again = (torch.Generator().manual_seed(9000) for _ in range(2))
    fast = FastOneLayerTransformer(net, torch.float64, generator=generator)
    mask = dropout_mask(len(table), net.d_mlp, dropout, again, torch.float64) if dropout else None
    loss, logits = plain_loss(net, table, mask)
    sums = fast.gradient(fast.rows(table), count=True)
    assert sums.loss_sum / len(table) == pytest.approx(float(loss.detach()), rel=1e-10)
    assert sums.correct == int((logits.argmax(1).numpy() == table[:, 2]).sum())
    assert_same_gradients(fast, net, loss)


def test_an_evaluation_drops_nothing_and_gives_the_plain_logits():
    net, table = network(dropout=0.5), rows()
    fast = FastOneLayerTransformer(net, torch.float64, generator=torch.Generator().manual_seed(9000))
    loss, logits = plain_loss(net, table)
    sums = fast.evaluate(fast.rows(table))
    assert sums.loss_sum / len(table) == pytest.approx(float(loss.detach()), rel=1e-10)
    assert sums.correct == int((logits.argmax(1).numpy() == table[:, 2]).sum())
    assert relative(fast.outputs(fast.rows(table)), logits) < 1e-12


def test_rows_may_come_in_any_order():
    net, table = network(), rows()[np.random.default_rng(2).permutation(700)]
    fast = FastOneLayerTransformer(net, torch.float64)
    fast.gradient(fast.rows(table))
    loss, logits = plain_loss(net, table)
    assert_same_gradients(fast, net, loss)
    assert relative(fast.outputs(fast.rows(table)), logits) < 1e-12


@pytest.mark.parametrize(
    "table",
    [rows()[:1], rows()[[5] * 500], rows()[rows()[:, 0] == 3], rows()[rows()[:, 1] == 30]],
    ids=["one row", "one row again and again", "one x", "one y"],
)
@pytest.mark.parametrize("heads", [1, 3])
def test_few_elements_are_enough(table, heads):
    net = network(heads=heads)
    fast = FastOneLayerTransformer(net, torch.float64)
    fast.gradient(fast.rows(table))
    loss, logits = plain_loss(net, table)
    assert_same_gradients(fast, net, loss)
    assert relative(fast.outputs(fast.rows(table)), logits) < 1e-12


@pytest.mark.parametrize(("precision", "dtype"), [("float64", torch.float64), ("float32", torch.float32)])
def test_the_log_softmax_has_the_precision_that_is_asked_for(precision, dtype):
    net, table = network().float(), rows()
    fast = FastOneLayerTransformer(net, torch.float32, precision)
    loss, _ = plain_loss(net, table, precision=dtype)
    assert fast.gradient(fast.rows(table)).loss_sum / len(table) == pytest.approx(
        float(loss.detach()), rel=1e-5
    )
    assert_same_gradients(fast, net, loss, 1e-4)


@pytest.mark.parametrize(("precision", "wanted"), [("float64", 31 * np.exp(-23)), ("float32", 0.0)])
def test_a_loss_below_single_precision_survives_only_in_double(precision, wanted):
    net, table = network().float(), rows()[:50]
    with torch.no_grad():
        for name in WEIGHTS:
            getattr(net, name).zero_()
        net.W_E[P, 0] = 1.0
        net.W_U[4, 0] = 23.0  # class 4 everywhere, by 23: −log p = 31 e⁻²³
    table[:, 2] = 4
    fast = FastOneLayerTransformer(net, torch.float32, precision)
    loss = fast.evaluate(fast.rows(table)).loss_sum / 50
    assert loss == pytest.approx(wanted, rel=1e-4)


def test_an_unknown_precision_is_refused():
    with pytest.raises(UnknownNameError, match="float64"):
        FastOneLayerTransformer(network(), torch.float64, "float46")


def test_scores_far_apart_do_not_overflow():
    net, table = network(), rows()
    with torch.no_grad():
        net.W_Q.mul_(1000)
    fast = FastOneLayerTransformer(net, torch.float64)
    fast.gradient(fast.rows(table))
    loss, logits = plain_loss(net, table)
    assert relative(fast.outputs(fast.rows(table)), logits) < 1e-10
    assert_same_gradients(fast, net, loss)


@pytest.mark.parametrize("share", [0.8, 0.15])
def test_a_second_pass_forgets_the_first_and_counting_changes_nothing(share):
    fast = FastOneLayerTransformer(network(), torch.float32)
    table = fast.rows(rows(share))
    first = fast.gradient(table, count=False).loss_sum, [g.clone() for g in fast.gradients]
    for buffer in (
        fast._sums,
        fast._activations,
        fast._many._table,
        fast._many._d_table,
        fast._few._d_table,
        fast._few._d_n,
        fast._few._z_buffer,
        fast._N,
        fast._C,
        fast._wide,
    ):
        buffer.fill_(torch.nan)
    for block in table.blocks:
        for matrix in (block.gather, *(part.scatter for part in block.parts)):
            matrix.values().fill_(torch.nan)
    assert fast.gradient(table, count=True).loss_sum == first[0]
    assert all(torch.equal(a, b) for a, b in zip(first[1], fast.gradients, strict=True))


def test_of_equal_outputs_the_first_class_is_the_answer_and_nan_is_none():
    net = network()
    with torch.no_grad():
        net.W_U.zero_()  # every output is 0: class 0 is the answer everywhere
    fast = FastOneLayerTransformer(net, torch.float64)
    table = fast.rows(np.array([[0, 0, 0], [0, 1, 1], [2, 29, 0]]))
    assert fast.evaluate(table).correct == 2
    fast.parameters[0].fill_(torch.nan)
    assert fast.evaluate(table).correct == 0


def test_a_change_of_the_parameters_is_a_change_of_the_network():
    net, table = network(), rows()
    fast = FastOneLayerTransformer(net, torch.float64)
    prepared = fast.rows(table)
    fast.gradient(prepared)
    with torch.no_grad():
        for ours, theirs in zip(fast.parameters, net.parameters(), strict=True):
            ours.mul_(0.9)
            theirs.mul_(0.9)
    fast.gradient(prepared)
    assert_same_gradients(fast, net, plain_loss(net, table)[0])


@pytest.mark.parametrize("mlp_biases", ["trained", "frozen"])
def test_weights_keep_the_plain_modules_names_and_shapes(mlp_biases):
    net = network(mlp_biases=mlp_biases)
    weights = FastOneLayerTransformer(net, torch.float64).weights()
    assert set(weights) == set(WEIGHTS)
    assert all(torch.equal(weights[name], w) for name, w in net.state_dict().items())


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN")
def test_both_libraries_multiply_alike(monkeypatch):
    net, table = network(), rows()
    found = {}
    for library in ("blas", "onednn"):
        monkeypatch.setattr(products, "backend", lambda dtype, library=library: library)
        fast = FastOneLayerTransformer(net, torch.float32)
        found[library] = fast.gradient(fast.rows(table)).loss_sum, fast.gradients
    assert found["blas"][0] == pytest.approx(found["onednn"][0], rel=1e-5)
    for a, b in zip(found["blas"][1], found["onednn"][1], strict=True):
        assert relative(a, b) < 1e-4
