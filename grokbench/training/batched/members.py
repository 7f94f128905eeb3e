"""The trials in a batch that trains: what is looked at of each, and the time that it bears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from grokbench.networks.base import Network
from grokbench.tasks.trained import TrialRows
from grokbench.training.batched.stack import Stack
from grokbench.training.run import Run
from grokbench.training.score import Score
from grokbench.training.setup import Setup
from grokbench.training.taken import End


@dataclass(eq=False)
class Member:
    """A trial in the batch. ``place``: in the stack, which narrows as trials leave. ``end``: its state at its budget."""

    index: int
    run: Run
    rows: TrialRows
    setup: Setup[Network]
    place: int = 0
    seconds: float = 0.0
    end: End | None = None


class Slot:
    """A member as a ``run.Seen``: its slices of the stack. ``known``: scores that were made together with others."""

    def __init__(self, stack: Stack, place: int, known: dict[str, dict[int, Score]]) -> None:
        self._stack, self._place, self._known = stack, place, known

    @property
    def noisy(self) -> bool:
        """See ``Seen``."""
        return self._stack.noisy

    @property
    def names(self) -> Sequence[str]:
        """See ``Seen``."""
        return self._stack.names

    @property
    def parameters(self) -> list[Tensor]:
        """See ``Seen``."""
        return [p[self._place] for p in self._stack.parameters]

    @property
    def gradients(self) -> list[Tensor]:
        """See ``Seen``."""
        return [g[self._place] for g in self._stack.gradients]

    def score(self, side: str) -> Score:
        """See ``Seen``."""
        found = self._known.get(side, {}).get(self._place)
        return found or self._stack.scores(side, [self._place])[self._place]

    def weights(self) -> dict[str, Tensor]:
        """See ``Seen``."""
        return self._stack.weights(self._place)


class Shared:
    """Time that all members have together, of which each bears its share. ``settle`` before one of them leaves."""

    def __init__(self, members: list[Member]) -> None:
        self._members = members
        self.seconds = self.train_seconds = 0.0

    def settle(self, passes: int) -> None:
        """Give each its share; they have made so many passes."""
        for one in self._members:
            one.run.passes = passes
            one.run.train_seconds += self.train_seconds / len(self._members)
            one.seconds += (self.seconds + self.train_seconds) / len(self._members)
        self.seconds = self.train_seconds = 0.0
