"""The plain module: its conventions, its initialisation and its registry."""

from __future__ import annotations

import pytest
import torch

from grokbench.networks.quadratic_mlp import QuadraticMLP
from grokbench.networks.registry import build
from grokbench.specs.errors import InputError, UnknownNameError


def test_the_two_conventions_are_one_network_under_their_rescaling():
    w1, w2 = torch.randn(20, 14, dtype=torch.float64), torch.randn(7, 20, dtype=torch.float64)
    shrink = (14 * 20) ** (-1 / 3)
    mean_field, folded = QuadraticMLP(w1, w2, "mean-field"), QuadraticMLP(shrink * w1, shrink * w2, "folded")
    x = torch.randn(5, 14, dtype=torch.float64)
    torch.testing.assert_close(mean_field(x), folded(x), rtol=1e-12, atol=0)


def test_an_input_is_two_one_hot_vectors_side_by_side():
    network = QuadraticMLP(torch.zeros(2, 6), torch.zeros(3, 2), "folded")
    import numpy as np

    assert network.encode(np.array([[2, 0], [1, 1]])).tolist() == [[0, 0, 1, 1, 0, 0], [0, 1, 0, 0, 1, 0]]


@pytest.mark.parametrize(
    ("model", "std"),
    [
        ({"convention": "mean-field"}, 1.0),
        ({"convention": "folded"}, (16 * 400) ** (-1 / 3)),
        ({"convention": "folded", "init_std": 0.3}, 0.3),
    ],
)
def test_weights_are_drawn_with_the_conventions_spread(model, std):
    network = build({"kind": "quadratic-mlp", "width": 400, **model}, 97, 9000)
    for weight in (network.W1, network.W2):
        assert float(weight.std().detach()) == pytest.approx(std, rel=0.02)


def test_one_seed_is_one_initialisation_and_parameters_do_not_share_a_stream():
    model = {"kind": "quadratic-mlp", "width": 10, "convention": "mean-field"}
    a, b, other = build(model, 5, 9000), build(model, 5, 9000), build(model, 5, 9001)
    assert torch.equal(a.W1, b.W1)
    assert torch.equal(a.W2, b.W2)
    assert not torch.equal(a.W1, other.W1)
    assert not torch.equal(a.W1.flatten()[:50], a.W2.flatten()[:50])


@pytest.mark.parametrize("model", [{}, {"kind": "quadratic-mpl"}])
def test_a_missing_or_unknown_kind_names_the_nearest(model):
    with pytest.raises(UnknownNameError, match="quadratic-mlp"):
        build(model, 5, 9000)


def test_a_wrong_convention_or_width_is_refused():
    with pytest.raises(UnknownNameError, match="folded"):
        build({"kind": "quadratic-mlp", "width": 3, "convention": "foldde"}, 5, 9000)
    with pytest.raises(InputError, match="width"):
        build({"kind": "quadratic-mlp", "width": 0, "convention": "folded"}, 5, 9000)
