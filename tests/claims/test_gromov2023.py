"""The paper's claims file: what it may name, and what every claim must have."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from grokbench.measures import argument_names, measure_names
from grokbench.specs.loader import Library
from grokbench.specs.types import Paper


@pytest.fixture(scope="module")
def paper() -> Paper:
    return Library().paper("gromov2023")


@pytest.fixture
def claims_file(repository: Path) -> Path:
    return repository / "baselines" / "gromov2023" / "claims.toml"


def test_rules_name_registered_measures_and_their_arguments(paper: Paper) -> None:
    for claim in paper.claims:
        for condition in claim.rule:
            assert condition.measure in measure_names(), claim.id
            assert set(condition.args) <= set(argument_names(condition.measure)), claim.id
            assert condition.min is not None or condition.max is not None, claim.id


def test_claims_name_known_experiments_and_every_experiment_is_used(paper: Paper) -> None:
    known = {experiment.id for experiment in paper.experiments}
    used = {name for claim in paper.claims for name in (*claim.experiments, claim.control) if name}
    assert used == known


def test_claims_have_at_most_two_conditions_with_reasons(paper: Paper) -> None:
    for claim in paper.claims:
        assert 1 <= len(claim.rule) <= 2, claim.id
        assert all(condition.reason.endswith(".") for condition in claim.rule), claim.id


def test_shapes_structures_and_nevers_name_a_control(paper: Paper) -> None:
    for claim in paper.claims:
        if claim.kind in ("shape", "structure", "never"):
            assert claim.control, claim.id


def test_no_experiment_uses_a_pilot_seed(paper: Paper) -> None:
    assert all(max(plan.seeds) < 9000 for e in paper.experiments for plan in e.tiers.values())


def test_every_experiment_has_a_smoke_tier_of_few_short_trials(paper: Paper) -> None:
    for experiment in paper.experiments:
        smoke = experiment.tiers["smoke"]
        assert smoke.steps <= 60, experiment.id
        assert len(smoke.seeds) <= 3, experiment.id


def test_each_tier_has_the_seeds_that_its_claims_kinds_need(paper: Paper) -> None:
    experiments = {experiment.id: experiment for experiment in paper.experiments}
    for claim in paper.claims:
        least = {"exact": 1, "construction": 100}.get(claim.kind, 6)
        for name in claim.experiments:
            for tier in ("quick", "paper"):
                plan = experiments[name].tiers.get(tier)
                if plan is not None:
                    assert len(plan.seeds) >= least, (claim.id, name, tier)


def test_a_tier_never_asks_for_fewer_steps_than_the_papers(paper: Paper) -> None:
    """So that a censored run at quick is a censored run at paper."""
    for experiment in paper.experiments:
        steps = {plan.steps for tier, plan in experiment.tiers.items() if tier != "smoke"}
        assert len(steps) == 1, experiment.id


def test_multi_cell_experiments_are_read_by_measures_of_grids(paper: Paper) -> None:
    grids = {
        "accuracy-above-analytic", "alpha-jump", "alpha-threshold", "alpha-threshold-change",
        "alpha-threshold-steps", "best-test-accuracy", "generalises", "ipr-gap-ratio-of-fractions",
        "width-threshold",
    }  # fmt: skip
    experiments = {experiment.id: experiment for experiment in paper.experiments}
    for claim in paper.claims:
        cells = [
            len(plan.alphas) * max(1, sum(map(len, plan.vary.values())))
            for name in claim.experiments
            for plan in experiments[name].tiers.values()
        ]
        if max(cells) > 1:
            assert {condition.measure for condition in claim.rule} <= grids, claim.id


def test_the_file_is_toml_with_the_schema_header(claims_file: Path) -> None:
    text = claims_file.read_text(encoding="utf-8")
    assert text.startswith("#:schema ../../grokbench/specs/schemas/paper.schema.json")
    assert tomllib.loads(text)["paper"]["id"] == "gromov2023"


def test_recipes_point_to_their_schema_and_load(claims_file: Path) -> None:
    library = Library()
    for path in sorted(claims_file.parent.glob("*.toml")):
        if path.name not in ("claims.toml", "figures.toml"):
            assert path.read_text(encoding="utf-8").startswith(
                "#:schema ../../grokbench/specs/schemas/recipe"
            )
            assert library.recipe(f"gromov2023/{path.stem}").source.endswith(".")


def test_learning_rates_follow_the_cube_of_the_prime_and_the_width(paper: Paper) -> None:
    for experiment in paper.experiments:
        p, width = experiment.set.get("task.domain.p"), experiment.set.get("model.width")
        if p or width:
            scale = ((p or 97) / 97) ** 3 * ((width or 500) / 500)
            assert experiment.set["optimizer.lr"] == pytest.approx(5e5 * scale, rel=1e-3), experiment.id


def test_every_event_has_a_run_on_which_its_rule_says_no_or_compares_with_one(paper: Paper) -> None:
    for claim in paper.claims:
        measures = {condition.measure for condition in claim.rule}
        if claim.kind == "event" and measures != {"generalises"}:
            assert claim.control or "half-rise-ratio-over" in measures, claim.id


def test_the_quick_tier_holds_one_block_of_seeds(paper: Paper) -> None:
    trained = [e.tiers["quick"] for e in paper.experiments if "quick" in e.tiers and "analytic" not in e.id]
    assert {plan.seeds for plan in trained} == {tuple(range(100, 106))}
