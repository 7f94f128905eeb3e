"""The claims file and the recipes of Nanda et al. 2023: what they may name, and what each must have."""

from __future__ import annotations

from grokbench.measures import circuit, measure, progress
from grokbench.specs.loader import Library

LIBRARY = Library()
PAPER = LIBRARY.paper("nanda2023")
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}
CLAIMS = {claim.id: claim for claim in PAPER.claims}


def test_experiments_keep_what_their_claims_read() -> None:
    def module(name: str) -> str:
        return measure(name).__module__

    for claim in PAPER.claims:
        for condition in claim.rule:
            for name in (claim.experiments[0], claim.control):
                if not name or claim.kind == "never":
                    continue
                kept = EXPERIMENTS[name].analyses
                if module(condition.measure) == circuit.__name__:
                    assert "circuit" in kept, claim.id
                if (
                    module(condition.measure) == progress.__name__
                    and condition.measure != "test-loss-peak-height"
                ):
                    assert "progress" in kept, claim.id


def test_analyses_have_the_initial_network_and_at_most_a_hundred_snapshots() -> None:
    for experiment in PAPER.experiments:
        assert len(experiment.snapshots) <= 100, experiment.id
        assert 0 in experiment.snapshots or not experiment.analyses, experiment.id


def test_every_run_names_its_prime() -> None:
    for experiment in PAPER.experiments:
        assert experiment.set["task.domain.p"] in (53, 109, 113, 401), experiment.id


def test_a_stand_in_at_an_earlier_horizon_is_a_claim_of_its_own() -> None:
    early = [claim_id for claim_id in CLAIMS if claim_id.endswith("-at-1-5-t-gen")]
    assert len(early) == 10
    early.remove(
        "key-sets-differ-at-1-5-t-gen"
    )  # the six seeds of end-state make too few pairs for a later one
    for claim_id in early:
        later = CLAIMS[claim_id.removesuffix("-at-1-5-t-gen")]
        assert CLAIMS[claim_id].rule == later.rule
        assert (CLAIMS[claim_id].experiments, later.experiments) == (("mainline",), ("end-state",))


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
