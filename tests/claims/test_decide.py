"""Every kind of claim: one REPRODUCED, one NOT REPRODUCED, one INCONCLUSIVE, and what may not happen."""

from __future__ import annotations

import math

import pytest

from grokbench.claims.answers import inside
from grokbench.claims.decide import decide
from grokbench.claims.rules import rule_d
from grokbench.claims.verdict import error, not_run
from grokbench.measures import Between
from grokbench.measures.cells import SeedView
from tests.claims.claim_records import claim, condition, grid, grokked, record, stuck, view, views

GROKS = condition("grokking", 1)


@pytest.mark.parametrize(("n", "enough", "few"), [(6, 6, 0), (9, 8, 1), (12, 10, 2), (20, 15, 5)])
def test_rule_d_is_the_table_of_the_design(n: int, enough: int, few: int) -> None:
    said = [rule_d(k, n) for k in range(n + 1)]
    assert said == ["NOT REPRODUCED"] * (few + 1) + ["INCONCLUSIVE"] * (enough - few - 1) + ["REPRODUCED"] * (
        n - enough + 1
    )


@pytest.mark.parametrize(("n", "enough", "few"), [(6, 6, 0), (12, 11, 1), (20, 16, 4)])
def test_extended_seeds_are_decided_by_the_ladder_of_the_design(n: int, enough: int, few: int) -> None:
    said = [rule_d(k, n, extended=True) for k in range(n + 1)]
    assert said == ["NOT REPRODUCED"] * (few + 1) + ["INCONCLUSIVE"] * (enough - few - 1) + ["REPRODUCED"] * (
        n - enough + 1
    )


@pytest.mark.parametrize("n", [0, 1, 5, 7, 9, 11, 13, 19, 21])
def test_off_the_ladder_extended_seeds_decide_nothing(n: int) -> None:
    assert {rule_d(k, n, extended=True) for k in range(n + 1)} == {"INCONCLUSIVE"}


@pytest.mark.parametrize(
    ("good", "fixed", "extended"),
    [
        (12, "REPRODUCED", "REPRODUCED"),
        (11, "REPRODUCED", "REPRODUCED"),
        (10, "REPRODUCED", "INCONCLUSIVE"),
        (2, "NOT REPRODUCED", "INCONCLUSIVE"),
        (1, "NOT REPRODUCED", "NOT REPRODUCED"),
    ],
)
def test_the_reason_says_that_the_ladder_was_used(good: int, fixed: str, extended: str) -> None:
    runs = views([grokked(100)] * good + [stuck()] * (12 - good))
    plain = decide(claim("event", GROKS), runs)
    strict = decide(claim("event", GROKS), runs, extended=True)
    assert (plain.verdict, strict.verdict) == (fixed, extended)
    assert "with 12, at least 11 confirm and at most 1 contradict" in strict.reason
    assert "ladder" not in plain.reason


@pytest.mark.parametrize("n", range(6))
def test_fewer_than_six_seeds_decide_nothing(n: int) -> None:
    assert {rule_d(k, n) for k in range(n + 1)} == {"INCONCLUSIVE"}


@pytest.mark.parametrize(
    ("good", "expected"), [(6, "REPRODUCED"), (0, "NOT REPRODUCED"), (4, "INCONCLUSIVE")]
)
def test_an_event_is_decided_by_rule_d(good: int, expected: str) -> None:
    found = decide(claim("event", GROKS), views([grokked(100)] * good + [stuck()] * (6 - good)))
    assert found.verdict == expected
    assert found.statistic == good / 6
    assert found.accepted == {"min": 0.5, "max": 1.0}
    assert f"{good} of 6 seeds" in found.reason
    assert [yes for _, _, yes in found.values] == [True] * good + [False] * (6 - good)


def test_a_measure_asked_twice_is_told_apart_in_the_reason() -> None:
    twice = claim(
        "ordering",
        condition("grokking", 1, arm=0),
        condition("grokking", None, 0, arm=1),
        arms=2,
    )
    found = decide(twice, [view(grokked(100), stuck(), seed=seed) for seed in range(6)])
    assert found.verdict == "REPRODUCED"
    assert "grokking (arm-0) at least 1 and grokking (arm-1) at most 0" in found.reason


def test_a_diverged_run_is_a_no() -> None:
    runs = [record([0, 10], 0.0, 0.0, ended="diverged", budget=1000)] * 6
    assert decide(claim("event", GROKS), views(runs)).verdict == "NOT REPRODUCED"


def test_censoring_by_a_budget_below_the_claims_decides_nothing() -> None:
    short = views([stuck(budget=500)] * 6)
    assert decide(claim("event", GROKS), short, budgets=[10_000]).verdict == "INCONCLUSIVE"
    assert decide(claim("event", GROKS), short, budgets=[500]).verdict == "NOT REPRODUCED"


