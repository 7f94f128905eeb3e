"""Documents against their JSON Schemas: all mistakes at once, defaults filled in, and left out again for keys."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from grokbench.specs.errors import Mistake, nearest
from grokbench.specs.fields import completed_with_parts, offering
from grokbench.specs.locate import schema_path


@cache
def schema(kind: str) -> dict[str, Any]:
    """The committed JSON Schema (draft-07) called ``kind``; it knows the built-in parts."""
    document: dict[str, Any] = json.loads(schema_path(kind).read_text(encoding="utf-8"))
    return document


# -- parts from outside ----------------------------------------------------------------------------------

Fields = Callable[[str, str], type | None]
"""(kind of part, name) → the fields of a part that is not built in; None where there is none of that name."""
Names = Callable[[str], Sequence[str]]
"""Kind of part → names of those that are not built in."""

_outside: tuple[Names, Fields] | None = None


def look_outside(names: Names, fields: Fields) -> None:
    """Ask these two about parts that the committed schemas do not know."""
    global _outside
    _outside = names, fields


def schema_for(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The schema ``kind``, completed by the parts from outside that ``document`` uses."""
    known, asked = schema(kind), set[tuple[str, str]]()
    if _outside is None:
        return known
    names, fields = _outside
    while unknown := set(_unknown_parts(known, known, document)) - asked:
        part, name = min(unknown)
        asked.add((part, name))
        found = fields(part, name)
        known = (
            offering(known, part, names(part))
            if found is None
            else completed_with_parts(known, {part: {name: found}})
        )
    return known


def _unknown_parts(node: Any, root: Mapping[str, Any], value: Any) -> Iterator[tuple[str, str]]:
    """Kind and name of each part that a table or a list in ``value`` names and ``root`` does not know."""
    node = _deref(node, root)
    if isinstance(value, str) and "parts" in node and value not in node.get("enum", (value,)):
        yield node["parts"], value
    if isinstance(value, list):
        for item in value:
            yield from _unknown_parts(node.get("items", {}), root, item)
    if not isinstance(value, Mapping):
        return
    name = value.get("kind")
    if "parts" in node and isinstance(name, str) and name not in node["properties"]["kind"]["enum"]:
        yield node["parts"], name
    for key, child in _properties(node, root, value).items():
        yield from _unknown_parts(child, root, value.get(key))


def mistakes(kind: str, document: Mapping[str, Any], file: str) -> list[Mistake]:
    """Everything in ``document`` that the schema ``kind`` refuses, in the order of the file's keys."""
    from jsonschema import Draft7Validator

    own = schema_for(kind, document)
    # A plan checks the same few recipes for every trial. Only what the suite's own schema accepts is remembered.
    text = json.dumps(document, default=repr) if own is schema(kind) else ""
    if (kind, text) in _accepted:
        return []
    validator = Draft7Validator(own)
    found: list[Mistake] = []
    for error in sorted(
        validator.iter_errors(document), key=lambda e: [str(part) for part in e.absolute_path]
    ):
        found.extend(_explain(error, file))
    found.extend(Mistake(file, path, "expected a finite number") for path in _not_finite(document))
    if text and not found:
        _accepted.add((kind, text))
    return found


_accepted: set[tuple[str, str]] = set()
"""Kind and JSON text of documents without a mistake."""


