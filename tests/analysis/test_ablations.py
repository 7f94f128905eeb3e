"""Ablations of networks in which it is known what carries the answer."""

from __future__ import annotations

import math

import numpy as np
import pytest

from grokbench.analysis.ablations import (
    frequency_ablation_losses,
    keep_frequencies,
    keep_sum,
    mlp_loss,
    polynomial_activations,
    remove_frequency,
    split_directions,
    sum_activations,
)
from grokbench.analysis.circuit import Clusters, key_directions, neuron_clusters
from grokbench.analysis.progress import table_loss
from grokbench.analysis.spectra import components_2d
from grokbench.specs.errors import InputError
from tests.analysis.trig_network import polynomial_neurons, sum_network

P, KEYS = 23, (3, 7)
CHANCE = math.log(P)


def noise(channels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((P, P, channels))


def test_the_loss_of_activations_is_that_of_their_logits():
    mlp, skip = noise(6), noise(P, 1)
    w_l = np.random.default_rng(2).standard_normal((P, 6))
    logits, mask = mlp @ w_l.T + skip, noise(1)[..., 0] > 0
    assert mlp_loss(mlp, w_l, skip) == pytest.approx(table_loss(logits))
    assert mlp_loss(mlp, w_l, skip, mask) == pytest.approx(table_loss(logits, mask))
    assert mlp_loss(mlp, w_l, np.arange(P)) == pytest.approx(table_loss(mlp @ w_l.T + np.arange(P)))
    with pytest.raises(InputError, match="do not fit"):
        mlp_loss(mlp, w_l[:, 1:])


def test_keeping_key_frequencies_keeps_the_constant_and_eight_components_each():
    grid = noise(2) + 1.0
    found = components_2d(keep_frequencies(grid, KEYS))
    wanted = np.zeros_like(found)
    for k in KEYS:
        at = np.ix_([0, 2 * k - 1, 2 * k], [0, 2 * k - 1, 2 * k])
        wanted[at] = components_2d(grid)[at]
    np.testing.assert_allclose(found, wanted, atol=1e-10)
    assert np.count_nonzero(np.abs(found[..., 0]) > 1e-10) == 1 + 8 * len(KEYS)


def test_what_is_kept_and_what_is_removed_add_up_and_twice_is_once():
    grid = noise(2) + 1.0
    mean = grid.mean(axis=(0, 1))
    np.testing.assert_allclose(
        keep_frequencies(grid, [3]) + remove_frequency(grid, 3), grid + mean, atol=1e-12
    )
    for keep in (keep_frequencies, keep_sum):
        once = keep(grid, KEYS)
        np.testing.assert_allclose(keep(once, KEYS), once, atol=1e-12)
    np.testing.assert_allclose(
        remove_frequency(remove_frequency(grid, 3), 3), remove_frequency(grid, 3), atol=1e-12
    )
    np.testing.assert_allclose(keep_frequencies(grid, []), np.broadcast_to(mean, grid.shape))


def test_projections_of_neurons_are_projections_of_what_is_read_from_them():
    mlp, w_l = noise(6), np.random.default_rng(2).standard_normal((P, 6))
    for keep in (
        lambda g: keep_frequencies(g, KEYS),
        lambda g: keep_sum(g, KEYS),
        lambda g: remove_frequency(g, 3),
    ):
        np.testing.assert_allclose(keep(mlp) @ w_l.T, keep(mlp @ w_l.T), atol=1e-10)


def test_polynomials_in_the_place_of_polynomials_change_nothing():
    mlp = np.concatenate([polynomial_neurons(P, KEYS), noise(2)], axis=2)
    clusters = neuron_clusters(mlp)
    assert clusters.members().sum() == 8
    found = polynomial_activations(mlp, clusters)
    np.testing.assert_allclose(found, mlp, atol=1e-12)
    np.testing.assert_array_equal(found[:, :, 8:], mlp[:, :, 8:])


def test_a_clustered_neuron_is_cut_to_its_own_frequency_and_others_are_left():
    mlp = polynomial_neurons(P, KEYS) + 0.1 * noise(8)
    clusters = Clusters(np.array([3] * 4 + [7] * 4), np.array([0.9] * 7 + [0.5]))
    found = polynomial_activations(mlp, clusters)
    np.testing.assert_allclose(found[:, :, :4], keep_frequencies(mlp[:, :, :4], [3]), atol=1e-12)
    np.testing.assert_allclose(found[:, :, 4:7], keep_frequencies(mlp[:, :, 4:7], [7]), atol=1e-12)
    np.testing.assert_array_equal(found[:, :, 7], mlp[:, :, 7])
    of_sum = sum_activations(mlp, clusters)
    np.testing.assert_allclose(of_sum[:, :, 4:7], keep_sum(mlp[:, :, 4:7], [7]), atol=1e-12)
    with pytest.raises(InputError, match="do not fit"):
        polynomial_activations(mlp[:, :, 1:], clusters)


def test_neurons_of_the_sum_alone_lose_nothing_when_only_the_sum_is_kept():
    mlp, w_l = sum_network(P, KEYS, scale=3.0)
    base, clusters = mlp_loss(mlp, w_l), neuron_clusters(mlp)
    assert mlp_loss(sum_activations(mlp, clusters), w_l) == pytest.approx(base)
    assert mlp_loss(keep_frequencies(mlp, KEYS), w_l) == pytest.approx(base)


def test_what_the_map_reads_is_all_and_its_null_space_is_a_guess():
    mlp, w_l = sum_network(P, KEYS, scale=3.0)
    mlp = mlp + noise(10)
    read, rest = split_directions(mlp, key_directions(w_l, KEYS))
    np.testing.assert_allclose(read + rest, mlp)
    assert mlp_loss(read, w_l) == pytest.approx(mlp_loss(mlp, w_l))
    assert mlp_loss(rest, w_l) == pytest.approx(CHANCE)


def test_without_its_only_frequency_a_network_guesses_and_without_another_it_does_not_change():
    mlp, w_l = sum_network(P, (7,), scale=3.0)
    found = frequency_ablation_losses(mlp @ w_l.T)
    assert found.shape == (11,)
    assert found[6] == pytest.approx(CHANCE)
    np.testing.assert_allclose(np.delete(found, 6), mlp_loss(mlp, w_l))


def test_without_one_of_two_frequencies_a_network_is_worse_but_does_not_guess():
    mlp, w_l = sum_network(P, KEYS, scale=3.0)
    found = frequency_ablation_losses(mlp @ w_l.T)
    assert (found[[2, 6]] > 2 * mlp_loss(mlp, w_l)).all()
    assert (found < CHANCE).all()


def test_removing_a_frequency_from_the_read_out_is_removing_it_from_every_neuron():
    mlp, skip = noise(6), noise(P, 1)
    w_l = np.random.default_rng(2).standard_normal((P, 6))
    found = frequency_ablation_losses(mlp @ w_l.T, skip)
    for k in (1, 4, 11):
        assert found[k - 1] == pytest.approx(mlp_loss(remove_frequency(mlp, k), w_l, skip))
