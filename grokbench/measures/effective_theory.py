"""The statements of Liu et al. 2022 (arXiv 2205.10343) that need no training, as computations: §3.2 and Appendix C."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from grokbench.measures.computation import Computation
from grokbench.specs.fields import field
from grokbench.specs.types import Section

MOST = 40
_HERE = "grokbench.measures.effective_theory"


def _size(default: int = 10) -> Any:
    return field(default, help="how many integers are added, 0 to p − 1", least=4, most=MOST)


def _draws(default: int) -> Any:
    return field(default, help="random orders of the samples, from the seed", least=1, most=10_000)


# -- counts ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CountsFields:
    """unordered sums of two of the integers 0 to p − 1, and the parallelograms among them"""

    p: int = _size()
    shuffles: int = field(200, help="tables with shuffled answers, from the seed", least=1, most=10_000)


def counts(fields: Section, seed: int) -> dict[str, float]:
    """See ``COUNTS``."""
    import numpy as np

    from grokbench.analysis import parallelograms as own

    p, rng = int(fields["p"]), np.random.default_rng(seed)
    found = own.of_addition(p)
    answers = found.pairs.sum(1)

    def nullity(one: own.Parallelograms) -> int:
        return int(own.nullity(one.gram(np.ones(len(one.sides), dtype=np.bool_))))

    shuffled = [
        nullity(own.parallelograms(found.pairs, rng.permutation(answers), p))
        for _ in range(int(fields["shuffles"]))
    ]
    return {
        "sample-count": float(len(found.pairs)),
        "parallelogram-count": float(len(found.sides)),
        "line-nullity": float(nullity(found)),
        "shuffled-nullity": float(np.median(shuffled)),
    }


COUNTS = Computation(
    "parallelogram-counts",
    CountsFields,
    {
        "sample-count": "different samples {i, j}",
        "parallelogram-count": "pairs of samples with one sum",
        "line-nullity": "directions that all parallelograms leave free; 2 are the place and the scale of a line",
        "shuffled-nullity": "the same of samples with shuffled sums, median; without a line only the place is free",
    },
    compute=f"{_HERE}:counts",
)


# -- how many samples fix a line ---------------------------------------------------------------------------


@dataclass(frozen=True)
class ShareFields:
    """how many random samples it takes until their parallelograms leave nothing but a line"""

    p: int = _size()
    draws: int = _draws(100)


def critical_share(fields: Section, seed: int) -> dict[str, float]:
    """See ``CRITICAL_SHARE``."""
    import numpy as np

    from grokbench.analysis import parallelograms as own

    found, rng = own.of_addition(int(fields["p"])), np.random.default_rng(seed)
    n = len(found.pairs)
    orders = np.stack([rng.permutation(n) for _ in range(int(fields["draws"]))])
    half = own.half_of(own.least_rows(found, orders))
    return {"critical-share": half / n, "critical-rows-per-integer": half / found.p}


CRITICAL_SHARE = Computation(
    "critical-share",
    ShareFields,
    {
        "critical-share": "share of all samples at which half of the draws fix a line",
        "critical-rows-per-integer": "that number of samples over p",
    },
    compute=f"{_HERE}:critical_share",
)


# -- the slowest rate of the effective theory --------------------------------------------------------------


@dataclass(frozen=True)
class EigenvalueFields:
    """the third eigenvalue of AᵀA of random samples of i + j below 10, twenty to all 55 of them"""

    draws: int = _draws(2000)


SIZES = (20, 25, 30, 35, 40, 45, 50, 55)


def third_eigenvalue(fields: Section, seed: int) -> dict[str, float]:
    """See ``THIRD_EIGENVALUE``; at each size draws of their own."""
    import numpy as np

    from grokbench.analysis import parallelograms as own

    found, rng, draws = own.of_addition(10), np.random.default_rng(seed), int(fields["draws"])
    n = len(found.pairs)
    means, divided, medians, second = [], [], [], []
    for size in SIZES:
        ranks = np.argsort(rng.random((draws, n)), axis=1)
        seen = found.seen(ranks < size)
        values = np.linalg.eigvalsh(found.gram(seen))
        third = values[:, 2].clip(min=0)
        means.append(third.mean())
        divided.append((third / np.maximum(seen.sum(1), 1)).mean())
        medians.append(np.median(third))
        second.append(np.abs(values[:, 1]).max())
    return {
        "rate-least-rise": float(np.diff(means).min()),
        "divided-rate-least-rise": float(np.diff(divided).min()),
        "rate-of-twenty": float(medians[0]),
        "rate-of-all": float(medians[-1]),
        "second-eigenvalue": float(max(second)),
    }


THIRD_EIGENVALUE = Computation(
    "third-eigenvalue",
    EigenvalueFields,
    {
        "rate-least-rise": "least rise of its mean from one number of samples to the next, in steps of five",
        "divided-rate-least-rise": "the same after division by the number of parallelograms",
        "rate-of-twenty": "its median over draws of 20 samples",
        "rate-of-all": "its value on all 55 samples",
        "second-eigenvalue": "largest second eigenvalue of any draw, which is 0 but for rounding",
    },
    compute=f"{_HERE}:third_eigenvalue",
)


# -- the example of Appendix C -----------------------------------------------------------------------------

NAMED = ((0, 4), (1, 3), (1, 5), (2, 4), (0, 2), (1, 1), (2, 4), (3, 3))
"""D₁ to D₈ of Appendix C, as printed."""


@dataclass(frozen=True)
class ExampleFields:
    """the samples that Appendix C names for p = 6, and all sets of as few"""


def example(fields: Section, seed: int) -> dict[str, float]:
    """See ``EXAMPLE``; the seed changes nothing."""
    import numpy as np

    from grokbench.analysis import parallelograms as own

    found = own.of_addition(6)
    places = {tuple(pair): i for i, pair in enumerate(found.pairs.tolist())}
    named = np.zeros(len(found.pairs), dtype=np.bool_)
    named[[places[pair] for pair in NAMED]] = True
    least = next(size for size in itertools.count(2) if _fixes(size))
    return {
        "named-samples": float(named.sum()),
        "named-nullity": float(own.nullity(found.gram(found.seen(named)))),
        "least-samples": float(least),
    }


def _fixes(size: int) -> bool:
    """Whether some set of so many samples leaves nothing but a line."""
    import numpy as np

    from grokbench.analysis import parallelograms as own

    found = own.of_addition(6)
    chosen = np.array(list(itertools.combinations(range(len(found.pairs)), size)))
    samples = np.zeros((len(chosen), len(found.pairs)), dtype=np.bool_)
    samples[np.arange(len(chosen))[:, None], chosen] = True
    seen = found.seen(samples)
    enough = seen[seen.sum(1) >= found.p - 2]  # a rank of p − 2 takes as many parallelograms
    return bool(len(enough) and (own.nullity(found.gram(enough)) == 2).any())


EXAMPLE = Computation(
    "appendix-c-example",
    ExampleFields,
    {
        "named-samples": "different samples among the eight that are named",
        "named-nullity": "directions that they leave free",
        "least-samples": "fewest samples that leave nothing but a line",
    },
    compute=f"{_HERE}:example",
)
