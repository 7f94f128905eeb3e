"""The order in which a batch is trained: the trials of the cheapest claims first, unless that makes the whole batch slower."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence

from grokbench.plan.expand import PlannedTrial
from grokbench.store import keys
from grokbench.store.cutting import covers

SLACK = 1.05
"""How much longer a batch may take than in the order "longest first", so that verdicts come early."""


class Answering:
    """Which trials of a batch may answer others."""

    def __init__(self, batch: Iterable[PlannedTrial]) -> None:
        self._seeds: set[int] = set()
        self._families: dict[str, list[PlannedTrial]] = {}
        for planned in batch:
            self._seeds.add(planned.seed)
            self._families.setdefault(keys.family(planned.trial), []).append(planned)

    def family(self, wanted: PlannedTrial) -> Sequence[PlannedTrial]:
        """The trials of the batch that differ from ``wanted`` at most in how long and how closely they are watched."""
        if wanted.seed not in self._seeds:  # saves the hash of a family
            return ()
        return self._families.get(keys.family(wanted.trial), ())

    def surely(self, wanted: PlannedTrial) -> Sequence[PlannedTrial]:
        """The trials of the batch whose records certainly answer ``wanted``."""
        return [
            one
            for one in self.family(wanted)
            if one.request == wanted.request or covers(one.trial, wanted.trial)
        ]


def cheapest_first(
    batch: Sequence[PlannedTrial], needs: Iterable[Collection[str]], workers: int
) -> tuple[PlannedTrial, ...]:
    """``batch`` in the order to train it: claim by claim, the one next that lacks the least; what no claim needs comes last.

    needs: of each claim, the requests of the trials in ``batch`` that it lacks. Long trials are moved to the front, as many
    as it takes for the batch to end at most ``SLACK`` later than in the order "longest first".
    """
    longest = sorted(batch, key=lambda planned: planned.seconds, reverse=True)
    cheap = _by_claim({planned.request: planned for planned in longest}, needs)
    limit = SLACK * wall_seconds(longest, workers)
    for n in range(len(longest)):
        front = {planned.request for planned in longest[:n]}
        order = [*longest[:n], *(planned for planned in cheap if planned.request not in front)]
        if wall_seconds(order, workers) <= limit:
            return tuple(order)
    return tuple(longest)


def wall_seconds(order: Iterable[PlannedTrial], workers: int) -> float:
    """How long so many workers take if each starts the next trial of ``order`` as soon as it is free."""
    free = [0.0] * max(1, workers)
    for planned in order:
        heapq.heapreplace(free, free[0] + planned.seconds)
    return max(free)


def _by_claim(longest: Mapping[str, PlannedTrial], needs: Iterable[Collection[str]]) -> list[PlannedTrial]:
    """The trials, given as request → trial with the longest first, claim by claim; each claim's own longest first."""
    left = dict(longest)
    lacking = [set(need) & left.keys() for need in needs]
    out = []
    while lacking := [need for need in lacking if need]:
        chosen = min(lacking, key=lambda need: sum(left[request].seconds for request in need))
        group = [request for request in left if request in chosen]
        out += [left.pop(request) for request in group]
        lacking = [need - chosen for need in lacking]
    return [*out, *left.values()]
