"""Two arms on the same seeds: the median ratio of their times, the exact sign test, and how many seeds it would have needed.

A time is in optimizer steps; ``math.inf`` is one that was not reached within the budget (censored), ``math.nan`` one that is not
known. Arrays are (pairs,), pair by pair.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from grokbench.analysis.statistics import CONFIDENCE, median, median_ranks

EFFECT = 1.1  # ratio of times whose detection is planned for
POWER = 0.8  # chance with which it should be found
LEAST_SPREAD = 3  # pairs with both times known, from which a spread is reckoned
TRIED = (200, 2000, 20_000)  # numbers of seeds, each time up to here
MOST_SEEDS = TRIED[-1]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Paired:
    """What the pairs say of the ratio first / second; above 1 the second arm is faster.

    ratio, interval: lower and upper end, equal where no censored time leaves them open. An interval needs 6 pairs.
    """

    n: int  # pairs
    first_faster: int
    second_faster: int
    ties: int  # equal times, or both censored
    ratio: tuple[float, float] | None  # the median
    interval: tuple[float, float] | None  # exact, 95 %
    p: float  # of the two-sided sign test; ties count against whoever leads
    spread: (
        float | None
    )  # standard deviation of log(first / second) over the pairs in which both were reached
    censored: int  # pairs in which one or both were not reached
    needed: (
        int | None
    )  # pairs that find a true ratio of EFFECT with POWER; None: not known, or more than MOST_SEEDS

    @property
    def decided(self) -> bool:
        """Whether one arm is faster in more than half of all seeds: rule D, 6 of 6, 8 of 9, 10 of 12, 15 of 20."""
        return self.p <= 1 - CONFIDENCE


@dataclass(frozen=True)
class Interaction:
    """What two changes do together beyond what each does alone, in logarithms of times.

    log (T_first T_second / (T_neither T_both)), which is log of the ratio of ratios: that of the one change where the other was
    made, over that where it was not. Above 0 they help each other. The whole ratio T_neither / T_both is the product of both
    ratios alone and its exponential. Ends as of ``Paired``; an end may be infinite.
    """

    n: int  # seeds of which all four times are known, if only to lie above the budget
    positive: int
    negative: int
    unknown: int  # 0, or of a sign that censored times leave open
    log_ratio: tuple[float, float] | None  # the median
    interval: tuple[float, float] | None  # exact, 95 %
    p: float  # of the two-sided sign test; unknown signs count against whichever leads
    censored: int  # seeds with a time that was not reached

    @property
    def decided(self) -> bool:
        """Whether its sign is that of more than half of all seeds: rule D."""
        return self.p <= 1 - CONFIDENCE


def interaction(
    neither: Sequence[float],
    first: Sequence[float],
    second: Sequence[float],
    both: Sequence[float],
    budget: float,
) -> Interaction:
    """Of four arms' times: with neither change, with the first, with the second, with both; seeds with a nan are left out.

    >>> arms = [800.0] * 6, [400.0] * 6, [800.0] * 6, [100.0] * 6  # twice as fast alone, no faster, eight times as fast
    >>> found = interaction(*arms, budget=1000)
    >>> round(math.exp(found.log_ratio[0]), 9), found.positive, found.p
    (4.0, 6, 0.03125)
    """
    seeds = [
        four for four in zip(neither, first, second, both, strict=True) if not any(map(math.isnan, four))
    ]
    ends = [_joint(*four, budget) for four in seeds]
    positive, negative = sum(low > 0 for low, _ in ends), sum(high < 0 for _, high in ends)
    return Interaction(
        n=len(seeds),
        positive=positive,
        negative=negative,
        unknown=len(seeds) - positive - negative,
        log_ratio=_median(ends),
        interval=_interval(ends),
        p=sign_test(max(positive, negative), len(seeds)),
        censored=sum(any(map(math.isinf, four)) for four in seeds),
    )


def _joint(neither: float, first: float, second: float, both: float, budget: float) -> tuple[float, float]:
    """Where the interaction of one seed lies: the logarithm of a censored time is above the budget's, and may be infinite."""
    least = [math.log(max(min(t, budget), 1.0)) for t in (neither, first, second, both)]
    most = [
        log if math.isfinite(t) else math.inf
        for log, t in zip(least, (neither, first, second, both), strict=True)
    ]
    return least[1] + least[2] - most[0] - most[3], most[1] + most[2] - least[0] - least[3]


