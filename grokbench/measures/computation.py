"""What a computation says of itself: numbers of its fields and a seed, without a trial."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from grokbench.specs.types import Section


def faultless(fields: Section) -> Iterable[tuple[str, str]]:
    """No fields contradict one another."""
    return ()


@dataclass(frozen=True)
class Computation:
    """A computation as a part: a claim of kind exact or construction may name one in place of an experiment.

    numbers: name that a rule's ``measure`` may give → what that number is. compute: (fields, seed) → these names with a float
    each; a pure function, which runs in the command's own process, so without torch. A string is "module:name", loaded when
    the claim is judged. faults: field and sentence for each way in which the fields contradict one another.
    """

    kind: str
    fields: type
    numbers: Mapping[str, str]
    compute: str | Callable[[Section, int], Mapping[str, Any]]
    faults: Callable[[Section], Iterable[tuple[str, str]]] = faultless
