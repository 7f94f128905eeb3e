"""What checks are made of: promises with their functions, fields at an example's values, and sentences for what is broken."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from grokbench import parts
from grokbench.specs.fields import default_of
from grokbench.specs.types import Section

Promise = tuple[str, Callable[[parts.Part], None]]
TINY = {"least": 0, "above": 0.01, "most": 0, "below": -0.01}


class BrokenError(AssertionError):
    """A part does not keep a promise; the text is one sentence on what it does."""


def require(holds: Any, text: str) -> None:
    """Raise ``BrokenError`` with this sentence unless it holds."""
    if not holds:
        raise BrokenError(text)


def example(fields: type) -> dict[str, Any]:
    """A table of a part's fields: defaults, and for what is required the first choice or a number just inside its bounds."""
    table: dict[str, Any] = {}
    for one in dataclasses.fields(fields):
        default = default_of(one)
        if default is not dataclasses.MISSING:
            if default is not None and default not in ((), {}):
                table[one.name] = default
            continue
        own = one.metadata
        if (own.get("schema") or {}).get("examples"):
            table[one.name] = own["schema"]["examples"][0]
        elif own.get("choices"):
            table[one.name] = own["choices"][0]
        elif one.type in ("int", "float"):
            table[one.name] = _inside(own["bounds"], str(one.type) == "int")
        elif one.type == "str":
            table[one.name] = "x"
        else:
            raise BrokenError(
                f"the field {one.name!r} is required and no example of it can be made; give it a default"
            )
    return table


def _inside(bounds: Section, whole: bool) -> float:
    for name, shift in TINY.items():
        if name in bounds:
            value = bounds[name] + (
                (1 if name == "above" else -1 if name == "below" else 0) if whole else shift
            )
            return int(value) if whole else float(value)
    return 1 if whole else 1.0


def differ(one: Iterable[Any], other: Iterable[Any]) -> bool:
    """Whether two lists of arrays or tensors differ anywhere."""
    import numpy as np

    pairs = zip(list(one), list(other), strict=True)
    return any(not np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True) for a, b in pairs)
