"""Measures on records made by hand, whose answers are known."""

from __future__ import annotations

import dataclasses
import math
import sys

import numpy as np
import pytest

from grokbench.measures import Between, argument_names, measure, measure_names
from grokbench.measures.cells import Cell, SeedView
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.training.record import Record
from tests.claims.claim_records import grid, grokked, record, stuck, view

STEPS = [0, 20, 40, 60, 80, 100, 110, 120, 130, 140, 150]
TEST = [0, 0, 0.05, 0.1, 0.6, 1, 1, 1, 1, 1, 1]  # onset 60, half-rise 80, T_gen 100
TRAIN = [0, 0.5, 1, 1, 1, 1, 1, 1, 1, 1, 1]  # T_mem 40


def run(**more: object) -> Record:
    return record(STEPS, TRAIN, TEST, **more)


def test_times_are_read_off_the_curves_and_censored_above_the_budget() -> None:
    assert measure("t-gen")(view(run())) == 100
    assert measure("t-mem")(view(run())) == 40
    assert measure("t-gen")(view(stuck(budget=500))) == Between(500, math.inf)
    assert measure("t-gen")(view(record([0, 5], ended="diverged", budget=500))) == math.inf
    assert measure("delay-ratio")(view(run())) == 2.5
    assert measure("half-rise-ratio")(view(run())) == 4
    assert measure("t-gen")(view(stuck(), run()), arm=1) == 100


def test_outcomes_become_zero_or_one() -> None:
    assert measure("grokking")(view(run())) == 1
    assert measure("grokking")(view(stuck())) == 0
    assert measure("half-rise-ratio-over")(view(run(), run())) == 1
    assert measure("half-rise-ratio-over")(view(stuck(), run())) == math.inf
    assert math.isnan(measure("half-rise-ratio-over")(view(stuck(), stuck())))
    assert measure("half-rise-ratio-over")(view(run(), stuck())) == 0
    assert math.isnan(measure("stays")(view(run()), until=10**9))
    assert measure("generalises")(grid([({"alpha": 0.1}, stuck()), ({"alpha": 0.9}, run())])) == 1


def test_a_ratio_of_times_keeps_the_bounds_that_budgets_give() -> None:
    ratio = measure("time-ratio")
    assert ratio(view(grokked(100), grokked(400))) == 0.25
    assert ratio(view(grokked(100), stuck(budget=1000))) == Between(0, 0.1)
    assert ratio(view(stuck(budget=1000), grokked(100))) == Between(10, math.inf)
    assert ratio(view(record(ended="diverged"), grokked(100))) == math.inf
    assert ratio(view(grokked(100), record(ended="diverged"))) == 0
    assert math.isnan(ratio(view(record(ended="diverged"), record(ended="diverged"))))


def test_the_test_loss_peak_is_placed_relative_to_the_onset() -> None:
    loss = [1, 2, 3, 3, 2, 1, 0, 0, 0, 0, 0]  # running median of 5 before step 80: 2, 2.5, 2, 2
    assert measure("test-loss-peak-position")(view(run(test_loss=loss))) == pytest.approx(20 / 60)
    late = [1, 2, 3, 9, 9, 9, 9, 0, 0, 0, 0]
    assert measure("test-loss-peak-position")(view(run(test_loss=late))) == 1
    assert math.isnan(measure("test-loss-peak-position")(view(stuck())))


def _trace(**columns: list[float]) -> dict[str, dict[str, list[float]]]:
    return {"trace": {"step": list(range(151)), **columns}}


def test_rising_steps_are_counted_up_to_t_gen() -> None:
    falling = [200.0 - i for i in range(151)]
    falling[50] = 1000.0  # one step up, one step down
    falling[140] = 1000.0  # after T_gen
    assert measure("rising-train-steps")(view(run(probes=_trace(loss=falling)))) == pytest.approx(1 / 100)
    assert math.isnan(measure("rising-train-steps")(view(run())))


def test_growth_that_starts_at_the_onset_is_told_from_growth_that_goes_on_or_came_before() -> None:
    late = [1.0 if i <= 60 else 1 + 0.004 * (i - 60) for i in range(151)]
    steady = [1 + 0.001 * i for i in range(151)]
    early = [1 + 0.01 * min(i, 60) for i in range(151)]
    share, slope = measure("norm-growth-after-onset"), measure("norm-slope-at-onset")

    def both(one: list[float], other: list[float]) -> SeedView:
        return view(run(probes=_trace(weight_norm_1=one, weight_norm_2=other)))

    assert share(both(late, late)) == pytest.approx(1)
    assert slope(both(late, late)) == math.inf
    assert share(both(late, steady)) == pytest.approx(0.5)  # of 120 steps 60 lie after the onset
    assert slope(both(late, steady)) == pytest.approx(1)
    assert share(both(late, early)) == slope(both(late, early)) == 0
    assert math.isnan(share(both(late, late), horizon=3))
    assert math.isnan(share(view(stuck())))
    assert math.isnan(slope(view(run())))


