"""Measures of the claims of Power et al. 2022 on records made by hand, whose answers are known."""

from __future__ import annotations

import math

import pytest

from grokbench.measures import Between, measure
from grokbench.specs.errors import InputError, UnknownNameError
from tests.claims import power_records as runs
from tests.claims.claim_records import record, view
from tests.claims.power_records import (
    EIGHT,
    FAST,
    FLAT_FITS,
    GROKKED,
    GROWING,
    RIGHT,
    STEEP,
    STUCK,
    arm,
    rates,
    run,
    seed_of,
    sweep,
    tables,
    with_circles,
)  # fmt: skip


def test_tables_are_one_only_under_the_right_names_and_moduli() -> None:
    share = measure("relabelled-share")
    assert share(tables(*RIGHT)) == share(tables(*RIGHT), additive=2, multiplicative=3) == 1
    assert share(tables(("addition", 97), ("multiplication", 97))) == 0
    assert share(tables(("addition", 10), ("multiplication", 11))) == 1
    assert 0 < share(tables(("addition", 96), ("division", 97))) < 1


def test_a_threshold_at_the_budget_lies_between_two_fractions_of_the_grid() -> None:
    solved = measure("alpha-solved")
    assert solved(seed_of(arm(0.4))) == Between(0.3, 0.4)
    assert solved(seed_of(arm(0.2))) == Between(0.0, 0.2)
    assert solved(seed_of(arm(None))) == Between(0.9, 1.0)
    holed = (*arm(0.3)[:5], *arm(None)[5:6], *arm(0.3)[6:])  # 0.6 alone is not solved
    assert solved(seed_of(holed)) == Between(0.6, 0.7)


def test_a_change_of_threshold_is_taken_on_the_grid() -> None:
    change = measure("alpha-solved-change")
    assert change(seed_of(arm(0.4), arm(0.4))) == 0
    assert change(seed_of(arm(0.4), arm(0.5))) == pytest.approx(-0.1)
    low, high = change(seed_of(arm(0.2), arm(0.4)))  # type: ignore[misc]
    assert (low, high) == pytest.approx((-0.4, -0.2))
    low, high = change(seed_of(arm(0.4), arm(None)))  # type: ignore[misc]
    assert (low, high) == pytest.approx((-0.6, -0.5))


def test_a_ratio_of_thresholds_is_that_of_the_brackets_ends_and_of_most_arms() -> None:
    ratio = measure("alpha-solved-ratio")
    low, high = ratio(seed_of(arm(0.3), arm(0.7)))  # type: ignore[misc]  # (0.6, 0.7] over (0.25, 0.3]
    assert (low, high) == pytest.approx((2.0, 2.8))
    assert ratio(seed_of(arm(0.3), *EIGHT)) == ratio(seed_of(arm(0.3), arm(0.7)))
    low, high = ratio(seed_of(arm(0.2), arm(0.7)))  # type: ignore[misc]
    assert high == math.inf
    with pytest.raises(InputError):
        ratio(seed_of(arm(0.3)))


def test_accuracies_are_averaged_over_equal_grids_only() -> None:
    step = measure("accuracy-step")
    assert step(seed_of(arm(0.5), arm(0.6))) == pytest.approx(0.98 / 9)
    assert math.isnan(step(seed_of(arm(0.5), arm(0.5, (0.5, 0.9)))))
    gain = measure("accuracy-gain")
    arms = seed_of(arm(0.5), arm(0.6), arm(0.9), arm(0.8))
    assert gain(arms) == pytest.approx(-0.98 / 9)
    assert gain(arms, rank="second") == pytest.approx(2 * 0.98 / 9)
    assert math.isnan(gain(seed_of(arm(0.5), arm(0.8)), rank="second"))
    with pytest.raises(UnknownNameError):
        gain(arms, rank="third")


def test_converged_accuracy_looks_above_the_threshold_only() -> None:
    assert measure("converged-accuracy")(seed_of(arm(0.4))) == 1
    assert math.isnan(measure("converged-accuracy")(seed_of(arm(None))))
    assert math.isnan(measure("converged-accuracy")(seed_of(arm(0.9))))


def test_a_window_of_learning_rates_ends_where_one_fails() -> None:
    window = measure("learning-rate-window")
    every = {1e-4: False, 3e-4: True, 1e-3: True, 3e-3: True, 1e-2: False}
    assert window(seed_of(rates(every))) == pytest.approx(100)
    assert window(seed_of(rates(every | {3e-4: False}))) == pytest.approx(1e-2 / 3e-4)
    assert window(seed_of(rates(every | {1e-2: True}))) == math.inf
    assert window(seed_of(rates(every | {1e-4: True}))) == math.inf
    assert math.isnan(window(seed_of(rates(every | {1e-3: False}))))