def test_the_smoke_tier_computes_and_decides_only_exact_claims() -> None:
    smoke = decide(claim("event", GROKS), views([grokked(100)] * 6), tier="smoke")
    assert (smoke.verdict, smoke.statistic) == ("INCONCLUSIVE", 1.0)
    loss = claim("exact", condition("initial-loss", 0.09, 0.11))
    assert decide(loss, views([record()]), tier="smoke").verdict == "REPRODUCED"


def test_an_exact_claim_is_equal_or_not() -> None:
    loss = claim("exact", condition("initial-loss", 0.09, 0.11))
    assert decide(loss, views([record(train_loss=0.1, test_loss=0.1)])).verdict == "REPRODUCED"
    wrong = decide(loss, views([record(), record(test_loss=0.2)]))
    assert wrong.verdict == "NOT REPRODUCED"
    assert "seed 1" in wrong.reason
    peak = claim("exact", condition("analytic-peak", 1, 1))
    assert decide(peak, views([record()])).verdict == "INCONCLUSIVE"


def _draws(shares: list[float]) -> list[SeedView]:
    return views([record(analytic_peak=share) for share in shares])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0] * 100, "REPRODUCED"),
        ([0.5] * 100, "NOT REPRODUCED"),
        ([0.5] * 50 + [1.0] * 50, "INCONCLUSIVE"),
        ([1.0] * 99, "INCONCLUSIVE"),
    ],
)
def test_a_construction_is_decided_by_the_interval_of_its_median(values: list[float], expected: str) -> None:
    found = decide(claim("construction", condition("analytic-peak", 0.9, 1.1)), _draws(values))
    assert found.verdict == expected
    assert found.accepted == {"min": 0.9, "max": 1.1}
    assert found.interval is not None
    assert found.interval[0] <= found.statistic <= found.interval[1]


def test_a_construction_over_a_grid_spans_its_brackets() -> None:
    def draw(seed: int) -> SeedView:
        widths = [(20, 0.8), (40, 0.9), (60, 1.0), (80, 1.0)]
        cells = [({"model.width": w}, record(train=share, test=share)) for w, share in widths]
        return grid(cells, seed)

    rule = condition("width-threshold", 40, 70, accuracy=0.99)
    found = decide(claim("construction", rule), [draw(seed) for seed in range(100)])
    assert (found.verdict, found.statistic, found.interval) == ("REPRODUCED", 60, (40, 60))


@pytest.mark.parametrize(
    ("enough", "high", "expected"),
    [(math.inf, 150, "NOT REPRODUCED"), (math.inf, 151, "INCONCLUSIVE"), (150, 150, "REPRODUCED")],
)
def test_a_width_threshold_above_the_grids_top_lies_outside_a_region_that_ends_there(
    enough: float, high: float, expected: str
) -> None:
    def draw(seed: int) -> SeedView:
        shares = [(w, 1.0 if w >= enough else 0.5) for w in (60, 100, 120, 150)]
        return grid([({"model.width": w}, record(train=s, test=s)) for w, s in shares], seed)

    rule = condition("width-threshold", 70, high, accuracy=0.99)
    assert decide(claim("construction", rule), [draw(seed) for seed in range(100)]).verdict == expected


def test_a_median_of_plain_numbers_at_the_regions_upper_bound_is_not_outside() -> None:
    spread = _draws([0.9] * 50 + [1.0] * 50)
    assert (
        decide(claim("construction", condition("analytic-peak", None, 0.9)), spread).verdict == "INCONCLUSIVE"
    )


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (Between(150, math.inf), 70, 150, False),
        (Between(120, 150), 70, 150, True),
        (Between(70, 80), 75, 150, None),
        (Between(60, 70), 70, 150, None),
        (Between(0, 69), 70, 150, False),
        (Between(70, 70), None, 70, True),
        (Between(math.nan, math.inf), None, 70, None),
        (Between(-math.inf, math.inf), None, 70, None),
    ],
)
def test_a_brackets_lower_end_is_excluded(
    value: Between, low: float | None, high: float | None, expected: bool | None
) -> None:
    assert inside(value, condition("t-gen", low, high)) is expected


@pytest.mark.parametrize(("bound", "expected"), [(500, "NOT REPRODUCED"), (501, "INCONCLUSIVE")])
def test_a_time_censored_at_exactly_the_bound_lies_beyond_it(bound: int, expected: str) -> None:
    runs = views([stuck(budget=500)] * 6)
    assert decide(claim("value", condition("t-gen", None, bound)), runs, budgets=[500]).verdict == expected


