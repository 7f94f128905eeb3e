"""Fourier measures against weights whose structure is known."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokbench.analysis import fourier

P = 97
N = np.arange(P)


def wave(frequency, phase):
    return np.cos(2 * np.pi * np.multiply.outer(frequency, N) / P + np.asarray(phase)[..., None])


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(fourier).failed == 0


@given(st.integers(1, 48), st.floats(-3, 3), st.floats(1e-12, 1e12))
def test_one_wave_of_any_height_and_phase_has_ratio_one(frequency, phase, height):
    assert fourier.ipr(height * wave(frequency, phase)) == pytest.approx(1.0, abs=1e-9)


def test_noise_has_a_small_ratio_and_k_equal_waves_one_over_k():
    assert fourier.ipr(np.random.default_rng(0).standard_normal((2000, P))).mean() == pytest.approx(
        0.04, abs=0.003
    )
    assert fourier.ipr(wave(3, 0.1) + wave(8, 1.0) + wave(20, -2.0)) == pytest.approx(1 / 3)


def test_the_constant_counts_and_zeros_have_no_ratio():
    assert fourier.ipr(np.ones(P)) == pytest.approx(1.0)
    assert np.isnan(fourier.ipr(np.zeros(P)))


@given(
    st.lists(
        st.tuples(st.integers(1, 48), st.floats(-3.1, 3.1), st.floats(-3.1, 3.1), st.floats(-3.1, 3.1)),
        min_size=1,
    )
)
def test_phases_are_read_back(neurons):
    frequency, phi1, phi2, phi3 = (np.array(column) for column in zip(*neurons, strict=True))
    u, v, w = (
        np.stack([wave(f, a) for f, a in zip(frequency, phi, strict=True)]) for phi in (phi1, phi2, phi3)
    )
    found = fourier.neuron_phases(u + 5.0, v, w)  # a constant does not hide the frequency
    assert (found.frequency == frequency).all()
    np.testing.assert_allclose(found.phase_u, phi1, atol=1e-9)
    np.testing.assert_allclose(np.exp(1j * found.sum), np.exp(1j * (phi1 + phi2 - phi3)), atol=1e-9)


@given(st.floats(-50, 50))
def test_wrapping_changes_an_angle_by_whole_turns(angle):
    wrapped = float(fourier.wrap(np.array(angle)))
    assert -np.pi < wrapped <= np.pi
    assert (angle - wrapped) / (2 * np.pi) == pytest.approx(round((angle - wrapped) / (2 * np.pi)), abs=1e-9)


def test_gathered_and_uniform_angles_are_told_apart():
    uniform = np.linspace(-np.pi, np.pi, 3200, endpoint=False) + 1e-6
    assert fourier.resultant(np.full(50, 0.3)) == pytest.approx(1.0)
    assert fourier.resultant(uniform) == pytest.approx(0.0, abs=1e-9)
    assert fourier.share_near_zero(uniform) == pytest.approx(1 / 8, abs=1e-3)
    assert fourier.circular_std(np.full(50, 0.3)) == pytest.approx(0.0, abs=1e-7)
    normal = np.random.default_rng(0).normal(0, 0.5, 100_000)
    assert fourier.circular_std(normal) == pytest.approx(0.5, rel=0.02)
    assert (fourier.phase_histogram(uniform) == 100).all()


def test_phases_that_are_not_numbers_fall_in_no_bin():
    assert fourier.phase_histogram(np.array([np.nan, 0.1])).sum() == 1


def test_the_preactivation_is_the_sum_over_neurons():
    rng = np.random.default_rng(0)
    u, v, w = rng.standard_normal((3, 8, 11))
    h = u[:, :, None] + v[:, None, :]
    np.testing.assert_allclose(fourier.preactivation(u, v, w, 6), (w[:, 6, None, None] * h**2).sum(axis=0))


@pytest.mark.parametrize(
    ("series", "name"),
    [
        (lambda n, m: n + m, "sum"),
        (lambda n, m: 2 * n, "from_n"),
        (lambda n, m: 2 * m, "from_m"),
        (lambda n, m: n - m, "difference"),
    ],
)
def test_each_series_of_peaks_has_its_line(series, name):
    n, m = np.meshgrid(N, N, indexing="ij")
    grid = 3.0 + (series(n, m) % P == 6)
    shares = fourier.preactivation_spectrum(grid)
    assert getattr(shares, name) == pytest.approx(1.0)


def test_shares_of_noise_add_up_and_leave_the_rest_the_most():
    shares = fourier.preactivation_spectrum(np.random.default_rng(0).standard_normal((P, P)))
    parts = [shares.sum, shares.from_n, shares.from_m, shares.difference]
    assert sum(parts) + shares.rest == pytest.approx(1.0)
    assert all(part < 0.03 for part in parts)


def test_a_power_spectrum_adds_up_to_one_without_its_mean():
    power = fourier.power_spectrum(np.random.default_rng(0).random((7, 7)))
    assert power.sum() == pytest.approx(1.0)
    assert power[0, 0] == 0.0
