"""The outcome of a claim's rule (REPRODUCE.md, "How to read a verdict")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grokbench.specs.types import Claim

REPRODUCED = "REPRODUCED"
NOT_REPRODUCED = "NOT REPRODUCED"
INCONCLUSIVE = "INCONCLUSIVE"
NOT_RUN = "NOT RUN"
ERROR = "ERROR"
VERDICTS = (REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, NOT_RUN, ERROR)
READ_AS = " under our reading"
OUR_FAILURE = NOT_REPRODUCED + READ_AS  # says nothing against the paper
NAMES = (REPRODUCED, NOT_REPRODUCED, OUR_FAILURE, INCONCLUSIVE, NOT_RUN, ERROR)
"""What a report's JSON document calls them."""
STATED = ("paper", "code")  # origins of a recipe that can be held against a paper

Value = tuple[int, tuple[float, ...], bool | None]
"""A seed, the number of each condition, and whether the rule says yes."""


@dataclass(frozen=True)
class Verdict:
    """A verdict with the numbers behind it.

    statistic, interval, accepted: what was compared with what; the rate of seeds that say yes with its
    Clopper-Pearson interval, or a median with its order-statistic interval, or one exact value.
    values: per seed, the measured number of each condition (inf: censored, nan: not measurable) and whether the
    rule said yes (None: neither yes nor no). control: the same on the claim's control. median, median_interval: of the
    first condition's number over the seeds that have one.
    """

    id: str
    verdict: str
    tier: str
    n_seeds: int
    statistic: float | None
    interval: tuple[float, float] | None
    accepted: Mapping[str, float | None]
    reason: str
    source: str
    grade: str
    under_our_reading: bool
    values: tuple[Value, ...] = ()
    control: tuple[Value, ...] = ()
    median: float | None = None
    median_interval: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """One of ``NAMES``."""
        ours = self.under_our_reading and self.verdict == NOT_REPRODUCED
        return OUR_FAILURE if ours else self.verdict

    @property
    def called(self) -> str:
        """See ``called``."""
        return called(self.verdict, self.under_our_reading)

    @property
    def yes(self) -> int:
        """How many seeds meet the rule."""
        return sum(said is True for _, _, said in self.values)


def called(verdict: str, under_our_reading: bool) -> str:
    """What a person reads a verdict called: where it decides, with whether it speaks of our reading of the paper.

    >>> called("REPRODUCED", True), called("INCONCLUSIVE", True)
    ('REPRODUCED under our reading', 'INCONCLUSIVE')
    """
    return verdict + (READ_AS if under_our_reading and verdict in (REPRODUCED, NOT_REPRODUCED) else "")


def not_run(claim: Claim, tier: str, why: str, origins: Sequence[str] = ()) -> Verdict:
    """The verdict of a claim whose trials this tier does not include; ``why`` names the tier that does."""
    return _without_numbers(claim, NOT_RUN, tier, why, origins)


def error(claim: Claim, tier: str, why: str, origins: Sequence[str] = ()) -> Verdict:
    """The verdict of a claim one of whose trials failed; ``why`` says which and where its traceback is."""
    return _without_numbers(claim, ERROR, tier, why, origins)


def is_our_reading(claim: Claim, origins: Sequence[str]) -> bool:
    """Whether a failure may be ours: the claim is known second-hand, or one of its recipes (their ``origins``) is not stated."""
    return claim.grade != "A" or not all(origin in STATED for origin in origins)


def _without_numbers(claim: Claim, verdict: str, tier: str, why: str, origins: Sequence[str]) -> Verdict:
    return Verdict(
        id=claim.id,
        verdict=verdict,
        tier=tier,
        n_seeds=0,
        statistic=None,
        interval=None,
        accepted={"min": None, "max": None},
        reason=why,
        source=claim.source,
        grade=claim.grade,
        under_our_reading=is_our_reading(claim, origins),
    )
