"""What a step takes on this machine: a few are trained in a worker process before a plan is printed, once a month.

The committed records were made on several CPUs. What a step takes on another one follows from no single rate: products keep one
CPU busy, and memory another.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from grokbench import parts
from grokbench.plan import speed
from grokbench.plan.costs import Cost, Kind, Line
from grokbench.plan.expand import PlannedTrial
from grokbench.plan.local import LOCAL
from grokbench.plan.worker import OnNews
from grokbench.specs.errors import GrokbenchError
from grokbench.specs.types import Trial

WORTH = 60.0  # seconds of one core, as planned without, from which on it pays to time steps
TRAINING = 1.0  # seconds of training that are timed, where a step takes less
MOST_STEPS = 200


@dataclass(frozen=True)
class Timing:
    """Some steps of a trial as a job for a worker. It returns milliseconds, or why there are none."""

    trial: Trial
    plugins: tuple[str, ...] = ()

    def __call__(self, on_evaluation: Callable[[Mapping[str, Any]], None] | None = None) -> dict[str, Any]:
        """``step``, ``evaluation`` and ``setup`` in milliseconds, or ``error``, a sentence. Raises nothing."""
        try:
            for script in self.plugins:
                parts.run_plugin(script)
            return timed(self.trial)
        except (
            Exception
        ) as error:  # of a part from outside, whatever it may be; the trial itself will show its traceback
            return {"error": str(error) or type(error).__name__}


def timed(trial: Trial) -> dict[str, Any]:
    """Train some steps of ``trial`` here: milliseconds of a step, of an evaluation and of what comes before them.

    They are those of CPU time, as ``speed.measured`` counts: what else the machine does now says nothing of the hours to come.
    """
    from grokbench.training.engine import train

    record = train(_first(trial, 1))  # what is done once is done here
    steps = int(1e3 * TRAINING / max(record.cost["ms_per_step"], 1e-3))
    begun = time.process_time()
    record = train(_first(trial, max(1, min(steps, MOST_STEPS, trial.budget))))
    cost = record.cost
    own = min(1.0, (time.process_time() - begun) / cost["seconds"])
    rest = cost["seconds"] - cost["train_seconds"] - cost["evaluation_seconds"]
    return {
        "step": own * cost["ms_per_step"],
        "evaluation": 1e3 * own * cost["evaluation_seconds"] / len(record.curves["step"]),
        "setup": 1e3 * own * rest,
    }


def _first(trial: Trial, steps: int) -> Trial:
    """The first steps of a trial, with few evaluations and nothing else."""
    recipe = trial.recipe
    seldom = replace(recipe, evaluation={**recipe.evaluation, "growth": 2.0})
    return replace(trial, recipe=seldom, budget=steps, probes=(), analyses=(), snapshots=())


def unmeasured(todo: Iterable[PlannedTrial]) -> list[PlannedTrial]:
    """A trial for each sort of step that was not timed here and is worth it: the one with the most work."""
    found: dict[str, list[PlannedTrial]] = defaultdict(list)
    for planned in todo:
        if planned.trial.budget and speed.timed(planned.work) is None:
            found[speed.like(planned.work)].append(planned)
    return [
        max(own, key=lambda planned: planned.seconds)
        for own in found.values()
        if sum(speed.seconds(planned.work) for planned in own) > WORTH
    ]


Run = Callable[[Sequence[Callable[..., dict[str, Any]]], int, OnNews], None]


def measure(chosen: Sequence[PlannedTrial], run: Run = LOCAL.run) -> dict[Kind, str]:
    """Time steps of these trials, one after another in one worker process, and keep what was found; what failed, and why.

    run: as of an executor.
    """
    failed = dict.fromkeys(range(len(chosen)), "its worker process ended without a word")

    def tell(index: int, news: Mapping[str, Any]) -> None:
        if "step" in news:
            work = chosen[index].work._replace(tables=0)
            speed.learn(work, work.seconds(_cost(news)))
            failed.pop(index, None)
        elif "error" in news:
            failed[index] = str(news["error"])

    try:
        run([Timing(one.trial, parts.plugins()) for one in chosen], 1, tell)
    except GrokbenchError as error:  # no worker can start, which the training will say again
        failed = dict.fromkeys(failed, str(error))
    return {chosen[index].work.kind: why for index, why in failed.items()}


def _cost(news: Mapping[str, Any]) -> Cost:
    """What was timed, of a step and an evaluation of this very size."""
    return Cost(Line(float(news["step"]), 0.0), Line(float(news["evaluation"]), 0.0), float(news["setup"]))
