"""From the ``optimizer`` table of a recipe to the rule that updates weights: groups of weights, and a wrapper around all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from grokbench import parts
from grokbench.specs.errors import InputError
from grokbench.specs.fields import checked
from grokbench.specs.types import Recipe, Section
from grokbench.tasks.streams import stream
from grokbench.training.kinds import Optimizer, Wrapper
from grokbench.training.strangers import RULE, need


class Rule(Protocol):
    """An update rule with its state."""

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """Begin with these weights, called as the plain network calls them."""

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """Change ``parameters`` in place along ``gradients``, which may be overwritten. ``step`` counts updates from 0."""


def rates(recipe: Recipe) -> Section:
    """A recipe's ``optimizer`` table with its learning rates over α^``rate_power`` (``training.output_scale``)."""
    training, own = recipe.training, recipe.optimizer
    factor = float(training.get("output_scale", 1.0)) ** -float(training.get("rate_power", 0.0))
    if factor == 1.0:
        return own
    groups = [_times(group, factor) for group in own.get("groups") or ()]
    return _times(own, factor) | ({"groups": groups} if groups else {})


def _times(table: Section, factor: float) -> dict[str, Any]:
    return {name: value * factor if name == "lr" else value for name, value in table.items()}


class Update(NamedTuple):
    """A rule, and whether it treats each weight on its own, whatever the shape of the tensor that holds it."""

    rule: Rule
    elementwise: bool


def make_update(table: Section, seed: int = 0) -> Update | None:
    """What updates the weights, by a recipe's ``optimizer`` table; None for an untrained network.

    ``seed`` feeds noise on updates, from the stream ("update-noise",). Errors: UnknownNameError, InputError.
    """
    part = optimizer(table)
    rule = built(part, complete(part, table), lambda *group: noise_of(seed, *group))
    if rule is None:
        return None
    around = table.get("wrapper")
    return Update(rule, part.elementwise and (around is None or wrapper(around).elementwise))


def optimizer(table: Section) -> Optimizer:
    """The part that an ``optimizer`` table names. Errors: UnknownNameError."""
    found: Optimizer = parts.find("optimizers", str(table.get("kind", "")))
    return found


def wrapper(table: Section) -> Wrapper:
    """The part that an ``optimizer.wrapper`` table names. Errors: UnknownNameError."""
    found: Wrapper = parts.find("wrappers", str(table.get("kind", "")))
    return found


def complete(part: Optimizer, table: Section) -> dict[str, Any]:
    """The table with its defaults; each of its groups has all of the optimizer's fields. Errors: InputError."""
    own = checked(part.fields, table, "optimizer")
    rest = _without(own, "groups", "wrapper")
    if own.get("groups"):
        own["groups"] = [
            {
                **checked(part.fields, rest | _without(group, "parameters"), "optimizer"),
                "parameters": group["parameters"],
            }
            for group in own["groups"]
        ]
    if (around := own.get("wrapper")) is not None:
        own["wrapper"] = checked(wrapper(around).fields, around, "optimizer.wrapper")
    return own


def built(part: Optimizer, own: Section, noise: Callable[..., Any], *, stacked: bool = False) -> Any:
    """The rule of a complete table, in its wrapper; None for an untrained network.

    noise: the pattern of a group, or nothing → what that group's rule draws noise from. stacked: whether weights are those of a
    stack of trials. Errors: InputError for a part from outside that gives no rule.
    """
    build, table = parts.loaded(part.build), _without(own, "groups", "wrapper")
    rule = build(table, noise())
    if rule is None:
        return None
    if (stranger := parts.outside("optimizers", part.kind)) is not None:
        need(stranger, "a rule", rule, RULE)
    if groups := own.get("groups"):
        rule = Grouped(
            [
                (
                    group["parameters"],
                    build(_without(group, "parameters", "groups", "wrapper"), noise(group["parameters"])),
                )
                for group in groups
            ],
            rule,
        )
    if (around := own.get("wrapper")) is None:
        return rule
    outer = wrapper(around)
    rule = parts.loaded(outer.stack if stacked and outer.stack else outer.build)(around, rule)
    if (stranger := parts.outside("wrappers", around["kind"])) is not None:
        need(stranger, "a rule", rule, RULE)
    return rule


def carry(rule: Rule, before: Update | None) -> None:
    """Give a rule that has begun what another one of its kind keeps of each weight: its lists of tensors.

    Errors: InputError for another kind of rule, and for one that keeps none, such as groups or a wrapper of others.
    """
    other = None if before is None else before.rule
    if type(rule) is not type(other):
        raise InputError("start.state: the run before has another optimizer, whose state cannot go on")
    kept = {
        name: value
        for name, value in vars(other).items()
        if isinstance(value, list) and value and all(isinstance(one, Tensor) for one in value)
    }
    if not kept:
        raise InputError(
            "start.state: this optimizer, its groups or its wrapper keep no state that can go on"
        )
    for name, tensors in kept.items():
        for own, one in zip(getattr(rule, name), tensors, strict=True):
            own.copy_(one)


def noise_of(seed: int, *group: str) -> torch.Generator:
    """What noise on the updates of a group, or of all weights, is drawn from."""
    return torch.Generator().manual_seed(int(stream(seed, "update-noise", *group).integers(2**63)))


def _without(table: Section, *names: str) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in names}


class Grouped:
    """Each weight is updated by the rule of the first group whose pattern its name fits, and by ``rest`` where none does."""

    def __init__(self, groups: Sequence[tuple[str, Rule]], rest: Rule) -> None:
        self._groups, self._rest = groups, rest

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """See ``Rule``. Errors: InputError for a group that no weight is left for."""
        left, self._own = list(range(len(names))), []
        for pattern, rule in self._groups:
            which = [i for i in left if fnmatchcase(names[i], pattern)]
            if not which:
                raise InputError(
                    f"optimizer.groups: {pattern!r} names no weight that is left; there are {', '.join(names)}"
                )
            left = [i for i in left if i not in which]
            self._own.append((which, rule))
        if left:
            self._own.append((left, self._rest))
        for which, rule in self._own:
            rule.init([parameters[i] for i in which], [names[i] for i in which])

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """See ``Rule``."""
        for which, rule in self._own:
            rule.update([parameters[i] for i in which], [gradients[i] for i in which], step)
