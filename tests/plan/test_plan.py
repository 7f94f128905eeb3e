"""From claims to trials: which seeds of which experiment a claim reads, and nothing beyond them."""

from __future__ import annotations

from dataclasses import replace

from grokbench.plan import expand as planning
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim, Experiment, Paper, TierPlan
from tests.claims.claim_records import claim, condition

LIBRARY = Library()
ALONE = replace(claim("event", condition("grokking", 1)), id="alone", experiments=("long",))
COMPARED = replace(claim("event", condition("grokking", 1)), id="compared", experiments=("short", "long"))


def _experiment(name: str, **seeds: tuple[int, ...]) -> Experiment:
    # experiments with budgets of their own, so that none answers another's request
    tiers = {tier: TierPlan(own, 1000 + len(name), (0.5,)) for tier, own in seeds.items()}
    return Experiment(name, name, "addition", "gromov2023/adamw", tiers)


def _paper(*claims: Claim) -> Paper:
    experiments = (
        _experiment("short", paper=(0, 1, 2)),
        _experiment("long", quick=(0, 1), paper=(0, 1, 2, 3, 4)),
        _experiment("control", paper=(0, 7)),
    )
    return Paper("it", "It", "Nobody", claims, experiments)


def _seeds(paper: Paper, tier: str, *names: str) -> dict[str, list[int]]:
    plan = planning.plan_paper(LIBRARY, paper, tier, names)
    return {e.id: [planned.seed for planned in plan.of(e.id)] for e in paper.experiments}


def test_a_claim_of_two_arms_asks_for_the_seeds_that_both_have() -> None:
    assert _seeds(_paper(COMPARED), "paper") == {"short": [0, 1, 2], "long": [0, 1, 2], "control": []}


def test_a_claim_of_one_arm_asks_for_all_its_seeds_whatever_others_ask() -> None:
    paper = _paper(ALONE, COMPARED)
    assert _seeds(paper, "paper")["long"] == [0, 1, 2, 3, 4]
    assert _seeds(paper, "paper", "compared")["long"] == [0, 1, 2]


def test_a_control_is_read_whole() -> None:
    controlled = replace(COMPARED, control="control")
    assert _seeds(_paper(controlled), "paper") == {"short": [0, 1, 2], "long": [0, 1, 2], "control": [0, 7]}


def test_a_tier_that_lacks_an_arm_asks_for_nothing() -> None:
    assert planning.seeds_needed(_paper(COMPARED), COMPARED, "quick") == {}
    assert _seeds(_paper(COMPARED), "quick") == {"short": [], "long": [], "control": []}
