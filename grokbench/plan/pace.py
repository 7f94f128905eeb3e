"""How long the trials that are left will take, by what those that ended have taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from statistics import fmean
from typing import Any, NamedTuple


class Expected(NamedTuple):
    """What a plan says of a trial: seconds that so many ``steps`` from the first on take.

    kind: of the step; trials of one kind are off by about one factor. like: a name for the trials that should end after about
    as many steps, as seeds of one experiment do; None where there are no others. begun: the step from which it goes on. most:
    the steps that it has at most, where the plan expects it to end before; 0 where it has no more than ``steps``.
    """

    seconds: float
    steps: int
    kind: Hashable = ""
    like: Hashable = None
    begun: int = 0
    most: int = 0

    @property
    def step(self) -> float:
        """Seconds of one step."""
        return self.seconds / max(self.steps, 1)


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


class Sums(NamedTuple):
    """Seconds that steps took, and those that the plan said of them."""

    true: float = 0.0
    planned: float = 0.0

    def __add__(self, other: object) -> Sums:
        if not isinstance(other, Sums):
            return NotImplemented
        return Sums(self.true + other.true, self.planned + other.planned)


class Pace:
    """Corrects a plan while it runs, from events and the time that a clock shows at them.

    Two things may differ from the plan, and each is learned where it is the same. *Seconds of a step*: of its kind, over the
    steps that finished trials took and running ones have behind them; of a kind without any, those of all others. *Steps*: a
    trial ends after as many as the finished ones of its ``like``, on average. One that is beyond that goes to its ``most``.

    work: trial, under any name → what is expected of it. workers: how many trials run at once.
    """

    def __init__(self, work: Mapping[Any, Expected], workers: int) -> None:
        self._left: dict[Hashable, Expected] = dict(work)
        self._workers = max(1, workers)
        self._running: dict[Hashable, Seen] = {}
        self._took: dict[Hashable, Sums] = defaultdict(Sums)  # by kind, of those that finished: seconds
        self._ended: dict[Hashable, list[int]] = defaultdict(list)  # by like: the steps at which they did

    def evaluated(self, trial: Hashable, step: int, now: float, together: int = 1) -> None:
        """A running trial, in a batch of so many, has come to ``step``."""
        if trial in self._left:
            before = self._running.get(trial)
            begun, first = (before.begun, before.first) if before else (now, step)
            self._running[trial] = Seen(begun, first, now, step, together)

    def done(self, trial: Hashable, step: int, seconds: float, now: float) -> None:
        """A trial has ended at ``step``, after ``seconds`` of training."""
        expected, seen = self._left.get(trial), self._running.get(trial)
        self.gone(trial)
        if expected is not None:
            # with analyses, which come after the training
            took = max(seconds, seen.had(now) if seen else 0.0)
            self._took[expected.kind] += Sums(took, expected.step * step)
            if expected.like is not None:
                self._ended[expected.like].append(step)

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
        seen = self._running.get(trial)
        step, since = (expected.begun, 0.0) if seen is None else (seen.step, (now - seen.at) / seen.together)
        ended = self._ended.get(expected.like)
        end = fmean(ended) if ended else expected.steps
        if step >= end:
            end = expected.most
        return max(0.0, factor * expected.step * (end - step) - since)

    def _factors(self) -> dict[Hashable, float]:
        """Kind → true seconds over expected ones; under None, which is no kind, those of all."""
        sums = defaultdict(Sums, self._took)
        for trial, seen in self._running.items():
            expected = self._left[trial]
            sums[expected.kind] += Sums(seen.had(seen.at), expected.step * (seen.step - seen.first))
        known = {kind: one for kind, one in sums.items() if one.true > 0 and one.planned > 0}
        every = sum(known.values(), Sums())
        return {None: every.true / every.planned if known else 1.0} | {
            kind: one.true / one.planned for kind, one in known.items()
        }
