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
from collections.abc import Mapping, Sequence
from typing import Any

_TYPES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean"}
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
    schema: Mapping[str, Any] | None = None,
) -> Any:
    """A field of a spec; without a default it is required. Bounds: least ≤ x, above < x, x ≤ most, x < below.

    schema: a JSON Schema of its own, for what a type with bounds or choices cannot say.
    """
    bounds = {"least": least, "above": above, "most": most, "below": below}
    metadata = {
        "help": help,
        "choices": tuple(choices),
        "bounds": {name: value for name, value in bounds.items() if value is not None},
        "schema": schema,
    }
    return dataclasses.field(default=default, metadata=metadata)


def with_defaults(fields: type, table: Mapping[str, Any]) -> dict[str, Any]:
    """``table`` with the defaults of the fields that it leaves out."""
    named = dataclasses.fields(fields)
    own = {one.name: one.default for one in named if one.default is not dataclasses.MISSING}
    return {**own, **table}


def schema_of(fields: type, kind: bool = False) -> dict[str, Any]:
    """The JSON Schema (draft-07) of a table with these fields; ``kind``: the table also says which part it is of."""
    named = dataclasses.fields(fields)
    required = [one.name for one in named if one.default is dataclasses.MISSING]
    document: dict[str, Any] = {
        "description": " ".join(inspect.cleandoc(fields.__doc__ or "").split()),
        "additionalProperties": False,
    }
    if kind or required:
        document["required"] = [*(["kind"] if kind else []), *required]
    properties: dict[str, Any] = {"kind": {}} if kind else {}
    properties |= {one.name: _property(one) for one in named}
    document["properties"] = properties
    return document


def _property(one: dataclasses.Field[Any]) -> dict[str, Any]:
    own = one.metadata
    if own["schema"] is not None:
        out = dict(own["schema"])
    elif own["choices"]:
        out = {"enum": list(own["choices"])}
    else:
        out = {"type": _TYPES[str(one.type)]}
    out["description"] = own["help"]
    out |= {_BOUNDS[name]: value for name, value in own["bounds"].items()}
    if one.default is not dataclasses.MISSING:
        out["default"] = one.default
    return out
