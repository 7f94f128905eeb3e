"""What a plan will cost before it is run: trials, steps, minutes at this machine's speed, disk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from grokbench.plan import executor, speed, together
from grokbench.plan.expand import Plan, PlannedTrial
from grokbench.plan.together import AUTO, NONE, Batches, How
from grokbench.specs.types import Trial
from grokbench.store import keys

START_SECONDS = 4.0  # until the workers have loaded what they need


@dataclass(frozen=True)
class ExperimentEstimate:
    """One experiment's part of an estimate. Its trials that are neither stored nor to be trained, another one's answer."""

    id: str
    trials: int  # of its whole grid
    stored: int
    to_train: int
    steps: int
    minutes: float  # of wall time, without the start of the workers


@dataclass(frozen=True)
class Estimate:
    """The whole plan's; trials that experiments share are counted once."""

    trials: int
    stored: int
    steps: int  # optimizer updates that the trials to train are expected to take
    minutes: float  # of wall time
    megabytes: float
    workers: int
    experiments: tuple[ExperimentEstimate, ...]  # in the plan's order
    guessed: int = 0  # trials to train whose steps were timed neither in records nor here
    batches: Batches = NONE

    @property
    def to_train(self) -> int:
        """The number of trials that are not stored."""
        return self.trials - self.stored


Begun = Callable[[Sequence[Trial], Sequence[bool]], Sequence[int]]
"""The step from which each of some trials goes on, 0 where it begins, and which go on in a batch: ``Store.begun``."""


def none_begun(trials: Sequence[Trial], batched: Sequence[bool]) -> list[int]:
    """Every trial from its first step."""
    return [0] * len(trials)


def ahead(todo: Sequence[PlannedTrial], begun: Begun, workers: int, how: How = AUTO) -> list[PlannedTrial]:
    """Trials with the steps that they are still expected to take. One that went on for longer may go on to its budget."""
    trials = [one.trial for one in todo]
    shared = together.shared(trials, workers, how)
    steps = begun(trials, [i in shared for i in range(len(trials))])
    return [
        replace(
            one, expected_steps=(one.expected_steps if done < one.expected_steps else one.trial.budget) - done
        )
        for one, done in zip(todo, steps, strict=True)
    ]


def estimated(
    plan: Plan,
    todo: Sequence[PlannedTrial],
    stored: Collection[str],
    workers: int | None = None,
    how: How = AUTO,
    begun: Begun = none_begun,
) -> Estimate:
    """The cost of training ``todo``, a part of ``plan``, on so many workers (one a core, where none are named).

    stored: requests (``keys.request``) of the plan's trials that have a record.
    """
    count = min(workers or executor.default_workers(), max(1, len(todo)))
    distinct = len({one.request for one in (*plan.unique(), *todo)})  # a ladder's are not in the plan
    rest = ahead(todo, begun, count, how)
    works = together.works(rest, count, how)
    minutes = [speed.seconds(work) / count / 60 for work in works]  # of wall time

    def part(experiment: str) -> ExperimentEstimate:
        grid = plan.of(experiment)
        own = [(one, took) for one, took in zip(rest, minutes, strict=True) if one.experiment == experiment]
        return ExperimentEstimate(
            id=experiment,
            trials=len(grid),
            stored=sum(keys.request(planned.trial) in stored for planned in grid),
            to_train=len(own),
            steps=sum(planned.expected_steps for planned, _ in own),
            minutes=sum(took for _, took in own),
        )

    return Estimate(
        trials=distinct,
        stored=distinct - len(todo),
        steps=sum(planned.expected_steps for planned in rest),
        minutes=sum(minutes) + (START_SECONDS / 60 if todo else 0.0),
        megabytes=sum(planned.megabytes for planned in todo),
        workers=count,
        experiments=tuple(part(name) for name in dict.fromkeys(one.experiment for one in plan.trials)),
        guessed=sum(not speed.known(work) for work in works),
        batches=together.batches([one.trial for one in todo], count, how),
    )
