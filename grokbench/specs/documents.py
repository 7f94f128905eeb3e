"""The JSON Schemas of spec files, generated from the dataclasses that hold their fields; the committed ones are these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grokbench.specs.fields import completed_with_parts, schema_of
from grokbench.specs.types import Recipe

Parts = Mapping[str, Mapping[str, type]]
"""Kind of part → name → its fields."""
DRAFT = "http://json-schema.org/draft-07/schema#"
EXTENDS = {"type": "string", "description": "a recipe whose fields this one inherits (one level)"}


def recipe(known: Parts) -> dict[str, Any]:
    """The schema of ``baselines/<paper>/*.toml``."""
    own = schema_of(Recipe)
    own["properties"]["extends"] = EXTENDS
    document = {
        "$schema": DRAFT,
        "title": "grokbench recipe: how a network is built and trained",
        "type": "object",
        **{name: own[name] for name in ("additionalProperties", "required", "properties")},
    }
    return completed_with_parts(document, known)
