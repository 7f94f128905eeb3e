"""Exact intervals: identities of the binomial distribution, and the table of rule D."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokbench.analysis import statistics


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_clopper_pearson_leaves_a_fortieth_in_each_tail(kn: tuple[int, int]) -> None:
    k, n = kn
    low, high = statistics.clopper_pearson(k, n)

    def at_least(p: float) -> float:
        return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))

    def at_most(p: float) -> float:
        return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))

    assert low == 0 if k == 0 else at_least(low) == pytest.approx(0.025)
    assert high == 1 if k == n else at_most(high) == pytest.approx(0.025)


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_clopper_pearson_is_symmetric(kn: tuple[int, int]) -> None:
    k, n = kn
    low, high = statistics.clopper_pearson(k, n)
    assert statistics.clopper_pearson(n - k, n) == pytest.approx((1 - high, 1 - low))


def test_clopper_pearson_agrees_with_scipy() -> None:
    from scipy.stats import binomtest

    for k, n in ((0, 6), (3, 7), (11, 12), (20, 20)):
        theirs = binomtest(k, n).proportion_ci(0.95, method="exact")
        assert statistics.clopper_pearson(k, n) == pytest.approx((theirs.low, theirs.high))


def test_clopper_pearson_refuses_impossible_counts() -> None:
    with pytest.raises(ValueError, match="0 <= k <= n"):
        statistics.clopper_pearson(3, 2)


def test_the_median_of_six_lies_between_their_extremes() -> None:
    assert statistics.median_interval([5, 1, 4, 2, 6, 3]) == (1, 6)
    assert statistics.median_interval([1, 2, 3, 4, 5]) is None


@given(st.integers(6, 200))
def test_median_ranks_cover_with_95_per_cent_and_no_narrower_pair_does(n: int) -> None:
    ranks = statistics.median_ranks(n)
    assert ranks is not None
    low, high = ranks

    def coverage(j: int) -> float:
        return 1 - 2 * sum(math.comb(n, i) for i in range(j + 1)) / 2**n

    assert high == n - 1 - low
    assert coverage(low) >= 0.95 > coverage(low + 1)


def test_a_hundred_draws_use_the_40th_and_the_61st() -> None:
    assert statistics.median_ranks(100) == (39, 60)


def test_censored_values_keep_their_place_in_the_median() -> None:
    assert statistics.median([1, math.inf, 2]) == 2
    assert statistics.median([1, math.inf]) == math.inf
    assert statistics.median([1, math.nan, 3]) == 2
    assert statistics.median([math.nan]) is None
    assert statistics.median_interval([1, 2, 3, 4, 5, math.inf]) == (1, math.inf)


def test_a_running_median_removes_a_spike_and_keeps_a_monotone_curve() -> None:
    assert statistics.running_median([0, 0, 9, 0, 0]).tolist() == [0, 0, 0, 0, 0]
    rising = np.arange(20.0)
    assert statistics.running_median(rising)[2:-2].tolist() == rising[2:-2].tolist()


def test_kendall_and_theil_sen_know_a_straight_line() -> None:
    assert statistics.kendall_tau([1, 2, 3, 4], [9, 7, 5, math.inf]) == pytest.approx(0.0)
    assert statistics.kendall_tau([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert statistics.theil_sen([0, 1, 2], [1, 3, 5]) == pytest.approx((2, 2))
    assert statistics.theil_sen([2, 0, 1], [5, 1, 3]) == pytest.approx((2, 2))
    assert all(math.isnan(end) for end in statistics.theil_sen([1, 1], [0, 5]))


POINTS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(-50, 50), st.integers(0, 20), st.integers(0, 20)), min_size=2
)


@given(POINTS)
def test_the_slope_of_any_curve_between_two_lies_between_their_slopes(points: list[tuple[int, ...]]) -> None:
    x, low, above, further = np.array(points, dtype=float).T
    least, largest = statistics.theil_sen(x, low, low + above + further)
    slope, same = statistics.theil_sen(x, low + above)
    assert slope == same or (math.isnan(slope) and math.isnan(least))
    assert not slope < least
    assert not slope > largest


def test_a_censored_value_leaves_a_slope_unbounded_on_one_side() -> None:
    assert statistics.theil_sen([0, 1], [1, 2], [1, math.inf]) == (1, math.inf)
    assert statistics.theil_sen([0, 1], [1, 2], [math.inf, 2]) == (-math.inf, 1)


def test_the_examples_hold() -> None:
    import doctest

    found = doctest.testmod(statistics)
    assert found.attempted > 0
    assert found.failed == 0
