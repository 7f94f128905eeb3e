"""The claims file and the recipes of Hu, Zhou and Yu 2024: what they may name, and what each must have."""

from __future__ import annotations

import pytest

from grokbench.plan import expand as plan
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim

LIBRARY = Library()
PAPER = LIBRARY.paper("hu2024")
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}
CLAIMS = {claim.id: claim for claim in PAPER.claims}
TABLES = ("model", "loss", "optimizer", "data", "training", "evaluation")
ENCODINGS = ("scalars", "one-hot", "embedding")


def _changed(name: str, main: str) -> set[str]:
    one, other = LIBRARY.recipe(main), LIBRARY.recipe(name)
    return {
        f"{table}.{key}"
        for table in TABLES
        for key in {*getattr(one, table), *getattr(other, table)}
        if getattr(one, table).get(key) != getattr(other, table).get(key)
    }


def test_the_quick_tier_has_thirty_percent_and_its_control() -> None:
    quick = {experiment.id for experiment in PAPER.experiments if "quick" in experiment.tiers}
    assert quick == {"b30", "b30-fresh", "b90"}
    planned = plan.plan_paper(LIBRARY, PAPER, "quick").unique()
    assert len(planned) == 12
    assert {one.seed for one in planned} == set(range(100, 106))


def test_a_never_states_the_papers_budget_and_its_runs_have_it() -> None:
    never = [claim for claim in PAPER.claims if claim.kind == "never"]
    assert len(never) == 3
    for claim in never:
        for name in claim.experiments:
            assert EXPERIMENTS[name].horizon is None, claim.id
            assert EXPERIMENTS[name].tiers["paper"].steps == claim.budget, claim.id


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("adam", {"optimizer.weight_decay"}),
        ("adam-lr-3e-4", {"optimizer.weight_decay", "optimizer.lr"}),
        ("adam-lr-3e-3", {"optimizer.weight_decay", "optimizer.lr"}),
        ("adam-update-noise", {"optimizer.weight_decay", "optimizer.update_noise"}),
        ("adam-weight-noise", {"optimizer.weight_decay", "training.weight_noise"}),
        ("adamw-minibatch-128", {"training.batch", "evaluation.growth", "evaluation.spacing"}),
        (
            "adam-minibatch-128",
            {"optimizer.weight_decay", "training.batch", "evaluation.growth", "evaluation.spacing"},
        ),
    ],
)
def test_an_arm_of_fig_5_differs_from_the_main_recipe_as_its_name_says(name: str, fields: set[str]) -> None:
    assert _changed(f"hu2024/{name}", "hu2024/transformer") == fields


def test_the_official_recipe_is_the_codes_and_its_second_reading_has_no_decay() -> None:
    assert _changed("hu2024/official", "power2022/transformer") == set()
    assert _changed("hu2024/official-no-decay", "hu2024/official") == {"optimizer.weight_decay"}


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_the_three_encodings_are_three_readings_of_one_network(kind: str) -> None:
    for encoding in ENCODINGS:
        recipe = LIBRARY.recipe(f"hu2024/{kind}-{encoding}")
        assert recipe.origin == "inferred"
        assert recipe.model["encoding"] == encoding
        assert _changed(recipe.id, f"hu2024/{kind}-one-hot") <= {"model.encoding"}


def test_every_sentence_on_the_mlp_and_the_lstm_is_asked_of_every_encoding_by_one_rule() -> None:
    sentences: dict[tuple[str, str], list[Claim]] = {}
    for claim in PAPER.claims:
        if claim.id.startswith(("mlp-", "lstm-")):
            assert claim.grid
            sentences.setdefault((claim.grid.heading, claim.grid.row), []).append(claim)
    assert len(sentences) == 12
    for claims in sentences.values():
        assert len(claims) in (3, 4)  # three weight matrices are run at 30 % only
        assert {str(claim.rule) for claim in claims} == {str(claims[0].rule)}
        assert {claim.control for claim in claims} == {claims[0].control} != {None}


def test_the_mlp_and_the_lstm_are_judged_on_seeds_that_no_earlier_rule_saw() -> None:
    ours = {name for name in CLAIMS if name.startswith(("mlp-", "lstm-"))}
    read = {name for claim in ours for name in CLAIMS[claim].experiments}
    assert read == {name for name in EXPERIMENTS if name.startswith(("mlp-", "lstm-"))}
    assert {EXPERIMENTS[name].tiers["paper"].seeds for name in read} == {(100, 101, 102, 103, 104, 105)}


def test_the_claims_that_were_decided_by_earlier_rules_stand_as_superseded() -> None:
    old = {row.id: row for row in PAPER.superseded}
    assert len(old) == 40
    assert {row.superseded_by for row in old.values()} <= set(CLAIMS)
    assert (old["mlp-no-grok-one-hot"].verdict, old["mlp-no-grok-one-hot"].yes) == ("REPRODUCED", 6)
    groks = old["b30-groks"]
    assert (groks.superseded_by, groks.verdict, groks.yes, groks.n) == ("b30-groks-2", "REPRODUCED", 12, 12)
    assert old["mlp-rises-together-scalars"].superseded_by == "mlp-together-scalars"


def test_grokking_is_decided_on_seeds_of_which_nothing_was_known() -> None:
    assert CLAIMS["b30-groks-2"].experiments == ("b30-fresh",)
    main, fresh, ninety = (EXPERIMENTS[name] for name in ("b30", "b30-fresh", "b90"))
    for other in (fresh, ninety):
        assert (main.task, main.baseline, main.set) == (other.task, other.baseline, other.set)
        assert other.tiers["quick"].seeds == main.tiers["quick"].seeds == tuple(range(100, 106))
    assert not set(fresh.tiers["paper"].seeds) & set(range(12))
    assert ninety.tiers["quick"].alphas == (0.9,)


def test_more_of_the_table_is_compared_with_thirty_percent_on_the_seeds_that_it_was_run_on() -> None:
    assert CLAIMS["b45-small-delay"].experiments == ("b45", "b30")
    assert set(EXPERIMENTS["b45"].tiers["paper"].seeds) <= set(EXPERIMENTS["b30"].tiers["paper"].seeds)


def test_both_readings_of_the_official_encoding_are_judged_alike() -> None:
    second = [claim_id for claim_id in CLAIMS if claim_id.endswith("-no-decay")]
    assert len(second) == 11
    for claim_id in second:
        first = CLAIMS[claim_id.removesuffix("-no-decay")]
        assert [(c.measure, c.args, c.min) for c in CLAIMS[claim_id].rule] == [
            (c.measure, c.args, c.min) for c in first.rule
        ]


def test_fig_5_has_eight_arms_on_one_grid_each() -> None:
    for claim_id, ending in (("adamw-best", "-grid"), ("adamw-best-at-two-fractions", "-two")):
        arms = CLAIMS[claim_id].experiments
        assert len(arms) == 8
        assert all(name.endswith(ending) for name in arms)
        assert len({EXPERIMENTS[name].tiers["paper"].alphas for name in arms}) == 1
        assert {EXPERIMENTS[name].tiers["paper"].steps for name in arms} == {1800}
        leaders = [LIBRARY.recipe(EXPERIMENTS[name].baseline).optimizer["weight_decay"] for name in arms]
        assert leaders == [1.0, 1.0, *[0.0] * 6]
