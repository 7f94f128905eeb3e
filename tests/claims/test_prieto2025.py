"""Prieto et al. 2025: every rule says yes on a run that shows what is claimed, and a measured no on one that does not."""

from __future__ import annotations

import pytest

from grokbench.claims.answers import answer
from grokbench.claims.decide import decide
from grokbench.measures.cells import SeedView
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim
from grokbench.training.record import Record
from tests.claims.claim_records import view
from tests.reports.synthetic_prieto import of_every_experiment, run

LIBRARY = Library()
PAPER = LIBRARY.paper("prieto2025")
CLAIMS = {claim.id: claim for claim in PAPER.claims}
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}
SHOWN = of_every_experiment()
FAST = run(fit=105, t_gen=120)
LATE = run(fit=50, t_gen=390)  # generalises in time, long after its fit
LONG = {"fit": 700, "budget": 20_000}
NO: dict[str, list[SeedView]] = {
    "perp-no-delay": [view(SHOWN["plain"]), view(LATE)],
    "perp-no-delay-as-released": [view(SHOWN["plain"]), view(LATE)],
    "perp-no-delay-equation": [view(SHOWN["plain"]), view(LATE)],
    "plain-memorises": [view(FAST), view(run(top=0.2))],
    "wrapper-fault-harmless": [view(FAST, run(t_gen=300)), view(FAST, SHOWN["plain"])],
    "perp-before-best-decay": [
        view(FAST, SHOWN["decay-2"], run(t_gen=110), SHOWN["decay-8"]),
        view(FAST, FAST, FAST, FAST),
    ],
    "decay-8-prevents": [view(run(t_gen=250, budget=1000, last=300))],
    "half-precision-collapses-first": [view(FAST), view(run(half=1.0, single=0.9))],
    "projection-prevents-collapse": [view(SHOWN["plain"])],
    "gradient-along-weights": [view(SHOWN["untrained"]), view(run(along=0.2))],
    "perp-sgd-400": [view(SHOWN["sgd"]), view(SHOWN["perp-sgd-500"])],
    "perp-sgd-500": [view(SHOWN["sgd-500"])],
    "float32-beats-float16": [view(run(**LONG, top=0.2), run(**LONG, top=0.18))],
    "float64-beats-float32": [view(run(**LONG, top=0.2), run(**LONG, top=0.4))],
    "collapse-stops-learning": [view(run(**LONG, top=0.3, single=0.2))],
    "little-after-collapse": [view(run(**LONG, t_gen=18_000, single=1.0))],
    "stablemax-generalises": [view(SHOWN["softmax-like-stablemax"])],
    "stablemax-32-generalises": [view(SHOWN["softmax-like-stablemax"])],
    "norm-grows-under-stablemax": [view(run(fit=50, t_gen=50_000, budget=80_000, last=60_000, grows=0.7))],
    "float64-overfits": [view(SHOWN["stablemax"])],
}
YES = {
    "decay-8-prevents": view(run(fit=90, budget=1000)),
    "collapse-stops-learning": view(run(**LONG, top=0.3, single=0.6)),
    "little-after-collapse": view(run(**LONG, top=0.2, single=0.8)),
}


def shown(claim: Claim) -> SeedView:
    """Records of the claim's experiments that show what it says."""
    return YES.get(claim.id) or view(*(SHOWN[name] for name in claim.experiments))


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_yes_on_a_run_that_shows_what_is_claimed(claim: Claim) -> None:
    assert answer(claim.rule, shown(claim)).yes is True


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_a_measured_no_on_runs_that_do_not(claim: Claim) -> None:
    assert [answer(claim.rule, one).yes for one in NO[claim.id]] == [False] * len(NO[claim.id])


@pytest.mark.parametrize(
    "claim", [c for c in PAPER.claims if c.control and c.kind != "never"], ids=lambda claim: claim.id
)
def test_a_rule_says_no_on_a_record_like_its_control(claim: Claim) -> None:
    assert answer(claim.rule, view(SHOWN[str(claim.control)])).yes is False


def six(*records: Record) -> list[SeedView]:
    return [view(*records, seed=seed) for seed in range(100, 106)]


