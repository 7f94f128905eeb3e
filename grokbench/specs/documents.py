"""The JSON Schemas of spec files, generated from the dataclasses that hold their fields; the committed ones are these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grokbench.specs.fields import completed_with_parts, schema_of
from grokbench.specs.types import Recipe, TaskSpec

Parts = Mapping[str, Mapping[str, type]]
"""Kind of part → name → its fields."""
OF_TASKS = ("domains", "sources")
"""Kinds of parts that a task names; a recipe names the others."""
DRAFT = "http://json-schema.org/draft-07/schema#"
EXTENDS = {"type": "string", "description": "a recipe whose fields this one inherits (one level)"}


def recipe(known: Parts) -> dict[str, Any]:
    """The schema of ``baselines/<paper>/*.toml``."""
    document = _document(Recipe, "grokbench recipe: how a network is built and trained")
    document["properties"]["extends"] = EXTENDS
    return completed_with_parts(document, {kind: known[kind] for kind in known if kind not in OF_TASKS})


def task(known: Parts) -> dict[str, Any]:
    """The schema of ``tasks/*.toml``."""
    document = _document(TaskSpec, "grokbench task: an operation on a domain")
    return completed_with_parts(document, {kind: known[kind] for kind in OF_TASKS})


def _document(fields: type, title: str) -> dict[str, Any]:
    own = schema_of(fields)
    own.pop("description")  # of Python readers
    return {"$schema": DRAFT, "title": title, "type": "object", **own}
