"""A part of a plan for one job of an array: the same plan falls into the same parts wherever it is made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from grokbench.plan.expand import PlannedTrial
from grokbench.specs.errors import InputError
from grokbench.store import keys


class Shard(NamedTuple):
    """The part ``number``, from 1 on, of ``of`` parts."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def families(self, plan: Iterable[PlannedTrial]) -> frozenset[str]:
        """The families (``keys.family``) of the trials of a plan that this part trains.

        Trials of a family may answer each other, and stay together. Families are dealt out in turn, those with the most work
        first and by their hash where that is equal, so that parts take about as long.
        """
        work: dict[str, float] = {}
        for one in plan:
            family = keys.family(one.trial)
            work[family] = max(work.get(family, 0.0), one.seconds)
        dealt = sorted(work, key=lambda family: (-work[family], family))
        return frozenset(dealt[self.number - 1 :: self.of])


def read(text: str) -> Shard:
    """A part as it is written.

    >>> read("2/8")
    Shard(number=2, of=8)
    """
    found = re.fullmatch(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*", text) if isinstance(text, str) else None
    number, of = map(int, found.groups()) if found else (0, 0)
    if not 1 <= number <= of:
        raise InputError(f"shard {text}: expected i/n, the part i of n from 1 on, such as 1/8", "shard")
    return Shard(number, of)
