"""Clusters, read-out, logit map and formula on networks whose circuit is known."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grokbench.analysis import circuit
from grokbench.analysis.circuit import (
    Clusters,
    column_energy_shares,
    key_directions,
    logit_map_residual,
    logit_map_svd_residual,
    neuron_clusters,
    readout_fve,
    sum_share,
    trig_logits,
)
from grokbench.analysis.progress import table_loss
from grokbench.analysis.spectra import components_2d, sums
from grokbench.specs.errors import InputError
from tests.analysis.trig_network import polynomial_neurons, sum_network, wave

P, KEYS = 23, (3, 7)


def regression_fve(target: np.ndarray, regressors: np.ndarray) -> float:
    """1 − ‖y − ŷ‖²/‖y − ȳ‖² by least squares with an intercept; target (N,), regressors (N, k)."""
    design = np.column_stack([np.ones(len(target)), regressors])
    left = target - design @ np.linalg.lstsq(design, target, rcond=None)[0]
    return 1 - float(left @ left) / float(np.sum((target - target.mean()) ** 2))


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(circuit).failed == 0


def test_neurons_of_one_frequency_have_that_frequency_and_fve_one():
    mlp, _ = sum_network(P, KEYS)
    found = neuron_clusters(mlp)
    assert found.frequency.tolist() == [3] * 5 + [7] * 5
    np.testing.assert_allclose(found.fve, 1.0)
    polynomials = neuron_clusters(polynomial_neurons(P, KEYS) + 5.0)
    assert polynomials.frequency.tolist() == [3] * 4 + [7] * 4
    np.testing.assert_allclose(polynomials.fve, 1.0)


@given(st.integers(0, 1000), st.sampled_from([5, 9, 11]))
@settings(max_examples=20, deadline=None)
def test_fve_is_that_of_the_regression_on_the_eight_products(seed, p):
    grid = np.random.default_rng(seed).standard_normal((p, p, 2)) + 3.0
    found = neuron_clusters(grid)
    n = np.arange(p)
    for channel in range(2):
        every = []
        for k in range(1, (p - 1) // 2 + 1):
            three = np.stack([np.ones(p), wave(p, k, n)[:, 0], wave(p, k, n, -np.pi / 2)[:, 0]])
            nine = np.einsum("ia,jb->ijab", three, three).reshape(9, -1).T
            every.append(regression_fve(grid[:, :, channel].ravel(), nine[:, 1:]))
        assert found.fve[channel] == pytest.approx(max(every))
        assert found.frequency[channel] == 1 + np.argmax(every)


def test_a_dead_neuron_belongs_to_no_cluster_and_counts_among_all():
    mlp, _ = sum_network(P, (3,))
    mlp[:, :, 0], mlp[:, :, 1] = 0.0, 2.5
    found = neuron_clusters(mlp)
    assert np.isnan(found.fve[:2]).all()
    assert found.frequency[:2].tolist() == [0, 0]
    assert found.members().tolist() == [False, False, True, True, True]
    assert found.share() == pytest.approx(3 / 5)


def test_noise_makes_no_cluster_and_a_waves_share_of_the_variance_is_its_fve():
    noise = np.random.default_rng(0).standard_normal((P, P, 8))
    assert neuron_clusters(noise).share() == 0
    n = np.arange(P)
    mixed = 3 * wave(P, 2, n[:, None] + n) + 4 * wave(P, 9, n[:, None] + n)  # 9 : 16
    found = neuron_clusters(mixed)
    assert found.frequency.tolist() == [9]
    assert found.fve == pytest.approx(16 / 25)
    assert found.members(0.5).all()
    assert not found.members().any()


def test_large_tables_go_through_in_parts(monkeypatch):
    grid = np.random.default_rng(0).standard_normal((P, P, 7))
    whole = neuron_clusters(grid)
    monkeypatch.setattr(circuit, "_CHUNK", 2 * P * P)
    parts = neuron_clusters(grid)
    np.testing.assert_array_equal(parts.frequency, whole.frequency)
    np.testing.assert_allclose(parts.fve, whole.fve)


def test_neurons_that_are_waves_of_the_sum_are_read_out_exactly():
    mlp, w_l = sum_network(P, KEYS)
    np.testing.assert_allclose(readout_fve(mlp, w_l, KEYS), np.ones((2, 2)))


def test_read_out_is_the_regression_on_the_cosine_of_the_sum_alone():
    rng, p = np.random.default_rng(0), 9
    mlp, w_l = rng.standard_normal((p, p, 6)) + 2.0, rng.standard_normal((p, 6))
    n, label = np.arange(p), sums(p)
    found = readout_fve(mlp, w_l, [1, 4])
    for row, k in enumerate((1, 4)):
        for column, phase in enumerate((0.0, -np.pi / 2)):
            seen = mlp @ (wave(p, k, n, phase)[:, 0] @ w_l)
            wanted = regression_fve(seen.ravel(), wave(p, k, label, phase).reshape(-1, 1))
            assert found[row, column] == pytest.approx(wanted)
    assert np.isnan(readout_fve(np.ones((p, p, 6)), w_l, [1])).all()
    assert readout_fve(mlp, w_l, []).shape == (0, 2)


def test_a_map_of_two_frequencies_has_rank_four_and_nothing_beside_them():
    _, w_l = sum_network(P, KEYS)
    assert logit_map_residual(w_l, KEYS) < 1e-12
    assert logit_map_svd_residual(w_l, 4) < 1e-12 < 0.1 < logit_map_svd_residual(w_l, 3)
    assert logit_map_residual(w_l, KEYS[:1]) == pytest.approx(0.5**0.5)
    assert logit_map_residual(w_l, []) == pytest.approx(1)
    assert np.isnan(logit_map_residual(np.zeros((5, 3)), [1]))


@given(st.integers(0, 1000))
def test_no_projection_of_rank_four_beats_the_singular_vectors(seed):
    w_l = np.random.default_rng(seed).standard_normal((P, 12))
    assert logit_map_svd_residual(w_l, 4) <= logit_map_residual(w_l, KEYS) + 1e-12 <= 1 + 1e-9


def test_key_directions_are_orthonormal_and_span_what_the_map_reads():
    _, w_l = sum_network(P, KEYS)
    found = key_directions(w_l, KEYS)
    assert found.shape == (10, 4)
    np.testing.assert_allclose(found.T @ found, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(w_l @ found @ found.T, w_l, atol=1e-12)
    assert key_directions(w_l, []).shape == (10, 0)
    assert key_directions(w_l, [1]).shape[1] <= 2


def test_a_neurons_column_of_the_map_is_of_its_own_frequency_or_in_part():
    _, w_l = sum_network(P, KEYS)
    own = np.array([3] * 5 + [7] * 5)
    np.testing.assert_allclose(column_energy_shares(w_l + 100.0, own), 1.0)
    np.testing.assert_allclose(column_energy_shares(w_l, own[::-1]), 0.0, atol=1e-12)
    half = column_energy_shares(w_l + np.roll(w_l, 5, axis=1), own)
    np.testing.assert_allclose(half, 0.5)
    own[0] = 0
    assert np.isnan(column_energy_shares(w_l, own)[0])
    with pytest.raises(InputError, match="one frequency a neuron"):
        column_energy_shares(w_l, own[1:])


def test_logits_that_are_the_formula_are_explained_and_their_loss_is_the_formulas():
    mlp, w_l = sum_network(P, KEYS, scale=3.0)
    logits = mlp @ w_l.T + np.random.default_rng(0).standard_normal((P, P, 1))  # a shift of all classes
    found = trig_logits(logits, KEYS)
    assert found.fve == pytest.approx(1)
    np.testing.assert_allclose(found.coefficients, 7.5)
    assert found.loss == pytest.approx(table_loss(logits))
    np.testing.assert_allclose(found.logit_by_difference, found.formula_by_difference, atol=1e-12)
    assert found.formula_by_difference[0] == pytest.approx(15) == found.formula_by_difference.max()


def test_the_formulas_coefficients_are_those_of_least_squares():
    logits = np.random.default_rng(0).standard_normal((9, 9, 9)) + sum_logits(9)
    n = np.arange(9)
    difference = n[:, None, None] + n[:, None] - n
    centred = logits - logits.mean(axis=2, keepdims=True)
    design = np.column_stack([wave(9, k, difference).ravel() for k in (2, 3)])
    wanted = np.linalg.lstsq(design, centred.ravel(), rcond=None)[0]
    found = trig_logits(logits, [2, 3])
    np.testing.assert_allclose(found.coefficients, wanted)
    assert found.fve == pytest.approx(regression_fve(centred.ravel(), design))
    assert found.loss == pytest.approx(table_loss((design @ wanted).reshape(9, 9, 9)))
    np.testing.assert_allclose(
        found.logit_by_difference, [centred[-difference % 9 == d].mean() for d in range(9)], atol=1e-12
    )


def sum_logits(p: int) -> np.ndarray:
    mlp, w_l = sum_network(p, (2,))
    return mlp @ w_l.T


def test_the_share_in_the_sum_directions_is_one_for_the_formula_and_is_a_share_of_components():
    assert sum_share(sum_logits(P) + np.arange(P), [2]) == pytest.approx(1)
    assert sum_share(sum_logits(P), [3]) == pytest.approx(0, abs=1e-12)
    logits = np.random.default_rng(0).standard_normal((9, 9, 9))
    parts = components_2d(logits)
    u = (parts[1, 1] - parts[2, 2]) / 2**0.5
    v = (parts[2, 1] + parts[1, 2]) / 2**0.5
    wanted = np.sum(u**2 + v**2) / (np.sum(parts**2) - np.sum(parts[0, 0] ** 2))
    assert sum_share(logits, [1]) == pytest.approx(wanted)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"\(p, p, m\)"):
        neuron_clusters(np.ones((5, 5)))
    with pytest.raises(InputError, match=r"\(p, p, p\)"):
        trig_logits(np.ones((5, 5, 6)), [1])
    with pytest.raises(InputError, match="odd p"):
        logit_map_residual(np.ones((6, 3)), [1])
    with pytest.raises(InputError, match="logit map"):
        readout_fve(np.ones((5, 5, 2)), np.ones((3, 2)), [1])
    assert Clusters(np.array([1]), np.array([0.85])).members().tolist() == [False]
