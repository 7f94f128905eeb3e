"""When a run is looked at."""

from __future__ import annotations

from collections.abc import Iterator


class Cadence:
    """Steps 0, spacing, …, next = max(⌊growth · e⌋, e + spacing): a constant distance at first, then a constant ratio.

    ``also`` is one more step that is due, off the series (the budget, so that a run ends on it exactly).

    >>> cadence = Cadence(growth=1.5, also=7)
    >>> [step for step in range(14) if cadence.due(step)]
    [0, 1, 2, 3, 4, 6, 7, 9, 13]
    >>> spaced = Cadence(growth=1.5, spacing=4)
    >>> [step for step in range(20) if spaced.due(step)]
    [0, 4, 8, 12, 18]
    """

    KEPT = ("_next",)

    def __init__(self, growth: float, spacing: int = 1, also: int | None = None) -> None:
        self._growth, self._spacing, self._also, self._next = growth, spacing, also, 0

    def _after(self, step: int) -> int:
        return max(int(self._growth * step), step + self._spacing)

    def due(self, step: int) -> bool:
        """Whether ``step`` is due; asked with rising steps."""
        if step >= self._next:
            self._next = self._after(step)
            return True
        return step == self._also

    def next(self, step: int) -> int:
        """The first step from ``step`` on that is due, where none from ``step`` on was asked for yet."""
        coming = max(self._next, step)
        return coming if self._also is None or not step <= self._also < coming else self._also

    def steps(self) -> Iterator[int]:
        """The steps that are due, from 0 on, without end."""
        before, step = -1, 0
        while True:
            if self._also is not None and before < self._also < step:
                yield self._also
            yield step
            before, step = step, self._after(step)
