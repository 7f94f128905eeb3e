"""The JSON Schemas of spec files, generated from the dataclasses that hold their fields; the committed ones are these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grokbench.specs.fields import completed_with_parts, schema_of
from grokbench.specs.types import DOMAINS, Paper, Recipe, TaskSpec, TierPlan

Parts = Mapping[str, Mapping[str, type]]
"""Kind of part → name → its fields."""
DRAFT = "http://json-schema.org/draft-07/schema#"
EXTENDS = {"type": "string", "description": "a recipe whose fields this one inherits (one level)"}


def recipe(known: Parts) -> dict[str, Any]:
    """The schema of ``baselines/<paper>/*.toml``."""
    document = _document(Recipe, "grokbench recipe: how a network is built and trained")
    document["properties"]["extends"] = EXTENDS
    return completed_with_parts(document, known)


def task() -> dict[str, Any]:
    """The schema of ``tasks/*.toml``."""
    document = _document(TaskSpec, "grokbench task: a binary operation on a finite domain")
    return completed_with_parts(document, {"domains": DOMAINS})


def paper() -> dict[str, Any]:
    """The schema of ``baselines/<paper>/claims.toml``: a table [paper], and lists of tables beside it."""
    document = _document(Paper, "grokbench paper: experiments and claims")
    own = document["properties"]
    lists = {name: own.pop(name) for name in ("experiment", "claim", "superseded")}
    about = {
        "type": "object",
        "description": "the paper itself",
        "additionalProperties": False,
        "required": [name for name in document["required"] if name not in lists],
        "properties": own,
    }
    document |= {"required": ["paper", "experiment", "claim"], "properties": {"paper": about, **lists}}
    tier = {"type": "object", **schema_of(TierPlan), "not": {"required": ["alphas", "rows"]}}
    return {**document, "definitions": {"tier": tier}}


def _document(fields: type, title: str) -> dict[str, Any]:
    own = schema_of(fields)
    own.pop("description")  # of Python readers
    return {"$schema": DRAFT, "title": title, "type": "object", **own}
