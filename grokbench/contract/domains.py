"""What a domain promises: elements with names of their own, the same each time, and a table or vectors of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from grokbench import parts
from grokbench.contract.saying import Promise, example, require
from grokbench.tasks.domain import Domain


def _elements(part: parts.Part) -> Any:
    own: Domain = parts.load(part)
    return own.build({"kind": part.name, **example(own.fields)})


def has_elements_with_names_of_their_own(part: parts.Part) -> None:
    """As many names as elements, none twice; of vectors, a width, and classes or real answers."""
    elements = _elements(part)
    if not hasattr(elements, "answers"):
        answers = elements.classes > 1 or getattr(elements, "real", 0) > 0
        require(
            elements.width > 0 and answers, f"{part} has no width, or neither two classes nor real answers"
        )
        return
    names = list(elements.names)
    require(elements.size == len(names), f"{part} has {elements.size} elements and {len(names)} names")
    require(len(set(names)) == len(names), f"{part} gives two elements the same name")


def is_the_same_each_time(part: parts.Part) -> None:
    """Two domains of the same fields have the same elements in the same order."""
    one, other = _elements(part), _elements(part)
    if not hasattr(one, "answers"):
        return
    require(list(one.names) == list(other.names), f"{part} orders its elements otherwise each time")
    require(np.isscalar(one.size), f"the size of {part} is no number")


CHECKS: tuple[Promise, ...] = (
    ("has elements with names of their own", has_elements_with_names_of_their_own),
    ("is the same each time", is_the_same_each_time),
)
