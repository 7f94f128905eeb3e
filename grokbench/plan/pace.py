"""How long the trials that are left will take, by what those that ended have taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, NamedTuple


class Expected(NamedTuple):
    """What a plan says of a trial. ``kind``: of the step; trials of one kind are off by about one factor."""

    seconds: float
    steps: int
    kind: Hashable = ""


class Seen(NamedTuple):
    """A running trial: when and at which step it was seen first, and last. It has had its share of that time only, of a batch of
    ``together`` trials."""

    begun: float
    first: int
    at: float
    step: int
    together: int = 1

    def had(self, until: float) -> float:
        """Seconds of its own since it was seen first."""
        return (until - self.begun) / self.together


class Pace:
    """Corrects a plan while it runs, from events and the time that a clock shows at them.

    The seconds of a kind are multiplied by what its finished trials took over what was expected of them. Until one has
    finished, running ones count for the share of their steps that is behind them; until they do, all other kinds.

    work: trial, under any name → what is expected of it. workers: how many trials run at once.
    """

    def __init__(self, work: Mapping[Any, Expected], workers: int) -> None:
        self._left: dict[Hashable, Expected] = dict(work)
        self._workers = max(1, workers)
        self._running: dict[Hashable, Seen] = {}
        self._finished: dict[Hashable, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))

    def evaluated(self, trial: Hashable, step: int, now: float, together: int = 1) -> None:
        """A running trial, in a batch of so many, has come to ``step``."""
        if trial in self._left:
            before = self._running.get(trial)
            begun, first = (before.begun, before.first) if before else (now, step)
            self._running[trial] = Seen(begun, first, now, step, together)

    def done(self, trial: Hashable, seconds: float, now: float) -> None:
        """A trial has ended after ``seconds`` of training."""
        expected, seen = self._left.get(trial), self._running.get(trial)
        self.gone(trial)
        if expected is not None and expected.seconds > 0:
            took = max(
                seconds, seen.had(now) if seen else 0.0
            )  # with analyses, which come after the training
            true, planned = self._finished[expected.kind]
            self._finished[expected.kind] = true + took, planned + expected.seconds

    def gone(self, trial: Hashable) -> None:
        """A trial needs no more time and says nothing of that of others: it failed, or another process trained it."""
        self._left.pop(trial, None)
        self._running.pop(trial, None)

    def seconds_left(self, now: float) -> float:
        """Seconds of wall time until the last trial ends: shared among the workers, but no less than the longest needs."""
        factors = self._factors()
        rests = [
            self._rest(one, expected, factors.get(expected.kind, factors[None]), now)
            for one, expected in self._left.items()
        ]
        return max(sum(rests) / self._workers, max(rests, default=0.0))

    def _rest(self, trial: Hashable, expected: Expected, factor: float, now: float) -> float:
        """Seconds that a trial still needs. Since it was last heard of it has gone on."""
        whole, seen = factor * expected.seconds, self._running.get(trial)
        if seen is None:
            return whole
        ahead = max(0.0, 1 - seen.step / expected.steps) if expected.steps else 0.0
        return max(0.0, whole * ahead - (now - seen.at) / seen.together)

    def _factors(self) -> dict[Hashable, float]:
        """Kind → true seconds over expected ones; under None, which is no kind, those of all."""
        running: dict[Hashable, list[tuple[float, float]]] = defaultdict(list)
        for trial, seen in self._running.items():
            expected = self._left[trial]
            behind = expected.seconds * (seen.step - seen.first) / max(expected.steps, 1)
            running[expected.kind].append((seen.had(seen.at), behind))
        sums = {kind: _sum(pairs) for kind, pairs in running.items()} | self._finished
        sums = {kind: (true, planned) for kind, (true, planned) in sums.items() if true > 0 and planned > 0}
        true, planned = _sum(sums.values())
        return {None: true / planned if planned else 1.0} | {kind: t / p for kind, (t, p) in sums.items()}


def _sum(pairs: Iterable[tuple[float, float]]) -> tuple[float, float]:
    found = list(pairs)
    return sum(true for true, _ in found), sum(planned for _, planned in found)
