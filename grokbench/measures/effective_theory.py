"""The statements of Liu et al. 2022 (arXiv 2205.10343) that need no training, as computations: §3.2, Appendices C and F."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from grokbench.measures.computation import Computation
from grokbench.specs.fields import field
from grokbench.specs.types import Section

MOST = 40
BLOCK = 200  # steps of a descent that are looked at together
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


# -- what the flow keeps -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class FlowFields:
    """the flow of the effective loss on all samples of i + j below 10 for one unit of time, from two starts"""

    sum: float = field(5.0, help="Σ E of the second start; that of the first is 0", least=0.0, most=100.0)
    steps: int = field(1000, help="Runge–Kutta steps", least=1, most=100_000)


def effective_flow(fields: Section, seed: int) -> dict[str, float]:
    """See ``EFFECTIVE_FLOW``."""
    return dict(_flowed(float(fields["sum"]), int(fields["steps"]), seed))


@functools.lru_cache(maxsize=8)
def _flowed(total: float, steps: int, seed: int) -> tuple[tuple[str, float], ...]:
    import numpy as np

    from grokbench.analysis import parallelograms as own

    found = own.of_addition(10)
    gram = found.gram(np.ones(len(found.sides), dtype=np.bool_))
    start = np.random.default_rng(seed).standard_normal(found.p)
    start -= start.mean()
    start *= np.sqrt(found.p / (start**2).sum())
    starts = np.stack([start, start + total / found.p])
    ends = own.flowed(gram, starts, 1.0, steps)
    bare = own.flowed(gram, starts[:1], 1.0, steps, divided=False)
    sizes = (starts**2).sum(1)
    return (
        ("norm-drift", float(np.abs((ends**2).sum(1) / sizes - 1).max())),
        ("norm-left-undivided", float((bare**2).sum() / sizes[0])),
        ("sum-drift-centred", float(abs(ends[0].sum()))),
        ("sum-drift", float(np.abs(ends.sum(1) - starts.sum(1)).max())),
    )


EFFECTIVE_FLOW = Computation(
    "effective-flow",
    FlowFields,
    {
        "norm-drift": "largest relative change of Σ E² along the flow, over both starts",
        "norm-left-undivided": "share of Σ E² that is left where the loss is not divided by it",
        "sum-drift-centred": "change of Σ E from the start where it is 0",
        "sum-drift": "largest change of Σ E, over both starts",
    },
    compute=f"{_HERE}:effective_flow",
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


# -- how long it takes -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TimeFields:
    """the authors' own descent on the effective loss of all samples of i + j below 10, from a random start"""

    rate: float = field(1e-3, help="step size η", above=0.0, most=0.1)
    steps: int = field(3000, help="steps at most", least=1, most=100_000)
    quality: float = field(0.95, help="RQI that has to be passed", above=0.0, below=1.0)


def faults(fields: Section) -> Iterator[tuple[str, str]]:
    """A step is so small that the descent is one."""
    if fields["rate"] * 2 / 9 * 100 > 1:
        yield "rate", f"expected at most 0.045, where the descent is stable; got {fields['rate']}"


def effective_time(fields: Section, seed: int) -> dict[str, float]:
    """See ``EFFECTIVE_TIME``. The start is standardised: Σ E² is 9."""
    import numpy as np

    from grokbench.analysis import parallelograms as own

    found = own.of_addition(10)
    gram = found.gram(np.ones(len(found.sides), dtype=np.bool_))
    start = own.standardised(np.random.default_rng(seed).uniform(-0.5, 0.5, (found.p, 1)))[:, 0]
    limit, size = int(fields["steps"]), float((start**2).sum())
    done, here, steps = 0, start, np.inf
    while done < limit and np.isinf(steps):
        path = own.descended(gram, here, float(fields["rate"]), min(BLOCK, limit - done), size)
        path = path[np.isfinite(path**2).all(1)]  # what has grown beyond a float never becomes a line
        if not len(path):
            break
        spread = path.std(1, ddof=1, keepdims=True)
        formed = (
            path / spread @ found.rows.T
        ) ** 2 < own.TOLERANCE  # rows of A add up to 0, so that no mean counts
        above = np.flatnonzero(formed.mean(1) > fields["quality"])
        steps = float(done + above[0]) if above.size else np.inf
        done, here = done + BLOCK, path[-1]
    slowest = float(own.third_eigenvalue(gram)) * 2 / size
    return {
        "steps-per-time-scale": steps * float(fields["rate"]) * slowest,
        "steps-per-printed-time-scale": steps * float(fields["rate"]) * slowest / len(found.sides),
    }


EFFECTIVE_TIME = Computation(
    "effective-time",
    TimeFields,
    {
        "steps-per-time-scale": "steps until RQI is passed, over 1/(η λ₃) with λ₃ as the code has it",
        "steps-per-printed-time-scale": "the same with λ₃ as printed, divided by the number of parallelograms",
    },
    compute=f"{_HERE}:effective_time",
    faults=faults,
)
