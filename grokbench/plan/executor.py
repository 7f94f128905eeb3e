"""Trials handed to an executor: each writes its own record into the store as soon as it is done.

Two commands on one store share the work: a trial that another process trains is waited for, not trained again.
"""

from __future__ import annotations

import concurrent.futures
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from grokbench import parts
from grokbench.parts import Part
from grokbench.plan import together, worker
from grokbench.plan.batch import Together
from grokbench.plan.futures import Futures
from grokbench.plan.together import AUTO, How
from grokbench.plan.worker import Job, OnNews, Work
from grokbench.specs import values
from grokbench.specs.errors import FullError, PartError
from grokbench.specs.types import Trial
from grokbench.store import keys
from grokbench.store.folder import Store


@dataclass(frozen=True)
class Event:
    """What became of a trial: ``evaluated``, ``done``, ``failed``, or ``waiting`` for another process, which ``holder`` names."""

    kind: str
    trial: Trial
    step: int = 0
    train_accuracy: float = float("nan")
    test_accuracy: float = float("nan")
    ended: str = ""
    seconds: float = 0.0
    trace: str = ""
    holder: str = ""
    elsewhere: bool = False  # whether another process made the record of a trial that is done
    together: int = 1  # trials of the batch that it trains in


@dataclass(frozen=True)
class Failure:
    """A trial that raised: its key, the file that holds its traceback, and a sentence where a person can mend it."""

    trial: Trial
    key: str
    trace: str
    path: str
    sentence: str = ""


OnEvent = Callable[[Event], None]


