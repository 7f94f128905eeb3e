"""Packing: a list of numbers is the same after it, to the last bit; what cannot be written as differences stays as it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokbench.figures.artists import rounded
from grokbench.reports.site import packing
from tests.site.test_site import listed

LISTS = [
    [0, 3, 4, 7, 8, 12],
    [0.974, 0.99, 0.996, 0.998, 1, 1],
    [1e-05, 2.5e-07, 3, 12000, 0.1],
    [1e-300, 1, 2, 3, 4],
    [2.0**60, 1, 2, 3, 4],
    [-1.5, -0.25, 0, 0.25, 1.5],
]


def again(value):
    return json.loads(packing.document(value), object_hook=listed)


@pytest.mark.parametrize("values", LISTS)
def test_a_list_comes_back_bit_for_bit(values):
    assert again({"a": [values]}) == {"a": [values]}


@given(st.lists(st.floats(-1e9, 1e9), min_size=5, max_size=40), st.integers(1, 9))
def test_any_rounded_list_comes_back_bit_for_bit(values, digits):
    own = rounded(values, digits)
    assert again(own) == own


@pytest.mark.parametrize("value", [[1, 2, 3], [None] * 6, [True] * 6, ["a"] * 6, {"d": 1}, 0.1, "Δ", []])
def test_what_is_no_long_list_of_numbers_stays(value):
    assert json.loads(packing.document(value)) == value


def test_a_smooth_curve_takes_half_the_bytes():
    curve = [round(1 - 1 / (1 + i / 10), 4) for i in range(80)]
    assert 2 * len(packing.document(curve)) < len(json.dumps(curve, separators=(",", ":")))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused(value):
    for values in ([value], [value] * 6):
        with pytest.raises(ValueError, match="Out of range"):
            packing.document(values)
