"""When a run fits, generalises and stops: the definitions, on curves whose answers are known by hand."""

from __future__ import annotations

import math
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokbench.analysis import timing


def test_t_gen_is_the_first_evaluation_whose_window_stays_high() -> None:
    steps = [0, 50, 100, 105, 110, 115, 120, 125]
    assert timing.t_gen(steps, [0, 0.5, 1, 1, 1, 1, 1, 1], budget=1000) == 100


def test_a_lone_spike_is_not_t_gen() -> None:
    steps = [0, 50, 60, 100, 105, 110, 115, 120, 125]
    assert timing.t_gen(steps, [0, 1, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3], budget=1000) == math.inf


def test_slingshot_dips_inside_the_window_do_not_undo_t_gen() -> None:
    steps = [100, 105, 110, 115, 120]
    assert timing.t_gen(steps, [1, 0.1, 1, 0.2, 1], budget=1000) == 100


def test_the_window_holds_at_least_five_evaluations() -> None:
    steps = [10, 20, 40, 80, 160]
    assert timing.t_gen(steps, [1, 1, 1, 1, 1], budget=1000) == 10
    assert timing.t_gen(steps[:4], [1, 1, 1, 1], budget=1000) == math.inf


def test_the_window_ends_at_one_point_two_times_s_included() -> None:
    steps = [100, 101, 102, 103, 104, 118, 119, 120, 121]
    # Nine evaluations, of which [100, 120] holds eight: four high, four low, so the median is below 0.99.
    assert timing.t_gen(steps, [1, 1, 1, 1, 0, 0, 0, 0, 1], budget=110) == math.inf
    assert timing.t_gen(steps, [1, 1, 1, 1, 1, 0, 0, 0, 1], budget=110) == 100


def test_the_window_may_run_past_the_budget_but_t_gen_may_not() -> None:
    steps = [80, 90, 100, 110, 120, 130]
    assert timing.t_gen(steps, [1] * 6, budget=80) == 80
    assert timing.t_gen(steps, [0] + [1] * 5, budget=80) == math.inf


def test_a_curve_that_ends_inside_the_window_is_censored() -> None:
    assert timing.t_gen([100, 101, 102, 103, 104, 105], [1] * 6, budget=1000) == math.inf


def stop_step(steps: list[int], accuracy: list[float], budget: int, horizon: float | None) -> int | None:
    rule = timing.StopRule(budget, horizon)
    return next((step for step, a in zip(steps, accuracy, strict=True) if rule.update(step, a)), None)


def test_a_stop_rule_waits_for_a_pending_window_past_the_budget() -> None:
    rule = timing.StopRule(budget=100, horizon=None)
    stops = [
        rule.update(s, a) for s, a in ((50, 0.0), (100, 1.0), (105, 1.0), (110, 1.0), (115, 1.0), (120, 1.0))
    ]
    assert stops == [False, False, False, False, False, True]
    assert rule.t_gen == 100


def test_a_stop_rule_ends_at_the_budget_when_nothing_is_pending() -> None:
    rule = timing.StopRule(budget=100, horizon=1.5)
    assert [rule.update(s, 0.5) for s in (0, 99, 101)] == [False, False, True]


def test_a_horizon_may_pass_the_budget_or_end_before_it() -> None:
    steps, high = [0, 100, 105, 110, 115, 120, 149, 150, 200], [0.0] + [1.0] * 8
    assert stop_step(steps, high, budget=110, horizon=1.5) == 150
    assert stop_step(steps, high, budget=10_000, horizon=1.5) == 150
    assert stop_step(steps, high, budget=10_000, horizon=None) is None


def test_a_budget_of_zero_trains_nothing() -> None:
    assert timing.StopRule(0).update(0, 1.0)


def test_a_curve_too_short_to_answer_has_no_stop_step() -> None:
    assert stop_step([0, 100, 105], [0, 1, 1], budget=100, horizon=None) is None


