"""The effective dynamics of Liu et al. 2022 (arXiv 2205.10343), §3.2 and Appendix F, as computations."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from grokbench.measures.computation import Computation
from grokbench.specs.fields import field
from grokbench.specs.types import Section

BLOCK = 200  # steps of a descent that are looked at together
_HERE = "grokbench.measures.effective_dynamics"


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
