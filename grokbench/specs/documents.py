"""The JSON Schemas of spec files, generated from the dataclasses that hold their fields; the committed ones are these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grokbench.specs.fields import completed_with_parts, offering, schema_of
from grokbench.specs.tracks import Submission, Track
from grokbench.specs.types import Paper, Recipe, TaskSpec, TierPlan

Parts = Mapping[str, Mapping[str, type]]
"""Kind of part → name → its fields."""
OF_TASKS = ("domains", "sources", "decodings")
"""Kinds of parts that a task names; a recipe names the others."""
DRAFT = "http://json-schema.org/draft-07/schema#"
EXTENDS = {"type": "string", "description": "a recipe whose fields this one inherits (one level)"}

NETWORK = ("model", "loss", "optimizer")
LEARNER_OR_NETWORK = {
    "if": {"required": ["learner"]},
    "then": {"allOf": [{"not": {"required": ["learner", name]}} for name in NETWORK]},
    "else": {"required": [*NETWORK]},
}
COMPUTATION_OR_EXPERIMENT = {
    "if": {"required": ["computation"]},
    "then": {"not": {"required": ["computation", "experiment"]}},
    "else": {"required": ["experiment"]},
}


def recipe(known: Parts) -> dict[str, Any]:
    """The schema of ``baselines/<paper>/*.toml``."""
    document = _document(Recipe, "grokbench recipe: how a network is built and trained")
    document["properties"]["extends"] = EXTENDS
    document |= LEARNER_OR_NETWORK
    return completed_with_parts(document, {kind: known[kind] for kind in known if kind not in OF_TASKS})


def task(known: Parts) -> dict[str, Any]:
    """The schema of ``tasks/*.toml``."""
    document = _document(TaskSpec, "grokbench task: an operation on a domain")
    return completed_with_parts(document, {kind: known[kind] for kind in OF_TASKS})


def paper(known: Parts, names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The schema of ``baselines/<paper>/claims.toml``: a table [paper], and lists of tables beside it.

    names: kind → names of parts that have no fields.
    """
    document = _document(Paper, "grokbench paper: experiments and claims")
    own = document["properties"]
    own.pop("figures")  # a file of their own
    lists = {name: own.pop(name) for name in ("experiment", "claim", "superseded", "discrepancy")}
    about = {
        "type": "object",
        "description": "the paper itself",
        "additionalProperties": False,
        "required": [name for name in document["required"] if name not in lists],
        "properties": own,
    }
    document |= {"required": ["paper", "claim"], "properties": {"paper": about, **lists}}
    lists["claim"]["items"] |= COMPUTATION_OR_EXPERIMENT
    tier = {"type": "object", **schema_of(TierPlan), "not": {"required": ["alphas", "rows"]}}
    whole = completed_with_parts({**document, "definitions": {"tier": tier}}, known)
    for kind, named in names.items():
        whole = offering(whole, kind, named)
    return whole


def figures(known: Parts, tables: Mapping[str, type]) -> dict[str, Any]:
    """The schema of ``baselines/<paper>/figures.toml``: a list of tables, each of a kind of figure.

    tables: name → fields of what tables within a figure hold.
    """
    one = {"type": "object", "required": ["kind"], "parts": "figures"}
    document = {
        "$schema": DRAFT,
        "title": "grokbench figures: what is drawn of a paper's runs",
        "type": "object",
        "additionalProperties": False,
        "required": ["figure"],
        "properties": {"figure": {"type": "array", "description": "a picture", "minItems": 1, "items": one}},
        "definitions": {name: {"type": "object", **schema_of(fields)} for name, fields in tables.items()},
    }
    return completed_with_parts(document, {"figures": known["figures"]})


def track() -> dict[str, Any]:
    """The schema of ``tasks/tracks/*.toml``."""
    return _document(Track, "grokbench track: workloads on which optimizers are compared")


def submission(known: Parts) -> dict[str, Any]:
    """The schema of ``tasks/tracks/<track>/*.toml``."""
    document = _document(Submission, "grokbench submission: an optimizer, and when it generalises")
    return completed_with_parts(document, known)


def _document(fields: type, title: str) -> dict[str, Any]:
    own = schema_of(fields)
    own.pop("description")  # of Python readers
    return {"$schema": DRAFT, "title": title, "type": "object", **own}