def test_the_largest_jump_of_a_norm_counts_up_to_t_gen() -> None:
    calm, jumpy = [1.0] * 151, [1.0] * 70 + [1.5] * 50 + [9.0] * 31
    found = measure("max-weight-jump")(view(run(probes=_trace(weight_norm_1=calm, weight_norm_2=jumpy))))
    assert found == pytest.approx(0.5)


def test_the_gradient_peak_is_placed_between_the_loss_peak_and_t_gen() -> None:
    peak = [math.exp(-(((i - 80) / 10) ** 2)) for i in range(151)]
    loss = [1, 2, 3, 9, 9, 9, 9, 0, 0, 0, 0]  # peak at 60
    one = run(test_loss=loss, probes=_trace(gradient_norm_1=peak, gradient_norm_2=peak))
    assert measure("gradient-norm-peak-position")(view(one)) == pytest.approx(0.5, abs=0.05)


def test_probes_are_read_at_a_multiple_of_t_gen_and_at_the_start() -> None:
    phases = {
        "step": [0, 100, 149, 160],
        "resultant": [0.1, 0.2, 0.3, 0.4],
        "share_near_zero": [0, 0.1, 0.2, 0.9],
    }
    spectrum = {"step": [0, 160], "share_sum": [0.01, 0.8]}
    one = view(run(probes={"phases": phases, "spectrum": spectrum}))
    assert measure("phase-resultant")(one) == 0.4
    assert measure("phase-resultant")(one, horizon=1.0) == 0.2
    assert measure("phase-share")(one) == 0.9
    assert measure("spectrum-share")(one, horizon=0) == 0.01
    assert math.isnan(measure("phase-resultant")(one, horizon=20))
    with pytest.raises(UnknownNameError):
        measure("spectrum-share")(one, column="share_of_everything")


def test_an_untrained_network_shows_its_only_row_at_every_horizon() -> None:
    untrained = record([0], budget=0, probes={"phases": {"step": [0], "resultant": [0.05]}})
    assert measure("phase-resultant")(view(untrained)) == 0.05


def test_the_spread_of_phases_is_compared_arm_by_arm() -> None:
    wide, narrow = (
        run(probes={"phases": {"step": [0, 150], "circular_std": [2, spread]}}) for spread in (0.5, 0.2)
    )
    assert measure("phase-spread-difference")(view(narrow, wide)) == pytest.approx(-0.3)


def test_spectrum_lines_are_compared_with_the_main_one() -> None:
    shares = {"share_sum": [0.8], "share_2n": [0.04], "share_2m": [0.08], "share_difference": [0.06]}
    one = view(record(probes={"spectrum": {"step": [0], **shares}}))
    assert measure("spectrum-line-ratio")(one) == pytest.approx(0.1)
    assert measure("spectrum-line-ratio")(one, which="weakest") == pytest.approx(0.05)


def test_the_strongest_line_and_the_further_ones_are_read_at_a_horizon() -> None:
    def lines(main: float, further: float) -> Record:
        shares = {"share_sum": main, "share_2n": further, "share_2m": further, "share_difference": further}
        return run(probes={"spectrum": {"step": [0, 160], **{k: [0.2, v] for k, v in shares.items()}}})

    assert measure("spectrum-strongest-line")(view(lines(0.8, 0.01))) == 0.8
    assert measure("spectrum-strongest-line")(view(lines(0.8, 0.01)), horizon=0) == 0.2
    assert measure("spurious-lines-over")(view(lines(0.8, 0.01), lines(0.5, 0.1))) == pytest.approx(0.0625)


def test_what_shuffled_phases_cost_is_read_from_the_analysis() -> None:
    shares = {"unshuffled": [0.9], "independent": [0.1], "sum_kept": [0.85]}
    found = dataclasses.replace(
        run(), analyses={"phase-shuffles": {k: np.array(v) for k, v in shares.items()}}
    )
    assert measure("phase-shuffle-loss")(view(found)) == pytest.approx(0.8)
    assert measure("phase-shuffle-loss")(view(found), sums="kept") == pytest.approx(0.05)
    assert math.isnan(measure("phase-shuffle-loss")(view(run())))
    with pytest.raises(UnknownNameError):
        measure("phase-shuffle-loss")(view(found), sums="lost")


