"""What a domain says of itself, and the domain that a task names.

A domain is a part: a name, a dataclass of fields, and ``build``, which makes its elements of them. Elements are numbered from 0;
every array here holds such numbers. Domains that have no table of pairs, such as bits, give samples instead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from grokbench import parts
from grokbench.specs.errors import InputError
from grokbench.specs.fields import default_of
from grokbench.specs.types import Section, TaskSpec
from grokbench.tasks.tree import Value

Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Elements(Protocol):
    """The elements of a domain and their arithmetic.

    A domain without ``answers`` has no table of pairs; one with ``sample`` (see ``sources.samples``) gives random rows,
    and one with ``vectors`` (see ``sources.vectors``) those of a data set. Answers
    are elements, unless a domain has ``n_answers(tree)`` → how many answers the operation has, which are numbered from 0.
    """

    @property
    def size(self) -> int:
        """How many elements there are."""

    @property
    def names(self) -> tuple[str, ...]:
        """What each element is called, in the order of their numbers."""

    @property
    def modulus(self) -> int | None:
        """p where the elements are the residues 0…p − 1, numbered as themselves; None for anything else."""

    def answers(self, tree: Value) -> tuple[Indices, Mask]:
        """The operation on every pair, and where it is defined; x runs down, y across, and both broadcast to (size, size).

        Raises InputError, one sentence, for an operation that means nothing here.
        """


@dataclass(frozen=True)
class Domain:
    """A domain as a part.

    build: (the table ``domain`` of a task) → its ``Elements``; raises InputError for fields that make no domain.
    example: values of required fields, for messages.
    """

    kind: str
    fields: type
    build: Callable[[Section], Any]
    example: Mapping[str, Any] = field(default_factory=dict)


def make_domain(table: Section) -> Any:
    """The elements of the domain that a task's ``domain`` table names: ``Elements``, or what gives samples.

    Errors: UnknownNameError for a kind that there is not; InputError for a field that is missing or out of range.
    """
    own: Domain = parts.find("domains", str(table.get("kind")))
    filled = dict(table)
    for one in dataclasses.fields(own.fields):
        if one.name in table:
            continue
        if default_of(one) is dataclasses.MISSING:
            example = getattr(own, "example", {}).get(one.name)
            such = "" if example is None else f", such as {one.name} = {example}"
            raise InputError(f"the domain {table['kind']!r} needs {one.name}{such}")
        filled[one.name] = default_of(one)
    with parts.blamed(parts.of_domain(table)):
        return own.build(filled)


def modulus(task: TaskSpec) -> int | None:
    """p of a task on the residues modulo p; None on any other domain. Errors as in ``make_domain``."""
    found: int | None = getattr(make_domain(task.domain), "modulus", None)
    return found


def whole(value: object) -> bool:
    """Whether it is an integer, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)