@pytest.mark.parametrize(
    ("good", "n", "expected"), [(1, 6, "REPRODUCED"), (0, 20, "NOT REPRODUCED"), (0, 6, "INCONCLUSIVE")]
)
def test_an_existence_needs_one_and_is_denied_by_twenty(good: int, n: int, expected: str) -> None:
    runs = [grokked(100)] * good + [stuck()] * (n - good)
    assert decide(claim("existence", condition("generalises", 1)), views(runs)).verdict == expected


NEVER = claim("never", condition("generalises", None, 0), control="addition")


@pytest.mark.parametrize("kind", ["structure", "never"])
def test_a_verdict_carries_what_the_rule_measures_on_the_control(kind: str) -> None:
    rule = claim(kind, condition("generalises", None, 0), control="addition")
    found = decide(rule, views([stuck()] * 6), views([grokked(100)] * 2 + [stuck()]))
    assert found.control == ((0, (1.0,), False), (1, (1.0,), False), (2, (0.0,), True))
    assert [numbers for _, numbers, _ in found.values] == [(0.0,)] * 6
    assert found.yes == 6
    assert decide(rule, views([stuck()] * 6)).control == ()


def test_a_never_stands_when_no_fitted_run_generalises_within_ten_times_the_controls_time() -> None:
    found = decide(NEVER, views([stuck(budget=1000)] * 6), views([grokked(100)] * 6))
    assert found.verdict == "REPRODUCED"
    assert found.reason.startswith("Not contradicted: 0 of 6 within 1000 steps")


def test_a_never_falls_with_one_run_that_generalises_and_prints_its_seed() -> None:
    found = decide(NEVER, views([*[stuck()] * 7, grokked(100)]), views([grokked(100)] * 6))
    assert found.verdict == "NOT REPRODUCED"
    assert "seed 7" in found.reason


@pytest.mark.parametrize(
    ("runs", "control", "why"),
    [
        ([stuck(budget=900)] * 6, [grokked(100)] * 6, "fewer than 10 times"),
        ([stuck(budget=1000)] * 5, [grokked(100)] * 6, "at least 6 seeds"),
        ([record([0, 1000], 0.5, 0.0)] * 6, [grokked(100)] * 6, "not fitted"),
        ([stuck(budget=1000)] * 6, [stuck()] * 6, "positive control"),
    ],
)
def test_a_never_needs_fitted_runs_seeds_and_a_budget(runs: list, control: list, why: str) -> None:
    found = decide(NEVER, views(runs), views(control))
    assert found.verdict == "INCONCLUSIVE"
    assert why in found.reason


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (grokked(100), grokked(1000), "REPRODUCED"),
        (grokked(600), grokked(1000), "NOT REPRODUCED"),
        (grokked(100), stuck(budget=10_000), "REPRODUCED"),
        (grokked(6000), stuck(budget=10_000), "INCONCLUSIVE"),
        (stuck(), grokked(1000), "NOT REPRODUCED"),
        (stuck(), stuck(), "INCONCLUSIVE"),
    ],
)
def test_an_ordering_uses_a_censored_time_only_where_it_settles_the_sign(first, second, expected) -> None:
    half = claim("ordering", condition("time-ratio", None, 0.5), arms=2)
    assert decide(half, views([(first, second)] * 6)).verdict == expected


@pytest.mark.parametrize(("first", "expected"), [(1000, "REPRODUCED"), (1500, "NOT REPRODUCED")])
def test_an_equality_needs_a_ratio_within_its_margin(first: int, expected: str) -> None:
    same = claim("equality", condition("time-ratio", 0.8, 1.25), arms=2)
    assert decide(same, views([(grokked(first), grokked(1000))] * 6)).verdict == expected
    mixed = [(grokked(1000), grokked(1000))] * 3 + [(grokked(1500), grokked(1000))] * 3
    assert decide(same, views(mixed)).verdict == "INCONCLUSIVE"


@pytest.mark.parametrize("kind", ["value", "ratio", "trend", "best-of", "threshold"])
def test_bands_of_numbers_are_decided_by_rule_d(kind: str) -> None:
    rule = claim(kind, condition("t-gen", 50, 200))
    assert decide(rule, views([grokked(100)] * 6)).verdict == "REPRODUCED"
    assert decide(rule, views([grokked(400)] * 6)).verdict == "NOT REPRODUCED"
    assert decide(rule, views([grokked(100)] * 5)).verdict == "INCONCLUSIVE"
    assert decide(rule, views([grokked(100)] * 6)).median_interval == (100, 100)


