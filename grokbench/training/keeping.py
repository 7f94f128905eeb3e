"""A run that is kept while it trains, so that it can go on from there: what is kept, and when."""

from __future__ import annotations

import time
from typing import Any, Protocol

from grokbench.training.state import put, taken
from grokbench.training.taken import End, Taken, UnfitError, UnkeptError


class Keeper(Protocol):
    """Where a run is kept. ``store.checkpoints`` has one."""

    def load(self, made: dict[str, object]) -> Taken | None:
        """What was kept of this run by a process with the same environment, ``made``; None without."""

    def due(self) -> bool:
        """Whether it is time to keep it. Asked after every update."""

    def save(self, state: Taken, made: dict[str, object]) -> None:
        """Keep it, in the place of what was kept before."""

    def ends(self, seconds: float) -> bool:
        """Whether its state at its budget, to which it came in so many seconds, stays with its record."""


class Running:
    """A run in the middle: the next step, what was trained, by what, and the seconds that it has taken."""

    KEPT = ("step", "seconds", "run", "net", "rule")

    def __init__(self, run: Any, net: Any, rule: Any, keeper: Keeper | None, made: dict[str, object]) -> None:
        self.step, self.seconds = 0, 0.0
        self.run, self.net, self.rule = run, net, None if rule is net else rule
        self._keeper, self._made, self._began = keeper, made, time.perf_counter()
        self.end: End | None = None

    def resume(self) -> None:
        """Go on from what was kept, where there is something. Errors: UnfitError; the run is then to be made anew."""
        found = self._keeper.load(self._made) if self._keeper is not None else None
        if found is None:
            return
        try:
            put(found, self)
        except Exception as error:
            raise UnfitError(str(error)) from error

    def elapsed(self) -> float:
        """Seconds that the run has taken, in whichever processes."""
        return self.seconds + time.perf_counter() - self._began

    def keep(self, step: int) -> None:
        """Keep the run, whose next step is ``step``, if it is time to. One whose state cannot be kept is not asked again."""
        if self._keeper is None or not self._keeper.due():
            return
        try:
            self._keeper.save(self._taken(step), self._made)
        except UnkeptError:
            self._keeper = None

    def comes_to_budget(self, step: int) -> None:
        """Take its ``end``, before it is looked at there, where the keeper wants it."""
        if self._keeper is None or not self._keeper.ends(self.elapsed()):
            return
        try:
            self.end = End(self._taken(step), self._made)
        except UnkeptError:
            self._keeper = None

    def _taken(self, step: int) -> Taken:
        self.step, before = step, self.seconds
        self.seconds = self.elapsed()
        try:
            return taken(self)
        finally:
            self.seconds = before