def test_the_growth_of_times_per_percent_is_a_robust_slope() -> None:
    factor = measure("time-factor-per-percent")
    exact = [1_000_000 // 2 ** (5 - i) for i in range(6)][::-1]  # doubles with each percent taken away
    assert factor(sweep(exact, FLAT_FITS)) == pytest.approx(2, rel=0.01)
    low, high = factor(sweep([None, *exact[1:]], FLAT_FITS))  # type: ignore[misc]
    assert low == pytest.approx(2, rel=0.01)
    assert high >= 2
    assert math.isnan(factor(sweep([None, None, *exact[2:]], FLAT_FITS)))  # type: ignore[arg-type]


def test_times_to_fit_over_fractions() -> None:
    assert measure("fit-trend-over-alpha")(STEEP) == pytest.approx(1)
    assert measure("fit-extreme")(STEEP, which="least") == 2000
    assert measure("fit-extreme")(STEEP, which="largest") == 2500
    unfitted = view(record([0, 100], 0.5, 0.0, budget=100))
    assert measure("fit-extreme")(unfitted, which="largest") == Between(100, math.inf)
    assert measure("fit-spread-share")(STEEP) == pytest.approx(
        math.log(1.25) / math.log(GROWING[0] / GROWING[-1])
    )
    assert math.isnan(measure("fit-spread-share")(sweep([None, *GROWING[1:]], FLAT_FITS)))
    with pytest.raises(UnknownNameError):
        measure("fit-extreme")(STEEP, which="median")


def test_the_first_rise_is_measured_against_the_fit() -> None:
    assert measure("rise-ratio")(view(runs.double_descent())) == pytest.approx(400_000 / 600)
    assert measure("rise-ratio")(view(run(600, None, 1_000_000))) == Between(1_000_000 / 600, math.inf)
    assert math.isnan(measure("rise-ratio")(view(record([0, 100], 0.5, 0.0, budget=100))))
    assert measure("test-at-fit")(view(FAST)) == 0.95
    assert math.isnan(measure("test-at-fit")(view(record([0, 100], 0.5, 0.0, budget=100))))


def test_the_test_loss_rises_peaks_and_falls() -> None:
    seen = view(runs.double_descent())
    assert measure("test-loss-rise")(seen) == pytest.approx(14 / 5)  # running median of 9, 14, 15, 14, 6
    assert measure("test-loss-second-descent")(seen) == pytest.approx(0.1 / 14)
    assert measure("test-loss-peak-before-rise")(seen) == pytest.approx(10_000 / 700_000)
    assert math.isnan(measure("test-loss-peak-before-rise")(view(STUCK)))


def test_circles_are_read_from_the_analysis() -> None:
    seen = view(with_circles(GROKKED))
    assert measure("circle-share")(seen) == 0.9
    assert measure("circle-share")(seen, at="start") == 0.145
    assert measure("circle-share-over-permuted")(seen) == pytest.approx(4.5)
    with pytest.raises(UnknownNameError):
        measure("circle-share")(seen, at="middle")


def test_every_arm_must_generalise_somewhere() -> None:
    every = measure("every-arm-generalises")
    assert every(seed_of(arm(0.3), arm(0.9))) == 1
    assert every(seed_of(arm(0.3), arm(None))) == every(view(STUCK)) == 0


def test_arms_are_ordered_by_the_data_that_they_need_on_the_fractions_that_all_have() -> None:
    order = measure("alpha-solved-order")
    assert order(seed_of(arm(0.2), arm(0.3), arm(0.5))) == 1
    assert order(seed_of(arm(None), arm(0.3), arm(0.2))) == -1
    finer = arm(0.35, (0.2, 0.3, 0.35, 0.4, 0.5))
    coarser = arm(0.4, (0.2, 0.3, 0.4, 0.5))
    assert math.isnan(order(seed_of(finer, coarser)))  # 0.4 for both, and no order in ties alone
    assert order(seed_of(arm(0.2), finer, coarser)) == pytest.approx(math.sqrt(2 / 3))


def test_times_to_fit_are_compared_within_what_their_budgets_give() -> None:
    ratio = measure("fit-time-ratio")
    assert ratio(view(run(300, 5000), run(200, 5000))) == 1.5
    assert ratio(view(record([0, 400], 0, 0), run(200, 5000))) == Between(2, math.inf)
    assert ratio(view(run(200, 5000), record([0, 400], 0, 0))) == Between(0, 0.5)
