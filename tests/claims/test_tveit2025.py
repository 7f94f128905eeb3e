"""Tveit et al. 2025, Janati 2026 and Wang 2026: every rule says yes on runs that show what is claimed, and no on others."""

from __future__ import annotations

import pytest

from grokbench.claims.answers import answer
from grokbench.measures.cells import SeedView
from grokbench.measures.printed_tests import p_of_t, paired
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim
from tests.claims.claim_records import view
from tests.reports.synthetic_tveit import of_every_experiment, run

LIBRARY = Library()
PAPER = LIBRARY.paper("tveit2025")
CLAIMS = {claim.id: claim for claim in PAPER.claims}
TRAINED = [claim for claim in PAPER.claims if claim.experiments]
SHOWN = of_every_experiment()
OTHER = of_every_experiment(1)
SLOW, FAST = run(9000, last=11_000), run(5000, last=6500)
NO: dict[str, list[SeedView]] = {
    "muon-first-crossing": [view(FAST, SLOW), view(FAST, FAST)],
    "muon-first-crossing-band": [view(run(1000, last=2000), SLOW), view(run(19_000), run(3000, last=4000))],
    "muon-tight": [
        view(SHOWN["adamw-small"], SHOWN["muon-small"], OTHER["adamw-small"], OTHER["muon-small"])
    ],
    "orthogonalising-suffices": [view(SLOW, FAST), view(run(), FAST)],
    "scaling-does-not-suffice": [view(FAST, FAST), view(run(6000, last=8000), FAST)],
    "direction-not-size": [view(FAST, SLOW), view(FAST, FAST)],
    "crossing-and-lasting-invert": [
        view(FAST, SLOW),
        view(SLOW, FAST),
        view(run(7000, crosses=4900, last=9000), FAST),
    ],
    "step-cost": [view(run(budget=200, ms=50.0), SHOWN["adamw-steps"])],
    "muon-first-crossing-janati": [view(FAST, SLOW), view(FAST, FAST)],
    "muon-dips": [
        view(SHOWN["adamw-long"], SHOWN["muon-long"]),
        view(SHOWN["muon-long"], SHOWN["muon-long"]),
    ],
    "wang-orthogonalising-suffices": [view(SHOWN["wang-spectral"], SHOWN["wang-muon"])],
    "wang-scaling-does-not-suffice": [view(SHOWN["wang-ortho"], SHOWN["wang-muon"])],
    "lasting-inverts": [view(*(SHOWN[name] for name in ("wang-ortho", "wang-muon", "wang-spectral")))],
    "subtraction-slower": [view(SHOWN["wang-adamw-subtraction"], SHOWN["wang-muon-subtraction"])],
}


def shown(claim: Claim) -> SeedView:
    """Records of the claim's experiments that show what it says."""
    if claim.id == "crossing-and-lasting-invert":
        return view(SHOWN["sized-early"], SHOWN["muon-small"])
    seeds = (SHOWN, OTHER) if claim.pairs else (SHOWN,)
    return view(*(own[name] for own in seeds for name in claim.experiments))


@pytest.mark.parametrize("claim", TRAINED, ids=lambda claim: claim.id)
def test_a_rule_says_yes_on_runs_that_show_what_is_claimed(claim: Claim) -> None:
    assert answer(claim.rule, shown(claim)).yes is True


@pytest.mark.parametrize("claim", TRAINED, ids=lambda claim: claim.id)
def test_a_rule_says_a_measured_no_on_runs_that_do_not(claim: Claim) -> None:
    assert [answer(claim.rule, one).yes for one in NO[claim.id]] == [False] * len(NO[claim.id])


def test_the_printed_p_is_not_that_of_the_printed_t_and_would_be_of_a_larger_one() -> None:
    (rule,) = CLAIMS["reported-p"].rule
    own = CLAIMS["reported-p"].computation
    assert 0.12 < p_of_t(own, 0)[rule.measure] < 0.122 < rule.min
    assert p_of_t({**own, "t": 5.42}, 0)[rule.measure] > rule.min


def test_five_pairs_would_be_decided_neither_by_rule_d_nor_by_a_smaller_mean() -> None:
    claim = CLAIMS["janati-pairs-undecided"]
    found = paired(claim.computation, 0)
    assert all(found[rule.measure] <= rule.max for rule in claim.rule)
    six = {"first": [9000.0] * 5 + [9001.0], "second": [5800.0] * 6}
    assert all(paired(six, 0)[rule.measure] > rule.max for rule in claim.rule)


def changed(name: str, main: str) -> set[str]:
    one, other = LIBRARY.recipe(f"tveit2025/{main}"), LIBRARY.recipe(f"tveit2025/{name}")
    tables = ("model", "loss", "optimizer", "data", "training", "evaluation")
    return {
        f"{table}.{key}"
        for table in tables
        for key, value in getattr(other, table).items()
        if getattr(one, table).get(key) != value
    }


@pytest.mark.parametrize(
    ("name", "main", "fields"),
    [
        ("ortho", "muon", {"optimizer.scale"}),
        ("spectral", "muon", {"optimizer.direction", "optimizer.damped", "optimizer.nesterov"}),
        ("sized", "muon", {"optimizer.direction"}),
        ("wang-ortho", "wang-muon", {"optimizer.scale"}),
        ("wang-spectral", "wang-muon", {"optimizer.direction"}),
        ("wang-lean", "wang-muon", {"optimizer.newton_schulz", "optimizer.scale"}),
    ],
)
def test_an_arm_differs_from_muon_as_its_name_says(name: str, main: str, fields: set[str]) -> None:
    assert changed(name, main) == fields


@pytest.mark.parametrize("arms", [("adamw", "muon"), ("wang-adamw", "wang-muon")])
def test_muon_and_adamw_differ_in_the_optimizer_alone(arms: tuple[str, str]) -> None:
    assert {field.split(".")[0] for field in changed(*arms)} == {"optimizer"}
