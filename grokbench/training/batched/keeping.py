"""A batch that is kept while it trains: the state of every trial in it, so that those that are left can go on together.

What differs from trial to trial lies along the first axis of tensors, or in an ``Each`` (``training.state``). So a state can be
narrowed to some of its trials before it is put into a new batch of them (``training.taken``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from grokbench.training.batched.rules import StackRule
from grokbench.training.batched.stack import Stack
from grokbench.training.state import Each
from grokbench.training.taken import Taken


class BatchKeeper(Protocol):
    """Where a batch is kept, as a ``keeping.Keeper`` keeps a run."""

    def load(self, made: dict[str, object]) -> tuple[Taken, Sequence[str]] | None:
        """What was kept, and the names of the trials in it, in their order."""

    def due(self) -> bool:
        """Whether it is time to keep it."""

    def save(self, state: Taken, made: dict[str, object], names: Sequence[str]) -> None:
        """Keep a batch of the trials with these names."""

    def ends(self, seconds: float) -> bool:
        """Whether the states of trials that come to their budget stay with their records, after so many seconds of the batch."""


class Keep(NamedTuple):
    """What the trials of a batch are called, in their order, and where it is kept."""

    names: tuple[str, ...]
    keeper: BatchKeeper


class Going:
    """A batch in the middle, as it is kept: whatever its next steps depend on.

    members: its trials in their order, each with ``run``, ``setup`` and ``seconds``.
    """

    KEPT = ("step", "parameters", "buffers", "batches", "generators", "fresh", "runs", "seconds", "rule")

    def __init__(self, stack: Stack, rule: StackRule, members: Sequence[Any], step: int = 0) -> None:
        self.step, self.rule = step, rule
        self.parameters, self.buffers = stack.parameters, stack.moving_buffers
        self.batches = Each(stack.batches)
        self.generators = Each(one.setup.generator for one in members)
        self.fresh = Each(one.setup.fresh for one in members)
        self.runs, self.seconds = Each(one.run for one in members), Each(one.seconds for one in members)
