"""What updates a stack of trials: one rule for all where the optimizer can be stacked, else one for each."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from grokbench.specs.errors import InputError
from grokbench.specs.types import Section
from grokbench.training.state import Each
from grokbench.training.updates import built, complete, make_update, noise_of, optimizer, wrapper


class StackRule(Protocol):
    """An update rule of weights (trials, …)."""

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """Begin with these weights."""

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """Change ``parameters`` in place along ``gradients``, which may be overwritten."""

    def keep(self, which: list[int]) -> None:
        """Go on with the trials at these places."""


def stack_rule(tables: Sequence[Section], seeds: Sequence[int]) -> StackRule:
    """The rule of trials with these ``optimizer`` tables. Errors: UnknownNameError, InputError."""
    part, around = optimizer(tables[0]), tables[0].get("wrapper")
    if not part.stacks or not (around is None or wrapper(around).stacks):
        return Apart(tables, seeds)
    own = merged([complete(part, table) for table in tables])
    noise = functools.partial(_noises, seeds)
    return Together(built(part, own, noise, stacked=True))


def _noises(seeds: Sequence[int], *group: str) -> Each:
    return Each(noise_of(seed, *group) for seed in seeds)


def merged(values: Sequence[Any]) -> Any:
    """One value where all are equal; numbers that differ as a float64 tensor (trials,); tables entry by entry.

    Errors: InputError where something else than numbers differs.
    """
    first = values[0]
    if all(value == first for value in values):
        return first
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return torch.tensor(values, dtype=torch.float64)
    if all(isinstance(value, Mapping) and value.keys() == first.keys() for value in values):
        return {name: merged([value[name] for value in values]) for name in first}
    if all(isinstance(value, list | tuple) and len(value) == len(first) for value in values):
        return [merged(entries) for entries in zip(*values, strict=True)]
    raise InputError(f"optimizers that differ in more than numbers cannot be stacked: {values!r}")


class Together:
    """One rule for all trials."""

    KEPT = ("_rule",)

    def __init__(self, rule: Any) -> None:
        self._rule = rule
        self.init: Callable[..., None] = rule.init
        self.update: Callable[..., None] = rule.update

    def keep(self, which: list[int]) -> None:
        """See ``StackRule``."""
        _narrow(self._rule, which, set())


class Apart:
    """A rule for each trial, which sees its own slices of the stack, in the shapes of the plain module."""

    KEPT = ("_rules",)

    def __init__(self, tables: Sequence[Section], seeds: Sequence[int]) -> None:
        updates = [make_update(table, seed) for table, seed in zip(tables, seeds, strict=True)]
        self._rules = Each(update.rule for update in updates if update is not None)

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """See ``StackRule``."""
        for i, rule in enumerate(self._rules):
            rule.init([p[i] for p in parameters], names)

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """See ``StackRule``."""
        for i, rule in enumerate(self._rules):
            rule.update([p[i] for p in parameters], [g[i] for g in gradients], step)

    def keep(self, which: list[int]) -> None:
        """See ``StackRule``."""
        self._rules = Each(self._rules[i] for i in which)


def _narrow(rule: Any, which: list[int], seen: set[int]) -> None:
    """Leave trials out of whatever a rule, and rules inside it, keep: every tensor has the trials first."""
    if id(rule) in seen:
        return
    seen.add(id(rule))
    for name, value in vars(rule).items():
        setattr(rule, name, _narrowed(value, which, seen))


def _narrowed(value: Any, which: list[int], seen: set[int]) -> Any:
    if isinstance(value, Tensor):
        return value[which]
    if isinstance(value, Mapping):
        return {name: _narrowed(own, which, seen) for name, own in value.items()}
    if isinstance(value, Each):
        return Each(value[i] for i in which)
    if isinstance(value, list | tuple):
        return type(value)(_narrowed(own, which, seen) for own in value)
    if hasattr(value, "update") and hasattr(value, "init"):
        _narrow(value, which, seen)
    return value
