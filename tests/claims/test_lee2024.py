"""Lee et al. 2024: every rule says yes on runs that show what is claimed, and a measured no on runs that do not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from grokbench.claims.answers import answer
from grokbench.measures.cells import SeedView
from grokbench.measures.lasting import crossing_ratio
from grokbench.measures.reading import ends
from grokbench.measures.speed_ups import crossing_interaction, crossing_over_middle
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim
from tests.claims.claim_records import view
from tests.reports.synthetic_lee import of_every_experiment, run

LIBRARY = Library()
PAPER = LIBRARY.paper("lee2024")
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}
SHOWN = of_every_experiment()
SMALL_INTERACTION = view(run(2900, budget=4000), run(2000, budget=4000), run(2500), run(1100))
LONG = {"budget": 40_000}
SECOND = {"small-average-005", "small-third-005", "small-average-thrice", "small-momentum-third"}
"""Arms of the second block of seeds."""
ORDERED = (
    "small-published-table", "small-filter-alone", "small-filter-beside-adamw", "published-table", "filter-at-equal-decay",
    *(f"small-{f}-at-equal-decay{d}" for f in ("ema", "ma") for d in ("-005", "-01")),
    *(f"small-adamw{f}{d}-is-slower" for f in ("", "-ema") for d in ("-005", "-01")),
)  # fmt: skip
NO: dict[str, list[SeedView]] = {
    **{name: [view(run(1000), run(1000)), view(run(900), run(1000))] for name in ORDERED},
    "small-filter-alone": [view(run(900), run(1000)), view(run(900), run(top=0.8))],
    "small-decay-multiplies": [view(run(1000), run(1000)), view(run(1000), run(top=0.5))],
    "decay-multiplies": [view(run(1000), run(1000)), view(run(15_000, **LONG), run(1000))],
    "small-adamw-closes-gap": [view(run(top=0.8), run(800)), view(run(200), run(1000))],
    "adamw-closes-gap": [view(run(top=0.8), run(800)), view(run(200), run(1000))],
    "small-momentum-is-the-filter": [view(run(top=0.5, budget=4000), run(2500, budget=4000))],
    "small-momentum-is-the-filter-005": [view(run(top=0.5), run(1100))],
    "momentum-is-the-filter": [
        view(run(30_000, **LONG), run(25_000, **LONG), run(3000, **LONG)),
        view(run(30_000, **LONG), run(top=0.5, **LONG), run(3000, **LONG)),
    ],
    "small-gain-weakens-decay": [view(run(top=0.2), run(1100)), view(run(400), run(1100))],
    "small-filter-beyond-its-gain": [view(run(1100), run(1100)), view(run(900), run(top=0.2))],
    "small-thrice-the-decay-unstable": [view(SHOWN["small-average-005"])],
    "small-momentum-at-a-third": [view(run(top=0.5), run(1100)), view(run(2000), run(1100))],
    "small-slow-part-only": [view(SHOWN["small-ema-005"])],
    "slow-part-only": [view(SHOWN["ema-005"])],
    "small-decay-alone-unstable": [view(SHOWN["small-none"])],
    "decay-alone-unstable": [view(SHOWN["none"])],
    "ema-in-910": [view(run(250)), view(run(top=0.9))],
    "filter-alone": [view(run(30_000, **LONG), run(20_000, **LONG)), view(run(3000), run(top=0.1))],
    "small-interaction": [view(run(2000), run(1000), run(900), run(800))],
    "interaction": [view(run(2000), run(1000), run(900), run(800))],
}
YES = {
    "small-interaction": SMALL_INTERACTION,
    "interaction": view(run(30_000, **LONG), run(20_000, **LONG), run(top=0.2, **LONG), run(900)),
}


def shown(claim: Claim) -> SeedView:
    """Records of the claim's experiments that show what it says."""
    return YES.get(claim.id) or view(*(SHOWN[name] for name in claim.experiments))


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_yes_on_runs_that_show_what_is_claimed(claim: Claim) -> None:
    assert answer(claim.rule, shown(claim)).yes is True


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_a_measured_no_on_runs_that_do_not(claim: Claim) -> None:
    assert [answer(claim.rule, one).yes for one in NO[claim.id]] == [False] * len(NO[claim.id])


@pytest.mark.parametrize("claim", [c for c in PAPER.claims if c.control], ids=lambda claim: claim.id)
def test_a_rule_says_no_on_a_record_like_its_control(claim: Claim) -> None:
    assert answer(claim.rule, view(SHOWN[str(claim.control)])).yes is False