def default_workers() -> int:
    """As many workers as this process may use cores."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


class Runner(Protocol):
    """What a part of the kind "executors" is; see ``worker.Work``. It may have ``check()`` and ``count()`` too."""

    def run(self, jobs: Sequence[Any], workers: int, tell: OnNews) -> None:
        """Run every job once and hand on what it returns."""


Executor = str | Runner | concurrent.futures.Executor
"""A part's name, the part itself, or any executor of Python's own kind, which stays open."""


def worker_count(workers: int | None, executor: Executor = "local") -> int:
    """The number of workers asked for, or as many as the executor has, or one a core. Errors: InputError for less than 1."""
    if workers is not None:
        return values.integer("workers", workers, least=1)
    count = getattr(_chosen(executor).runner, "count", None)
    return default_workers() if count is None else int(count())


@dataclass(frozen=True)
class _Chosen:
    """What runs trials, what it is called, and the part from outside that it is."""

    runner: Any
    name: str
    strangers: tuple[Part, ...] = ()


def _chosen(executor: Executor) -> _Chosen:
    if isinstance(executor, str):
        part = parts.part("executors", executor)
        return _Chosen(parts.load(part), str(part), parts.outsiders([part]))
    name = f"the executor {type(executor).__name__}"
    return _Chosen(Futures(executor) if isinstance(executor, concurrent.futures.Executor) else executor, name)


def execute(
    trials: Sequence[Trial],
    store: Store,
    workers: int,
    on_event: OnEvent,
    *,
    keep_untrained: bool = False,
    resume: bool = False,
    again: bool = False,
    executor: Executor = "local",
    how: How = AUTO,
) -> list[Failure]:
    """Train ``trials``, in the order given, by an executor with ``workers`` workers; records go to ``store``.

    keep_untrained, resume, again, how: see ``worker.Job``. Trials that ``plan.together`` groups are one job. executor: the name
    of a part (``grokbench list executors``), or an ``Executor``. A trial that another process trains is waited for. One that
    the executor gives back without an answer is handed to it again. Errors: UnknownNameError for an executor that there is not;
    InputError where none of its workers can start, StoreError, FullError at the first record that
    finds the disk full; PartError where one from outside raises or says nothing of any
    trial; LostError where it is gone.
    KeyboardInterrupt is raised again once the executor has stopped its workers; finished records stay.
    """
    chosen = _chosen(executor)
    with parts.blamed(chosen.strangers):
        getattr(chosen.runner, "check", lambda: None)()
    store.check_writable(trials)
    failures: list[Failure] = []
    job = Job(str(store.root), keep_untrained, resume, again, parts.plugins(), how)
    left = list(trials)
    while left:
        round_ = _Round(chosen.name, left, job, on_event, workers)
        with parts.blamed(chosen.strangers):
            chosen.runner.run(round_.jobs, workers, round_.tell)
        if not round_.answered:
            raise PartError(f"{chosen.name} ended without a word on any of its {len(round_.jobs)} jobs")
        for trial, trace, sentence in round_.failed:
            path = store.note_failure(trial, trace)
            failures.append(Failure(trial, keys.key(trial), trace, path, sentence))
            on_event(Event("failed", trial, trace=trace))
        left = round_.left
        left = [*left, *round_.busy] if left else _waited(round_.busy, store, job, on_event)
    return failures


class _Round:
    """Trials handed to an executor once, and what it tells of them."""

    def __init__(self, name: str, trials: Sequence[Trial], job: Job, on_event: OnEvent, workers: int) -> None:
        self._name, self._trials, self._on_event = name, trials, on_event
        self._groups = together.groups(trials, workers, job.how)
        own = [tuple(trials[place] for place in group) for group in self._groups]
        self.jobs = tuple(Together(group, job) if len(group) > 1 else Work(group[0], job) for group in own)
        self._told: set[int] = set()  # jobs that have returned
        self.answered: set[int] = set()  # trials
        self.failed: list[tuple[Trial, str, str]] = []
        self.busy: list[Trial] = []

    @property
    def left(self) -> list[Trial]:
        """The trials without an answer."""
        return [trial for place, trial in enumerate(self._trials) if place not in self.answered]

    def tell(self, index: int, news: Mapping[str, Any]) -> None:
        """Take what the job at ``index`` returned, or said before.

        Errors: PartError for an index that there is not, a second answer, or what no job says.
        """
        known = isinstance(index, int) and 0 <= index < len(self.jobs)
        if not known or not isinstance(news, Mapping):
            raise PartError(
                f"{self._name} tells {news!r} of job {index!r}; expected what one of its {len(self.jobs)} jobs returned"
            )
        group = self._groups[index]
        if set(news) == EVALUATED or "of" in news:
            own = {name: value for name, value in news.items() if name != "of"}
            self._take(index, group[news.get("of", 0)], own)
            return
        if index in self._told:
            raise PartError(f"{self._name} answers for job {index} twice")
        if "together" not in news:  # of a batch that was killed every trial failed
            for place in group:
                if place not in self.answered:
                    self._take(index, place, news)
        else:
            for place, own in zip(group, news["together"], strict=True):
                if place not in self.answered:  # it was told of before
                    self._take(index, place, own)
        self._told.add(index)

    def _take(self, index: int, place: int, news: Mapping[str, Any]) -> None:
        """What became of a trial, or its evaluation."""
        trial, count = self._trials[place], len(self._groups[index])
        if set(news) == EVALUATED:
            self._on_event(Event("evaluated", trial, together=count, **news))
            return
        if news.get("full"):
            raise FullError(str(news["sentence"]))
        if {"trace", "sentence"} <= set(news):
            self.failed.append((trial, str(news["trace"]), str(news["sentence"])))
        elif "busy" in news:
            self.busy.append(trial)
            self._on_event(Event("waiting", trial, holder=str(news["busy"])))
        elif set(news) == worker.ENDED:
            self._on_event(Event("done", trial, together=count, **news))
        else:
            raise PartError(f"{self._name} tells {news!r} of job {index}; expected what the job returned")
        self.answered.add(place)


EVALUATED = {"step", "train_accuracy", "test_accuracy"}
"""What a job says of an evaluation."""


def _waited(busy: Sequence[Trial], store: Store, job: Job, on_event: OnEvent) -> list[Trial]:
    """Wait until other processes have trained ``busy``; those that none of them trains any more."""
    waiting = list(busy)
    while waiting:
        still = []
        for trial in waiting:
            record = None if job.again else worker.finished(trial, store, job)
            if record is not None:
                on_event(Event("done", trial, **worker.ended(worker.Made(record, elsewhere=True))))
            else:
                still.append(trial)
        waiting = still
        free = [trial for trial in waiting if store.lock(trial).holder() is None]
        if free:
            return waiting
        if waiting:
            time.sleep(worker.POLL_SECONDS)
    return []
