"""What a rule reads off the analysis of irreps: the row, the key irreps, chance."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from grokbench.measures import lacking, measure
from grokbench.measures.cells import SeedView
from tests.claims.claim_records import grokked, view


def seen(key: tuple[int, ...] = (0, 0, 1), **arrays: Any) -> SeedView:
    """T_mem is 200 and T_gen 10 000 (``grokked``); rows at 0, 100, 200, 5000 and 15 000."""
    run = grokked(10_000, budget=20_000)
    found = {
        "step": np.array([0, 100, 20_000]),
        "key": np.array(key),
        "rank": np.array([1, 2, 9]),
        "logit_share": np.array([0.0, 0.1, 0.8]),
        "embedding_share": np.array([0.75, 0.8, 1.0]),
        "excluded": np.array([4.0, 0.5, 8.0]),
        "restricted": np.array([4.0, 3.0, 0.01]),
        "test_loss": np.array([4.0, 9.0, 0.1]),
        "sum_squares": np.array([1.0, 4.0, 2.0]),
        **arrays,
    }
    return view(dataclasses.replace(run, analyses={"representations": found}))


def asked(name: str, one: SeedView, **arguments: Any) -> float:
    return measure(name)(one, **arguments)


def test_the_end_is_the_last_row_and_the_fit_the_first_at_t_mem():
    one = seen()
    assert asked("character-share", one) == 0.8
    t_mem = asked("t-mem", one)
    rows = seen(step=np.array([0, t_mem, 20_000]))
    assert asked("character-share", rows, at="fit") == 0.1
    late = seen(step=np.array([0, t_mem - 1, t_mem]))
    assert asked("character-share", late, at="fit") == 0.8


def test_chance_is_taken_off_and_little_may_be_asked_for():
    assert asked("irrep-share", seen()) == 1.0
    some = seen(embedding_share=np.array([0.75, 0.8, 0.9]))
    assert asked("irrep-share-beyond-chance", some) == pytest.approx((0.9 - 0.75) / 0.25)
    assert math.isnan(asked("irrep-share-beyond-chance", some, most=0.6))
    assert "0.6 of a random matrix" in lacking("irrep-share-beyond-chance", some, {"most": 0.6})
    assert math.isnan(asked("irrep-share-beyond-chance", seen(key=(1, 1, 1))))
    assert asked("irrep-share-beyond-chance", seen(key=(0, 0, 0), embedding_share=np.zeros(3))) == 0


def test_losses_are_measured_by_guessing_and_by_the_test_loss():
    one = seen()
    n = one.arms[0][0].record.facts["n_elements"]
    assert asked("excluded-irreps-loss", one) == pytest.approx(8 / math.log(n))
    assert asked("restricted-irreps-loss", one) == 0.01
    assert asked("restricted-over-test", one) == pytest.approx(0.1)
    assert asked("squares-of-peak", one) == 0.5


def test_landmarks_are_in_units_of_the_rise_and_infinite_where_nothing_falls():
    one = seen()
    rise = asked("half-rise", one)
    assert asked("restricted-irreps-fall", one) == pytest.approx(20_000 / rise)
    assert asked("excluded-irreps-minimum", one) == pytest.approx(100 / rise)
    never = seen(excluded=np.array([4.0, 3.9, 8.0]), restricted=np.full(3, 4.0))
    assert asked("restricted-irreps-fall", never) == math.inf
    assert asked("excluded-irreps-minimum", never) == math.inf


def test_key_sets_overlap_by_what_both_have_over_what_either_has():
    first, second = seen(key=(0, 1, 1)), seen(key=(0, 0, 1))
    both = SeedView(0, (first.arms[0], second.arms[0]))
    assert asked("key-irrep-count", both) == 2
    assert asked("key-irrep-overlap", both) == 0.5
    assert asked("key-irrep-overlap", SeedView(0, (first.arms[0],) * 2)) == 1
    none = seen(key=(0, 0, 0)).arms[0]
    assert math.isnan(asked("key-irrep-overlap", SeedView(0, (none, none))))
