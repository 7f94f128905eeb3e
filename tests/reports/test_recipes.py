"""Recipes in a report: each once, with all its fields; an experiment says what its trials have in another way."""

from __future__ import annotations

import dataclasses

import pytest

from grokbench.reports.recipes import experiments, recipes
from grokbench.specs.types import TierPlan
from tests.reports import synthetic


def part(text: str, heading: str) -> str:
    return text.split(f"### {heading}\n")[1].split("\n### ")[0]


def varied():
    """The report of experiments that all read one recipe, but in their own ways; and what its cells had."""
    paper, gd = synthetic.paper(), synthetic.recipe()
    plan = TierPlan(seeds=(0,), steps=9, alphas=(0.5,), vary={"model.width": (20, 40)})
    own = (
        paper.experiments[0],
        dataclasses.replace(paper.experiments[2], set={"optimizer.lr": 1e6, "task.domain.p": 23}),
        dataclasses.replace(paper.experiments[0], id="wide", tiers={"quick": plan}),
        dataclasses.replace(paper.experiments[0], id="other"),
    )
    ran = {
        "gd-addition": gd,
        "fast": dataclasses.replace(gd, optimizer={**gd.optimizer, "lr": 1e6}),
        "wide": dataclasses.replace(gd, model={**gd.model, "width": 20}),
        "other": dataclasses.replace(gd, loss={"kind": "mse"}),
    }
    cells = {name: ((0, {"alpha": 0.49}, synthetic.record(0, recipe)),) for name, recipe in ran.items()}
    return synthetic.report(paper=dataclasses.replace(paper, experiments=own), cells=cells, verdicts=())


def test_a_recipe_that_several_experiments_share_is_printed_once():
    text = recipes(varied())
    assert text.count("### Recipe ") == 1
    said = part(text, "Recipe gromov2023/gd")
    assert "* from: inferred; Section 2" in said
    assert "* optimizer: kind = gd, lr = 300000, momentum = 0, weight_decay = 0" in said
    assert "* training: dtype = float32, batch = full, weight_noise = 0" in said


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("gd-addition", None),
        ("fast", "* changed: task.domain.p = 23, optimizer.lr = 1000000"),
        ("wide", None),  # its tier says which widths
        ("other", "* changed: no loss.reduction"),
    ],
)
def test_an_experiment_says_what_differs_from_its_recipe(name, changed):
    said = part(experiments(varied()), f"Experiment {name}").splitlines()
    assert "* task `addition`, recipe `gromov2023/gd`" in said
    assert [line for line in said if line.startswith("* changed")] == ([changed] if changed else [])
    assert any("quick: seeds" in line for line in said)


def test_a_recipe_that_no_file_holds_any_more_is_printed_as_its_first_experiment_had_it():
    report = dataclasses.replace(varied(), recipes={})
    assert "lr = 300000" in part(recipes(report), "Recipe gromov2023/gd")
    assert "* changed: task.domain.p = 23, optimizer.lr = 1000000" in experiments(report)


def test_a_paper_of_exact_claims_alone_has_neither_heading():
    report = synthetic.report(paper=dataclasses.replace(synthetic.paper(), experiments=()), verdicts=())
    assert recipes(report) == experiments(report) == ""
