"""Landscapes over the norm, norms of free runs, and times over a grid: known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from grokbench.measures import measured
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.reading import Between
from tests.claims.claim_records import rising
from tests.reports.synthetic_omnigrok import LARGE, SCALE, decays, landscape, of_every_experiment, run

SHOWN = of_every_experiment()


def view(*arms: tuple[Cell, ...]) -> SeedView:
    return SeedView(0, arms)


def one(**own: float) -> tuple[Cell, ...]:
    return (Cell(0, {"alpha": 0.5}, run(**own)),)


def test_a_landscape_has_a_lowest_point_and_two_sides() -> None:
    own = view(landscape(test=lambda scale: 1 + abs(np.log10(scale / 0.63)), train=lambda scale: 1 / scale))
    assert measured("landscape-minimum", own, {}) == 0.63
    small, large = 1 + math.log10(6.3), 1 + math.log10(10 / 0.63)
    assert measured("landscape-rise", own, {"side": "small"}) == pytest.approx(small)
    assert measured("landscape-rise", own, {"side": "large"}) == pytest.approx(large)
    assert measured("landscape-rise", own, {}) == pytest.approx(small)
    assert measured("landscape-floor", own, {"least": 0.8}) == pytest.approx(1.25)
    assert measured("landscape-minimum", own, {"curve": "train-loss"}) == 10


def test_the_loss_at_the_end_is_one_runs() -> None:
    assert measured("final-loss", view(landscape()[3:4]), {"curve": "train-loss"}) == pytest.approx(1e-6)


def test_a_free_runs_norm_is_set_against_the_largest_held_norm_that_generalises() -> None:
    run_ = one(gen=20_000, scale=2.0)
    found = measured("norm-over-zone", view(run_, landscape(edge=1.3)), {})
    assert found == pytest.approx(2 * math.exp(-0.05 * 3e-4 * 20_000) / 1.25, rel=1e-3)
    at_fit = measured("norm-over-zone", view(run_, landscape(edge=1.3)), {"at": "t-mem"})
    assert at_fit == pytest.approx(2 * math.exp(-0.05 * 3e-4 * 500) / 1.25, rel=1e-3)
    assert math.isnan(float(measured("norm-over-zone", view(run_, landscape(edge=0.0)), {})))


def test_a_fall_of_the_norm_is_counted_in_units_of_the_decay() -> None:
    for shrinks in (0.0, 0.5, 1.0):
        found = measured("norm-fall-over-decay", view(one(gen=20_000, shrinks=shrinks)), {})
        assert found == pytest.approx(shrinks, abs=1e-6)


def test_times_over_decays_have_a_spread_a_slope_and_a_longest_delay() -> None:
    own = view(decays(LARGE, 2.0))
    assert measured("longest-delay-ratio", own, {}) == pytest.approx(12_000 / 190)
    assert measured("fit-time-spread", own, {}) == pytest.approx(190 / 185)
    assert measured("time-spread", own, {}) == pytest.approx(24)
    slope = math.log(12_000 / 1400) / math.log(0.03 / 0.3)
    assert measured("time-power", own, {"high": 0.31}) == pytest.approx(slope, abs=0.03)


def test_a_censored_time_leaves_bounds() -> None:
    own = view(decays({**LARGE, 0.03: (190, math.inf)}, 2.0))
    longest = measured("longest-delay-ratio", own, {})
    assert isinstance(longest, Between)
    assert longest == (60_000 / 190, math.inf)
    power = measured("time-power", own, {"high": 0.31})
    assert isinstance(power, Between)
    assert power.low == -math.inf
    assert power.high == pytest.approx(math.log(60_000 / 1400) / math.log(0.03 / 0.3))
    assert math.isnan(float(measured("time-power", view(SHOWN["large-start"]), {})))


def test_the_trend_of_the_half_rise_ratio_is_a_rank_correlation() -> None:
    ratios = (1, 2, 4, 3, 9)
    cells = tuple(
        Cell(0, {SCALE: float(i)}, rising(100, 200, 100 * ratio, 2000)) for i, ratio in enumerate(ratios)
    )
    assert measured("half-rise-trend", view(cells), {}) == pytest.approx(0.8)
