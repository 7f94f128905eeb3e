"""How much time is left, on a clock that the test sets."""

from __future__ import annotations

import pytest

from grokbench.plan.pace import Expected, Pace


def test_before_anything_runs_the_plan_counts() -> None:
    pace = Pace({name: Expected(10, 100) for name in "abcd"}, workers=2)
    assert pace.seconds_left(0) == pytest.approx(20)
    assert Pace({}, 2).seconds_left(5) == 0


def test_a_finished_trial_corrects_its_kind_and_no_other_that_has_one_of_its_own() -> None:
    work = {"a": Expected(10, 100, "x"), "b": Expected(10, 100, "x"), "c": Expected(10, 100, "y")}
    pace = Pace(work | {"d": Expected(10, 100, "y")}, workers=1)
    pace.done("a", 100, 30, now=30)
    pace.done("c", 100, 5, now=35)
    assert pace.seconds_left(35) == pytest.approx(3 * 10 + 0.5 * 10)


def test_a_kind_that_nothing_is_known_of_goes_by_all_others() -> None:
    pace = Pace({"a": Expected(10, 100, "x"), "b": Expected(4, 100, "y")}, workers=1)
    pace.done("a", 100, 20, now=20)
    assert pace.seconds_left(20) == pytest.approx(8)


def test_until_one_has_finished_running_trials_count_by_their_steps() -> None:
    pace = Pace({"a": Expected(10, 100), "b": Expected(10, 100)}, workers=2)
    pace.evaluated("a", 0, now=100)  # until then the worker was loading
    assert pace.seconds_left(100) == pytest.approx(10)
    pace.evaluated("a", 50, now=115)  # half of it: three times as long as planned
    assert pace.seconds_left(115) == pytest.approx(30)  # of the other; this one needs 15 more
    pace.done("b", 100, 10, now=116)
    assert pace.seconds_left(116) == pytest.approx(
        5 * (15 + 10) / (5 + 10) - 1
    )  # all steps that were taken count


def test_the_first_news_of_a_trial_that_is_under_way_is_no_measure() -> None:
    pace = Pace({"a": Expected(10, 1000)}, workers=1)
    pace.evaluated("a", 250, now=100)
    assert pace.seconds_left(100) == pytest.approx(7.5)
    pace.evaluated("a", 500, now=160)
    assert pace.seconds_left(160) == pytest.approx(120)


def test_a_trial_that_ends_early_says_so_of_the_other_seeds_and_of_nothing_else() -> None:
    """At a large training fraction trials end early, and they come first: at a small one they go on to the end."""
    work = {(name, seed): Expected(10, 1000, "x", like=name) for name in "ab" for seed in range(3)}
    pace = Pace(work, workers=1)
    pace.done(("a", 0), 100, 1, now=1)
    assert pace.seconds_left(1) == pytest.approx(2 * 1 + 3 * 10)
    pace.done(("a", 1), 300, 6, now=7)  # of twice the time a step
    assert pace.seconds_left(7) == pytest.approx((1 * 2 + 3 * 10) * 7 / 4)


def test_a_trial_beyond_what_was_expected_goes_to_its_last_step() -> None:
    pace = Pace({name: Expected(10, 100, like="x", most=1000) for name in "abc"}, workers=1)
    pace.evaluated("a", 0, now=0)
    pace.evaluated("a", 100, now=10)
    assert pace.seconds_left(10) == pytest.approx(90 + 2 * 10)
    pace.done("a", 500, 50, now=50)
    pace.evaluated("b", 0, now=50)
    pace.evaluated("b", 200, now=70)
    assert pace.seconds_left(70) == pytest.approx(30 + 50)


def test_what_was_begun_before_needs_the_rest() -> None:
    work = {"a": Expected(10, 100, begun=75, most=200), "b": Expected(10, 100, begun=100, most=200)}
    assert Pace(work, workers=1).seconds_left(0) == pytest.approx(2.5 + 10)


def test_the_clock_runs_between_events_and_time_left_is_never_negative() -> None:
    pace = Pace({"a": Expected(10, 100)}, workers=1)
    pace.evaluated("a", 50, now=0)
    assert pace.seconds_left(2) == pytest.approx(3)
    assert pace.seconds_left(60) == 0
    pace.evaluated("a", 130, now=60)  # more steps than were expected
    assert pace.seconds_left(60) == 0


def test_the_longest_trial_sets_the_end_whatever_the_workers_share() -> None:
    pace = Pace({"long": Expected(100, 10), "short": Expected(2, 10)}, workers=4)
    assert pace.seconds_left(0) == pytest.approx(100)


def test_what_comes_after_the_training_counts() -> None:
    pace = Pace({"a": Expected(10, 100), "b": Expected(10, 100)}, workers=1)
    pace.evaluated("a", 0, now=0)
    pace.done("a", 100, 10, now=15)
    assert pace.seconds_left(15) == pytest.approx(15)


def test_a_trial_that_failed_or_was_made_elsewhere_corrects_nothing() -> None:
    pace = Pace({"a": Expected(10, 100), "b": Expected(10, 100)}, workers=1)
    pace.evaluated("a", 0, now=0)
    pace.gone("a")
    assert pace.seconds_left(500) == pytest.approx(10)


def test_news_of_a_trial_outside_the_plan_is_nothing() -> None:
    pace = Pace({"a": Expected(0, 0)}, workers=1)
    pace.evaluated("x", 3, now=1)
    pace.done("x", 3, 3, now=2)
    pace.evaluated("a", 0, now=3)
    pace.done("a", 0, 1, now=4)
    assert pace.seconds_left(5) == 0
