"""The decoder's readable module: its size, its initialisation, what it sees, and its noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grokbench.networks.decoder_transformer import BLOCK_WEIGHTS, DecoderTransformer, sinusoids
from grokbench.specs.errors import GrokbenchError, InputError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.vocabulary import encode
from grokbench.training.losses import cross_entropy
from tests.networks.drawn import initial_decoder

P = 97
SMALL = {"d_model": 16, "heads": 2}
DIVISION = TaskSpec("division", "", "x / y", {"kind": "integers-mod", "p": P})


def sequences(n_rows: int = 12) -> torch.Tensor:
    rows = np.random.default_rng(9000).integers(0, P, (n_rows, 3))
    return torch.from_numpy(encode(rows, {"kind": "integers-mod", "p": P}, "x / y"))


def test_the_papers_network_has_394_240_parameters_beside_embedding_and_output():
    sizes = {name: w.numel() for name, w in initial_decoder({}, P, 9000).named_parameters()}
    assert sizes["W_E"] == sizes["W_U"] == 239 * 128
    assert sum(sizes.values()) - sizes["W_E"] - sizes["W_U"] == 394_240


def test_weights_are_drawn_as_torch_draws_its_own_modules():
    weights = initial_decoder({}, P, 9000).state_dict()
    assert weights["W_E"].std() == pytest.approx(1, rel=0.02)
    for name, fan_in in (
        ("W_U", 128),
        ("blocks.0.W_Q", 128),
        ("blocks.1.W_in", 128),
        ("blocks.1.W_out", 512),
    ):
        bound = fan_in**-0.5
        assert weights[name].abs().max() <= bound
        assert weights[name].std() == pytest.approx(bound / 3**0.5, rel=0.02), name
    for which in "12":
        assert (weights[f"blocks.0.gain{which}"] == 1).all()
        assert (weights[f"blocks.0.bias{which}"] == 0).all()


def test_weights_depend_on_the_seed_and_their_name_alone():
    one, same, other = (
        initial_decoder({"layers": n}, P, s).state_dict() for n, s in ((2, 1), (1, 1), (2, 2))
    )
    assert torch.equal(one["blocks.0.W_K"], same["blocks.0.W_K"])
    assert not torch.equal(one["blocks.0.W_K"], one["blocks.1.W_K"])
    assert not torch.equal(one["W_E"], other["W_E"])


def test_weights_round_trip_through_their_names():
    network = initial_decoder({**SMALL, "layers": 3}, P, 9000)
    again = DecoderTransformer(network.state_dict())
    assert again.layers == 3
    assert set(network.state_dict()) == {
        "W_E",
        "W_U",
        *(f"blocks.{i}.{name}" for i in range(3) for name in BLOCK_WEIGHTS),
    }
    tokens = sequences()[:, :-1]
    assert torch.equal(network(tokens), again(tokens))


def test_a_position_does_not_see_those_after_it():
    network, tokens = initial_decoder(SMALL, P, 9000), sequences()[:, :-1]
    before = network.every_position(tokens)
    changed = tokens.clone()
    changed[:, 3] = 30
    after = network.every_position(changed)
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.equal(before[:, 3:], after[:, 3:])


def test_positions_are_sines_and_cosines():
    table = sinusoids(128).double().numpy()
    assert table.shape == (6, 128)
    np.testing.assert_allclose(table[:, 0], np.sin(np.arange(6)), atol=1e-7)
    np.testing.assert_allclose(table[:, 1], np.cos(np.arange(6)), atol=1e-7)
    np.testing.assert_allclose(table[:, 65], np.cos(np.arange(6) / 100), atol=1e-7)


@pytest.mark.parametrize(("scored", "positions"), [("answer", [5]), ("answer-and-eos", [5, 6])])
def test_the_scored_tokens_are_the_answer_and_the_closing_one(scored, positions):
    network, task = initial_decoder({**SMALL, "scored": scored}, P, 9000), DIVISION
    rows = np.random.default_rng(9000).integers(0, P, (12, 3))
    tokens = torch.from_numpy(encode(rows, task.domain, task.operation))
    assert torch.equal(network.inputs(rows, task), tokens[:, :-1])
    assert torch.equal(network.targets(rows, task), tokens[:, positions])
    at = [position - 1 for position in positions]
    assert torch.equal(network(tokens[:, :-1]), network.every_position(tokens[:, :-1])[:, at])


def test_the_loss_is_the_mean_over_the_scored_tokens():
    logits, targets = torch.randn(12, 2, 239, dtype=torch.float64), torch.randint(239, (12, 2))
    log_p = logits.log_softmax(-1)
    by_hand = [-log_p[torch.arange(12), at, targets[:, at]] for at in (0, 1)]
    table = {"precision": "float64"}
    torch.testing.assert_close(cross_entropy(logits, targets, table), ((by_hand[0] + by_hand[1]) / 2).sum())
    torch.testing.assert_close(cross_entropy(logits[:, :1], targets[:, :1], table), by_hand[0].sum())


def test_dropout_keeps_the_mean_and_drops_each_component_on_its_own():
    network = initial_decoder({**SMALL, "dropout": 0.25}, P, 9000)
    mask = network.draw_noise(100, torch.Generator().manual_seed(0), torch.float64)
    assert mask.shape == (2, 100, 6, 16)
    assert set(mask.unique().tolist()) == {0, 4 / 3}
    assert mask.mean() == pytest.approx(1, abs=0.02)
    assert not torch.equal(network(sequences()[:, :-1]), network(sequences()[:, :-1], mask[:, :12]))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"scored": "answers"}, "did you mean 'answer'"),
        ({"dropout": 1.0}, "model.dropout is 1.0"),
        ({"heads": 3}, "heads divides model.d_model"),
        ({"layers": 0}, "model.layers is 0"),
    ],
)
def test_a_bad_recipe_is_refused_in_words(model, message):
    with pytest.raises(GrokbenchError, match=message) as error:
        initial_decoder(model, P, 9000)
    assert isinstance(error.value, InputError) or "scored" in model
