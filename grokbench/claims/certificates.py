"""From the runs of a submission on a workload to its certificate, by rule D."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grokbench.analysis import statistics
from grokbench.claims.rules import rule_d
from grokbench.claims.verdict import NOT_REPRODUCED, REPRODUCED

CERTIFIED, NOT_CERTIFIED, UNDECIDED = "CERTIFIED", "NOT CERTIFIED", "UNDECIDED"
PROVISIONAL, ERROR = "PROVISIONAL", "ERROR"
CALLED = {REPRODUCED: CERTIFIED, NOT_REPRODUCED: NOT_CERTIFIED}
MEANS = {
    CERTIFIED: "the promise is kept on more than half of seeds: the exact 95 % interval of the rate lies above one half",
    UNDECIDED: "the interval holds one half",
    NOT_CERTIFIED: "the promise is kept on less than half of seeds: the interval lies below one half",
    PROVISIONAL: "the seeds come from no commit, so nothing is certified; what they would say stands in brackets",
    ERROR: "a run failed or is absent",
}
"""Verdict → what it says, in the order of a page."""


@dataclass(frozen=True)
class Certificate:
    """k of n seeds kept the promise; ``would`` is what they say, whether or not they may certify."""

    verdict: str
    yes: int
    n: int
    interval: tuple[float, float] | None
    would: str

    @property
    def words(self) -> str:
        """The verdict as a table shows it."""
        return f"{self.verdict} ({self.would})" if self.verdict == PROVISIONAL else self.verdict


def certificate(said: Sequence[bool | None], certifies: bool = True) -> Certificate:
    """What seeds say of a promise. said: of each seed whether it was kept; None where there is no run.

    >>> [certificate([True] * k + [False] * (12 - k)).verdict for k in (10, 9, 2)]
    ['CERTIFIED', 'UNDECIDED', 'NOT CERTIFIED']
    >>> certificate([True] * 12, certifies=False).words
    'PROVISIONAL (CERTIFIED)'
    """
    n, yes = len(said), sum(one is True for one in said)
    would = CALLED.get(rule_d(yes, n), UNDECIDED)
    interval = statistics.clopper_pearson(yes, n) if n else None
    if None in said:
        return Certificate(ERROR, yes, n, interval, would)
    return Certificate(would if certifies else PROVISIONAL, yes, n, interval, would)