def _by_definition(steps: list[int], accuracy: list[float], budget: int) -> float:
    for i, (step, value) in enumerate(zip(steps, accuracy, strict=True)):
        if step > budget or value < 0.99:
            continue
        window = [j for j in range(len(steps)) if j >= i and (5 * steps[j] <= 6 * step or j < i + 5)]
        if 5 * steps[-1] < 6 * step or len(window) < 5:
            return math.inf
        if median(accuracy[j] for j in window) >= 0.99:
            return step
    return math.inf


curves = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from([0.0, 0.5, 0.98, 0.99, 1.0])), min_size=1, max_size=60
)


@given(curves, st.integers(1, 300))
def test_t_gen_is_what_its_definition_says(rows: list[tuple[int, float]], budget: int) -> None:
    steps = np.cumsum([gap for gap, _ in rows]).tolist()
    accuracy = [value for _, value in rows]
    assert timing.t_gen(steps, accuracy, budget) == _by_definition(steps, accuracy, budget)


@given(curves, st.integers(0, 300), st.sampled_from([None, 1.2, 1.5, 20.0]))
def test_a_run_ended_by_the_rule_is_the_longer_run_cut_at_its_stop_step(
    rows: list[tuple[int, float]], budget: int, horizon: float | None
) -> None:
    steps = np.cumsum([gap for gap, _ in rows]).tolist()
    accuracy = [value for _, value in rows]
    rule, seen = timing.StopRule(budget, horizon), []
    for step, value in zip(steps, accuracy, strict=True):
        seen.append(step)
        if rule.update(step, value):
            break
    else:
        assert stop_step(steps, accuracy, budget, horizon) is None
        return
    assert stop_step(steps, accuracy, budget, horizon) == seen[-1]
    cut = len(seen)
    if budget:
        whole = timing.t_gen(steps, accuracy, budget)
        assert timing.t_gen(steps[:cut], accuracy[:cut], budget) == whole


def test_first_crossings_are_not_undone_and_may_be_censored() -> None:
    assert timing.first_crossing([0, 1, 2, 3], [0, 0.99, 0.1, 1], 0.99) == 1
    assert timing.t_mem([0, 1], [0.1, 0.98]) == math.inf
    assert timing.first_crossing([0, 10], [0, 1], 0.99, budget=9) == math.inf


def test_normalised_accuracy_is_zero_at_the_baseline_and_one_at_one() -> None:
    assert timing.normalised([0.4, 0.7, 1.0], 0.4) == pytest.approx([0, 0.5, 1])
    assert math.isnan(timing.normalised([1.0], 1.0)[0])


def test_onset_is_the_last_low_evaluation_before_the_half_rise() -> None:
    steps, accuracy = [0, 1, 2, 3, 4, 5], [0.0, 0.2, 0.05, 0.3, 0.6, 0.05]
    assert timing.onset(steps, accuracy, 0.0) == 2
    assert timing.onset(steps, [0.2, 0.6, 1, 1, 1, 1], 0.0) != timing.onset(steps, accuracy, 0.0)
    assert math.isnan(timing.onset(steps, [0.2, 0.6, 1, 1, 1, 1], 0.0))
    assert timing.onset(steps, [0.4] * 6, 0.0) == math.inf


def test_half_rise_ratio_compares_the_test_rise_with_the_train_rise() -> None:
    assert timing.half_rise_ratio([1, 2, 10, 20], [0, 0.6, 1, 1], [0, 0, 0.1, 0.9], 0.0) == 10
    assert math.isnan(timing.half_rise_ratio([1, 2], [0, 0], [0, 0], 0.0))
    assert timing.half_rise_ratio([0, 2], [1, 1], [0, 1], 0.0) == math.inf
    assert math.isnan(timing.half_rise_ratio([0, 2], [1, 1], [1, 1], 0.0))


def test_dips_count_excursions_after_t_gen() -> None:
    steps, accuracy = range(1, 9), [1, 1, 0.8, 1, 0.5, 0.5, 1, 0.95]
    assert timing.dips(steps, accuracy, 2) == (2, pytest.approx(4 / 6))
    assert timing.dips([1], [1.0], 1)[0] == 0


