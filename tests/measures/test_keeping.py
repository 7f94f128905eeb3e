"""From how many rows on a network keeps what it has learned, read off runs over numbers of rows."""

from __future__ import annotations

import math

import pytest

from grokbench.measures import Between, measure
from grokbench.measures.cells import Cell, SeedView
from tests.claims.claim_records import record


def arm(ends: dict[int, float]) -> tuple[Cell, ...]:
    """Runs that end at these test accuracies, by number of rows; b is 0, so that a′ is the accuracy."""
    return tuple(
        Cell(0, {"alpha": rows / 1000}, record(range(9), 1.0, end, alpha=rows / 1000, n_train=rows))
        for rows, end in ends.items()
    )


def asked(name: str, *arms: dict[int, float], **arguments):
    return measure(name)(SeedView(0, tuple(map(arm, arms))), **arguments)


KEPT = {100: 0.0, 200: 0.05, 400: 0.6, 800: 1.0}
LESS = {100: 0.0, 200: 0.05, 400: 0.4, 800: 1.0}


def test_rows_kept_are_bracketed_by_the_grid():
    assert asked("rows-kept", KEPT) == Between(200, 400)
    assert asked("rows-kept", LESS) == Between(400, 800)
    assert asked("rows-kept", KEPT, level=0.9) == Between(400, 800)
    assert asked("rows-kept", dict.fromkeys(KEPT, 1.0)) == Between(0, 100)
    assert asked("rows-kept", dict.fromkeys(KEPT, 0.0)) == Between(800, math.inf)


def test_a_run_that_loses_it_again_above_counts():
    assert asked("rows-kept", {100: 0.0, 200: 1.0, 400: 0.1, 800: 1.0}) == Between(400, 800)


def test_two_arms_are_compared_by_the_middles_of_their_brackets():
    assert asked("rows-kept-ratio", KEPT, LESS) == pytest.approx(0.5)
    assert asked("rows-kept-distance", KEPT, LESS) == pytest.approx(1)
    assert asked("rows-kept-distance", LESS, KEPT) == pytest.approx(1)
    assert asked("rows-kept-distance", KEPT, KEPT) == 0
    assert math.isnan(asked("rows-kept-ratio", KEPT, dict.fromkeys(KEPT, 1.0)))


def test_the_spread_is_from_the_last_that_is_lost_to_the_first_that_is_kept():
    assert asked("rows-spread", KEPT) == 4
    assert math.isnan(asked("rows-spread", {100: 0.5, 200: 1.0}))
