"""Statistics over seeds: exact intervals and rank measures. scipy is imported when a function needs it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

CONFIDENCE = 0.95


def clopper_pearson(k: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Exact two-sided interval for a rate of which k of n trials said yes (Clopper and Pearson 1934).

    >>> [round(x, 3) for x in clopper_pearson(6, 6)]
    [0.541, 1.0]
    """
    if not 0 <= k <= n or n < 1:
        raise ValueError(f"clopper_pearson needs 0 <= k <= n and n >= 1; got k={k}, n={n}")
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return low, high


def median_ranks(n: int, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """Ranks (from 0) of the order statistics that bound the median with at least ``confidence``.

    The largest j with P(Binomial(n, ½) ≤ j − 1) ≤ (1 − confidence)/2 gives [x_(j), x_(n+1−j)]; None when n is
    too small for any (n < 6 at 95 %).
    """
    tail, j = (1 - confidence) / 2, 0
    below = 0.0
    while j < n:
        below += math.comb(n, j) / 2**n
        if below > tail:
            break
        j += 1
    return (j - 1, n - j) if j else None


def median_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Exact order-statistic interval for the median; infinite values (censored) keep their order.

    nan values are left out. Returns None below 6 values at 95 %.

    >>> median_interval([3, 1, 2, 6, 5, 4])
    (1.0, 6.0)
    """
    ordered = np.sort(_numbers(values))
    ranks = median_ranks(ordered.size, confidence)
    return None if ranks is None else (float(ordered[ranks[0]]), float(ordered[ranks[1]]))


def median(values: ArrayLike) -> float | None:
    """Median of the values that are not nan; inf where it falls on a censored one, None for none."""
    ordered = np.sort(_numbers(values))
    if not ordered.size:
        return None
    low, high = ordered[(ordered.size - 1) // 2], ordered[ordered.size // 2]
    return float(high) if low == high or math.isinf(high) else float((low + high) / 2)


def running_median(values: ArrayLike, width: int = 5) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Median over a centred window of ``width`` (odd) values, narrower at both ends."""
    series = np.asarray(values, dtype=np.float64)
    half = width // 2
    out = np.empty(series.size)
    if series.size >= width:  # whole windows at once, which gives the same numbers
        windows = np.lib.stride_tricks.sliding_window_view(series, width)
        out[half : series.size - half] = np.median(windows, axis=1)
        ends = [*range(half), *range(series.size - half, series.size)]
    else:
        ends = [*range(series.size)]
    for i in ends:
        out[i] = np.median(series[max(0, i - half) : i + half + 1])
    return out


def valley_depth(quantiles: ArrayLike) -> float:
    """How deep the density of a sample falls between two peaks, from its quantiles at equal shares (n + 1,): 0 … 1.

    Between neighbouring quantiles lies an equal share of the sample, so the density there is one over their distance. The
    depth at one is 1 − density / (the lower of the highest densities before and after it); the deepest counts. Near 0 for
    one mode, near 1 for two modes apart. NaN where a quantile is not finite.

    >>> round(valley_depth([0, 2, 3, 4, 6]), 3), round(valley_depth([0, 1, 2, 8, 9, 10]), 3)
    (0.0, 0.833)
    """
    at = np.asarray(quantiles, dtype=np.float64)
    if not np.all(np.isfinite(at)):
        return math.nan
    width = np.maximum(np.diff(at), 1e-12 * max(float(np.ptp(at)), 1e-300))
    density = 1 / width
    before, after = np.maximum.accumulate(density), np.maximum.accumulate(density[::-1])[::-1]
    return float(np.max(1 - density / np.minimum(before, after)))


def kendall_tau(x: Sequence[float], y: Sequence[float]) -> float:
    """Kendall's τ_b, ties corrected; nan for a constant series. Censored values (inf) tie."""
    big = 1e300
    finite = [min(float(v), big) for v in y]
    if len(set(x)) < 2 or len(set(finite)) < 2:
        return math.nan
    from scipy.stats import kendalltau

    return float(kendalltau(x, finite).statistic)


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman's rank correlation ρ of two samples of one length, (n,); nan where either is constant.

    >>> spearman([1, 2, 3], [10, 20, 25])
    1.0
    """
    from scipy.stats import rankdata

    ranks = [rankdata(values) for values in (x, y)]
    if any(np.ptp(own) == 0 for own in ranks):
        return math.nan
    return float(np.corrcoef(*ranks)[0, 1].round(12))


def theil_sen(x: ArrayLike, low: ArrayLike, high: ArrayLike | None = None) -> tuple[float, float]:
    """Ends of the Theil–Sen slope, the median of the slopes through all pairs of points with different x.

    ``x`` (n,); y lies between ``low`` and ``high`` (n,), which may be infinite; without ``high`` it is ``low``, and both
    ends are the slope itself. nan where all x are equal.

    >>> theil_sen([0, 1, 2], [1, 3, 5]), theil_sen([0, 1], [0, 2], [1, math.inf])
    ((2.0, 2.0), (1.0, inf))
    """
    columns = (x, low, low if high is None else high)
    order = np.argsort(np.asarray(x, dtype=np.float64), kind="stable")
    at, least, most = (np.asarray(column, dtype=np.float64)[order] for column in columns)
    i, j = np.triu_indices(at.size, k=1)
    i, j = i[at[i] < at[j]], j[at[i] < at[j]]
    if not i.size:
        return math.nan, math.nan
    run = at[j] - at[i]
    return float(np.median((least[j] - most[i]) / run)), float(np.median((most[j] - least[i]) / run))


def _numbers(values: ArrayLike) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    array = np.asarray(values, dtype=np.float64).ravel()
    return array[~np.isnan(array)]
