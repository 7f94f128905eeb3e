"""The plain ReLU network: torch's linear layers, its two readings, its encodings, its initialisation."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from grokbench.networks.operands import ENCODINGS
from grokbench.networks.relu_mlp import ReluMLP
from grokbench.specs.errors import InputError, UnknownNameError
from tests.networks.drawn import initial_relu_mlp

P = 97


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("hidden_layers", [1, 2, 3])
def test_it_is_linear_layers_with_relus_between(encoding, hidden_layers):
    p = 13
    model = {"width": 17, "hidden_layers": hidden_layers, "encoding": encoding, "d_embedding": 9}
    network = initial_relu_mlp(model, p, 9000)
    pairs = torch.cartesian_prod(torch.arange(p), torch.arange(p))
    x = {
        "scalars": lambda: pairs.double(),
        "one-hot": lambda: nn.functional.one_hot(pairs, p).double().flatten(1),
        "embedding": lambda: torch.cat([network.W_E[pairs[:, 0]], network.W_E[pairs[:, 1]]], 1),
    }[encoding]()
    for layer in range(1, hidden_layers + 2):
        x = x @ getattr(network, f"W{layer}").T + getattr(network, f"b{layer}")
        if layer <= hidden_layers:
            x = x.clamp(min=0)
    torch.testing.assert_close(network(pairs), x, rtol=1e-10, atol=1e-12)


def test_without_biases_it_is_the_same_network_whose_biases_are_0():
    with_biases, without = (
        initial_relu_mlp({"width": 7, "biases": biases}, 5, 9000) for biases in (True, False)
    )
    assert [name for name, _ in without.named_parameters()] == ["W1", "W2", "W3"]
    with torch.no_grad():
        for name, w in with_biases.named_parameters():
            if name[0] == "b":
                w.zero_()
    pairs = torch.cartesian_prod(torch.arange(5), torch.arange(5))
    torch.testing.assert_close(without(pairs), with_biases(pairs))


@pytest.mark.parametrize(
    ("hidden_layers", "shapes"),
    [(1, [(512, 194), (P, 512)]), (2, [(512, 194), (512, 512), (P, 512)])],
)
def test_the_two_readings_of_two_layers(hidden_layers, shapes):
    network = initial_relu_mlp({"hidden_layers": hidden_layers}, P, 9000)
    weights = [tuple(w.shape) for name, w in network.named_parameters() if name[0] == "W"]
    biases = [tuple(w.shape) for name, w in network.named_parameters() if name[0] == "b"]
    assert weights == shapes
    assert biases == [(shape[0],) for shape in shapes]


def test_two_hidden_layers_of_512_are_the_default():
    network = initial_relu_mlp({}, 5, 9000)
    assert (network.width, network.layers, network.encoding) == (512, 3, "one-hot")


@pytest.mark.parametrize(("encoding", "width"), [("scalars", 2), ("one-hot", 2 * P), ("embedding", 256)])
def test_the_first_layer_reads_both_operands(encoding, width):
    network = initial_relu_mlp({"encoding": encoding, "width": 4}, P, 9000)
    assert network.W1.shape == (4, width)
    assert network(torch.tensor([[3, 96]])).shape == (1, P)


def test_weights_and_biases_are_drawn_by_fan_in():
    network = initial_relu_mlp({"width": 256, "encoding": "embedding"}, P, 9000)
    for layer, fan_in in ((1, 256), (2, 256), (3, 256)):
        for name in (f"W{layer}", f"b{layer}"):
            weight = getattr(network, name).detach()
            assert float(weight.abs().max()) <= fan_in**-0.5
            assert float(weight.std()) == pytest.approx(fan_in**-0.5 / 3**0.5, rel=0.1)
    assert float(network.W_E.detach().std()) == pytest.approx(1, rel=0.02)
    scalars = initial_relu_mlp({"width": 256, "encoding": "scalars"}, P, 9000)
    assert float(scalars.W1.detach().abs().max()) == pytest.approx(2**-0.5, rel=0.02)


def test_one_seed_is_one_initialisation_and_parameters_do_not_share_a_stream():
    a, b, other = (initial_relu_mlp({"width": 10, "hidden_layers": 3}, 5, s) for s in (9000, 9000, 9001))
    assert torch.equal(a.W2, b.W2)
    assert not torch.equal(a.W2, other.W2)
    assert not torch.equal(a.W2, a.W3)


def test_an_unknown_encoding_is_refused():
    with pytest.raises(UnknownNameError, match=r"model\.encoding"):
        initial_relu_mlp({"encoding": "sideways"}, 5, 9000)


@pytest.mark.parametrize("field", ["width", "hidden_layers"])
def test_impossible_sizes_are_refused(field):
    with pytest.raises(InputError, match=rf"model\.{field}"):
        initial_relu_mlp({field: 0}, 5, 9000)


def test_a_network_without_a_hidden_layer_is_refused():
    with pytest.raises(InputError, match="at least 2"):
        ReluMLP({"W1": torch.zeros(5, 10), "b1": torch.zeros(5)}, "one-hot")
