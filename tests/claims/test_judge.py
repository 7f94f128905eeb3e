"""Which records decide a claim: the tiers, the failures before them, and whether the ladder holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grokbench.claims.evidence import Evidence
from grokbench.claims.judge import judge
from grokbench.plan import expand as planning
from grokbench.plan.executor import Failure
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim, Experiment, Paper, TierPlan
from tests.claims.claim_records import claim, condition, grokked, stuck

LIBRARY = Library()
STEPS = 10_000
CLAIM = replace(claim("event", condition("groks", 1)), experiments=("arm",))


def _experiment(name: str = "arm", **seeds: int) -> Experiment:
    tiers = {tier: TierPlan(tuple(range(n)), STEPS, (0.5,)) for tier, n in seeds.items()}
    return Experiment(name, name, "addition", "gromov2023/adamw", tiers)


def _paper(*experiments: Experiment) -> Paper:
    return Paper("it", "It", "Nobody", experiments, (CLAIM,))


def _judged(
    paper: Paper,
    asked: str,
    *,
    good: int = 99,
    complete: tuple[str, ...] = ("quick", "paper"),
    failures: tuple[Failure, ...] = (),
    one: Claim = CLAIM,
):
    """The verdict where the records of the tiers in ``complete`` are there; ``good`` seeds generalise."""
    tiers = ("smoke",) if asked == "smoke" else ("paper", "quick")
    grids = {
        (own.id, tier): planning.expand(LIBRARY, own, tier)
        for own in paper.experiments
        for tier in ("smoke", "quick", "paper")
    }
    records = {
        planned.request: grokked(100) if planned.seed < good else stuck()
        for (_, tier), grid in grids.items()
        for planned in grid
        if tier in complete
    }
    evidence = Evidence(
        asked=asked,
        tiers=tiers,
        grids=grids,
        origins={own.id: "paper" for own in paper.experiments},
        records=records,
        failures=failures,
    )
    return judge(paper, one, evidence)


def _failure(paper: Paper, tier: str, seed: int) -> Failure:
    planned = planning.expand(LIBRARY, paper.experiments[0], tier)
    trial = next(p.trial for p in planned if p.seed == seed)
    return Failure(trial=trial, key="0", trace="boom", path="errors/0.txt")


def test_a_failed_trial_of_the_asked_tier_is_an_error_before_a_lower_tier_is_looked_at() -> None:
    paper = _paper(_experiment(quick=6, paper=12))
    found = _judged(paper, "paper", complete=("quick",), failures=(_failure(paper, "paper", 11),))
    assert (found.verdict, found.tier) == ("ERROR", "paper")
    assert "errors/0.txt" in found.reason


def test_a_failed_trial_is_an_error_even_where_an_old_record_of_it_is_stored() -> None:
    paper = _paper(_experiment(quick=6, paper=12))
    found = _judged(paper, "paper", failures=(_failure(paper, "paper", 0),))
    assert found.verdict == "ERROR"


def test_failures_of_other_trials_do_not_matter() -> None:
    paper = _paper(_experiment(quick=6, paper=12))
    found = _judged(paper, "quick", complete=("quick",), failures=(_failure(paper, "paper", 11),))
    assert (found.verdict, found.tier) == ("REPRODUCED", "quick")


@pytest.mark.parametrize(
    ("seeds", "tier", "verdict", "ladder"),
    [
        ({"quick": 6, "paper": 12}, "paper", "INCONCLUSIVE", True),
        ({"paper": 12}, "paper", "REPRODUCED", False),
        ({"quick": 12, "paper": 12}, "paper", "REPRODUCED", False),
        ({"quick": 12}, "quick", "REPRODUCED", False),
    ],
)
def test_ten_of_twelve_confirm_only_where_six_could_not_have_decided_before(
    seeds: dict[str, int], tier: str, verdict: str, ladder: bool
) -> None:
    found = _judged(_paper(_experiment(**seeds)), tier, good=10, complete=(tier,))
    assert (found.verdict, found.n_seeds, "ladder" in found.reason) == (verdict, 12, ladder)


def test_a_tier_that_adds_nothing_leaves_the_decision_to_the_one_below() -> None:
    found = _judged(_paper(_experiment(quick=12)), "paper")
    assert (found.verdict, found.tier) == ("REPRODUCED", "quick")


def test_the_ladder_needs_a_quick_tier_of_every_experiment() -> None:
    both = replace(CLAIM, experiments=("arm", "other"), rule=(condition("groks", 1, arm=0),))
    for other, verdict in ((_experiment("other", paper=12), "REPRODUCED"),
                           (_experiment("other", quick=6, paper=12), "INCONCLUSIVE")):  # fmt: skip
        paper = _paper(_experiment(quick=6, paper=12), other)
        assert _judged(paper, "paper", good=10, one=both).verdict == verdict


def test_arms_are_compared_on_the_seeds_that_both_have() -> None:
    both = replace(CLAIM, experiments=("arm", "other"), rule=(condition("groks", 1, arm=0),))
    paper = _paper(_experiment(paper=12), _experiment("other", paper=6))
    found = _judged(paper, "paper", one=both)
    assert (found.verdict, found.n_seeds) == ("REPRODUCED", 6)
    assert (
        _judged(paper, "paper", one=both, good=0, failures=(_failure(paper, "paper", 11),)).verdict != "ERROR"
    )
    assert _judged(paper, "paper", one=both, failures=(_failure(paper, "paper", 5),)).verdict == "ERROR"
