"""In which fields two or more specs differ, and which of these fields can only change together.

Reports print them beside every comparison of arms, and ``compare`` above every ratio. One function says what differs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grokbench.specs import values
from grokbench.specs.types import Recipe, TaskSpec

LABELS = (
    "id",
    "title",
    "origin",
    "source",
)  # of a recipe, and but for the source of a task; nothing is trained by them
WAYS = ("model", "loss", "optimizer", "learner")
"""The tables of which a recipe has either the first three or the last."""

Fields = Mapping[str, Any]
"""Dotted field → value."""


def fields(spec: TaskSpec | Recipe) -> dict[str, Any]:
    """Every field that is trained by, dotted, nested tables written out; a table that the spec has not is left out.

    >>> task = TaskSpec("t", "", "x + y", {"kind": "numbers", "p": 7}, {"kind": "table"})
    >>> list(fields(task))
    ['operation', 'domain.kind', 'domain.p', 'source.kind', 'decode.kind', 'thresholds.t_mem', 'thresholds.t_gen']
    """
    flat = values.settings({key: value for key, value in dataclasses.asdict(spec).items() if value != {}})
    return {name: value for name, value in flat.items() if name not in LABELS}


def of_task(task: TaskSpec) -> dict[str, Any]:
    """The fields of a task as a report names them: its id, and ``task.…``."""
    return {"task": task.id, **{f"task.{name}": value for name, value in fields(task).items()}}


def differing(arms: Sequence[Fields]) -> list[tuple[str, tuple[Any, ...]]]:
    """The fields whose values differ between the arms, by name: one value for each arm, None where it has no such field.

    >>> differing([{"lr": 1, "eps": 2}, {"lr": 1, "eps": 3, "l1": 0}])
    [('eps', (2, 3)), ('l1', (None, 0))]
    """
    rows = [
        (name, tuple(arm.get(name) for arm in arms))
        for name in sorted({name for arm in arms for name in arm})
    ]
    return [(name, found) for name, found in rows if any(value != found[0] for value in found[1:])]


@dataclass(frozen=True)
class Difference:
    """A field in which two recipes differ, and the fields that only exist on one side because of it.

    first, second: what each side has of these fields; a field that it lacks is absent.
    """

    field: str
    first: Fields
    second: Fields

    def value(self, arm: int) -> Any:
        """The field itself in the first (0) or the second (1) arm; None where it is absent."""
        return (self.first, self.second)[arm].get(self.field)

    def more(self, arm: int) -> dict[str, Any]:
        """The fields that come with it in that arm, by their own names."""
        own = (self.first, self.second)[arm]
        return {name.rpartition(".")[2]: value for name, value in own.items() if name != self.field}


def between(first: Recipe, second: Recipe) -> tuple[Difference, ...]:
    """What differs between two recipes, as few fields as can change on their own.

    Where a table's ``kind`` differs, the fields that only one of the kinds has belong to it: an optimizer's betas to the
    optimizer, a wrapper's strength to the wrapper. What both kinds have, such as a learning rate, stands for itself. A learner
    stands in place of network, loss and optimizer, so that these four are one field.
    """
    whole = fields(first), fields(second)
    rows = dict(differing(whole))
    owners = [name for name in rows if name.endswith(".kind")]
    if any("learner.kind" in arm for arm in whole) and "learner.kind" in rows:
        together = [name for name in rows if name.partition(".")[0] in WAYS]
        owned = dict.fromkeys(together, "learner.kind")
    else:
        owned = {name: name for name in owners}
        for name, found in rows.items():
            inside = [own for own in owners if name.startswith(own.removesuffix("kind"))]
            if name not in owned and inside and None in found:
                owned[name] = max(inside, key=len)
    groups: dict[str, list[str]] = {}
    for name in rows:
        groups.setdefault(owned.get(name, name), []).append(name)
    return tuple(
        Difference(
            owner,
            *({name: arm[name] for name in (owner, *sorted(names)) if name in arm} for arm in whole),
        )
        for owner, names in sorted(groups.items())
    )


def short(field: str, among: Sequence[str]) -> str:
    """What a field is called where no other of ``among`` is called the same: ``weight_decay``, and ``wrapper`` for its kind.

    >>> short("optimizer.wrapper.kind", ["optimizer.lr"]), short("model.kind", ["loss.kind", "model.kind"])
    ('wrapper', 'model')
    """
    last = _last(field)
    return (
        last if [_last(other) for other in {field, *among}].count(last) == 1 else field.removesuffix(".kind")
    )


def _last(field: str) -> str:
    return field.removesuffix(".kind").rpartition(".")[2]
