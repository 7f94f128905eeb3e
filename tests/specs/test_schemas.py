"""The committed schemas are what the dataclasses of the specs and of the built-in parts say."""

from __future__ import annotations

import jsonschema
import pytest

from grokbench.specs import parse, schema
from grokbench.specs.loader import Library
from grokbench.specs.locate import schema_path
from grokbench.specs.types import Claim, Condition, Experiment, Paper, TierPlan
from tests.rewrite import schemas, text


@pytest.mark.parametrize("name", schemas())
def test_a_committed_schema_is_the_one_that_is_generated(name):
    assert schema_path(name).read_text(encoding="utf-8") == text(schemas()[name]), (
        "run python -m tests.rewrite"
    )


@pytest.mark.parametrize("name", schemas())
def test_a_generated_schema_is_a_schema(name):
    jsonschema.Draft7Validator.check_schema(schemas()[name])


@pytest.mark.parametrize("name", schemas())
def test_every_field_says_what_it_is_for(name):
    def bare(node, path):
        if isinstance(node, dict):
            for key, child in node.get("properties", {}).items():
                said = child.get("description") or "parts" in child or "$ref" in child
                if key not in ("kind", "title") and not said:
                    yield f"{path}.{key}"
                yield from bare(child, f"{path}.{key}")
            for key, child in node.get("definitions", {}).items():
                yield from bare(child, key)
            yield from bare(node.get("items"), path)
            for option in node.get("oneOf", ()):
                yield from bare(option, path)

    assert list(bare(schemas()[name], name)) == []


def test_a_completed_recipe_holds_every_default_and_its_key_none():
    written = {
        "id": "a/b",
        "title": "t",
        "origin": "paper",
        "source": "s",
        "model": {"kind": "relu-mlp"},
        "loss": {"kind": "mse"},
        "optimizer": {"kind": "adamw", "lr": 1},
    }
    whole = schema.completed("recipe", written)
    assert whole["optimizer"]["wrapper"] == {"kind": "none"}
    assert whole["optimizer"]["groups"] == []
    assert whole["data"] == {"rounding": "floor", "split": "seed"}
    assert schema.without_defaults("recipe", whole) == {**written, "optimizer": {"kind": "adamw", "lr": 1.0}}


PAPER = {
    "paper": {"id": "a", "title": "t", "authors": "b"},
    "experiment": [
        {
            "id": "e",
            "title": "t",
            "task": "addition",
            "baseline": "a/b",
            "tier": {"quick": {"seeds": 6, "steps": 9}},
        }
    ],
    "claim": [
        {
            "id": "c",
            "title": "t",
            "source": "s",
            "statement": "s",
            "experiment": "e",
            "kind": "event",
            "grade": "A",
            "rule": [{"measure": "t-gen", "reason": "r"}],
        }
    ],
}


def _read(experiment=(), tier=()):
    """The paper above with more said of its experiment and of its tier; checked and completed."""
    own = PAPER["experiment"][0]
    tiers = {"quick": {**own["tier"]["quick"], **dict(tier)}}
    document = {**PAPER, "experiment": [{**own, **dict(experiment), "tier": tiers}]}
    assert schema.mistakes("paper", document, "claims.toml") == []
    return parse.paper(schema.completed("paper", document))


def test_a_short_paper_is_written_out():
    paper = _read()
    experiment, claim = paper.experiments[0], paper.claims[0]
    plan = experiment.tiers["quick"]
    assert (paper.year, paper.url, paper.deviations) == (None, None, ())
    assert (plan.seeds, plan.alphas, plan.rows, plan.vary, plan.expected_steps) == (
        (0, 1, 2, 3, 4, 5),
        (0.5,),
        (),
        {},
        None,
    )
    assert (experiment.horizon, experiment.snapshots, experiment.set) == (None, (), {})
    assert claim.experiments == ("e",)
    assert (claim.rule[0].args, claim.rule[0].min, claim.pairs, claim.tried) == ({}, None, False, "")


def test_rows_stand_in_for_fractions():
    plan = _read(tier={"rows": 3000}).experiments[0].tiers["quick"]
    assert (plan.rows, plan.alphas) == ((3000,), ())


def test_a_tier_without_settings_varies_those_of_its_experiment():
    vary = {"vary": {"model.width": [8, 16]}}
    assert _read(vary).experiments[0].tiers["quick"].vary == {"model.width": (8, 16)}
    assert _read(vary, {"vary": {}}).experiments[0].tiers["quick"].vary == {}


def test_the_defaults_of_a_paper_are_those_of_its_fields():
    """What a file leaves out, and what a value built in Python leaves out, is the same."""
    paper = _read()
    experiment, claim = paper.experiments[0], paper.claims[0]
    assert experiment == Experiment("e", "t", "addition", "a/b", {"quick": TierPlan(tuple(range(6)), 9)})
    assert claim == Claim("c", "t", "s", "s", "event", "A", (Condition("t-gen", "r"),), ("e",))
    assert paper == Paper("a", "t", "b", (claim,), (experiment,))


def test_a_discrepancy_names_experiments_that_there_are():
    said = {"what": "w", "paper": "1", "code": "0", "source": "s", "as_paper": "e", "as_code": ["e", "f"]}
    document = {**PAPER, "discrepancy": [said]}
    assert schema.mistakes("paper", document, "claims.toml") == []
    paper = parse.paper(schema.completed("paper", document))
    assert (paper.discrepancies[0].as_paper, paper.discrepancies[0].as_code) == (("e",), ("e", "f"))
    wrong = parse.broken_references(paper, ["addition"], ["a/b"], "claims.toml")
    assert [(one.path, one.expected) for one in wrong] == [("discrepancy[0].as_code", "no experiment 'f'")]
    unknown = {**PAPER, "discrepancy": [{**said, "runs": "e"}]}
    assert schema.mistakes("paper", unknown, "claims.toml")


@pytest.mark.parametrize("name", ["power2022", "nanda2023", "gromov2023", "hu2024"])
def test_what_is_a_discrepancy_is_no_deviation_too(name):
    paper = Library().paper(name)
    assert paper.discrepancies
    for one in paper.discrepancies:
        assert not any(one.paper in text or one.code in text for text in paper.deviations)
