"""The claims file and the recipes of Hu, Zhou and Yu 2024: what they may name, and what each must have."""

from __future__ import annotations

import pytest

from grokbench.plan import expand as plan
from grokbench.specs.loader import Library

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


def test_the_quick_tier_has_thirty_percent_and_the_arms_with_and_without_decay_within_twenty_minutes() -> (
    None
):
    quick = {experiment.id for experiment in PAPER.experiments if "quick" in experiment.tiers}
    arms = {"adamw-half", "adamw-128-half", "adam-half", "adam-128-half"}
    other = {"adamw-128-half-other-init", "adam-128-half-other-init"}
    assert quick == {"b30", *arms, *other}
    planned = plan.plan_paper(LIBRARY, PAPER, "quick").unique()
    assert len(planned) == 42
    assert sum(one.seconds for one in planned) / 2 < 20 * 60


def test_a_never_states_the_papers_budget_and_its_runs_have_it() -> None:
    never = [claim for claim in PAPER.claims if claim.kind == "never"]
    assert len(never) == 23
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


def test_every_claim_on_the_mlp_and_the_lstm_is_one_claim_per_encoding() -> None:
    stems = {
        claim_id.replace(f"-{encoding}", "-*")
        for claim_id in CLAIMS
        for encoding in ENCODINGS
        if claim_id.startswith(("mlp-", "lstm-")) and f"-{encoding}" in claim_id
    }
    for stem in stems:
        rules = [CLAIMS[stem.replace("*", encoding)].rule for encoding in ENCODINGS]
        assert rules[0] == rules[1] == rules[2], stem
    assert len(stems) == 11


def test_both_readings_of_the_official_encoding_are_judged_alike() -> None:
    second = [claim_id for claim_id in CLAIMS if claim_id.endswith("-no-decay")]
    assert len(second) == 8
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
