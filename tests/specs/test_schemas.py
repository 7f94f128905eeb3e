"""The committed schemas are what the dataclasses of the specs and of the built-in parts say."""

from __future__ import annotations

import jsonschema
import pytest

from grokbench.specs import schema
from grokbench.specs.locate import schema_path
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
                if key not in ("kind", "title") and "parts" not in child and not child.get("description"):
                    yield f"{path}.{key}"
                yield from bare(child, f"{path}.{key}")
            for key, child in node.get("definitions", {}).items():
                yield from bare(child, key)

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
