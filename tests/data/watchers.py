"""A probe, an analysis, measures and an executor as a stranger's script registers them."""

from __future__ import annotations

import numpy as np

import grokbench
from grokbench import Analysis, Between, Probe


def largest(weights):
    """The largest weight of each matrix."""
    return {name: float(abs(w).max()) for name, w in weights.items()}


def not_s5(task, recipe):
    if task.domain["kind"] != "integers-mod":
        yield "the probe 'largest' looks at residues only"


def moved(trial, weights_by_step, final_step):
    """How far each matrix went."""
    first, last = weights_by_step[0], weights_by_step[final_step]
    return {name: np.array([np.linalg.norm(last[name] - first[name])]) for name in last}


def how_far(view, matrix: str = "W1", arm: int = 0) -> float:
    """How far a matrix went from where it began.

    From the analysis "moved".
    """
    return view.arms[arm][0].record.analyses["moved"][matrix][0]


def over_budget(view, arm: int = 0):
    """A number above the budget."""
    return Between(view.arms[arm][0].record.trial.budget, float("inf"))


class Backwards:
    """The calling process, last job first."""

    def run(self, jobs, workers, tell):
        for index in reversed(range(len(jobs))):
            tell(index, jobs[index](lambda news, index=index: tell(index, news)))


grokbench.register(
    "probes", "largest", Probe("largest", largest, not_s5, summary="the largest weight of each matrix")
)
grokbench.register(
    "analyses", "moved", Analysis("moved", 1, moved, first=True, summary="how far each matrix went")
)
grokbench.register("measures", "how-far", how_far)
grokbench.register("measures", "over-budget", over_budget)
grokbench.register("executors", "backwards", Backwards())
