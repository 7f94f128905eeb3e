"""The plain module: what each position sees, its initialisations, its dropout."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grokbench.networks.base import dropout_mask
from grokbench.networks.one_layer_transformer import WEIGHTS
from grokbench.networks.registry import build
from grokbench.specs.errors import InputError, UnknownNameError

P = 113


def model(**fields):
    return {"kind": "one-layer-transformer", "d_model": 16, "heads": 2, "d_head": 8, "d_mlp": 24, **fields}


def paper(**fields):
    return model(d_model=128, heads=4, d_head=32, d_mlp=512, **fields)


def test_the_papers_network_has_its_number_of_weights():
    assert sum(p.numel() for p in build(paper(), P, 9000).parameters()) == 226_816


def test_a_position_does_not_see_those_after_it():
    network = build(model(), 5, 9000)
    with torch.no_grad():
        a, b = network.every_position(torch.tensor([[1, 2, 5], [1, 3, 4]]))
    torch.testing.assert_close(a[0], b[0], rtol=1e-12, atol=0)
    assert not torch.allclose(a[1], b[1])


def test_tokens_are_the_pair_and_the_equals_sign():
    assert build(model(), 5, 9000).tokens(np.array([[3, 0], [1, 1]])).tolist() == [[3, 0, 5], [1, 1, 5]]


@pytest.mark.parametrize(("outputs", "n"), [("vocabulary", 6), ("elements", 5)])
def test_outputs_are_the_vocabulary_or_the_elements(outputs, n):
    network = build(model(outputs=outputs), 5, 9000)
    assert network(network.tokens(np.array([[3, 0]]))).shape == (1, n)


@pytest.mark.parametrize(
    ("init", "std", "std_unembed"), [("code", 128**-0.5, 114**-0.5), ("demo", 0.0707, 0.0707)]
)
def test_weights_are_drawn_with_the_forms_spread(init, std, std_unembed):
    network = build(paper(init=init), P, 9000)
    for name in WEIGHTS:
        weight = getattr(network, name).detach()
        if name.startswith("b_"):
            assert not weight.any()
        else:
            wanted = std_unembed if name == "W_U" else std
            assert float(weight.std()) == pytest.approx(wanted, rel=0.1 if name == "W_pos" else 0.02)


def test_torchs_layers_have_unit_embeddings_and_uniform_matrices():
    network = build(paper(init="torch"), P, 9000)
    assert float(network.W_E.detach().std()) == pytest.approx(1, rel=0.02)
    assert float(network.W_pos.detach().std()) == pytest.approx(1, rel=0.1)
    inputs = {"W_Q": 128, "W_K": 128, "W_V": 128, "W_O": 128, "W_in": 128, "W_out": 512, "W_U": 128}
    for name, n in inputs.items():
        weight = getattr(network, name).detach()
        assert 0.99 / n**0.5 < float(weight.abs().max()) <= 1 / n**0.5
        assert float(weight.std()) == pytest.approx((3 * n) ** -0.5, rel=0.02)


def test_the_codes_initial_sum_of_squares_is_the_papers():
    squares = sum(float((p.detach() ** 2).sum()) for p in build(paper(), P, 9000).parameters())
    assert squares == pytest.approx(1781, rel=0.01)  # Fig 7 begins at 1783


def test_one_seed_is_one_initialisation_and_parameters_do_not_share_a_stream():
    a, b, other = (build(model(), 5, seed) for seed in (9000, 9000, 9001))
    assert torch.equal(a.W_Q, b.W_Q)
    assert not torch.equal(a.W_Q, other.W_Q)
    assert not torch.equal(a.W_Q, a.W_K)


def test_frozen_biases_are_not_parameters_but_are_weights():
    network = build(model(mlp_biases="frozen"), 5, 9000)
    assert {name for name, _ in network.named_parameters()} == set(WEIGHTS) - {"b_in", "b_out"}
    assert set(network.state_dict()) == set(WEIGHTS)


def test_a_mask_of_ones_changes_nothing_and_one_of_zeros_silences_the_mlp():
    network = build(model(), 5, 9000)
    tokens = network.tokens(np.array([[3, 0], [1, 1]]))
    with torch.no_grad():
        whole = network.every_position(tokens)
        assert torch.equal(network.every_position(tokens, torch.ones(2, 24, dtype=torch.float64)), whole)
        silent = network.every_position(tokens, torch.zeros(2, 24, dtype=torch.float64))
        network.W_out.zero_()
        torch.testing.assert_close(silent, network.every_position(tokens), rtol=1e-12, atol=1e-12)


def test_a_dropout_mask_drops_at_its_rate_and_keeps_the_mean():
    mask = dropout_mask(1001, 513, 0.2, torch.Generator().manual_seed(9000), torch.float64)
    assert mask.shape == (1001, 513)
    assert float((mask == 0).double().mean()) == pytest.approx(0.2, abs=0.003)
    assert float(mask.max()) == pytest.approx(1.25, rel=1e-4)
    assert mask.unique().numel() == 2
    again = dropout_mask(1001, 513, 0.2, torch.Generator().manual_seed(9000), torch.float64)
    assert torch.equal(mask, again)


@pytest.mark.parametrize("field", ["outputs", "init", "mlp_biases"])
def test_an_unknown_variant_is_refused(field):
    with pytest.raises(UnknownNameError, match=field):
        build(model(**{field: "sideways"}), 5, 9000)


@pytest.mark.parametrize(("field", "value"), [("dropout", 1.0), ("dropout", -0.1), ("heads", 0)])
def test_impossible_numbers_are_refused(field, value):
    with pytest.raises(InputError, match=field):
        build(model(**{field: value}), 5, 9000)
