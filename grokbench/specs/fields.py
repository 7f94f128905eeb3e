"""Fields of specs, stated once: a frozen dataclass with default, range, choices and help is the source of its JSON Schema.

@dataclass(frozen=True)
class Fields:
    \"\"\"Momentum gradient descent.\"\"\"

    lr: float = field(help="learning rate", above=0)
    momentum: float = field(0.0, help="momentum μ", least=0, below=1)
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grokbench.specs.errors import InputError, UnknownNameError

_TYPES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean"}
TEXT = {"type": "string", "minLength": 1}
URL = {"type": "string", "pattern": "^https?://[^\\s\"'<>]+$"}
ID = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"}
_BOUNDS = {"least": "minimum", "above": "exclusiveMinimum", "most": "maximum", "below": "exclusiveMaximum"}


def field(
    default: Any = dataclasses.MISSING,
    *,
    help: str,
    choices: Sequence[Any] = (),
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
    unit: str = "",
    schema: Mapping[str, Any] | None = None,
    key: str = "",
    optional: bool = False,
) -> Any:
    """A field of a spec; without a default it is required. Bounds: least ≤ x, above < x, x ≤ most, x < below.

    unit: of the number. schema: a JSON Schema of its own, for what a type with bounds or choices cannot say. key: what the file
    calls the field. optional: a file without it stays without it; so it is with a default of None.
    """
    bounds = {"least": least, "above": above, "most": most, "below": below}
    metadata = {
        "help": f"{help}, in {unit}" if unit else help,
        "choices": tuple(choices),
        "bounds": {name: value for name, value in bounds.items() if value is not None},
        "schema": schema,
        "key": key,
        "optional": optional or default is None,
    }
    if isinstance(default, Mapping):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def table(fields: type, *, filled: bool = False) -> Any:
    """A table with fields of its own, all of which have defaults. filled: one that is left out has them; else it is empty."""
    own = schema_of(fields)
    node = {"type": "object", "description": own.pop("description"), **own, "default": {}}
    whole = {key_of(one): default_of(one) for one in dataclasses.fields(fields)} if filled else {}
    return dataclasses.field(default_factory=lambda: dict(whole), metadata={"schema": node})


def tables(fields: type, *, key: str, help: str, least: int = 1, most: int | None = None) -> Any:
    """A list of tables with these fields, ``least`` or more of them; it may be left out where that is 0."""
    node = {
        "type": "array",
        "description": help,
        "minItems": least,
        "items": {"type": "object", **schema_of(fields)},
    }
    if most is not None:
        node["maxItems"] = most
    if least:
        return dataclasses.field(metadata={"schema": node, "key": key})
    return dataclasses.field(default=(), metadata={"schema": {**node, "default": []}, "key": key})


def part(
    kind: str,
    default: str | None = None,
    *,
    help: str = "",
    optional: bool = False,
    example: dict[str, Any] | None = None,
) -> Any:
    """A table that says by ``kind`` which part it is of; the schema of its other fields is the part's own.

    kind: of parts, such as "networks". default: the part of a table that is left out; without one it is required, or
    where it is ``optional`` an empty table stands for one that is left out. example: of one that is required.
    """
    node: dict[str, Any] = {"type": "object", "required": ["kind"], "parts": kind}
    if example:
        node["examples"] = [example]
    if help:
        node["description"] = help
    if optional:
        return dataclasses.field(default_factory=dict, metadata={"schema": node, "optional": True})
    if default is None:
        absent: Any = None if optional else dataclasses.MISSING
        return dataclasses.field(default=absent, metadata={"schema": node})
    node["default"] = {"kind": default}
    return dataclasses.field(default_factory=lambda: {"kind": default}, metadata={"schema": node})


def default_of(one: dataclasses.Field[Any]) -> Any:
    """A field's default, or ``dataclasses.MISSING``."""
    if one.default_factory is not dataclasses.MISSING:
        return one.default_factory()
    return one.default


def key_of(one: dataclasses.Field[Any]) -> str:
    """What a file calls the field."""
    return one.metadata.get("key") or one.name


