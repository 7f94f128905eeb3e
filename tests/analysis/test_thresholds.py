"""Solved-α curves and α50, against outcome tables whose answers are known by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokbench.analysis.statistics import clopper_pearson, median_ranks
from grokbench.analysis.thresholds import (
    Bracket,
    bracket,
    firth_logistic,
    implied,
    next_cells,
    reversals,
    span,
    status,
    threshold,
)

ALPHAS = (0.2, 0.3, 0.4, 0.5)
Y, N, U = True, False, None


def steps(*places: int, m: int = 4) -> dict[int, tuple[bool, ...]]:
    """Monotone rows, solved from the given place on."""
    return {seed: tuple(i >= place for i in range(m)) for seed, place in enumerate(places)}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((N, N, Y, Y), (0.3, 0.4)),
        ((Y, Y, Y, Y), (0.0, 0.2)),
        ((N, N, N, N), (0.5, math.inf)),
        ((N, Y, N, Y), (0.4, 0.5)),  # solved below counts for nothing where a larger one is not
        ((Y, Y, Y, N), (0.5, math.inf)),
        ((N, U, Y, Y), (0.2, 0.4)),  # an unknown outcome widens the bracket
        ((U, U, Y, Y), (0.0, 0.4)),
        ((N, Y, U, Y), (0.2, 0.5)),
        ((N, N, Y, U), (0.3, math.inf)),
        ((U, U, U, U), (0.0, math.inf)),
    ],
)
def test_a_seeds_bracket_follows_from_what_is_known_alone(row, expected) -> None:
    assert bracket(row, ALPHAS) == Bracket(*expected)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((U, N, U, Y, U), (N, N, U, Y, Y)),
        ((U, U, U, U, U), (U, U, U, U, U)),
        ((U, U, Y, U, U), (U, U, Y, Y, Y)),
        ((U, U, N, U, U), (N, N, N, U, U)),
        ((U, Y, U, N, U), (N, Y, U, N, U)),  # a reversal implies nothing about what lies between or above
        ((Y, U, N, U, Y), (Y, U, N, U, Y)),
        ((N, Y, N, Y, U), (N, Y, N, Y, Y)),
    ],
)
def test_implied_outcomes_are_those_that_more_data_would_not_hurt(row, expected) -> None:
    assert implied(row) == expected


def test_reversals_are_named() -> None:
    assert reversals((Y, U, N, Y), ALPHAS) == [(0.2, 0.4)]
    assert reversals((N, U, Y, Y), ALPHAS) == []
    found = threshold(ALPHAS, {3: (Y, N, Y, Y), 4: (N, Y, Y, Y)}, monotone=True)
    assert found.reversals == ((3, 0.2, 0.3),)
    assert found.brackets == {3: Bracket(0.3, 0.4), 4: Bracket(0.2, 0.3)}


def test_six_seeds_have_the_whole_range_as_their_interval() -> None:
    found = threshold(ALPHAS, steps(1, 1, 2, 2, 2, 3), monotone=False)
    assert found.alpha50 == 0.4
    assert found.bracket == Bracket(0.3, 0.4)
    assert found.interval == Bracket(0.2, 0.5)
    assert found.confidence == 0.95
    assert [level.solved for level in found.levels] == [0, 2, 5, 6]
    assert [level.status for level in found.levels] == ["unsolved", "undecided", "undecided", "solved"]
    assert found.levels[2].interval == clopper_pearson(5, 6)


def test_nine_seeds_may_leave_one_out_at_each_end() -> None:
    found = threshold(ALPHAS, steps(0, 1, 1, 2, 2, 2, 2, 2, 4), monotone=False)
    assert found.interval == Bracket(0.2, 0.4)
    assert found.alpha50 == 0.4
    assert [level.status for level in found.levels] == ["unsolved", "undecided", "solved", "solved"]


def test_an_even_number_of_seeds_takes_the_middle_of_two() -> None:
    found = threshold(ALPHAS, steps(1, 2), monotone=False)
    assert found.alpha50 == pytest.approx(0.35)
    assert found.bracket == pytest.approx((0.25, 0.35))


def test_all_solved_and_none_solved_leave_the_grid() -> None:
    everywhere = threshold(ALPHAS, steps(*[0] * 6), monotone=False)
    assert (everywhere.alpha50, everywhere.interval) == (0.2, Bracket(0.0, 0.2))
    nowhere = threshold(ALPHAS, steps(*[4] * 6), monotone=False)
    assert (nowhere.alpha50, nowhere.interval) == (math.inf, Bracket(0.5, math.inf))
    half = threshold(ALPHAS, steps(1, 1, 1, 4, 4, 4), monotone=False)
    assert half.alpha50 == math.inf


@pytest.mark.parametrize("n", [1, 5])
def test_few_seeds_have_a_span_and_no_confidence(n: int) -> None:
    found = threshold(ALPHAS, steps(*[1, 3, 1, 1, 2][:n]), monotone=False)
    assert found.confidence is None
    assert found.interval == (Bracket(0.2, 0.3) if n == 1 else Bracket(0.2, 0.5))
    assert {level.status for level in found.levels} == {"undecided"}


def test_an_unknown_outcome_that_would_move_the_median_leaves_it_open() -> None:
    rows = {**steps(1, 1, 1, 2, 2), 5: (N, U, Y, Y)}
    found = threshold(ALPHAS, rows, monotone=True)
    assert found.alpha50 is None
    assert found.bracket == pytest.approx((0.2, 0.35))
    assert threshold(
        ALPHAS, {**rows, 4: (N, N, U, Y), 5: (N, N, Y, Y)}, monotone=True
    ).alpha50 == pytest.approx(0.35)
    # Beyond the median's own bracket nothing is open.
    assert threshold(ALPHAS, {**rows, 5: (N, N, N, U)}, monotone=True).alpha50 is not None


def test_unknown_outcomes_keep_a_fraction_undecided_until_they_cannot_matter() -> None:
    assert status(6, 0, 1) == "solved" if clopper_pearson(6, 7)[0] > 0.5 else "undecided"
    assert status(8, 0, 1) == "solved"
    assert status(7, 0, 2) == "undecided"
    assert status(0, 8, 1) == "unsolved"


def test_wrong_grids_are_refused() -> None:
    for alphas, rows in (((), {0: ()}), ((0.2,), {}), ((0.3, 0.2), {0: (Y, Y)}), ((0.2, 0.3), {0: (Y,)})):
        with pytest.raises(ValueError, match=r"fraction|outcome"):
            threshold(alphas, rows, monotone=False)


def adaptive(truth: dict[int, tuple[bool, ...]], workers: int) -> tuple[dict[int, list[bool | None]], int]:
    """Ask next_cells until it is satisfied; the known outcomes and their number."""
    m = len(next(iter(truth.values())))
    known: dict[int, list[bool | None]] = {seed: [None] * m for seed in truth}
    asked = 0
    while cells := next_cells(known, workers):
        assert len(set(cells)) == len(cells) <= workers
        for seed, place in cells:
            assert implied(known[seed])[place] is None, "certain already"
        for seed, place in cells:
            known[seed][place] = truth[seed][place]
            asked += 1
    return known, asked


@given(
    st.integers(1, 9).flatmap(
        lambda m: st.tuples(st.just(m), st.lists(st.integers(0, m), min_size=1, max_size=13))
    ),
    st.integers(1, 5),
)
def test_the_adaptive_answer_is_the_exhaustive_one(case: tuple[int, list[int]], workers: int) -> None:
    m, places = case
    truth = steps(*places, m=m)
    alphas = [0.1 + i / 20 for i in range(m)]
    known, asked = adaptive(truth, workers)
    got, wanted = threshold(alphas, known, monotone=True), threshold(alphas, truth, monotone=False)
    assert (got.alpha50, got.interval, got.confidence) == (wanted.alpha50, wanted.interval, wanted.confidence)
    assert asked <= m * len(places)
    if wanted.confidence:
        assert [level.status for level in got.levels] == [level.status for level in wanted.levels]
    if workers == 1:
        assert asked <= len(places) * math.ceil(math.log2(m + 1))


@given(st.integers(6, 30))
def test_status_and_interval_are_one_test(n: int) -> None:
    ranks = median_ranks(n)
    assert ranks is not None
    assert status(ranks[1] + 1, n - ranks[1] - 1) == "solved"
    assert status(ranks[1], n - ranks[1]) == "undecided"
    assert status(ranks[0], n - ranks[0]) == "unsolved"
    assert status(ranks[0] + 1, n - ranks[0] - 1) == "undecided"


def test_the_first_trials_are_in_the_middle_and_of_different_seeds() -> None:
    blank = {seed: [None] * 7 for seed in range(4)}
    assert next_cells(blank, 3) == ((0, 3), (1, 3), (2, 3))


def test_a_lone_seed_gets_more_than_one_trial_only_from_idle_workers() -> None:
    assert next_cells({0: [None] * 7}, 1) == ((0, 3),)
    assert sorted(next_cells({0: [None] * 7}, 3)) == [(0, 1), (0, 3), (0, 5)]


def test_a_seed_that_cannot_move_the_answer_gets_no_trial() -> None:
    rows = {**dict.fromkeys(range(19), (N, Y, Y, Y, Y)), 19: (N, N, N, U, Y)}
    assert next_cells(rows, 4) == ()
    assert span(rows[19]) == (3, 4)


def test_trials_go_where_the_gap_is_widest() -> None:
    # Two seeds are known; the third decides the median and the upper end: its own open range is asked in the middle.
    rows = {0: (N, Y, Y, Y, Y, Y, Y, Y), 1: (N, N, N, N, N, N, N, Y), 2: (N, N, U, U, U, U, U, Y)}
    assert next_cells(rows, 1) == ((2, 4),)


def test_what_cannot_be_had_is_not_asked_for() -> None:
    rows = {0: (N, U, U, Y)}
    assert next_cells(rows, 2, blocked={(0, 2)}) == ((0, 1),)
    assert next_cells(rows, 2, blocked={(0, 1), (0, 2)}) == ()


def test_a_reversal_is_bisected_above_its_last_unsolved_fraction() -> None:
    assert next_cells({0: (Y, N, U, U, U, Y)}, 1) == ((0, 3),)


def test_firths_curve_is_finite_where_the_data_are_separated() -> None:
    found = firth_logistic([0.2, 0.2, 0.3, 0.4, 0.5, 0.5], [0, 0, 0, 1, 1, 1])
    assert found is not None
    assert found[0] == pytest.approx(0.35)
    assert 0 < found[1] < math.inf
    assert firth_logistic([0.3, 0.3], [0, 1]) is None
    assert firth_logistic([0.2, 0.3], [1, 1]) is None or math.isfinite(firth_logistic([0.2, 0.3], [1, 1])[1])


def test_firths_curve_maximises_the_penalised_likelihood() -> None:
    x = np.array([0.1, 0.2, 0.2, 0.3, 0.4, 0.45, 0.5, 0.6])
    y = np.array([0, 0, 1, 0, 1, 1, 1, 1])

    def objective(midpoint: float, slope: float) -> float:
        p = 1 / (1 + np.exp(-slope * (x - midpoint)))
        design = np.column_stack([np.ones_like(x), x])
        information = design.T @ ((p * (1 - p))[:, None] * design)
        return float(
            np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) + 0.5 * np.linalg.slogdet(information)[1]
        )

    found = firth_logistic(x, y)
    assert found is not None
    best = objective(*found)
    for shift, factor in itertools.product((-0.01, 0, 0.01), (0.95, 1, 1.05)):
        assert objective(found[0] + shift, found[1] * factor) <= best + 1e-9
