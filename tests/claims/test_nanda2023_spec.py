"""The claims file and the recipes of Nanda et al. 2023: what they may name, and what each must have."""

from __future__ import annotations

import re

from grokbench.measures import needs
from grokbench.specs.loader import Library

LIBRARY = Library()
PAPER = LIBRARY.paper("nanda2023")
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}
CLAIMS = {claim.id: claim for claim in PAPER.claims}


def test_experiments_keep_what_their_claims_read() -> None:
    for claim in PAPER.claims:
        for condition in claim.rule:
            for name in (*claim.experiments[:1], claim.control):
                if not name or claim.kind == "never":
                    continue
                needed = re.findall(r"the analysis ([a-z-]+)", needs(condition.measure, condition.args))
                assert set(needed) <= set(EXPERIMENTS[name].analyses), claim.id


def test_analyses_have_the_initial_network_and_at_most_a_hundred_snapshots() -> None:
    for experiment in PAPER.experiments:
        assert len(experiment.snapshots) <= 100, experiment.id
        assert 0 in experiment.snapshots or not experiment.analyses, experiment.id


def test_every_run_names_its_prime() -> None:
    for experiment in PAPER.experiments:
        assert experiment.set["task.domain.p"] in (53, 109, 113, 401), experiment.id


def test_a_stand_in_at_an_earlier_horizon_is_a_claim_of_its_own() -> None:
    early = [claim for claim in PAPER.claims if "-at-1-5-t-gen" in claim.id]
    later = {
        claim.id: claim
        for claim in PAPER.claims
        if claim.experiments[:1] in (("end-state",), ("end-state-fresh",))
    }
    asked = 0
    for claim in early:
        assert claim.title.endswith("(at 1.5 T_gen)")
        assert claim.experiments == ("mainline",)
        name = claim.id.replace("-at-1-5-t-gen", "")
        same = later.get(name) or later.get(f"{name}-2")
        if same:
            assert claim.rule == same.rule, claim.id
            asked += 1
    assert asked == len(early) - 2  # the paper asks of other seeds, and of the "=", without a step


def test_each_reading_differs_from_the_main_recipe_in_one_field() -> None:
    main = LIBRARY.recipe("nanda2023/transformer")
    tables = ("model", "loss", "optimizer", "data", "training", "evaluation")

    def changed(name: str) -> set[str]:
        other = LIBRARY.recipe(f"nanda2023/{name}")
        return {
            f"{table}.{key}"
            for table in tables
            for key, value in getattr(main, table).items()
            if getattr(other, table)[key] != value
        }

    single = {
        "outputs-113": "model.outputs",
        "frozen-biases": "model.mlp_biases",
        "no-warmup": "optimizer.warmup",
        "demo-init": "model.init",
    }
    assert {name: changed(name) for name in single} == {name: {field} for name, field in single.items()}
    assert changed("demo") == set(single.values())
    assert changed("float32-loss") == {"loss.precision"}


def test_an_arm_is_compared_with_the_main_run_on_the_seeds_that_it_was_run_on() -> None:
    blocks = {"mainline": tuple(range(100, 112)), "mainline-first": tuple(range(6))}
    assert {name: EXPERIMENTS[name].tiers["paper"].seeds for name in blocks} == blocks
    assert EXPERIMENTS["mainline"].tiers["quick"].seeds == tuple(range(100, 106))
    assert "quick" not in EXPERIMENTS["mainline-first"].tiers
    main, first = EXPERIMENTS["mainline"], EXPERIMENTS["mainline-first"]
    assert (main.task, main.baseline, main.set) == (first.task, first.baseline, first.set)
    compared = {
        arm: other
        for arm, *others in (claim.experiments for claim in PAPER.claims if claim.experiments)
        for other in others
        if other in blocks
    }
    later = {"weight-decay-01", "weight-decay-03"}
    assert {arm for arm, other in compared.items() if other == "mainline"} == later
    assert len(compared) > len(later)
    for arm, other in compared.items():
        assert set(EXPERIMENTS[arm].tiers["paper"].seeds) <= set(blocks[other]), arm


def test_grokking_is_told_from_the_same_run_on_four_fifths_of_its_table() -> None:
    asking = [c for c in PAPER.claims if {"grokking", "half-rise-ratio-over"} & {r.measure for r in c.rule}]
    assert [c.id for c in asking if c.control] == []
    assert {c.experiments for c in asking} == {
        ("mainline", "high-alpha"),
        ("momentum", "momentum-high-alpha"),
        ("alpha-50", "high-alpha"),
        ("p109", "p109-high-alpha"),
        ("dropout-02", "dropout-02-high-alpha"),
        ("dropout-05", "dropout-05-high-alpha"),
    }
    for claim in asking:
        own, other = (EXPERIMENTS[arm] for arm in claim.experiments)
        assert (own.task, own.baseline, own.set) == (other.task, other.baseline, other.set), claim.id
        assert other.tiers["paper"].alphas == (0.8,), claim.id
        assert set(own.tiers["paper"].seeds) <= set(other.tiers["paper"].seeds), claim.id