def test_a_never_is_contradicted_by_one_run_and_stands_only_if_its_control_generalised() -> None:
    claim = CLAIMS["plain-memorises"]
    assert decide(claim, six(SHOWN["plain"]), six(FAST)).verdict == "REPRODUCED"
    assert decide(claim, six(SHOWN["plain"]), six(SHOWN["plain"])).verdict == "INCONCLUSIVE"
    one = [*six(SHOWN["plain"]), view(run(top=0.5), seed=106)]
    assert decide(claim, one, six(FAST)).verdict == "NOT REPRODUCED"


def test_second_hand_sentences_can_only_fail_under_our_reading() -> None:
    claim = CLAIMS["decay-8-prevents"]
    runs = six(run(t_gen=250, budget=1000, last=300))
    found = decide(claim, runs, six(FAST), origins=["inferred"])
    assert (found.verdict, found.under_our_reading) == ("NOT REPRODUCED", True)


def test_the_readings_of_the_projection_are_asked_by_one_rule() -> None:
    asked = [claim for claim in PAPER.claims if claim.id.startswith("perp-no-delay")]
    assert len(asked) == 3
    assert {str(claim.rule) for claim in asked} == {str(asked[0].rule)}
    assert {claim.control for claim in asked} == {"plain"}


def changed(name: str, main: str = "prieto2025/plain") -> dict[str, object]:
    one, other = LIBRARY.recipe(main), LIBRARY.recipe(f"prieto2025/{name}")
    tables = ("model", "loss", "optimizer", "data", "training", "evaluation")
    return {
        f"{table}.{key}": value
        for table in tables
        for key, value in getattr(other, table).items()
        if getattr(one, table).get(key) != value
    }


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("perp", {"optimizer.wrapper"}),
        ("perp-as-released", {"optimizer.wrapper", "optimizer.beta2", "optimizer.eps"}),
        ("perp-equation", {"optimizer.wrapper"}),
        ("decay-8", {"optimizer.weight_decay"}),
        ("softmax-16", {"loss.precision", "optimizer.lr"}),
        ("softmax-32", {"optimizer.lr"}),
        ("softmax-64", {"loss.precision", "optimizer.lr"}),
        ("stablemax", {"loss.kind", "loss.precision", "optimizer.beta2"}),
        ("stablemax-32", {"loss.kind", "optimizer.beta2"}),
        ("softmax-like-stablemax", {"optimizer.beta2"}),
        ("softmax-64-lr-01", {"loss.precision"}),
    ],
)
def test_a_recipe_differs_from_the_plain_one_as_its_name_says(name: str, fields: set[str]) -> None:
    assert set(changed(name)) == fields


def test_the_released_wrapper_has_the_defaults_of_its_inner_optimizer() -> None:
    own = LIBRARY.recipe("prieto2025/perp-as-released").optimizer
    assert (own["beta2"], own["eps"]) == (0.999, 1e-8)
    assert own["wrapper"] == LIBRARY.recipe("prieto2025/perp").optimizer["wrapper"]
    equation = LIBRARY.recipe("prieto2025/perp-equation").optimizer["wrapper"]
    assert (equation["rescaled"], equation["over"]) == (False, "network")


def test_a_control_differs_from_its_arm_in_what_is_claimed() -> None:
    assert set(changed("sgd", "prieto2025/perp-sgd")) == {"optimizer.wrapper"}
    for long in ("perp-sgd-500", "sgd-500"):
        assert EXPERIMENTS[long].baseline == EXPERIMENTS[long.removesuffix("-500")].baseline
    assert set(changed("softmax-like-stablemax", "prieto2025/stablemax")) == {"loss.kind", "loss.precision"}


def test_quick_holds_the_headline_claims_whose_runs_are_short() -> None:
    for experiment in EXPERIMENTS.values():
        tier = "quick" if "quick" in experiment.tiers else "paper"
        first = 106 if experiment.id.endswith("-500") else 100  # a second reading, on fresh seeds
        assert experiment.tiers[tier].seeds == tuple(range(first, first + 6))
        assert tier == "paper" or experiment.tiers[tier].steps <= 1000
    for claim in PAPER.claims:
        if claim.headline:
            assert all("quick" in EXPERIMENTS[name].tiers for name in claim.experiments), claim.id