def test_the_spread_over_periodic_neurons_is_compared_arm_by_arm() -> None:
    arms = [
        dataclasses.replace(run(), analyses={"periodic-neurons": {"circular_std": np.array([spread])}})
        for spread in (0.2, 0.5)
    ]
    assert measure("periodic-phase-spread-difference")(view(*arms)) == pytest.approx(-0.3)
    assert math.isnan(measure("periodic-phase-spread-difference")(view(arms[0], run())))


def test_periodicity_is_read_at_the_landmarks() -> None:
    # T_mem 40, T_gen 100: slope 0.001 before, 0.004 from 100 to 200, flat from 1600 to 2000.
    ipr = {"step": [0, 20, 100, 200, 500, 1600, 2000], "ipr": [0.0, 0.02, 0.2, 0.6, 0.7, 0.8, 0.8]}
    one = view(record([*STEPS, 2000], [*TRAIN, 1], [*TEST, 1], probes={"ipr": ipr}))
    assert measure("ipr-slope-ratio")(one, late="after", early="fit") == pytest.approx(4)
    assert measure("ipr-slope-ratio")(one, late="end", early="after") == 0
    assert measure("ipr-slope-ratio")(one, late="after", early="rise") == pytest.approx(0.004 / 0.00225)
    assert measure("ipr-share-at-t-gen")(one, final=20) == pytest.approx(0.25)
    assert measure("ipr-gap-ratio")(one, early=5, late=20) == pytest.approx(2 / 3)
    assert math.isnan(measure("ipr-gap-ratio")(one, late=30))
    with pytest.raises(UnknownNameError):
        measure("ipr-slope-ratio")(one, late="sometime", early="fit")
    assert math.isnan(measure("ipr-slope-ratio")(view(stuck()), late="after", early="fit"))


def test_the_growth_of_periodicity_bends_where_it_is_first_half_as_fast_as_ever() -> None:
    def bent(at: int) -> SeedView:
        steps = list(range(0, 201, 10))
        values = [0.0001 * step + 0.004 * max(0, step - at) for step in steps]
        return view(run(probes={"ipr": {"step": steps, "ipr": values}}))

    assert measure("ipr-bend-position")(bent(80)) == pytest.approx(0.5)  # the onset is at 60, T_gen at 100
    assert measure("ipr-bend-position")(bent(40)) == pytest.approx(-0.5)
    assert math.isnan(measure("ipr-bend-position")(bent(80), horizon=3))
    assert math.isnan(
        measure("ipr-bend-position")(view(run(probes={"ipr": {"step": [0, 200], "ipr": [0.1, 0.1]}})))
    )


def test_periodicity_of_two_fractions_needs_equally_many_steps() -> None:
    def cells(last: int) -> SeedView:
        rows = [(0.5, 0.6, 100), (0.8, 0.8, last)]
        return grid(
            ({"alpha": a}, record(probes={"ipr": {"step": [0, n], "ipr": [0, v]}})) for a, v, n in rows
        )

    found = measure("ipr-gap-ratio-of-fractions")
    assert found(cells(100), more=0.8, less=0.5) == pytest.approx(0.5)
    assert math.isnan(found(cells(90), more=0.8, less=0.5))


def test_the_table_accuracy_weighs_train_and_test_rows() -> None:
    assert measure("table-accuracy")(view(record(train=1.0, test=0.6))) == pytest.approx(19 / 25)
    assert measure("best-test-accuracy")(view(record([0, 1, 2], 0, [0.1, 0.4, 0.2]))) == 0.4
    assert measure("initial-loss")(view(record(train_loss=0.1, test_loss=0.2))) == pytest.approx(0.16)
    assert measure("analytic-peak")(view(record(analytic_peak=0.97))) == 0.97


def _widths(shares: dict[int, float]) -> SeedView:
    return grid(({"model.width": w}, record(train=s, test=s)) for w, s in shares.items())


def test_a_width_threshold_lies_above_the_last_failure() -> None:
    found = measure("width-threshold")
    assert found(_widths({10: 0.5, 20: 1.0, 30: 0.8, 40: 1.0, 50: 1.0})) == Between(30, 40)
    assert found(_widths({10: 1.0, 20: 1.0})) == Between(0, 10)
    assert found(_widths({10: 1.0, 20: 0.5})) == Between(20, math.inf)


def _against_analytic(trained: dict[int, float], analytic: dict[int, float]) -> SeedView:
    arms = [
        tuple(Cell(0, {}, record([0, 1], s, s, width=w, **more)) for w, s in shares.items())
        for shares, more in ((trained, {}), (analytic, {}))
    ]
    return SeedView(0, tuple(arms))


