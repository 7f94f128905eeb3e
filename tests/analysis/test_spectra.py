"""Fourier spectra: laws of the basis, spectra that are known, and what is refused."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from grokbench.analysis import spectra
from grokbench.analysis.spectra import (
    block,
    component_norms,
    components_2d,
    fourier_basis,
    from_block,
    gini,
    key_frequencies,
    spectrum,
    sum_directions,
    sum_squared_weights,
)
from grokbench.specs.errors import InputError
from tests.analysis.trig_network import sum_network, wave

ODD = st.sampled_from([3, 5, 9, 15, 31, 113])  # primes and composites
POSITIVE = st.floats(0, 1e6)


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(spectra).failed == 0


@given(ODD)
def test_the_basis_is_orthonormal_and_row_2k_minus_1_is_the_cosine_of_frequency_k(p):
    basis, n = fourier_basis(p), np.arange(p)
    assert np.abs(basis @ basis.T - np.eye(p)).max() < 1e-12
    k = (p - 1) // 2
    np.testing.assert_allclose(basis[2 * k - 1], np.cos(2 * np.pi * k * n / p) * (2 / p) ** 0.5, atol=1e-12)
    np.testing.assert_allclose(basis[2 * k], np.sin(2 * np.pi * k * n / p) * (2 / p) ** 0.5, atol=1e-12)


def test_a_caller_may_write_on_its_basis():
    fourier_basis(7)[:] = 0
    assert fourier_basis(7)[0, 0] == pytest.approx(7**-0.5)


@pytest.mark.parametrize("p", [0, 1, 2, 4, 114])
def test_a_p_that_is_even_or_below_three_is_refused_in_one_sentence(p):
    with pytest.raises(InputError, match=f"odd p of at least 3, not p = {p}"):
        fourier_basis(p)


@given(ODD, st.integers(0, 2**32 - 1))
def test_norms_keep_the_energy(p, seed):
    rng = np.random.default_rng(seed)
    matrix, grid = rng.standard_normal((p, 4)), rng.standard_normal((p, p, 2))
    norms = component_norms(matrix)
    assert np.sum(norms**2) == pytest.approx(np.sum(matrix**2))
    assert norms[0] ** 2 + np.sum(spectrum(matrix) ** 2) == pytest.approx(np.sum(matrix**2))
    assert np.sum(components_2d(grid) ** 2) == pytest.approx(np.sum(grid**2))


def test_two_dimensional_components_are_products_with_the_basis_on_both_sides():
    grid = np.random.default_rng(0).standard_normal((9, 9, 3))
    basis = fourier_basis(9)
    np.testing.assert_allclose(
        components_2d(grid), np.einsum("xyz,fx,gy->fgz", grid, basis, basis), atol=1e-12
    )
    np.testing.assert_allclose(components_2d(grid[..., 0]), basis @ grid[..., 0] @ basis.T, atol=1e-12)


@given(ODD, st.data())
@settings(max_examples=20)
def test_a_block_is_nine_of_the_components_and_goes_back_where_it_came_from(p, data):
    k = data.draw(st.integers(1, (p - 1) // 2))
    grid = np.random.default_rng(p).standard_normal((p, p, 2))
    nine = block(grid, k)
    at = [0, 2 * k - 1, 2 * k]
    np.testing.assert_allclose(nine, components_2d(grid)[np.ix_(at, at)], atol=1e-10)
    np.testing.assert_allclose(block(from_block(nine, k, p), k), nine, atol=1e-10)
    if p == 3:
        np.testing.assert_allclose(from_block(nine, k, p), grid, atol=1e-12)


@given(ODD)
def test_sum_directions_are_orthonormal_and_depend_on_the_sum_alone(p):
    keys = sorted({1, (p - 1) // 2})
    found = sum_directions(p, keys)
    flat = found.reshape(-1, p * p)
    np.testing.assert_allclose(flat @ flat.T, np.eye(len(flat)), atol=1e-10)
    basis = fourier_basis(p)
    for (u, v), k in zip(found, keys, strict=True):
        c, s = basis[2 * k - 1], basis[2 * k]
        np.testing.assert_allclose(u, (np.outer(c, c) - np.outer(s, s)) / 2**0.5, atol=1e-12)
        np.testing.assert_allclose(v, (np.outer(s, c) + np.outer(c, s)) / 2**0.5, atol=1e-12)


def test_a_network_of_three_waves_has_exactly_these_as_key_frequencies():
    _, w_l = sum_network(31, (2, 7, 15))
    assert key_frequencies(w_l).tolist() == [2, 7, 15]
    assert key_frequencies(w_l.astype(np.float32)).dtype == np.int64


def test_a_frequency_is_key_from_a_quarter_of_the_largest_on():
    n = np.arange(31)
    w_l = wave(31, 3, n) + 0.251 * wave(31, 5, n) + 0.249 * wave(31, 6, n) + 10.0
    assert key_frequencies(w_l).tolist() == [3, 5]
    assert key_frequencies(w_l, threshold=0.2).tolist() == [3, 5, 6]


@pytest.mark.parametrize("fill", [0.0, 3.0, np.nan, np.inf])
def test_a_map_without_waves_or_with_a_number_missing_has_no_key_frequency(fill):
    assert key_frequencies(np.full((31, 4), fill)).shape == (0,)


@given(st.integers(1, 60))
def test_gini_of_one_line_among_n_is_one_less_a_share(n):
    assert gini(np.eye(n)[0]) == pytest.approx((n - 1) / n)
    assert gini(np.ones(n)) == pytest.approx(0, abs=1e-12)


@given(arrays(np.float64, st.integers(1, 30), elements=POSITIVE), st.floats(1e-3, 1e3))
def test_gini_is_half_the_mean_difference_over_the_mean_and_knows_no_scale(values, scale):
    if not values.max() > 1e-6:
        return
    wanted = np.abs(values[:, None] - values[None, :]).mean() / (2 * values.mean())
    assert gini(values) == pytest.approx(wanted, abs=1e-9)
    assert gini(scale * values) == pytest.approx(gini(values), abs=1e-9)


def test_gini_of_nothing_but_zeros_is_not_a_number_and_negative_numbers_are_refused():
    assert np.isnan(gini([0, 0]))
    assert np.isnan(gini([1, np.nan]))
    assert gini([5e-324, 0, 1e300]) == pytest.approx(2 / 3)
    with pytest.raises(InputError, match="not negative"):
        gini([1, -1])
    with pytest.raises(InputError, match="at least one"):
        gini([])


def test_squares_are_summed_over_every_array_in_float64():
    weights = {"a": np.full((3, 2), 2.0, dtype=np.float32), "b": np.array([1e-4], dtype=np.float32)}
    assert sum_squared_weights(weights) == pytest.approx(24 + 1e-8, rel=1e-12)
    assert sum_squared_weights(list(weights.values())) == sum_squared_weights(weights)


def test_shapes_and_frequencies_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="weight matrix"):
        spectrum(np.ones(7))
    with pytest.raises(InputError, match=r"\(p, p, …\)"):
        components_2d(np.ones((5, 7)))
    with pytest.raises(InputError, match=r"\(p, p, m\)"):
        block(np.ones((5, 5)), 1)
    for wrong in ([0], [4], [1.5]):
        with pytest.raises(InputError, match="from 1 to 3 at p = 7"):
            sum_directions(7, wrong)
