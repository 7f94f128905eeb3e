"""When a run is looked at."""

from __future__ import annotations


class Cadence:
    """Steps 0, 1, 2, …, next = max(⌊growth · e⌋, e + 1): every step at first, then a constant ratio apart.

    ``also`` is one more step that is due, off the series (the budget, so that a run ends on it exactly).

    >>> cadence = Cadence(growth=1.5, also=7)
    >>> [step for step in range(14) if cadence.due(step)]
    [0, 1, 2, 3, 4, 6, 7, 9, 13]
    """

    def __init__(self, growth: float, also: int | None = None) -> None:
        self._growth, self._also, self._next = growth, also, 0

    def due(self, step: int) -> bool:
        """Whether ``step`` is due; asked with rising steps."""
        if step >= self._next:
            self._next = max(int(self._growth * step), step + 1)
            return True
        return step == self._also
