"""What a step takes on this machine: a few are trained in a worker process before a plan is printed, once a month.

The committed records were made on several CPUs. What a step takes on another one follows from no single rate: products keep one
CPU busy, and memory another.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from grokbench import parts
from grokbench.plan import costs, speed, together
from grokbench.plan.costs import Cost, Kind, Line, Work
from grokbench.plan.expand import PlannedTrial
from grokbench.plan.local import LOCAL
from grokbench.plan.together import AUTO, How
from grokbench.plan.worker import OnNews
from grokbench.specs.errors import GrokbenchError
from grokbench.specs.types import Trial

if TYPE_CHECKING:
    from grokbench.training.record import Record

WORTH = 60.0  # seconds of one core, as planned without, from which on it pays to time steps
TRAINING = 1.0  # seconds of training that are timed, where a step takes less
MOST_STEPS = 200


class Chosen(NamedTuple):
    """What is timed: trials that share their steps, or one; and the work of the first, of which each of them does as much."""

    trials: tuple[Trial, ...]
    work: Work


@dataclass(frozen=True)
class Timing:
    """Some steps of a trial, or of a batch, as a job for a worker. It returns milliseconds, or why there are none."""

    trials: tuple[Trial, ...]
    plugins: tuple[str, ...] = ()
    device: str = "cpu"

    def __call__(self, on_evaluation: Callable[[Mapping[str, Any]], None] | None = None) -> dict[str, Any]:
        """``step``, ``evaluation`` and ``setup`` of a trial in milliseconds, or ``error``, a sentence. Raises nothing."""
        try:
            for script in self.plugins:
                parts.run_plugin(script)
            return timed(self.trials, self.device)
        except (
            Exception
        ) as error:  # of a part from outside, whatever it may be; the trial itself will show its traceback
            return {"error": str(error) or type(error).__name__}


def timed(trials: Sequence[Trial], device: str = "cpu") -> dict[str, Any]:
    """Train some steps of one trial, or of several as a batch: milliseconds of one trial's step, evaluation, and what precedes.

    They are those of CPU time, as ``speed.measured`` counts: what else the machine does now says nothing of the hours to come.
    """
    from grokbench.plan.bench import batch
    from grokbench.training.engine import train

    def first(steps: int) -> list[Record]:
        own = [_first(trial, steps) for trial in trials]
        return [train(own[0])] if len(own) == 1 else batch(own, device)

    found = first(1)  # what is done once is done here
    each = sum(record.cost["ms_per_step"] for record in found)
    steps = int(1e3 * TRAINING / max(each, 1e-3))
    begun = time.process_time()
    found = first(max(1, min(steps, MOST_STEPS, trials[0].budget)))
    cost = {name: statistics.mean(record.cost[name] for record in found) for name in found[0].cost}
    own = min(1.0, (time.process_time() - begun) / (len(found) * cost["seconds"]))
    rest = cost["seconds"] - cost["train_seconds"] - cost["evaluation_seconds"]
    return {
        "step": own * cost["ms_per_step"],
        "evaluation": 1e3 * own * cost["evaluation_seconds"] / len(found[0].curves["step"]),
        "setup": 1e3 * own * rest,
    }


def _first(trial: Trial, steps: int) -> Trial:
    """The first steps of a trial, with few evaluations and nothing else."""
    recipe = trial.recipe
    seldom = replace(recipe, evaluation={**recipe.evaluation, "growth": 2.0})
    return replace(trial, recipe=seldom, budget=steps, probes=(), analyses=(), snapshots=())


def unmeasured(todo: Sequence[PlannedTrial], workers: int, how: How = AUTO) -> list[Chosen]:
    """A trial, or a batch, for each sort of step that was not timed here and is worth it: the one with the most work."""
    works = together.works(todo, workers, how)
    shared = {i: own for own in together.groups([one.trial for one in todo], workers, how) for i in own}
    found: dict[str, list[int]] = defaultdict(list)
    for i, (planned, work) in enumerate(zip(todo, works, strict=True)):
        if planned.trial.budget and speed.timed(work) is None:
            found[speed.like(work)].append(i)
    out = []
    for own in found.values():
        if sum(speed.seconds(works[i]) for i in own) > WORTH:
            most = max(own, key=lambda i: costs.seconds(works[i]))
            out.append(
                Chosen(
                    tuple(todo[i].trial for i in (most, *(j for j in shared[most] if j != most))), works[most]
                )
            )
    return out


Run = Callable[[Sequence[Callable[..., dict[str, Any]]], int, OnNews], None]


def measure(chosen: Sequence[Chosen], run: Run = LOCAL.run, device: str = "cpu") -> dict[Kind, str]:
    """Time steps of these, one after another in one worker process, and keep what was found; what failed, and why.

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
        run([Timing(one.trials, parts.plugins(), device) for one in chosen], 1, tell)
    except GrokbenchError as error:  # no worker can start, which the training will say again
        failed = dict.fromkeys(failed, str(error))
    return {chosen[index].work.kind: why for index, why in failed.items()}


def _cost(news: Mapping[str, Any]) -> Cost:
    """What was timed, of a step and an evaluation of this very size."""
    return Cost(Line(float(news["step"]), 0.0), Line(float(news["evaluation"]), 0.0), float(news["setup"]))
