"""Statistics that papers print, worked out again: a p-value of a t, and pairs of times, as computations.

Of Tveit et al. 2025 (arXiv 2504.16041, section 3) and of the runs that Janati 2026 (arXiv 2608.07436) published.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from grokbench.analysis.statistics import clopper_pearson
from grokbench.measures.computation import Computation
from grokbench.specs.fields import field
from grokbench.specs.types import Section

TIMES = {
    "type": "array",
    "minItems": 2,
    "items": {"type": "number", "exclusiveMinimum": 0.0},
    "examples": [[1000.0, 1500.0, 2000.0]],
}


@dataclass(frozen=True)
class TFields:
    """the p-value of a t statistic whose degrees of freedom are not known"""

    t: float = field(help="the t statistic")
    p: float = field(help="the p-value that was printed with it", above=0.0, below=1.0)


def p_of_t(fields: Section, seed: int) -> dict[str, float]:
    """The least that any degrees of freedom can give is that of the normal distribution, erfc(|t|/√2)."""
    least = math.erfc(abs(float(fields["t"])) / math.sqrt(2))
    return {"least-p": least, "printed-p-over-least": float(fields["p"]) / least}


@dataclass(frozen=True)
class PairedFields:
    """times of two arms, pair by pair"""

    first: list[Any] = field(help="times of the arm that is said to be slower", schema=TIMES)
    second: list[Any] = field(
        help="times of the arm that is said to be faster, of the same seeds", schema=TIMES
    )


def faults(fields: Section) -> Iterator[tuple[str, str]]:
    """Both arms have as many times."""
    if len(fields["first"]) != len(fields["second"]):
        yield (
            "second",
            f"expected {len(fields['first'])} times, one for each of first; got {len(fields['second'])}",
        )


def paired(fields: Section, seed: int) -> dict[str, float]:
    """Ratios first/second: how many are above 1, their geometric mean, and what two rules say of them."""
    from scipy import stats

    logs = np.log(np.asarray(fields["first"], dtype=np.float64) / np.asarray(fields["second"]))
    n, above = len(logs), int(np.sum(logs > 0))
    half = float(stats.t.ppf(0.975, n - 1) * logs.std(ddof=1) / math.sqrt(n))
    low, high = clopper_pearson(above, n)
    return {
        "pairs-above": float(above),
        "mean-ratio": math.exp(float(logs.mean())),
        "mean-ratio-low": math.exp(float(logs.mean()) - half),
        "mean-ratio-high": math.exp(float(logs.mean()) + half),
        "rate-low": low,
        "rate-high": high,
        "spread-of-first": float(np.log(fields["first"]).std(ddof=1)),
        "spread-of-second": float(np.log(fields["second"]).std(ddof=1)),
    }


P_OF_T = Computation(
    "p-of-t",
    TFields,
    {
        "least-p": "the least two-sided p-value that a t of this size can have, with any degrees of freedom",
        "printed-p-over-least": "the printed p-value over the least one; below 1 they cannot belong together",
    },
    compute="grokbench.measures.printed_tests:p_of_t",
)
PAIRED_TIMES = Computation(
    "paired-times",
    PairedFields,
    {
        "pairs-above": "pairs in which the first arm took longer",
        "mean-ratio": "geometric mean of first over second",
        "mean-ratio-low": "lower end of the 95 % t-interval of that mean, of the logarithms",
        "mean-ratio-high": "its upper end",
        "rate-low": "lower end of rule D's 95 % interval of the share of pairs above 1",
        "rate-high": "its upper end",
        "spread-of-first": "standard deviation of the logarithms of the first arm's times",
        "spread-of-second": "that of the second arm's",
    },
    compute="grokbench.measures.printed_tests:paired",
    faults=faults,
)
