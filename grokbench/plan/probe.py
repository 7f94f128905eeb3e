"""What a step costs that no record has: a few are trained in a worker process, before a plan is printed."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from grokbench import parts
from grokbench.plan import costs
from grokbench.plan.costs import CORE, Cost, Kind, Line
from grokbench.plan.expand import PlannedTrial
from grokbench.plan.local import LOCAL
from grokbench.plan.speed import flops_per_second, slowdown
from grokbench.plan.worker import OnNews
from grokbench.specs.errors import GrokbenchError
from grokbench.specs.types import Trial

WORTH = 60.0  # seconds of one core, as guessed, from which on it pays to measure a kind
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
    return replace(trial, budget=steps, probes=(), analyses=(), snapshots=())


def unmeasured(todo: Iterable[PlannedTrial]) -> dict[Kind, PlannedTrial]:
    """Each kind whose cost no one knows and that is worth a probe → the trial of it with the most work."""
    found: dict[Kind, list[PlannedTrial]] = defaultdict(list)
    for planned in todo:
        if planned.trial.budget and not costs.known(planned.work.kind):
            found[planned.work.kind].append(planned)
    return {
        kind: max(own, key=lambda planned: planned.seconds)
        for kind, own in found.items()
        if slowdown() * sum(planned.seconds for planned in own) > WORTH
    }


Run = Callable[[Sequence[Callable[..., dict[str, Any]]], int, OnNews], None]


def measure(chosen: Mapping[Kind, PlannedTrial], run: Run = LOCAL.run) -> dict[Kind, str]:
    """Time these kinds, one after another in one worker process; which could not be, and why.

    ``costs`` keeps what was found for this process. run: as of an executor.
    """
    kinds, failed = list(chosen), dict.fromkeys(chosen, "its worker process ended without a word")
    jobs = [Timing(chosen[kind].trial, parts.plugins()) for kind in kinds]

    def tell(index: int, news: Mapping[str, Any]) -> None:
        if "step" in news:
            failed.pop(kinds[index], None)
            work = chosen[kinds[index]].work
            costs.learn(kinds[index], _cost(news, work, flops_per_second() / CORE))
        elif "error" in news:
            failed[kinds[index]] = str(news["error"])

    try:
        run(jobs, 1, tell)
    except GrokbenchError as error:  # no worker can start, which the training will say again
        return dict.fromkeys(failed, str(error))
    return failed


def _cost(news: Mapping[str, Any], work: costs.Work, scale: float) -> Cost:
    """What was timed, as of a core of ``CORE``; other sizes take in proportion."""

    def line(name: str, millions: float) -> Line:
        ms = scale * float(news[name])
        return Line(0.0, ms / millions) if millions else Line(ms, 0.0)

    return Cost(line("step", work.step), line("evaluation", work.evaluation), scale * float(news["setup"]))
