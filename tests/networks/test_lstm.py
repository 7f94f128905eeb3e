"""The plain LSTM: torch's equations, its tokens and encodings, its initialisation."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from grokbench.networks.lstm import WEIGHTS
from grokbench.networks.operands import ENCODINGS
from grokbench.specs.errors import InputError, UnknownNameError
from tests.networks.drawn import initial_lstm

P = 97


def all_pairs(p: int) -> torch.Tensor:
    return torch.cartesian_prod(torch.arange(p), torch.arange(p))


@pytest.mark.parametrize("equals", [False, True])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_values_and_gradients_are_those_of_torchs_lstm(encoding, equals):
    p, hidden, d = 13, 7, 9
    network = initial_lstm(
        {"hidden": hidden, "encoding": encoding, "d_embedding": d, "equals": equals}, p, 9000
    )
    n_tokens = p + equals
    embedding = nn.Embedding(n_tokens, d, dtype=torch.float64)
    width = {"scalars": 1, "one-hot": n_tokens, "embedding": d}[encoding]
    theirs = nn.LSTM(width, hidden, batch_first=True, dtype=torch.float64)
    out = nn.Linear(hidden, p, dtype=torch.float64)
    named = {
        "W_ih": theirs.weight_ih_l0,
        "W_hh": theirs.weight_hh_l0,
        "b_ih": theirs.bias_ih_l0,
        "b_hh": theirs.bias_hh_l0,
        "W_out": out.weight,
        "b_out": out.bias,
    }
    if encoding == "embedding":
        named["W_E"] = embedding.weight
    assert set(named) == {name for name, _ in network.named_parameters()}
    with torch.no_grad():
        for name, weight in named.items():
            weight.copy_(getattr(network, name))

    pairs = all_pairs(p)
    tokens = torch.cat([pairs, torch.full((len(pairs), 1), p)], 1) if equals else pairs
    inputs = {
        "scalars": lambda: tokens[..., None].double(),
        "one-hot": lambda: nn.functional.one_hot(tokens, n_tokens).double(),
        "embedding": lambda: embedding(tokens),
    }[encoding]()
    wanted = out(theirs(inputs)[0][:, -1])
    found = network(pairs)
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-12)
    target = pairs.sum(1) % p
    ours, others = (
        torch.autograd.grad(nn.functional.cross_entropy(logits, target), weights)
        for logits, weights in (
            (found, [getattr(network, name) for name in named]),
            (wanted, list(named.values())),
        )
    )
    for a, b in zip(ours, others, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


def test_the_papers_network_is_of_hidden_size_20():
    network = initial_lstm({}, P, 9000)
    assert {name: tuple(w.shape) for name, w in network.named_parameters()} == {
        "W_ih": (80, P),
        "W_hh": (80, 20),
        "b_ih": (80,),
        "b_hh": (80,),
        "W_out": (P, 20),
        "b_out": (P,),
    }
    assert network(torch.tensor([[3, 96]])).shape == (1, P)


@pytest.mark.parametrize(
    ("encoding", "equals", "width"),
    [("scalars", True, 1), ("one-hot", False, P), ("one-hot", True, P + 1), ("embedding", True, 128)],
)
def test_an_encoding_sets_what_is_read_of_a_token(encoding, equals, width):
    network = initial_lstm({"encoding": encoding, "equals": equals}, P, 9000)
    assert network.W_ih.shape == (80, width)
    tokens = network.tokens(torch.tensor([[3, 96]]))
    assert tokens.tolist() == [[3, 96, P] if equals else [3, 96]]
    assert network.encode(tokens).shape == (1, 2 + equals, width)


def test_scalars_are_the_numbers_themselves_and_one_hot_vectors_are_units():
    tokens = torch.tensor([[0, 96, 97]])
    scalars, units = (
        initial_lstm({"encoding": encoding, "equals": True}, P, 9000).encode(tokens)
        for encoding in ("scalars", "one-hot")
    )
    assert scalars.flatten().tolist() == [0, 96, 97]
    assert units.sum(-1).tolist() == [[1, 1, 1]]
    assert units.argmax(-1).tolist() == tokens.tolist()


def test_weights_are_drawn_as_torch_draws_them():
    network = initial_lstm({"hidden": 64, "encoding": "embedding"}, P, 9000)
    for name in WEIGHTS:
        weight = getattr(network, name).detach()
        assert float(weight.abs().max()) <= 1 / 8
        assert float(weight.std()) == pytest.approx(1 / 8 / 3**0.5, rel=0.12)
    assert float(network.W_E.detach().std()) == pytest.approx(1, rel=0.02)


def test_one_seed_is_one_initialisation_and_parameters_do_not_share_a_stream():
    a, b, other = (initial_lstm({}, 5, seed) for seed in (9000, 9000, 9001))
    assert torch.equal(a.W_hh, b.W_hh)
    assert not torch.equal(a.W_hh, other.W_hh)
    assert not torch.equal(a.b_ih, a.b_hh)


def test_a_table_that_is_not_learned_is_no_weight_and_follows_the_networks_type():
    network = initial_lstm({"encoding": "one-hot"}, 5, 9000).float()
    assert "table" not in network.state_dict()
    assert network(torch.tensor([[3, 0]])).dtype == torch.float32


def test_an_unknown_encoding_is_refused():
    with pytest.raises(UnknownNameError, match=r"model\.encoding"):
        initial_lstm({"encoding": "sideways"}, 5, 9000)


@pytest.mark.parametrize("fields", [{"hidden": 0}, {"encoding": "embedding", "d_embedding": 0}])
def test_impossible_sizes_are_refused(fields):
    with pytest.raises(InputError, match=r"model\.(hidden|d_embedding) is 0"):
        initial_lstm(fields, 5, 9000)
