"""Restricted and excluded loss on networks that are, or are not, the paper's formula; the phases of known curves."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokbench.analysis import progress
from grokbench.analysis.progress import (
    by_sum,
    cross_entropy,
    excluded_loss,
    phase_boundaries,
    restricted_logits,
    restricted_loss,
    sum_projection,
    table_loss,
)
from grokbench.analysis.spectra import sum_directions, sums
from grokbench.specs.errors import InputError
from tests.analysis.trig_network import sum_network

P, KEYS = 23, (3, 7)


def formula(scale: float = 3.0) -> np.ndarray:
    mlp, w_l = sum_network(P, KEYS, scale)
    return mlp @ w_l.T


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((P, P, P))


def some_rows() -> np.ndarray:
    return np.random.default_rng(1).random((P, P)) < 0.3


def project(logits: np.ndarray) -> np.ndarray:
    """By the definition: a sum over the directions of (p, p, C) times each."""
    flat = sum_directions(P, KEYS).reshape(-1, P * P)
    return (flat.T @ (flat @ logits.reshape(P * P, -1))).reshape(logits.shape)


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(progress).failed == 0


@given(st.integers(0, 1000), st.floats(0.1, 30))
def test_cross_entropy_is_minus_log_softmax_at_the_label(seed, scale):
    rng = np.random.default_rng(seed)
    logits, labels = scale * rng.standard_normal((4, 9)), rng.integers(0, 9, 4)
    shifted = logits - logits.max(axis=1, keepdims=True)
    wanted = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(4), labels]
    np.testing.assert_allclose(cross_entropy(logits, labels), wanted, rtol=1e-10, atol=1e-14)


def test_a_tiny_loss_keeps_its_digits_and_a_huge_one_does_not_overflow():
    logits = np.array([[50.0, 0.0, -1e4], [0.0, 1e4, -1e4]])
    np.testing.assert_allclose(cross_entropy(logits, [0, 0]), [np.exp(-50.0), 1e4], rtol=1e-12)


def test_every_way_to_name_the_rows_names_the_same():
    logits, mask = noise(), some_rows()
    a, b = np.nonzero(mask)
    rows = np.column_stack([a, b, (a + b) % P])
    assert table_loss(logits, mask) == pytest.approx(table_loss(logits, rows[:, :2]), rel=1e-12)
    assert table_loss(logits, mask) == pytest.approx(table_loss(logits, rows), rel=1e-12)
    assert table_loss(logits) == pytest.approx(table_loss(logits, np.ones((P, P), dtype=bool)), rel=1e-12)
    weight = mask.mean()
    both = weight * table_loss(logits, mask) + (1 - weight) * table_loss(logits, ~mask)
    assert table_loss(logits) == pytest.approx(both)


def test_no_row_has_no_loss():
    none = np.zeros((P, P), dtype=bool)
    assert math.isnan(table_loss(noise(), none))
    assert math.isnan(restricted_loss(noise(), KEYS, none))
    assert math.isnan(excluded_loss(noise(), KEYS, none))


def test_the_projection_is_that_on_the_directions_and_projecting_twice_is_projecting_once():
    logits = noise()
    once = sum_projection(logits, KEYS)[sums(P)]
    np.testing.assert_allclose(once, project(logits), atol=1e-12)
    np.testing.assert_allclose(sum_projection(once, KEYS)[sums(P)], once, atol=1e-12)


def test_the_mean_of_each_sum_is_over_the_pairs_of_that_sum():
    logits = noise()
    label = sums(P)
    np.testing.assert_allclose(
        by_sum(logits), [logits[label == s].mean(axis=0) for s in range(P)], atol=1e-12
    )


def test_restricted_loss_is_the_loss_of_mean_and_directions_on_the_rows_asked_for():
    logits, mask = formula() + noise(), some_rows()
    kept = logits.mean(axis=(0, 1)) + project(logits)
    np.testing.assert_allclose(restricted_logits(logits, KEYS)[sums(P)], kept, atol=1e-12)
    assert restricted_loss(logits, KEYS) == pytest.approx(table_loss(kept), rel=1e-12)
    assert restricted_loss(logits, KEYS, mask) == pytest.approx(table_loss(kept, mask), rel=1e-12)


def test_excluded_loss_is_the_training_loss_without_the_directions_and_with_the_mean():
    logits, mask = formula() + noise() + 3 * np.arange(P), some_rows()
    assert excluded_loss(logits, KEYS, mask) == pytest.approx(
        table_loss(logits - project(logits), mask), rel=1e-12
    )


def test_a_network_that_is_the_formula_loses_nothing_restricted_and_everything_excluded():
    logits, mask = formula(), some_rows()
    assert restricted_loss(logits, KEYS) == pytest.approx(table_loss(logits), rel=1e-9)
    assert table_loss(logits) < 0.5
    assert excluded_loss(logits, KEYS, mask) == pytest.approx(math.log(P))
    assert excluded_loss(logits, KEYS[:1], mask) < math.log(P)


def test_a_network_that_memorised_its_rows_loses_everything_restricted_and_little_excluded():
    mask = some_rows()
    logits = 12.0 * (np.arange(P) == sums(P)[..., None]) * mask[..., None]
    assert excluded_loss(logits, KEYS, mask) < 0.05
    assert restricted_loss(logits, KEYS, ~mask) > 0.5 * math.log(P)


def test_pairs_and_logits_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="C ≥ p"):
        table_loss(np.zeros((5, 5, 3)))
    with pytest.raises(InputError, match=r"0 … 4"):
        table_loss(np.zeros((5, 5, 5)), np.array([[0, 5]]))
    with pytest.raises(InputError, match="boolean mask"):
        table_loss(np.zeros((5, 5, 5)), np.zeros(25, dtype=bool))
    with pytest.raises(InputError, match="from 1 to 2"):
        restricted_loss(np.zeros((5, 5, 5)), [3])


STEPS = np.arange(0, 1000, 100)


def test_phases_end_at_the_minimum_the_fall_and_the_rest():
    excluded = [4.7, 2.0, 0.3, 0.5, 3.0, 9.0, 12.0, 8.0, 6.0, 6.0]
    test = [4.8, 20.0, 26.0, 25.0, 19.0, 10.0, 3.0, 0.1, 1e-3, 1e-6]
    squares = [1783.0, 3659, 3400, 3000, 2500, 2100, 1700, 990, 960, 955]
    found = phase_boundaries(STEPS, excluded, test, squares, 113)
    assert found == (200.0, 600.0, 700.0)
    assert found.cleanup_end == 700.0


def test_the_first_test_loss_does_not_end_a_phase_and_what_never_falls_is_not_seen():
    rising = np.linspace(4.7, 30, 10)
    found = phase_boundaries(STEPS, rising[::-1], rising, np.full(10, 5.0), 113)
    assert found.memorization_end == 900
    assert math.isnan(found.circuit_formation_end)
    assert found.cleanup_end == 0


def test_numbers_that_are_missing_end_no_phase():
    none = np.full(10, np.nan)
    assert all(math.isnan(step) for step in phase_boundaries(STEPS, none, none, none, 113))
    excluded = np.where(STEPS == 300, np.nan, STEPS + 1.0)
    assert phase_boundaries(STEPS, excluded, none, none, 113).memorization_end == 0
    assert all(math.isnan(step) for step in phase_boundaries([], [], [], [], 113))