def test_arms_that_both_stay_below_say_nothing() -> None:
    for claim in PAPER.claims:
        if len(claim.experiments) == 2:
            assert answer(claim.rule, view(run(top=0.5), run(top=0.5))).yes is None, claim.id


def test_where_no_arm_without_the_filter_crosses_the_interaction_is_not_known() -> None:
    four = view(run(top=0.8), run(2000), run(top=0.2), run(1000))
    assert ends(crossing_interaction(four)) == (-math.inf, math.inf)
    assert ends(
        crossing_interaction(view(run(2000), run(top=0.2), run(top=0.2), run(1000)))
    ) == pytest.approx((math.log(3000 * 3000 / (2000 * 1000)), math.inf))


def test_ratios_are_bounded_by_the_budget_of_the_arm_that_does_not_cross() -> None:
    assert ends(crossing_ratio(view(run(top=0.8, budget=4000), run(1000)))) == (pytest.approx(4), math.inf)
    middle = crossing_over_middle(view(run(top=0.8, budget=4000), run(1000), run(1000)))
    assert ends(middle) == (0, pytest.approx(0.5))


def resolved(name: str) -> dict[str, object]:
    """The recipe of an experiment's only trial, by dotted fields of its optimizer."""
    own = EXPERIMENTS[name]
    recipe = LIBRARY.resolve(own.task, own.baseline, own.set)[1]
    wrapper = dict(recipe.optimizer["wrapper"])
    return {
        **{k: v for k, v in recipe.optimizer.items() if k != "wrapper"},
        **{f"wrapper.{k}": v for k, v in wrapper.items()},
    }


@pytest.mark.parametrize(
    ("one", "other", "fields"),
    [
        ("small-none", "small-ema", {"wrapper.kind", "wrapper.alpha", "wrapper.lamb", "wrapper.raw"}),
        ("small-none", "small-none-005", {"weight_decay"}),
        ("small-ema", "small-ema-005", {"weight_decay"}),
        ("small-none", "small-ma", {"wrapper.kind", "wrapper.window", "wrapper.lamb", "wrapper.raw"}),
        ("small-none", "small-momentum", {"beta1"}),
        ("small-none-005", "small-momentum-005", {"beta1"}),
        ("small-ema-005", "small-slow-part", {"wrapper.raw"}),
        (
            "small-adamw-1",
            "small-adamw-ema-1",
            {"wrapper.kind", "wrapper.alpha", "wrapper.lamb", "wrapper.raw"},
        ),
        ("small-third-005", "small-momentum-third", {"beta1"}),
        ("small-average-005", "small-average-thrice", {"weight_decay"}),
        ("small-average-005", "small-ema-005", set()),
        ("none", "ma", {"wrapper.kind", "wrapper.window", "wrapper.lamb", "wrapper.raw"}),
        ("ma", "ma-01", {"weight_decay"}),
        ("none", "none-005", {"weight_decay"}),
        ("ema", "ema-005", {"weight_decay"}),
    ],
)
def test_two_arms_differ_in_what_is_claimed(one: str, other: str, fields: set[str]) -> None:
    first, second = resolved(one), resolved(other)
    assert {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)} == fields


def test_the_stand_in_has_ten_steps_a_pass_as_the_published_code_has() -> None:
    for name, rows, alpha in (("small-none", 59 * 58, 0.8), ("none", 97 * 96, 0.5)):
        own = EXPERIMENTS[name]
        batch = LIBRARY.resolve(own.task, own.baseline, own.set)[1].training["batch"]
        assert int(np.ceil(int(alpha * rows) / batch)) == 10


def test_arms_have_one_of_two_blocks_of_six_seeds() -> None:
    for experiment in PAPER.experiments:
        for tier, plan in experiment.tiers.items():
            first = 106 if experiment.id in SECOND else 100
            assert tier == "smoke" or tuple(plan.seeds) == tuple(range(first, first + 6))
    for claim in PAPER.claims:
        if claim.headline:
            assert all("quick" in EXPERIMENTS[name].tiers for name in claim.experiments), claim.id


def test_the_filters_gain_divides_both_published_decays_alike() -> None:
    """0.005 under a gain of 1 + 2, and 0.01 under one of 1 + 5."""
    per_gradient = [
        own["weight_decay"] / (1 + own["wrapper"]["lamb"])
        for own in (LIBRARY.recipe(f"lee2024/{name}").optimizer for name in ("ema", "ma"))
    ]
    assert per_gradient == pytest.approx([0.005 / 3] * 2)
    assert resolved("small-third-005")["weight_decay"] == pytest.approx(0.005 / 3)
