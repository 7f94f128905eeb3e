"""The toy of two circuits and the theorems on them (Varma et al. 2023), against what can be said of them on paper."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from grokbench.measures import circuit_toy
from grokbench.measures.circuit_toy import CIRCUIT_SPLIT, CIRCUIT_TOY, SCALED_LOGITS


def toy(**changed: Any) -> dict[str, float]:
    return circuit_toy.compute_toy(dataclasses.asdict(CIRCUIT_TOY.fields(**changed)), 0)


def split(**changed: Any) -> dict[str, float]:
    return circuit_toy.compute_split(dataclasses.asdict(CIRCUIT_SPLIT.fields(**changed)), 0)


def scaled(seed: int = 0, **changed: Any) -> float:
    fields = dataclasses.asdict(SCALED_LOGITS.fields(**changed))
    return circuit_toy.compute_scaling(fields, seed)["scaled-loss-change"]


def test_before_the_first_step_both_losses_are_that_of_guessing():
    start = toy(steps=0)
    assert start["toy-final-test-loss"] == pytest.approx(math.log(113))
    assert math.isnan(start["toy-test-loss-at-fit"])


def test_the_three_ingredients_delay_the_fall_of_the_test_loss():
    found = toy()
    assert found["toy-test-loss-at-fit"] > 6
    assert found["toy-final-test-loss"] < 0.1
    assert found["toy-delay-ratio"] > 10


def test_a_dear_generaliser_never_wins_and_one_that_is_as_fast_is_not_late():
    assert toy(cost_generaliser=4.0, steps=5000)["toy-delay-ratio"] == math.inf
    assert toy(start_generaliser=1.0)["toy-highest-test-loss"] == pytest.approx(math.log(113))


@pytest.mark.parametrize(
    ("own", "other", "kappa"), [(1.0, 2.0, 1.2), (1.0, 3.0, 0.8), (2.0, 1.0, 1.2), (1.0, 1.5, 1.5)]
)
def test_the_cheapest_split_is_the_theorems_power_of_the_costs(own, other, kappa):
    found = split(cost_generaliser=own, cost_memoriser=other, kappa=kappa)
    assert found["vote-ratio"] == pytest.approx((other / own) ** (2 * kappa / (2 - kappa)), rel=1e-6)


def test_descent_ends_where_the_search_does():
    assert toy(steps=20_000)["toy-vote-ratio"] == pytest.approx(split()["vote-ratio"], rel=1e-6)


@pytest.mark.parametrize("kappa", [2.0, 2.5, 4.0])
def test_from_the_power_of_the_penalty_on_the_cheaper_circuit_takes_all(kappa):
    assert split(kappa=kappa)["generaliser-share"] == 1
    assert split(kappa=kappa, cost_generaliser=3.0)["generaliser-share"] == 0


@pytest.mark.parametrize("factor", [1.01, 2.0])
def test_larger_logits_lower_the_loss_of_rows_that_are_right_and_may_raise_it_where_some_are_wrong(factor):
    assert all(scaled(seed, rows=100, factor=factor) < 0 for seed in range(20))
    assert all(scaled(seed, rows=100, factor=factor, wrong=0.5) > 0 for seed in range(20))
    assert scaled(factor=1.0) == 0


def test_each_gives_the_numbers_that_it_names():
    assert set(toy(steps=1)) == set(CIRCUIT_TOY.numbers)
    assert set(split()) == set(CIRCUIT_SPLIT.numbers)
