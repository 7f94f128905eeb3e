"""Changes of a spec: a recipe over its parent, and fields replaced by settings."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any

from grokbench.specs import schema, values
from grokbench.specs.errors import InputError, SettingsError, SpecError, UnknownNameError
from grokbench.specs.types import Recipe, TaskSpec


def divided(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of the task, without their ``task.``, and settings of the recipe."""
    own = {key.removeprefix("task."): value for key, value in settings.items() if key.startswith("task.")}
    return own, {key: value for key, value in settings.items() if not key.startswith("task.")}


def merged(parent: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """``child`` over ``parent``: tables key by key, lists replaced, a table of another ``kind`` replaced whole."""
    out = dict(parent)
    for key, value in child.items():
        old = out.get(key)
        same_kind = (
            isinstance(old, dict)
            and isinstance(value, dict)
            and value.get("kind", old.get("kind")) == old.get("kind")
        )
        out[key] = merged(old, value) if same_kind and isinstance(old, dict) else value
    return out


def given(kind: str, spec: TaskSpec | Recipe) -> dict[str, Any]:
    """The checked table of a spec that was handed over as a value."""
    document = {key: value for key, value in dataclasses.asdict(spec).items() if value != {}}
    wrong = schema.mistakes(kind, document, spec.id)
    if wrong:
        raise SpecError(wrong)
    return schema.completed(kind, document)


def changed(kind: str, document: dict[str, Any], settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    """``document`` with dotted fields replaced, checked again. A new ``kind`` empties its table first.

    A number among the words is a place in a list of tables: ``optimizer.groups.0.lr``.
    """
    settings = values.settings(settings)
    if not settings:
        return document
    out = copy.deepcopy(document)
    for path, value in sorted(settings.items(), key=lambda item: _turn(item[0])):
        *tables, last = path.split(".")
        if not tables and path != "operation":
            raise InputError(f"{path} cannot be set; only fields of a table can, such as optimizer.lr")
        node: Any = out
        for depth, part in enumerate(tables):
            child = _child(node, part, made=depth > 0)
            if not isinstance(child, dict | list):
                known = [
                    f"{key}.{field}"
                    for key, table in out.items()
                    if isinstance(table, dict)
                    for field in table
                ]
                raise UnknownNameError(f"setting of {name}", path, known)
            node = child
        if isinstance(node, list):
            raise InputError(f"{path} cannot be set; name a field of the list's table, such as {path}.lr")
        if last == "kind" and node.get("kind") != value:
            node.clear()
        node[last] = value
    wrong = schema.mistakes(kind, out, f"{name} with its settings")
    if wrong:
        prefix = "task." if kind == "task" else ""
        raise SettingsError([dataclasses.replace(one, path=f"{prefix}{one.path}") for one in wrong])
    return schema.completed(kind, out)


def _child(node: Any, part: str, *, made: bool) -> Any:
    """What a table has under a name, or a list at a place; a table that is not there is ``made``, or None."""
    if isinstance(node, list):
        return node[int(part)] if part.isdigit() and int(part) < len(node) else None
    return node.setdefault(part, {}) if made else node.get(part)


def _turn(path: str) -> tuple[bool, int]:
    """Kinds are set first, outer ones before inner ones."""
    return not path.endswith(".kind"), path.count(".")