def _not_finite(value: Any, path: str = "") -> Iterator[str]:
    """Paths of infinities and nans, which TOML can write and no field here means."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _not_finite(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _not_finite(item, f"{path}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield path


def _explain(error: Any, file: str) -> Iterator[Mistake]:
    """One schema error as sentences that a person can act on."""
    parts = list(error.absolute_path)
    wanted, got = error.validator_value, error.instance
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        for key in sorted(set(got) - set(known)):
            yield Mistake(
                file,
                dotted([*parts, key]),
                f"unknown key; expected one of {', '.join(known)}",
                nearest(key, known),
            )
    elif error.validator == "required":
        missing = next((key for key in wanted if key not in got and repr(key) in error.message), wanted[0])
        yield Mistake(file, dotted([*parts, missing]), "missing; it is required here")
    elif error.validator == "enum":
        near = nearest(got, [w for w in wanted if isinstance(w, str)]) if isinstance(got, str) else None
        yield Mistake(
            file, dotted(parts), f"expected one of {', '.join(map(str, wanted))}; got {got!r}", near
        )
    elif error.validator == "type":
        name = {"object": "a table", "array": "a list"}.get(wanted, wanted)
        yield Mistake(file, dotted(parts), f"expected {name}; got {got!r}")
    elif error.validator == "uniqueItems":
        yield Mistake(file, dotted(parts), f"expected distinct values; got {got!r}")
    elif error.validator == "not":
        both = " and ".join(error.validator_value.get("required", ()))
        yield Mistake(file, dotted(parts), f"{both} exclude each other; give one of them")
    elif error.validator == "oneOf" and (
        inner := [e for e in error.context if e.validator not in ("type", "const")]
    ):
        yield from _explain(inner[0], file)  # of the option whose type fits
    elif error.validator == "oneOf":
        choices = " or ".join(_short(option) for option in wanted)
        yield Mistake(file, dotted(parts), f"expected {choices}; got {got!r}")
    else:
        sign = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}.get(
            error.validator
        )
        text = f"expected a number {sign} {wanted}; got {got!r}" if sign else error.message
        yield Mistake(file, dotted(parts), text)


def _short(option: Mapping[str, Any]) -> str:
    if "const" in option:
        return repr(option["const"])
    bounds = f" ≥ {option['minimum']}" if "minimum" in option else ""
    return f"{option.get('type', 'a value')}{bounds}"


def dotted(parts: list[Any]) -> str:
    """A key's path as it is written in TOML talk: ``claim[3].rule[0].min``."""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _properties(
    node: Mapping[str, Any], root: Mapping[str, Any], instance: Mapping[str, Any]
) -> dict[str, Any]:
    """The property schemas that apply to ``instance``: the node's own and those of the branch its ``kind`` selects."""
    found = dict(node.get("properties", {}))
    for branch in node.get("allOf", []):
        if branch["if"]["properties"]["kind"]["const"] == instance.get("kind"):
            found |= _deref(branch["then"], root).get("properties", {})
    return found


def _deref(node: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in node:
        return node
    target: Mapping[str, Any] = root["definitions"][node["$ref"].rsplit("/", 1)[1]]
    return target


def completed(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """``document`` with every default of its schema filled in.

    Numbers that may be fractions are floats, and whole numbers are ints, however they are written: 500.0 and 5e2 are 500.
    """
    root = schema_for(kind, document)
    result: dict[str, Any] = _complete(root, root, document)
    return result


def _complete(node: Mapping[str, Any], root: Mapping[str, Any], value: Any) -> Any:
    node = _deref(node, root)
    if "oneOf" in node:
        node = _deref(next((one for one in node["oneOf"] if _takes(one, value)), {}), root)
    if isinstance(value, Mapping):
        properties = _properties(node, root, value)
        out = dict(value)
        for name, child in properties.items():
            if name in value or "default" in child:
                out[name] = _complete(child, root, value.get(name, child.get("default")))
        return out
    if isinstance(value, list):
        return [_complete(node.get("items", {}), root, item) for item in value]
    types = [option.get("type") for option in node.get("oneOf", [node])]
    if "number" in types and "oneOf" not in node:
        return float(value)
    if "integer" in types and "number" not in types and isinstance(value, float) and value.is_integer():
        return int(value)  # 1e5 is a float to TOML and a whole number to the schema
    return value


def _takes(option: Mapping[str, Any], value: Any) -> bool:
    """Whether a checked value is of the type of this option of a ``oneOf``."""
    kinds = {"object": Mapping, "array": list, "string": str, "integer": int | float, "number": int | float}
    wanted = kinds.get(option.get("type", ""))
    return wanted is not None and isinstance(value, wanted)


def without_defaults(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """``document`` less every field that stands at its schema's default, so that a new optional field changes no key."""
    root = schema_for(kind, document)
    result: dict[str, Any] = _prune(root, root, document)
    return result


def _prune(node: Mapping[str, Any], root: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    node = _deref(node, root)
    properties = _properties(node, root, value)
    out: dict[str, Any] = {}
    for name, item in value.items():
        child = properties.get(name, {})
        kept = _prune(child, root, item) if isinstance(item, Mapping) else item
        if "default" not in child or kept != child["default"]:
            out[name] = kept
    return out
