"""One trial of a batch, as what keeps its curves and probes looks at it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from grokbench.training.batched.stack import Stack
from grokbench.training.score import Score


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
