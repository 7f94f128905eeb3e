"""Which of torch's operators a step spends its time in, by torch's own profiler."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grokbench.plan import bench
from grokbench.plan.bench import Case, Run
from grokbench.plan.local import LOCAL
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial

STEPS = 20
LEAST = 0.01  # share of the time, below which an operator is among the rest
PRODUCTS = (
    "aten::mm",
    "aten::addmm",
    "aten::bmm",
    "aten::baddbmm",
    "aten::linear",
    "mkldnn::_linear_pointwise",
    "aten::sparse_sampled_addmm",
    "aten::dot",
)
"""Operators that multiply matrices."""
REST = "the rest"


@dataclass(frozen=True)
class Profiling:
    """A trial to profile, as a job for a worker process."""

    trial: Trial

    def __call__(self, on_news: Callable[[Mapping[str, Any]], None] | None = None) -> dict[str, Any]:
        """``shares``: operator → share of the time; or ``error``, a sentence. Raises nothing."""
        try:
            return {"shares": shares(self.trial)}
        except Exception as error:  # the table shows it
            return {"error": str(error) or type(error).__name__}


def shares(trial: Trial) -> dict[str, float]:
    """Share of the CPU time that each operator itself takes in some steps, largest first; ``REST`` is last."""
    from torch.profiler import ProfilerActivity, profile

    from grokbench.training.engine import train

    own = dataclasses.replace(trial, budget=STEPS)
    train(own)  # what is done once is done here
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        train(own)
    times = {event.key: float(event.self_cpu_time_total) for event in seen.key_averages()}
    total = sum(times.values())
    found = {name: took / total for name, took in times.items() if took >= LEAST * total}
    ordered = dict(sorted(found.items(), key=lambda item: -item[1]))
    return {**ordered, REST: 1 - sum(ordered.values())}


def profiled(library: Library, case: Case, run: Run = LOCAL.run) -> dict[str, Any]:
    """What ``Profiling`` says of a case, from a process of its own. run: as of an executor."""
    news: dict[str, Any] = {"error": bench.SILENT}

    def tell(index: int, own: Mapping[str, Any]) -> None:
        news.clear()
        news.update(own)

    run([Profiling(dataclasses.replace(case, steps=0).trials(library, 1)[0])], 1, tell)
    return news
