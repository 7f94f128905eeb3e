"""Circulant structure: exact where it is built in, near 1 for noise, and told apart by operation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokbench.analysis import circulant

P = 13


def made(operation: str, p: int = P) -> np.ndarray:
    """A block with the structure of an operation, written out entry by entry."""
    c = np.random.default_rng(0).standard_normal(p)
    if operation in circulant.LOGARITHMIC:
        log = {int(g): n for n, g in enumerate(circulant.powers_of_the_least_root(p))}
        sign = -1 if operation == "multiply" else 1
        block = np.zeros((p, p))
        for row in range(1, p):
            for col in range(1, p):
                block[row, col] = c[(log[col] + sign * log[row]) % (p - 1)]
        return block
    sign = -1 if operation == "add" else 1
    return np.array([[c[(col + sign * row) % p] for col in range(p)] for row in range(p)])


@pytest.mark.parametrize("operation", circulant.OPERATIONS)
def test_a_block_with_an_operations_structure_has_no_deviation_from_it_and_from_no_other(operation):
    block = made(operation)
    assert circulant.deviation(block, operation) < 1e-12
    for other in circulant.OPERATIONS:
        if other != operation:
            assert circulant.deviation(block, other) > 0.5


@given(st.integers(0, 10**6))
def test_the_deviation_of_noise_is_near_one_and_does_not_depend_on_scale(seed):
    block = np.random.default_rng(seed).standard_normal((31, 31))
    for operation in circulant.OPERATIONS:
        found = circulant.deviation(block, operation)
        assert 0.85 < found <= 1
        assert circulant.deviation(5 * block, operation) == pytest.approx(found)


def test_zeros_have_no_deviation_and_logarithms_need_a_prime():
    assert math.isnan(circulant.deviation(np.zeros((4, 4)), "add"))
    with pytest.raises(ValueError, match="10 is not a prime"):
        circulant.deviation(np.ones((10, 10)), "divide")


def test_the_coupling_of_x_and_y_is_the_lower_left_block():
    m = np.arange(16.0).reshape(4, 4)
    assert circulant.coupling(m).tolist() == [[8, 9], [12, 13]]


@pytest.mark.parametrize("structure", [*circulant.OPERATIONS, "unstructured"])
def test_random_features_are_the_square_root_of_the_authors_matrix(structure):
    root = circulant.random_features(structure, P, np.random.default_rng(1))
    np.testing.assert_allclose(root, root.T, atol=1e-12)
    assert np.linalg.eigvalsh(root).min() > -1e-10
    if structure in ("add", "subtract"):
        assert circulant.deviation(circulant.coupling(root), structure) < 1e-10
