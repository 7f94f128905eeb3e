"""The analyses "anatomy" and "each-frequency": networks built by hand, and agreement with the analyses beside them."""

from __future__ import annotations

import numpy as np
import pytest

from grokbench.analysis import spectra
from grokbench.analysis.progress import excluded_loss, pair_losses, table_loss
from grokbench.training.analyses.anatomy import CHANGES, NUMBERS
from grokbench.training.analyses.making import analyse
from grokbench.training.analyses.table_network import TableNetwork
from tests.training.test_analysis import P, plain_logits, random_weights, trial, trig_weights


def test_the_anatomy_of_a_network_built_by_hand():
    weights = trig_weights((3, 7))
    found = analyse("anatomy", trial(), {0: weights, 12: weights}, 12)
    beside = analyse("circuit", trial(), {12: weights}, 12)
    assert found["key"].tolist() == [3, 7]
    assert found["gap"] > 1e6
    assert np.sum(found["logit_map_singular"] > 1e-9) == 4  # two directions a frequency
    assert found["initial_rank"] == pytest.approx(1.5 / 6)  # the first and the second of eleven
    assert found["attention_to_equals"] == pytest.approx([1 / 3])
    same = ("readout_fve", "logit_fve", "loss_without_frequency", *(f"loss_{change}" for change in CHANGES))
    for name in same:
        if name in beside:
            np.testing.assert_allclose(found[name], beside[name], rtol=1e-9, err_msg=name)


def test_an_embedding_of_one_frequency_stands_on_a_ring_in_its_principal_plane():
    ring, other = trig_weights((4,)), trig_weights((4,))
    other["W_E"] = np.random.default_rng(9000).standard_normal(other["W_E"].shape)
    found = analyse("anatomy", trial(), {0: other, 5: ring}, 5)
    assert found["ring_final"] == pytest.approx(1)
    assert found["ring_initial"] < 0.7
    assert analyse("anatomy", trial(), {0: ring, 5: ring}, 5)["ring_initial"] == pytest.approx(1)


def test_losses_after_changes_are_those_of_the_equations():
    weights = random_weights(1)
    found = analyse("anatomy", trial(), {0: random_weights(2), 3: weights}, 3)
    network = TableNetwork.of(weights, P)
    heads, start = network.attention_output().numpy(), weights["W_E"][P] + weights["W_pos"][2]
    stream = start + 0 * heads + heads.mean(axis=(0, 1))
    hidden = np.maximum(stream @ weights["W_in"].T + weights["b_in"], 0)
    logits = (stream + hidden @ weights["W_out"].T + weights["b_out"]) @ weights["W_U"][:P].T
    assert found["loss_attention_mean"] == pytest.approx(table_loss(logits))
    assert found["attention_to_equals"] == pytest.approx(network.attention()[..., 2].mean(dim=(0, 1)).numpy())
    beside = analyse("circuit", trial(), {3: weights}, 3)
    for name in ("heads_zero", "polynomial", "skip_attention_zero", "skip_mlp_mean", "sum_only"):
        assert found[f"loss_{name}"] == pytest.approx(beside[f"loss_{name}"]), name


@pytest.mark.parametrize("name", ["anatomy", "each-frequency"])
def test_weights_that_are_not_finite_leave_no_numbers_and_the_same_names(name):
    first, last = random_weights(1), random_weights(2)
    found = analyse(name, trial(), {0: first, 5: last}, 5)
    without = analyse(name, trial(), {0: first, 5: {**last, "b_in": last["b_in"] * np.nan}}, 5)
    assert list(found) == list(without)
    assert all(array.ndim >= 1 for array in found.values())
    assert without["key"].shape == (0,)
    if name == "anatomy":
        assert all(np.isnan(without[own]).all() for own in (*NUMBERS, "loss_all", "attention_to_equals"))
    else:
        assert np.isnan(without["train_accuracy"]).tolist() == [False, True]


def test_a_logit_map_without_a_wave_has_no_key_frequency():
    weights = random_weights(1)
    weights["W_U"] = 0 * weights["W_U"]
    found = analyse("anatomy", trial(), {0: weights, 5: weights}, 5)
    assert found["key"].shape == (0,)
    assert np.isnan(found["loss_all"]).all()
    assert analyse("each-frequency", trial(), {5: weights}, 5)["excluded"].shape == (1, 0)


def test_each_frequency_has_a_row_a_snapshot_with_the_losses_of_its_rows():
    weights = {0: random_weights(1), 20: random_weights(2)}
    found = analyse("each-frequency", trial(), weights, 20)
    rows = analyse("progress", trial(), weights, 20)
    assert found["step"].tolist() == [0, 20]
    logits = plain_logits(weights[20])
    map_ = TableNetwork.of(weights[20], P).logit_map.numpy()
    assert found["key"].tolist() == spectra.before_the_gap(spectra.spectrum(map_))[0].tolist()
    losses = pair_losses(logits)
    assert found["table_quantiles"][1, [0, -1]] == pytest.approx([losses.min(), losses.max()])
    assert found["train_quantiles"][1].mean() == pytest.approx(float(rows["train_loss"][1]), rel=0.2)
    train = losses <= found["train_quantiles"][1, -1]
    assert 0 <= found["train_accuracy"][1] <= 1
    assert found["excluded"][1, 0] == pytest.approx(
        excluded_loss(logits, [found["key"][0]], train), rel=0.5
    )  # nearly the same rows
