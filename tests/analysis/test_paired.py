"""Two arms on the same seeds: order statistics of their ratio, the sign test and its power."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grokbench.analysis.paired import interaction, paired, pairs_needed, sign_test
from grokbench.analysis.statistics import clopper_pearson, median_interval

TIMES = st.one_of(st.integers(1, 1000).map(float), st.just(math.inf))
PAIRS = st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=12)


@settings(max_examples=25)
@given(PAIRS)
def test_exchanging_the_arms_inverts_the_ratio_and_exchanges_the_counts(pairs):
    first, second = zip(*pairs, strict=True)
    one, other = paired(first, second, 1000), paired(second, first, 1000)
    assert (one.first_faster, one.second_faster, one.ties) == (
        other.second_faster,
        other.first_faster,
        other.ties,
    )
    assert (one.p, one.censored) == (other.p, other.censored)
    assert one.first_faster + one.second_faster + one.ties == one.n == len(pairs)
    if one.interval:
        low, high = other.interval
        assert one.interval == pytest.approx((1 / high if high else math.inf, 1 / low if low else math.inf))


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 3000)), min_size=6, max_size=12))
def test_a_longer_budget_never_leaves_what_a_shorter_one_said_of_the_ratio(pairs):
    """A censored time is only known to lie above the budget, and the ends allow for all that it may be."""
    whole = paired(*zip(*pairs, strict=True), budget=3000)
    seen = [[t if t <= 1000 else math.inf for t in arm] for arm in zip(*pairs, strict=True)]
    short = paired(*seen, budget=1000)
    tight = 1 + 1e-12
    assert short.ratio[0] <= whole.ratio[0] * tight
    assert whole.ratio[1] <= short.ratio[1] * tight
    assert short.interval[0] <= whole.interval[0] * tight
    assert whole.interval[1] <= short.interval[1] * tight


def test_without_censoring_the_interval_is_that_of_the_order_statistics():
    first, second = [3.0, 8, 5, 9, 7, 4, 6, 2], [2.0, 2, 2, 2, 2, 2, 2, 2]
    assert paired(first, second, 100).interval == median_interval(np.divide(first, second))


@pytest.mark.parametrize("n", [1, 5, 6, 8, 9, 12, 20])
def test_the_sign_test_decides_where_rule_d_does(n):
    for k in range(n // 2 + 1, n + 1):
        assert (sign_test(k, n) <= 0.05) == (clopper_pearson(k, n)[0] > 0.5)


def test_a_tie_counts_against_the_arm_that_leads():
    five = paired([2.0] * 5 + [math.inf], [1.0] * 5 + [math.inf], 100)
    assert (five.second_faster, five.ties, five.decided) == (5, 1, False)
    assert paired([2.0] * 6, [1.0] * 6, 100).decided


def test_a_seed_whose_run_failed_is_no_pair():
    found = paired([2.0, math.nan, 4.0], [1.0, 1.0, math.nan], 100)
    assert (found.n, found.ratio, found.spread) == (1, (2.0, 2.0), None)


def test_arms_that_never_generalise_say_nothing_of_the_ratio():
    found = paired([math.inf] * 6, [math.inf] * 6, 100)
    assert (found.ratio, found.interval, found.p) == ((0.0, math.inf), (0.0, math.inf), 1.0)


@pytest.mark.parametrize("spread", [0.05, 0.1, 0.3])
def test_simulated_pairs_are_found_as_often_as_planned(spread):
    n = pairs_needed(spread)
    draws = np.random.default_rng(0).normal(math.log(1.1), spread, (4000, n))
    found = np.mean([sign_test(max(k, n - k), n) <= 0.05 for k in (draws > 0).sum(1)])
    assert 0.78 < found < 0.95


def test_a_wider_spread_needs_no_fewer_seeds_and_some_spread_is_too_wide():
    counts = [pairs_needed(spread) for spread in (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)]
    assert counts == sorted(counts)
    assert counts[0] == 6
    assert pairs_needed(50.0) is None


FOUR = st.lists(st.tuples(TIMES, TIMES, TIMES, TIMES), min_size=1, max_size=12)


@settings(max_examples=25)
@given(FOUR)
def test_an_interaction_is_the_same_for_both_fields_and_turns_with_the_arms(seeds):
    neither, first, second, both = zip(*seeds, strict=True)
    one = interaction(neither, first, second, both, 1000)
    assert interaction(neither, second, first, both, 1000) == one
    turned = interaction(first, neither, both, second, 1000)
    assert (turned.positive, turned.negative) == (one.negative, one.positive)
    assert turned.log_ratio == pytest.approx((-one.log_ratio[1], -one.log_ratio[0]))
    assert one.positive + one.negative + one.unknown == one.n == len(seeds)


@settings(max_examples=25)
@given(st.lists(st.tuples(*[st.integers(1, 3000)] * 4), min_size=6, max_size=12))
def test_a_longer_budget_never_leaves_what_a_shorter_one_said_of_an_interaction(seeds):
    whole = interaction(*zip(*seeds, strict=True), budget=3000)
    seen = [[t if t <= 1000 else math.inf for t in arm] for arm in zip(*seeds, strict=True)]
    short = interaction(*seen, budget=1000)
    for narrow, wide in ((whole.log_ratio, short.log_ratio), (whole.interval, short.interval)):
        assert wide[0] <= narrow[0] + 1e-9
        assert narrow[1] <= wide[1] + 1e-9
    assert short.positive <= whole.positive
    assert short.negative <= whole.negative


def test_a_seed_whose_run_is_not_known_says_nothing_of_an_interaction():
    found = interaction([8.0, 8], [4.0, math.nan], [4.0, 4], [1.0, 1], budget=10)
    assert (found.n, found.positive) == (1, 1)
    assert found.log_ratio == pytest.approx((math.log(2), math.log(2)))
    assert found.interval is None


def test_where_both_single_changes_are_not_reached_only_a_least_interaction_is_known():
    found = interaction([100.0] * 6, [math.inf] * 6, [math.inf] * 6, [50.0] * 6, budget=1000)
    assert found.log_ratio == (pytest.approx(math.log(1000 * 1000 / (100 * 50))), math.inf)
    assert (found.positive, found.decided, found.censored) == (6, True, 6)
    hidden = interaction([math.inf] * 6, [math.inf] * 6, [900.0] * 6, [50.0] * 6, budget=1000)
    assert hidden.log_ratio == (-math.inf, math.inf)
    assert (hidden.unknown, hidden.p) == (6, 1.0)
