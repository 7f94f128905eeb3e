"""Fields as commented TOML: a value where one is chosen, else the default behind a #, each under its help text."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WIDTH = 108


def value(found: Any) -> str:
    """A value as it is written in TOML.

    >>> value({"kind": "gd", "lr": 0.1}), value([1, True])
    ('{ kind = "gd", lr = 0.1 }', '[1, true]')
    """
    if isinstance(found, Mapping):
        inside = ", ".join(f"{_key(name)} = {value(one)}" for name, one in found.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(found, list | tuple):
        return f"[{', '.join(value(one) for one in found)}]"
    return json.dumps(found, ensure_ascii=False)


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() else json.dumps(name)


def comment(text: str) -> list[str]:
    """A text as lines of comment."""
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH, break_on_hyphens=False)]


def fields(schema: Mapping[str, Any], chosen: Mapping[str, Any], leave: Sequence[str] = ()) -> Iterator[str]:
    """Lines of a table: chosen fields with their values, then the others at their defaults behind a #, all with help texts.

    schema: of the table. leave: fields that are written elsewhere, or not at all.
    """
    properties: Mapping[str, Any] = schema.get("properties", {})
    for name in chosen:
        yield from help_of(properties.get(name, {}))
        yield f"{_key(name)} = {value(chosen[name])}"
    others = {name: node for name, node in properties.items() if name not in chosen and name not in leave}
    for name, node in others.items():
        yield from help_of(node)
        yield f"#{name} = {value(node['default']) if 'default' in node else '…'}"


def help_of(node: Mapping[str, Any]) -> list[str]:
    """The help text of a field, with its choices, as comment lines; none where there is none."""
    said, choices = node.get("description", ""), node.get("enum", ())
    listed = f"one of {', '.join(map(str, choices))}" if 1 < len(choices) <= 16 else ""
    return comment("; ".join(text for text in (said, listed) if text)) if said or listed else []
