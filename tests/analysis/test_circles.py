"""Circles in an embedding: hand-built ones have known numbers, rows in no order have none."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokbench.analysis import circles
from grokbench.analysis.circles import (
    best_power_share,
    permuted_power_share,
    power_shares,
    ring_plane,
    ring_score,
    wave_gini,
)
from grokbench.specs.errors import InputError

P, D = 97, 128


def ring(k: int, seed: int = 0, radius: float = 1.0) -> np.ndarray:
    """Rows on a circle of frequency k in two orthogonal directions of D dimensions, off centre."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((D, 2)))[0].T
    angle = 2 * np.pi * k * np.arange(P) / P
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1) @ axes + rng.standard_normal(D)


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((P, D))


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(circles).failed == 0


@given(st.integers(1, 48))
def test_a_circle_has_all_its_power_at_its_frequency_and_every_row_at_its_place(k):
    rows = ring(k)
    shares = power_shares(rows)
    assert shares.shape == (48,)
    assert shares[k - 1] == pytest.approx(1)
    assert best_power_share(rows, 1) == pytest.approx(1)
    angle = 2 * np.pi * k * np.arange(P) / P
    np.testing.assert_allclose(
        ring_plane(rows, k) / np.linalg.norm(ring_plane(rows, k), axis=1)[:, None],
        np.stack([np.cos(angle), np.sin(angle)], axis=1),
        atol=1e-9,
    )
    assert ring_score(rows) == pytest.approx(1)
    assert wave_gini(rows) == pytest.approx(1 - 2 / 96)


def test_shares_of_several_circles_are_those_of_their_squared_radii():
    rows = ring(3, 1, 3.0) + ring(20, 2, 4.0)
    shares = power_shares(rows)
    assert shares[[2, 19]] == pytest.approx([9 / 25, 16 / 25])
    assert best_power_share(rows, 2) == pytest.approx(1)
    assert best_power_share(rows, 1) == pytest.approx(16 / 25)
    assert ring_score(rows) == pytest.approx(1, abs=0.01)
    assert ring_score(rows, 3) == pytest.approx(1, abs=0.01)


def test_an_ellipse_is_a_circle_seen_from_the_side():
    rows = ring(5)
    rows[:, :] = rows @ np.diag(np.linspace(0.2, 3, D))
    assert ring_score(rows) == pytest.approx(1)


def test_rows_in_no_order_have_no_frequency_and_no_ring():
    rows = noise()
    assert best_power_share(rows) < 0.2
    assert wave_gini(rows) < 0.1
    assert ring_score(rows) < 0.5
    scores = [ring_score(noise(seed), 7) for seed in range(20)]
    assert float(np.median(scores)) < 3 / math.sqrt(P)
    assert best_power_share(rows) == pytest.approx(permuted_power_share(rows), rel=0.1)


def test_permuted_rows_lose_their_circle_and_the_permutations_are_always_the_same():
    rows = ring(3, 1) + ring(11, 2) + ring(40, 3)
    assert permuted_power_share(rows) < 0.3
    assert best_power_share(rows) > 3 * permuted_power_share(rows)
    assert permuted_power_share(rows) == permuted_power_share(rows)


def test_neither_the_origin_nor_the_scale_matters():
    rows = ring(9) + 0.2 * noise()
    for other in (rows + 5.0, 1e-3 * rows):
        np.testing.assert_allclose(power_shares(other), power_shares(rows), atol=1e-9)
        assert ring_score(other) == pytest.approx(ring_score(rows))


def test_rows_that_are_all_equal_have_no_share_and_no_score():
    rows = np.full((P, 4), 0.1)
    assert np.isnan(power_shares(rows)).all()
    assert math.isnan(ring_score(rows))
    assert math.isnan(ring_score(rows, 3))
    assert math.isnan(best_power_share(rows))


def test_what_is_no_frequency_is_refused():
    with pytest.raises(InputError, match="odd p"):
        power_shares(np.ones((96, 2)))
    with pytest.raises(InputError, match="from 1 to 48"):
        ring_plane(noise(), 49)
    with pytest.raises(InputError, match="at least one"):
        best_power_share(noise(), 0)
