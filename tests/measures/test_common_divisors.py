"""Sums over divisors, and random pairs that agree with them (Charton 2023)."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from grokbench.measures import common_divisors as module
from grokbench.measures.common_divisors import GCD_ACCURACY, GCD_BY_DIGITS, GCD_LAW

PRODUCTS = {(2, 5): 84.43, (2, 3): 91.19, (3, 5): 71.24, (2, 3, 5): 94.99, (2, 3, 5, 7): 96.97}


@pytest.mark.parametrize("primes", PRODUCTS, ids=str)
def test_the_product_over_primes_is_the_sum_over_their_products(primes):
    assert module.accuracy({"primes": primes}) == pytest.approx(PRODUCTS[primes], abs=0.005)
    smooth = [n for n in range(1, 20_000) if rest(n, primes) == 1]
    assert 600 / math.pi**2 * sum(1 / n**2 for n in smooth) == pytest.approx(PRODUCTS[primes], abs=0.01)


def rest(n: int, primes: tuple[int, ...]) -> int:
    for p in primes:
        while n % p == 0:
            n //= p
    return n


def test_learned_divisors_are_products_up_to_a_hundred():
    assert module.learned([2, 5], [16, 25]) == [1, 2, 4, 5, 8, 10, 16, 20, 25, 40, 50, 80, 100]
    assert module.learned([31], [31]) == [1, 31]
    assert len(module.learned([2, 5], [64, 25])) == 15  # all powers: more than base 10 learns


def test_errors_are_those_of_the_rows_that_print_a_number():
    rows = [
        {"primes": [2, 5], "accuracy": 84.43},
        {"primes": [2, 3], "accuracy": 90.19},
        {"primes": [2], "count": 6},
    ]
    found = module.compute_accuracy({"rows": rows}, 0)
    assert found["largest-accuracy-error"] == pytest.approx(1.0, abs=0.01)
    assert found["least-accuracy-error"] < 0.01
    assert found["largest-count-error"] == 1  # 1, 2, 4 … 64 are seven
    assert set(found) == set(GCD_ACCURACY.numbers)


def test_classes_of_another_base_do_not_sum_to_the_accuracy():
    """The control of the claim that accuracies are such sums."""
    rows = [{"primes": [2, 3, 5], "powers": [8, 27, 25], "accuracy": 84.7}]  # base 30's, base 10's accuracy
    assert module.compute_accuracy({"rows": rows}, 0)["largest-accuracy-error"] > 5


@pytest.mark.parametrize(
    "row",
    [
        {"primes": [2, 5], "powers": [16], "count": 1},
        {"primes": [2, 5], "powers": [16, 24], "count": 1},
        {"primes": [2, 5]},
    ],
    ids=["too few powers", "no power", "nothing printed"],
)
def test_a_row_that_makes_no_sense_is_refused(row):
    assert len(list(module.faults({"rows": [row]}))) == 1
    assert not list(module.faults({"rows": [{"primes": [2, 5], "powers": [16, 25], "count": 13}]}))


def drawn(compute: Any, part: Any, seeds: int, **changed: Any) -> np.ndarray:
    fields = dataclasses.asdict(part.fields(**changed))
    return np.array([next(iter(compute(fields, seed).values())) for seed in range(seeds)])


def test_uniform_pairs_follow_the_law_and_log_uniform_ones_do_not():
    assert np.median(drawn(module.compute_law, GCD_LAW, 9)) < 3
    assert drawn(module.compute_law, GCD_LAW, 3, operands="log-uniform").min() > 8


@pytest.mark.parametrize(("base", "primes"), [(10, (2, 5)), (6, (2, 3)), (15, (3, 5)), (30, (2, 3, 5))])
def test_last_digits_answer_as_many_pairs_as_the_sum_says(base, primes):
    found = drawn(module.compute_digits, GCD_BY_DIGITS, 10, base=base)
    assert found.mean() == pytest.approx(PRODUCTS[primes], abs=0.5)