def test_trained_networks_are_compared_with_analytic_ones_width_by_width() -> None:
    found = measure("accuracy-above-analytic")
    seen = _against_analytic({20: 0.8, 40: 1.0, 60: 1.0}, {20: 0.4, 40: 0.8, 60: 1.0})
    assert found(seen, rank="least") == pytest.approx(0.0)
    assert found(seen, rank="second") == pytest.approx(0.2)
    assert math.isnan(found(_against_analytic({20: 0.8}, {40: 0.8})))
    with pytest.raises(InputError):
        found(seen, rank="best")


def _sweep(times: dict[float, int | None], budget: int = 2500, seed: int = 0) -> SeedView:
    return grid(
        (
            ({"alpha": a}, stuck(budget=budget, alpha=a) if t is None else grokked(t, budget=budget, alpha=a))
            for a, t in times.items()
        ),
        seed,
    )


def test_the_critical_fraction_is_bracketed_by_the_grid() -> None:
    found = measure("alpha-threshold")
    times = {0.2: None, 0.3: 2400, 0.4: 1000, 0.5: 200, 0.7: 100}
    assert found(_sweep(times)) == Between(0.3, 0.4)  # 2400 is beyond 20 plateaus of 100
    assert found(_sweep(times, budget=2500), budget_factor=25) == Between(0.2, 0.3)
    assert found(_sweep({0.2: 300, 0.7: 100})) == Between(0, 0.2)
    assert math.isnan(found(_sweep({0.2: None, 0.7: 100}, budget=1500)))
    assert math.isnan(found(_sweep({0.2: 300, 0.7: None})))


def test_a_jump_is_measured_a_tenth_above_the_critical_fraction() -> None:
    found = measure("alpha-jump")
    assert found(_sweep({0.2: None, 0.3: 1500, 0.35: 900, 0.4: 200, 0.7: 100})) == 2
    assert math.isnan(found(_sweep({0.2: 300, 0.7: 100})))
    assert math.isnan(found(_sweep({0.2: None, 0.7: 100})))


def _arms(*sweeps: dict[float, int | None]) -> SeedView:
    return SeedView(0, tuple(_sweep(times).arms[0] for times in sweeps))


def test_critical_fractions_are_compared_on_the_grid() -> None:
    low, high = {0.2: None, 0.3: 500, 0.4: 200, 0.5: 100}, {0.2: None, 0.3: None, 0.4: 200, 0.5: 100}
    change = measure("alpha-threshold-change")
    assert change(_arms(low, high)) == pytest.approx(-0.1)
    assert change(_arms(low, low)) == 0
    solved = {0.2: 300, 0.3: 200, 0.5: 100}
    assert change(_arms(solved, high)) == Between(pytest.approx(-0.4), pytest.approx(-0.2))
    assert measure("alpha-threshold-steps")(_arms(high, low)) == pytest.approx(0.1)
    assert measure("alpha-threshold-steps")(_arms(high, low, low)) == 0


@pytest.mark.parametrize("i", range(1, 18))
def test_a_step_of_a_twentieth_is_exactly_that(i: int) -> None:
    """Also 0.45 − 0.4, which is less in floating point: a rule that asks for one step of the grid means it."""
    first, second, last = i / 20, (i + 1) / 20, (i + 2) / 20
    low, high = {first: None, second: 200, last: 100}, {first: None, second: None, last: 100}
    assert measure("alpha-threshold-change")(_arms(low, high)) == -0.05
    assert measure("alpha-solved-change")(_arms(low, high)) == -0.05
    assert measure("alpha-threshold-steps")(_arms(high, low)) == 0.05


def test_the_trend_over_fractions_is_kendalls() -> None:
    assert measure("time-trend-over-alpha")(_sweep({0.3: None, 0.4: 400, 0.5: 100})) == pytest.approx(-1)


def test_a_measure_of_one_record_refuses_a_grid() -> None:
    with pytest.raises(InputError, match="one record per seed"):
        measure("t-gen")(_sweep({0.3: 200, 0.5: 100}))


def test_unknown_measures_are_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="time-ratio"):
        measure("times-ratio")


def test_every_measure_has_a_docstring_and_named_arguments() -> None:
    for name in measure_names():
        assert measure(name).__doc__, name
        assert isinstance(argument_names(name), tuple)
    assert argument_names("spectrum-share") == ("column", "horizon", "arm")


def test_naming_measures_loads_neither_scipy_nor_torch() -> None:
    import subprocess

    code = (
        "import sys; from grokbench.measures import measure_names; assert measure_names(); "
        "print([m for m in ('torch', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
