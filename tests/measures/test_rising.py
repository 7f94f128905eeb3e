"""The measures of rising and ending curves, on curves whose answers can be read off the page."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from grokbench.measures import Between, measure
from grokbench.measures.cells import SeedView
from grokbench.measures.reading import ends
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.training.record import Record
from tests.claims.claim_records import grid, grokked, record, stuck, view


def _value(name: str, seen: SeedView, **args: object) -> float:
    return ends(measure(name)(seen, **args)).high


def test_the_half_rise_is_the_first_evaluation_half_way_above_a_guess() -> None:
    curve = record([0, 10, 20, 30], 1, [0, 0.6, 0.8, 1], memoriser_baseline=0.5)
    assert _value("half-rise", view(curve)) == 20  # (0.8 − 0.5)/(1 − 0.5)
    assert measure("half-rise")(view(stuck(1000))) == Between(1000, math.inf)
    assert _value("half-rise", view(record([0, 5], 0, 0, ended="diverged"))) == math.inf


def test_half_rises_looks_at_every_run_of_every_arm() -> None:
    assert _value("half-rises", view(stuck(), stuck())) == 0
    assert _value("half-rises", view(stuck(), grokked(100))) == 1


def test_a_crossing_that_was_not_seen_lies_above_the_last_evaluation() -> None:
    curve = record([0, 10, 20], 1, [0, 0.99, 0.998], budget=500)
    assert _value("test-crossing", view(curve), level=0.99) == 10
    assert measure("test-crossing")(view(curve), level=0.999) == Between(20, math.inf)


def _pair(fit: int, rise: int, best: float = 1.0, fitted: float = 1.0, **more: Any) -> Record:
    steps = sorted({0, fit, rise, 2 * max(fit, rise)})
    train, test = [fitted * (s >= fit) for s in steps], [best * (s >= rise) for s in steps]
    return record(steps, train, test, **more)


@pytest.mark.parametrize(
    ("curve", "gain"),
    [
        (_pair(100, 100), 0),
        (_pair(100, 1000), 1),
        (_pair(1000, 100), 0),
        (_pair(100, 1000, best=0.4), 0.4),
        (_pair(100, 1000, fitted=0.3), 1),  # of its own best, whatever that is
        (_pair(100, 1000, budget=500), 0),  # what rises after the budget does not count
        (stuck(), 0.01),
    ],
)
def test_a_late_gain_is_what_test_accuracy_gains_once_train_accuracy_has_risen(
    curve: Record, gain: float
) -> None:
    assert _value("late-gain", view(curve)) == pytest.approx(gain)


def test_a_late_gain_is_that_of_the_worst_run_and_begins_at_the_share_that_is_asked_for() -> None:
    assert _value("late-gain", view(_pair(100, 100), _pair(100, 1000))) == 1
    blown = record([0, 1], 1, 0, ended="diverged")
    assert math.isnan(_value("late-gain", view(_pair(100, 1000), blown)))
    slow = record([0, 1, 2, 3], [0, 0.5, 0.9, 1], [0, 0.1, 0.5, 0.6])
    assert _value("late-gain", view(slow), share=0.5) == pytest.approx(0.5)
    assert _value("late-gain", view(slow), share=0.9) == pytest.approx(0.1)


def test_the_correlation_of_both_accuracies_is_over_the_evaluations_within_the_budget() -> None:
    curve = record([0, 1, 2, 3], [0, 0.5, 1, 0], [0, 0.1, 0.2, 1], budget=2)
    assert _value("accuracy-correlation", view(curve)) == pytest.approx(1)
    against = record([0, 1, 2], [0, 0.5, 1], [0.2, 0.1, 0])
    assert _value("accuracy-correlation", view(against)) == pytest.approx(-1)
    assert math.isnan(_value("accuracy-correlation", view(record([0, 1, 2], [0, 1, 1], 0))))
    assert math.isnan(_value("accuracy-correlation", view(record([0, 1], [0, 1], [0, 1], ended="diverged"))))


def test_the_least_rise_is_that_of_the_set_that_rises_less() -> None:
    curve = record([0, 1, 2], [0.1, 0.9, 0.8], [0.05, 0.15, 0.1])
    assert _value("least-accuracy-rise", view(curve)) == pytest.approx(0.1)
    assert _value("least-accuracy-rise", view(record([0, 1, 2], [0, 1, 1], 0.3))) == 0


def test_best_accuracies() -> None:
    curve = record([0, 1, 2], [0.1, 0.9, 0.8], [0, 0.75, 0.5], memoriser_baseline=0.5, alpha=0.45)
    assert _value("best-train-accuracy", view(curve)) == 0.9
    assert _value("best-train-accuracy", view(record([0, 1, 2], [0.1, 0.9, 1], 0, budget=1))) == 0.9
    assert math.isnan(_value("best-train-accuracy", view(record([0, 1], 0.5, 0, ended="diverged"))))
    assert _value("best-normalised-at-fraction", view(curve), alpha=0.45) == 0.5
    assert math.isnan(_value("best-normalised-at-fraction", view(curve), alpha=0.3))


def test_the_time_at_a_fraction_and_its_unit() -> None:
    seen = view(grokked(2000, alpha=0.45))
    assert _value("time-at-fraction", seen, alpha=0.45) == 2000
    assert _value("time-at-fraction", seen, alpha=0.45, unit="epochs") == 2000  # full batch
    assert math.isnan(_value("time-at-fraction", seen, alpha=0.6))
    assert measure("time-at-fraction")(view(stuck(700, alpha=0.45)), alpha=0.45) == Between(700, math.inf)
    with pytest.raises(UnknownNameError, match="unit"):
        measure("time-at-fraction")(seen, alpha=0.45, unit="days")


def test_the_change_of_a_delay_has_the_bounds_of_censored_times() -> None:
    # grokked(t) fits at t/2; the stuck one fits at half its budget
    assert _value("delay-ratio-change", view(grokked(1000), grokked(4000))) == 1
    assert measure("delay-ratio-change")(view(stuck(1000), grokked(1000))) == Between(1, math.inf)
    assert measure("delay-ratio-change")(view(grokked(1000), stuck(1000))) == Between(0, 1)
    assert math.isnan(_value("delay-ratio-change", view(stuck(), stuck())))


def _delays(**of: int) -> SeedView:
    cells = []
    for name, t_gen in of.items():
        alpha = int(name[1:]) / 100
        cells.append(({"alpha": alpha}, stuck(alpha=alpha) if t_gen == 0 else _delayed(t_gen, alpha)))
    return grid(cells)


def _delayed(t_gen: int, alpha: float) -> Record:
    steps = [0, 100, *(round(t_gen * (1 + i / 10)) for i in range(6))]
    return record(steps, [0] + [1] * 7, [0, 0] + [1] * 6, budget=10_000, alpha=alpha)


def test_the_fraction_of_the_largest_delay_leaves_out_what_does_not_generalise() -> None:
    seen = _delays(a30=0, a40=2000, a50=9000, a60=1500, a70=500)
    assert _value("delay-peak-fraction", seen) == 0.5
    assert _value("delay-peak-rank", seen) == 1  # 0.4 is the least that generalises
    assert _value("delay-peak-rank", _delays(a30=9000, a40=2000, a50=500)) == 0
    assert math.isnan(_value("delay-peak-fraction", _delays(a30=0, a40=2000, a50=9000)))
    assert math.isnan(_value("delay-peak-rank", _delays(a30=0, a40=0, a50=0)))


def test_accuracies_at_the_end_are_medians_of_the_last_five_evaluations() -> None:
    steps, test = range(7), [0, 0, 0.75, 0.75, 0.75, 0.1, 0.9]
    curve = record(list(steps), test, test, memoriser_baseline=0.5)
    assert _value("final-train-accuracy", view(curve)) == 0.75
    assert _value("final-normalised-accuracy", view(curve)) == 0.5
    blown = record([0, 1], 1, 1, ended="diverged")
    assert (
        _value("final-train-accuracy", view(blown)) == _value("final-normalised-accuracy", view(blown)) == 0
    )


def _even(accuracy: float, alpha: float = 0.5) -> Record:
    return record(list(range(6)), 1, accuracy, alpha=alpha)


def test_the_lead_is_that_of_the_worst_leader_over_another_arm() -> None:
    seen = view(_even(0.9), _even(0.8), _even(0.3), _even(0.6))
    assert _value("final-accuracy-lead", seen, leaders=2) == pytest.approx(0.2)
    assert _value("final-accuracy-lead", seen, leaders=2, over="worst") == pytest.approx(0.5)
    assert math.isnan(_value("final-accuracy-lead", view(_even(0.9), _even(0.8, alpha=0.4))))
    with pytest.raises(InputError, match="leaders"):
        measure("final-accuracy-lead")(seen, leaders=4)
    with pytest.raises(UnknownNameError, match="choice"):
        measure("final-accuracy-lead")(seen, over="mean")


def test_losses_at_the_end_over_where_they_began_and_less_where_they_were_least() -> None:
    curve = record(list(range(11)), 1, 0, test_loss=[4, *[2.0] * 5, *[6.0] * 5])
    assert _value("test-loss-end-over-start", view(curve)) == 1.5
    assert _value("test-loss-rise-from-least", view(curve)) == 1  # (6 − 2)/4
    assert math.isnan(_value("test-loss-rise-from-least", view(replace(curve, ended="diverged"))))


def test_the_place_of_the_least_loss_is_in_units_of_the_run() -> None:
    def least(*losses: float, **more: Any) -> float:
        steps = range(0, 100 * len(losses), 100)
        return _value("test-loss-minimum-position", view(record(list(steps), 1, 0, test_loss=losses, **more)))

    assert least(*[4.0] * 5, *[2.0] * 3, *[5.0] * 3) == 0.5  # a running median of five
    assert least(1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9) == 0
    assert least(9, 8, 7, 6, 5, 4, 3, 2, 1, 1, 1) == 0.8
    assert least(*[4.0] * 6, *[1.0] * 5, budget=500) == 0  # what falls after the budget does not count
    assert math.isnan(least(4.0))
    assert math.isnan(least(4.0, 3.0, ended="diverged"))


def test_the_loss_falls_when_the_accuracy_rises() -> None:
    steps = [0, *range(5, 50, 5), 100, 150, 200]
    test, loss = [0.0] * 10 + [0.6, 0.9, 1], [0.5] * 4 + [20.0] * 6 + [8, 0.9, 0.1]
    curve = record(steps, 1, test, test_loss=loss)
    assert _value("loss-fall-over-rise", view(curve), level=1) == 1.5  # not the loss before its peak
    assert measure("loss-fall-over-rise")(view(curve), level=0.01) == Between(2, math.inf)
    assert math.isnan(_value("loss-fall-over-rise", view(stuck())))


def test_the_place_of_a_peak_less_that_of_another() -> None:
    def peaked(at: int) -> Record:
        steps = list(range(0, 1100, 100))
        loss = [10.0 if abs(step - at) <= 200 else 5.0 for step in steps]
        return record(steps, 1, [0.0] * 9 + [0.6, 1.0], test_loss=loss)  # onset 800

    assert _value("peak-position-change", view(peaked(600), peaked(200))) == pytest.approx(0.5)
    assert math.isnan(_value("peak-position-change", view(peaked(600), stuck())))


def test_the_accuracy_at_the_end_of_one_arm_is_taken_off_that_of_another() -> None:
    good, bad = (record([0, 10, 20, 30, 40], 1.0, accuracy) for accuracy in (0.9, 0.6))
    assert _value("final-accuracy-change", view(good, bad)) == pytest.approx(0.3)
    assert _value("final-accuracy-change", view(good, bad), first=1, second=0) == pytest.approx(-0.3)
