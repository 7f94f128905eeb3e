"""Shares of irreps in a network that multiplies: laws on drawn networks, and networks of one irrep."""

from __future__ import annotations

import math

import numpy as np
import pytest

from grokbench.analysis import group_circuit as circuit
from grokbench.analysis.representations import irreps, matrices
from grokbench.tasks.domain import make_domain

PRODUCTS = make_domain({"kind": "alternating-group", "n": 4}).products
IRREPS = irreps(PRODUCTS)
PARTS = circuit.projectors(IRREPS, PRODUCTS)
N = len(PRODUCTS)
RNG = np.random.default_rng(0)


def test_all_irreps_together_explain_everything():
    rows, hidden = RNG.standard_normal((N, 7)), RNG.random((N, N, 5))
    assert circuit.row_shares(rows, PARTS).sum() == pytest.approx(1)
    assert circuit.chance(IRREPS, N) == pytest.approx(1)
    logits = RNG.standard_normal((N, N, N))
    by_product = circuit.product_logits(hidden, RNG.standard_normal((5, N)), PRODUCTS, PARTS)
    assert by_product.shape == (N, N)
    assert (np.abs(circuit.trace_similarities(logits, PRODUCTS, PARTS[1:])) < 0.2).all()


def test_a_function_of_the_product_is_explained_by_the_product_alone():
    rho = matrices(IRREPS[-1], PRODUCTS).reshape(N, -1)
    shares = circuit.hidden_shares(rho[PRODUCTS], PRODUCTS, PARTS)
    assert shares[2, -1] == pytest.approx(1)
    assert np.abs(shares[:2]).max() < 1e-12
    assert np.abs(shares[2, :-1]).max() < 1e-12
    assert circuit.neuron_purity(rho[PRODUCTS], PRODUCTS, PARTS) == pytest.approx(1)


def test_a_function_of_one_operand_is_explained_by_that_operand_alone():
    rho = matrices(IRREPS[-1], PRODUCTS).reshape(N, -1)
    of_a = circuit.hidden_shares(np.repeat(rho[:, None], N, axis=1), PRODUCTS, PARTS)
    of_b = circuit.hidden_shares(np.repeat(rho[None], N, axis=0), PRODUCTS, PARTS)
    assert (of_a[0, -1], of_b[1, -1]) == (pytest.approx(1), pytest.approx(1))
    assert max(np.abs(of_a[1:]).max(), np.abs(of_b[[0, 2]]).max()) < 1e-12


def test_logits_that_are_a_character_have_similarity_one_and_solve_the_group():
    irrep = IRREPS[-1]  # of three dimensions
    quotient = PRODUCTS[PRODUCTS][:, :, np.argmin(PRODUCTS, axis=1)]  # [a, b, c] = a b c⁻¹
    logits = irrep.character[quotient]
    found = circuit.trace_similarities(logits, PRODUCTS, PARTS)
    assert found[-1] == pytest.approx(1)
    assert np.abs(found[:-1]).max() < 1e-12
    assert (logits.argmax(axis=2) == PRODUCTS).all()
    by_product = circuit.character_logits(logits, PRODUCTS, PARTS[-1:])
    np.testing.assert_allclose(by_product[PRODUCTS], logits, atol=1e-9)
    assert circuit.restricted_loss(20 * by_product) < 0.01
    rows = np.ones((N, N), dtype=bool)
    assert circuit.excluded_loss(20 * logits, 20 * by_product, PRODUCTS, rows) == pytest.approx(math.log(N))


def test_a_shift_of_all_logits_of_a_pair_changes_no_similarity():
    logits = RNG.standard_normal((N, N, N))
    shifted = logits + RNG.standard_normal((N, N, 1))
    one, other = (circuit.trace_similarities(own, PRODUCTS, PARTS) for own in (logits, shifted))
    np.testing.assert_allclose(one, other, atol=1e-12)


def test_the_mean_over_equal_products_is_that_of_the_pairs():
    grid = RNG.standard_normal((N, N, 3))
    found = circuit.product_mean(grid, PRODUCTS)
    for c in range(N):
        np.testing.assert_allclose(found[c], grid[c == PRODUCTS].mean(axis=0))


def test_what_is_beyond_chance_is_nothing_for_a_random_matrix_and_all_for_one_inside():
    some = [IRREPS[0], IRREPS[2]]
    by_chance = circuit.chance(some, N)
    drawn = circuit.row_shares(RNG.standard_normal((N, 20_000)), circuit.projectors(some, PRODUCTS)).sum()
    assert circuit.excess(float(drawn), by_chance) == pytest.approx(0, abs=0.01)
    assert circuit.excess(1.0, by_chance) == 1
    assert math.isnan(circuit.excess(1.0, 1.0))


def test_of_nothing_there_is_no_share():
    assert np.isnan(circuit.row_shares(np.zeros((N, 2)), PARTS)).all()
    assert np.isnan(circuit.hidden_shares(np.ones((N, N, 2)), PRODUCTS, PARTS)).all()
    assert np.isnan(circuit.trace_similarities(np.ones((N, N, N)), PRODUCTS, PARTS)).all()