def read(fields: type, table: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a checked and completed table has, by their own names; lists are tuples."""
    found = {one.name: table[key_of(one)] for one in dataclasses.fields(fields) if key_of(one) in table}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def checked(fields: type, table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """``table`` with the defaults of the fields that it leaves out, checked without a schema: types, bounds and choices.

    where: the table's name in a recipe, for messages. Errors: InputError, UnknownNameError.
    """
    out = dict(table)
    for one in dataclasses.fields(fields):
        name = f"{where}.{one.name}"
        if one.name in table:
            _check(one, table[one.name], name)
        elif default_of(one) is dataclasses.MISSING:
            raise InputError(f"{name} is missing; it is required here")
        elif (default := default_of(one)) is not None:
            out[one.name] = default
    known = {"kind", *(one.name for one in dataclasses.fields(fields))}
    for key in table:
        if key not in known:
            raise UnknownNameError(f"field of {where}", key, known)
    return out


_PYTHON: Mapping[str, type | tuple[type, ...]] = {"int": int, "float": (int, float), "str": str, "bool": bool}
_HOLDS: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "least": (lambda value, bound: value >= bound, "≥"),
    "above": (lambda value, bound: value > bound, ">"),
    "most": (lambda value, bound: value <= bound, "≤"),
    "below": (lambda value, bound: value < bound, "<"),
}


def _check(one: dataclasses.Field[Any], value: Any, name: str) -> None:
    own = one.metadata
    if own["schema"] is not None:
        return  # the schema alone says what it may be
    if own["choices"]:
        if value not in own["choices"]:
            raise UnknownNameError(name, str(value), own["choices"])
        return
    kind = str(one.type)
    if not isinstance(value, _PYTHON[kind]) or (isinstance(value, bool) and kind != "bool"):
        raise InputError(f"{name} is {value!r}; expected {_TYPES[kind]}")
    for bound, limit in own["bounds"].items():
        holds, sign = _HOLDS[bound]
        if not holds(value, limit):
            raise InputError(f"{name} is {value!r}; expected a number {sign} {limit}")


def schema_of(fields: type, kind: bool = False) -> dict[str, Any]:
    """The JSON Schema (draft-07) of a table with these fields; ``kind``: the table also says which part it is of."""
    named = dataclasses.fields(fields)
    required = [key_of(one) for one in named if default_of(one) is dataclasses.MISSING]
    document: dict[str, Any] = {
        "description": " ".join(inspect.cleandoc(fields.__doc__ or "").split()),
        "additionalProperties": False,
    }
    if kind or required:
        document["required"] = [*(["kind"] if kind else []), *required]
    properties: dict[str, Any] = {"kind": {}} if kind else {}
    properties |= {key_of(one): _property(one) for one in named}
    document["properties"] = properties
    return document


def _property(one: dataclasses.Field[Any]) -> dict[str, Any]:
    own, default = one.metadata, default_of(one)
    if own["schema"] is not None:
        out = dict(own["schema"])
    elif own["choices"]:
        out = {"enum": list(own["choices"])}
    else:
        out = {"type": _TYPES[str(one.type).removesuffix(" | None")]}
    if own.get("help"):
        out["description"] = own["help"]
    out |= {_BOUNDS[name]: value for name, value in own.get("bounds", {}).items()}
    if default is not dataclasses.MISSING and not own.get("optional"):
        out.setdefault("default", list(default) if isinstance(default, tuple) else default)
    return out


def completed_with_parts(
    document: Mapping[str, Any], known: Mapping[str, Mapping[str, type]]
) -> dict[str, Any]:
    """A schema whose tables of parts name all of ``known`` (kind → name → fields) beside those that they named before."""
    definitions = dict(document.get("definitions", {}))
    offered = _kinds_offered(document, known)
    known = {kind: named for kind, named in known.items() if kind in offered}
    for kind, named in known.items():
        definitions |= {f"{kind}.{name}": schema_of(fields, kind=True) for name, fields in named.items()}
    out: dict[str, Any] = {**document, "definitions": definitions}
    for kind, named in known.items():
        branches = [
            {
                "if": {"properties": {"kind": {"const": name}}},
                "then": {"$ref": f"#/definitions/{kind}.{name}"},
            }
            for name in named
        ]
        out = offering(out, kind, tuple(named), branches)
    return out


def _kinds_offered(node: Any, known: Mapping[str, Mapping[str, type]]) -> set[str]:
    """Kinds of part that a table of the schema asks for, or a table of such a part."""
    if isinstance(node, list):
        return set[str]().union(*(_kinds_offered(item, known) for item in node))
    if not isinstance(node, Mapping):
        return set()
    found = set[str]().union(*(_kinds_offered(value, known) for value in node.values()))
    kind = node.get("parts")
    if isinstance(kind, str):
        inner = {name: named for name, named in known.items() if name != kind}
        found |= {
            kind,
            *_kinds_offered([schema_of(fields) for fields in known.get(kind, {}).values()], inner),
        }
    return found


def offering(node: Any, kind: str, names: Sequence[str], branches: Sequence[Any] = ()) -> Any:
    """A schema in which every table or name of a part of that kind takes these names too.

    ``branches`` say what follows from them in a table.
    """
    if isinstance(node, list):
        return [offering(item, kind, names, branches) for item in node]
    if not isinstance(node, Mapping):
        return node
    out = {key: offering(value, kind, names, branches) for key, value in node.items()}
    if node.get("parts") == kind and "enum" in node:  # a name alone
        return {**out, "enum": list(dict.fromkeys([*node["enum"], *names]))}
    if node.get("parts") == kind:
        before = out.get("properties", {}).get("kind", {}).get("enum", [])
        out["properties"] = {"kind": {"enum": list(dict.fromkeys([*before, *names]))}}
        out["allOf"] = [*out.get("allOf", []), *branches]
    return out
