"""What a reproduction and a sweep have in common: shelves of records, and trials to train batch by batch.

Both go the same way: a plan, a job whose batches an executor trains, a result, a report of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from grokbench.plan import executor as executors
from grokbench.plan.executor import Executor, Failure, OnEvent
from grokbench.plan.expand import PlannedTrial
from grokbench.plan.together import AUTO, How
from grokbench.specs.types import Trial
from grokbench.store import keys
from grokbench.store.folder import Shelf, Store
from grokbench.tasks.source import check_ready
from grokbench.training.record import Record


class Shelves:
    """Places where records lie, asked one after another. What was found is read once; what was not is asked for again."""

    def __init__(self, shelves: Iterable[Shelf]) -> None:
        self._shelves = tuple(shelves)
        self._found: dict[str, tuple[Record, Shelf]] = {}

    def find(self, trial: Trial) -> Record | None:
        """The record that answers ``trial``, under its labels (a recipe's title, origin, source), which may be newer."""
        return self._find(trial)[0]

    def shelf(self, trial: Trial) -> Shelf | None:
        """Where the record that answers ``trial`` lies."""
        return self._find(trial)[1]

    def _find(self, trial: Trial) -> tuple[Record, Shelf] | tuple[None, None]:
        name = keys.request(trial)
        for shelf in self._shelves if name not in self._found else ():
            record = shelf.find(trial)
            if record is not None:
                self._found[name] = dataclasses.replace(record, trial=trial), shelf
                break
        return self._found.get(name, (None, None))

    def forget(self, trials: Iterable[Trial]) -> None:
        """Read these again when they are asked for."""
        for trial in trials:
            self._found.pop(keys.request(trial), None)


class Job:
    """Trials that are trained batch by batch into a store, until no more are asked for.

    shelves: where records are looked for, the store among them. force: train what has a record too. how: by which engine, and
    where.
    """

    def __init__(self, store: Store, shelves: Shelves, *, force: bool = False, how: How = AUTO) -> None:
        self.store, self.shelves, self.force, self.how = store, shelves, force, how
        self.failures: list[Failure] = []
        self._tried: set[str] = set()  # nothing is trained twice, even where its record cannot be read back

    def next_batch(self, workers: int) -> tuple[PlannedTrial, ...]:
        """The trials to train at once on so many workers; empty at the end."""
        raise NotImplementedError

    def train(
        self,
        batch: Sequence[PlannedTrial],
        workers: int,
        on_event: OnEvent | None = None,
        executor: Executor = "local",
    ) -> None:
        """Train a batch by an executor. A trial that failed is kept in ``failures`` and not tried again.

        Errors: InputError where rows of a task need something that is not installed.
        """
        trials = [planned.trial for planned in batch]
        for task in {trial.task.id: trial.task for trial in trials}.values():
            check_ready(task)
        tell = on_event or (lambda event: None)
        self.failures += executors.execute(
            trials,
            self.store,
            workers,
            tell,
            resume=not self.force,
            again=self.force,
            executor=executor,
            how=self.how,
        )
        self._tried |= {keys.request(trial) for trial in trials}
        self.shelves.forget(trials)

    def tried(self, planned: PlannedTrial) -> bool:
        """Whether this job has trained the trial, or has tried to."""
        return planned.request in self._tried

    def begun(self, trials: Sequence[Trial], batched: Sequence[bool]) -> Sequence[int]:
        """The step from which each will go on, in a batch or alone; with ``force`` all begin anew."""
        return [0] * len(trials) if self.force else self.store.begun(trials, batched)

    def run(
        self, workers: int | None = None, on_event: OnEvent | None = None, executor: Executor = "local"
    ) -> list[Failure]:
        """Train every batch by an executor (``grokbench list executors``); returns the failures."""
        count = executors.worker_count(workers)
        while batch := self.next_batch(count):
            self.train(batch, count, on_event, executor)
        return self.failures