@pytest.mark.parametrize(
    ("rise", "outcome", "expected"),
    [(10, "grokking", True), (9, "grokking", False), (10, "comprehension", False)],
)
def test_grokking_is_strong_where_the_test_rise_comes_ten_times_later(
    rise: int, outcome: str, expected: bool
) -> None:
    steps = list(range(1, 13))
    test = [float(step >= rise) for step in steps]
    curves = {"step": steps, "train_accuracy": [1.0] * 12, "test_accuracy": test}
    assert timing.strong(curves, outcome, 0.0) is expected


def _curves(train: list[float], test: list[float]) -> dict[str, object]:
    return {"step": [10 * (i + 1) for i in range(len(train))], "train_accuracy": train, "test_accuracy": test}


HIGH = [1.0] * 8


@pytest.mark.parametrize(
    ("train", "test", "diverged", "expected"),
    [
        ([0.1, 1, 1, *HIGH], [0, 0, 0.2, *HIGH], False, "grokking"),
        ([0.1, 0.5, 1, *HIGH], [0, 0.5, 0.8, *HIGH], False, "comprehension"),
        ([0.1, 0.1, 0.6, 1, *HIGH], [0, 0, 0, 0.4, *HIGH], False, "grokking"),  # R½ = 50 / 30
        ([0.1, 0.1, 0.1, 0.6, 1, *HIGH], [0, 0, 0, 0, 0.4, *HIGH], False, "grokking"),  # 60 / 40
        ([0.1, 0.1, 0.1, 0.1, 0.6, 1, *HIGH], [0, 0, 0, 0, 0, 0.4, *HIGH], False, "comprehension"),  # 70 / 50
        ([0.1, 1, 1], [0, 0.2, 0.7], False, "partial"),
        ([0.1, 1, 1], [0, 0, 0.1], False, "memorisation"),
        ([0.1, 0.5, 0.9], [0, 0, 0.1], False, "underfit"),
        ([0.1, 1, 1], [0, 0, 0.9], True, "diverged"),
        ([0.1, 1, 1, *HIGH], [0, 0, 0.2, *HIGH], True, "grokking"),
    ],
)
def test_the_outcome_class_is_the_first_that_fits(
    train: list[float], test: list[float], diverged: bool, expected: str
) -> None:
    assert timing.outcome_class(_curves(train, test), 1000, 0.0, diverged) == expected


@pytest.mark.parametrize(
    ("test", "until", "expected"),
    [
        ([0, 1, 1, 1, 1, 1, 1], 60, 1.0),
        ([0, 1, 1, 0.89, 1, 1, 1], 60, 0.0),  # it fell below 0.9
        ([0, 1, 1, 1, 0.95, 0.95, 0.95], 60, 0.0),  # and here it ends below 0.99
        ([0, 1, 1, 1, 1, 0.2, 0.2], 40, 1.0),  # what comes later is not asked
        ([0, 1, 1, 1], 60, math.nan),  # the record ends before
        ([0, 1, 1, 1, 1, 1, 1], 20, math.nan),  # a collapse has had no time to come
        ([0, 0, 0, 0, 0, 0, 0], 60, math.nan),
    ],
)
def test_a_run_that_stays_does_not_lose_what_it_has(test: list[float], until: float, expected: float) -> None:
    steps = [10 * i for i in range(len(test))]
    reached = 10.0 if 1 in test else math.inf
    assert timing.stays(steps, test, reached, until) == pytest.approx(expected, nan_ok=True)


def test_a_run_is_behind_where_less_than_half_is_done_when_nine_tenths_are_fitted() -> None:
    assert timing.behind([0.5, 0.9, 1], [0, 0.4, 1], 0.0)
    assert not timing.behind([0.5, 0.9, 1], [0, 0.5, 1], 0.0)
    assert timing.behind([0.5, 0.9, 1], [0, 0.5, 1], 0.2)  # a′ is 0.375 there
    assert not timing.behind([0.5, 0.8], [0, 0], 0.0)