def test_unmeasured_seeds_decide_nothing_unless_they_cannot_matter() -> None:
    known, unknown = record(analytic_peak=1.0), record()
    rule = claim("value", condition("analytic-peak", 0.9, 1.1))
    assert decide(rule, views([known] * 6)).verdict == "REPRODUCED"
    assert decide(rule, views([known] * 11 + [unknown])).verdict == "REPRODUCED"
    assert decide(rule, views([known] * 9 + [unknown] * 3)).verdict == "INCONCLUSIVE"
    assert decide(rule, views([unknown] * 6)).verdict == "INCONCLUSIVE"


@pytest.mark.parametrize("kind", ["shape", "structure"])
def test_a_rule_that_says_yes_on_its_control_decides_nothing(kind: str) -> None:
    rule = claim(kind, condition("analytic-peak", 0.9), control="untrained")
    high, low = [record(analytic_peak=1.0)] * 6, [record(analytic_peak=0.1)] * 6
    assert decide(rule, views(high), views(low)).verdict == "REPRODUCED"
    assert decide(rule, views(low), views(low)).verdict == "NOT REPRODUCED"
    fooled = decide(rule, views(high), views(high))
    assert fooled.verdict == "INCONCLUSIVE"
    assert "does not tell the two apart" in fooled.reason
    assert decide(rule, views(high), views(low[:3] + high[:3])).verdict == "INCONCLUSIVE"


@pytest.mark.parametrize("share", [1.0, 0.1])
@pytest.mark.parametrize("unmeasured", [[record()] * 6, []])
def test_a_control_on_which_nothing_could_be_measured_shows_nothing(share: float, unmeasured: list) -> None:
    rule = claim("shape", condition("analytic-peak", 0.9), control="untrained")
    found = decide(rule, views([record(analytic_peak=share)] * 6), views(unmeasured))
    assert found.verdict == "INCONCLUSIVE"
    assert "the control shows nothing" in found.reason


def test_an_unmeasured_seed_of_the_control_is_not_a_no() -> None:
    rule = claim("shape", condition("analytic-peak", 0.9), control="untrained")
    low, unknown = record(analytic_peak=0.1), record()
    found = decide(rule, views([record(analytic_peak=1.0)] * 6), views([low] * 5 + [unknown]))
    assert found.verdict == "INCONCLUSIVE"
    assert (
        "yes for 0 of 6 seeds (seed 5 could not be measured (without the fact analytic_peak)), which is not enough"
        in found.reason
    )
    assert decide(rule, views([low] * 6), views([low] * 5 + [unknown])).verdict == "NOT REPRODUCED"


def test_both_conditions_must_hold_in_the_same_seed() -> None:
    both = claim("value", condition("analytic-peak", 0.9), condition("t-gen", None, 200))
    assert decide(both, views([grokked(100, analytic_peak=1.0)] * 6)).verdict == "REPRODUCED"
    assert decide(both, views([grokked(400, analytic_peak=1.0)] * 6)).verdict == "NOT REPRODUCED"
    assert decide(both, views([grokked(400)] * 6)).verdict == "NOT REPRODUCED"


def test_a_failed_trial_is_an_error_that_names_its_seed() -> None:
    found = decide(claim("event", GROKS), views([grokked(100), record(ended="failed")]))
    assert found.verdict == "ERROR"
    assert "seed 1" in found.reason


def test_seeds_that_lack_an_arm_are_left_out() -> None:
    half = claim("ordering", condition("time-ratio", None, 0.5), arms=2)
    pairs = views([(grokked(100), grokked(1000))] * 6)
    lonely = SeedView(99, (view(grokked(100)).arms[0], ()))
    assert decide(half, [*pairs, lonely]).n_seeds == 6
    assert decide(half, [lonely]).verdict == "INCONCLUSIVE"


@pytest.mark.parametrize(
    ("grade", "origin", "ours"),
    [("A", "paper", False), ("A", "code", False), ("A", "inferred", True), ("B", "paper", True)],
)
def test_only_grade_a_under_a_stated_recipe_speaks_against_the_paper(grade, origin, ours) -> None:
    found = decide(claim("event", GROKS, grade=grade), views([stuck(origin=origin)] * 6))
    assert found.under_our_reading is ours
    assert ("under our reading" in found.reason) is ours
    given = decide(claim("event", GROKS, grade=grade), views([stuck()] * 6), origins=[origin])
    assert given.under_our_reading is ours


def test_claims_that_were_not_run_or_failed_say_why() -> None:
    one = claim("event", GROKS)
    assert (not_run(one, "quick", "needs paper").verdict, error(one, "quick", "seed 3").reason) == (
        "NOT RUN",
        "seed 3",
    )
    assert [
        not_run(one, "quick", "x", origins).under_our_reading for origins in (["paper"], ["inferred"])
    ] == [
        False,
        True,
    ]
    assert not math.isnan(not_run(one, "quick", "x").n_seeds)
