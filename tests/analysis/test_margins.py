"""Largest margins against what can be worked out by hand or by a search, and KKT residuals at points that are known."""

from __future__ import annotations

import numpy as np
import pytest

from grokbench.analysis import kkt_residual, l1_max_margin, l2_max_margin, margin_share


def rows(n: int, d: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((n, d))
    return x * np.sign(x @ generator.standard_normal(d))[:, None]


@pytest.mark.parametrize("seed", range(4))
def test_no_classifier_with_margin_1_is_shorter(seed):
    signed, generator = rows(12, 20, seed), np.random.default_rng(seed)
    for order, found in ((2, l2_max_margin(signed)), (1, l1_max_margin(signed))):
        assert (signed @ found).min() == pytest.approx(1, abs=1e-9)
        for _ in range(200):
            other = found + 0.1 * generator.standard_normal(20)
            least = (signed @ other).min()
            assert least <= 0 or np.linalg.norm(other / least, order) >= np.linalg.norm(found, order) - 1e-9


def test_the_l1_classifier_of_a_sparse_teacher_is_the_teacher():
    x = np.random.default_rng(1).integers(0, 2, (60, 80)) * 2.0 - 1
    signed = x * np.sign(x[:, :3].sum(axis=1))[:, None]
    np.testing.assert_allclose(l1_max_margin(signed), np.arange(80) < 3, atol=1e-9)


def test_rows_that_nothing_parts_have_no_largest_margin():
    signed = np.array([[1.0, 0.0], [-1.0, 0.0]])
    assert np.isnan(l2_max_margin(signed)).all()
    assert np.isnan(l1_max_margin(signed)).all()


def test_a_share_is_of_the_largest_margin_whatever_the_length():
    signed = rows(10, 15)
    best = l2_max_margin(signed)
    assert margin_share(signed, 7 * best, best, 2) == pytest.approx(1)
    assert 0 < margin_share(signed, l1_max_margin(signed), best, 2) < 1
    assert np.isnan(margin_share(signed, np.zeros(15), best, 2))


def diagonal(signed: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights (u, v) with u² − v² = w and no more, gradients of the margins by them, and the margins."""
    u, v = np.sqrt(np.maximum(w, 0)), np.sqrt(np.maximum(-w, 0))
    return np.concatenate([u, v]), np.hstack([2 * u * signed, -2 * v * signed]), signed @ w


def test_the_l1_classifier_is_a_kkt_point_of_a_diagonal_network_at_any_length_and_the_l2_one_is_not():
    signed = rows(12, 20)
    best = l1_max_margin(signed)
    for length in (1, 9):
        assert kkt_residual(*diagonal(signed, length * best), degree=2) < 1e-6
    assert kkt_residual(*diagonal(signed, l2_max_margin(signed)), degree=2) > 0.2
    assert np.isnan(kkt_residual(*diagonal(signed, -best), degree=2))


def test_a_linear_classifier_is_its_own_kkt_point_where_its_l2_margin_is_largest():
    signed = rows(12, 20)
    for w, low, high in ((l2_max_margin(signed), 0, 1e-6), (l1_max_margin(signed), 0.1, 1)):
        assert low <= kkt_residual(w, signed, signed @ w, degree=1) <= high