def paired(first: Sequence[float], second: Sequence[float], budget: float) -> Paired:
    """Compare two arms' times pair by pair; a pair with an unknown time (nan) is left out.

    >>> found = paired([200, 420, 300, 800, 250, 330], [100, 140, 200, 400, 200, 110], budget=1000)
    >>> found.second_faster, found.ratio, found.interval, found.p
    (6, (2.0, 2.0), (1.25, 3.0), 0.03125)
    >>> paired([math.inf, 400], [100, math.inf], budget=1000).ratio
    (5.0, inf)
    """
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if not (math.isnan(a) or math.isnan(b))]
    n = len(pairs)
    ahead, behind = sum(a < b for a, b in pairs), sum(a > b for a, b in pairs)
    ends = [_ratio(a, b, budget) for a, b in pairs]
    both = [math.log(a / b) for a, b in pairs if math.isfinite(a) and math.isfinite(b) and a > 0 and b > 0]
    spread = float(np.std(both, ddof=1)) if len(both) >= LEAST_SPREAD else None
    return Paired(
        n=n,
        first_faster=ahead,
        second_faster=behind,
        ties=n - ahead - behind,
        ratio=_median(ends),
        interval=_interval(ends),
        p=sign_test(max(ahead, behind), n),
        spread=spread,
        censored=sum(math.isinf(a) or math.isinf(b) for a, b in pairs),
        needed=None if spread is None else pairs_needed(spread),
    )


def _ratio(a: float, b: float, budget: float) -> tuple[float, float]:
    """Where the ratio of two times lies: a censored one is above the budget, and may be infinite."""
    if a == b and math.isfinite(a):
        return 1.0, 1.0
    low, high = min(a, budget), min(b, budget)
    least = 0.0 if math.isinf(b) else low / b if b else math.inf
    most = math.inf if math.isinf(a) else a / high if high else math.inf
    return least, most


def _median(ends: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    low, high = (median([end[i] for end in ends]) for i in (0, 1))
    return None if low is None or high is None else (low, high)


def _interval(ends: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Order statistics of the lower ends below, of the upper ends above; exact whatever the censored times are."""
    ranks = median_ranks(len(ends))
    if ranks is None:
        return None
    low, high = (sorted(end[i] for end in ends) for i in (0, 1))
    return low[ranks[0]], high[ranks[1]]


def sign_test(k: int, n: int) -> float:
    """Exact two-sided sign test: the chance that n fair coins show k or more alike. 1 for no pair.

    >>> sign_test(6, 6), sign_test(5, 6)
    (0.03125, 0.21875)
    """
    if not n:
        return 1.0
    alike = sum(math.comb(n, i) for i in range(k, n + 1))
    return min(1.0, 2.0 * alike / 2.0**n)


def pairs_needed(spread: float, effect: float = EFFECT, power: float = POWER) -> int | None:
    """The least number of pairs for which the exact two-sided sign test finds a true median ratio with this chance.

    The logarithm of a pair's ratio is taken as normal around log(effect) with the standard deviation ``spread``, so that a pair
    favours the faster arm with probability Φ(log(effect) / spread). None for more than ``MOST_SEEDS``.

    >>> pairs_needed(0.0), pairs_needed(0.1), pairs_needed(0.4)
    (6, 17, 227)
    """
    from scipy.special import ndtr

    favours = 1.0 if spread == 0 else float(ndtr(math.log(effect) / spread))
    for most in TRIED:
        n = np.arange(1, most + 1)
        found = np.flatnonzero(_at_least(_critical(most), n, favours) >= power)
        if found.size:
            return int(n[found[0]])
    return None


@cache
def _critical(most: int) -> Counts:
    """The least number of n pairs that the two-sided test at 5 % asks for, of n = 1 … most; n + 1 where none is enough."""
    n = np.arange(1, most + 1)
    k = np.maximum(
        n // 2, np.floor(n / 2 + np.sqrt(n) * 0.9).astype(np.int64)
    )  # below it, so that it is climbed to
    while (short := (_at_least(k, n, 0.5) > (1 - CONFIDENCE) / 2) & (k <= n)).any():
        k = k + short
    return k


def _at_least(k: Counts, n: Counts, rate: float) -> NDArray[np.float64]:
    """P(Binomial(n, rate) ≥ k), elementwise."""
    from scipy.special import bdtrc

    return np.where(k > n, 0.0, np.where(k < 1, 1.0, bdtrc(np.clip(k - 1, 0, None), np.maximum(n, k), rate)))
