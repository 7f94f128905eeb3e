"""Trials that train together as one job: each has its own lock, its own record and its own answer."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from grokbench import parts
from grokbench.plan import worker
from grokbench.plan.worker import Job, Made
from grokbench.specs.errors import FullError
from grokbench.specs.types import Trial
from grokbench.store import keys
from grokbench.store.checkpoints import Earlier
from grokbench.store.folder import Store
from grokbench.store.locks import Lock
from grokbench.training.record import Record

Answer = dict[str, Any]


class Together(NamedTuple):
    """Trials that are alike (``plan.together``), as a job such as ``worker.Work``. It can be pickled."""

    trials: tuple[Trial, ...]
    how: Job

    def __call__(self, on_news: Callable[[Mapping[str, Any]], None] | None = None) -> dict[str, Any]:
        """Train them; ``{"together": answers}`` in their order, each such as ``Work`` gives.

        on_news: takes what ``tell`` may be told of an evaluation, or an answer as soon as there is one, with the trial's place
        under "of". Raises nothing but what ends the process.
        """
        answers: dict[int, Answer] = {}
        say = on_news or (lambda news: None)

        def answer(place: int, found: Answer) -> None:
            answers[place] = found
            say({"of": place, **found})

        try:
            for script in self.how.plugins:
                parts.run_plugin(script)
            make_together(self.trials, Store(self.how.root), self.how, answer, say)
        except Exception as error:  # what hinders one of them alone was answered before
            for place in range(len(self.trials)):
                if place not in answers:
                    answer(place, worker.raised(error))
        return {"together": [answers[place] for place in range(len(self.trials))]}


def make_together(
    trials: Sequence[Trial],
    store: Store | None,
    job: Job,
    answer: Callable[[int, Answer], None] = lambda place, found: None,
    say: Callable[[Mapping[str, Any]], None] = lambda news: None,
) -> dict[int, Record]:
    """Train ``trials`` under their locks, save each as it ends, and return the records by place.

    Those that another process trains, or that have a record by now, are answered and left out. Where torch cannot run them as
    one model they are trained one by one, and their records say why. Errors: StoreError for a lock that cannot be
    written; FullError for a record that finds the disk full, which ends them all.
    """
    making = _Making(trials, store, job, answer, say)
    making.run()
    return making.records


class _Making:
    """The state of ``make_together``."""

    def __init__(
        self,
        trials: Sequence[Trial],
        store: Store | None,
        job: Job,
        answer: Callable[[int, Answer], None],
        say: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._trials, self._store, self._job, self._answer, self._say = trials, store, job, answer, say
        self._locks: dict[int, Lock] = {}
        self.records: dict[int, Record] = {}

    def run(self) -> None:
        """See ``make_together``."""
        try:
            left = [place for place in range(len(self._trials)) if self._own(place)]
            ready = [place for place in left if self._trained(place)]
            for place in ready:  # only their analyses are missing
                self._alone(place)
            self._train([place for place in left if place not in ready])
        finally:
            for lock in self._locks.values():
                lock.release()

    def _own(self, place: int) -> bool:
        """Whether the trial is to be trained here; its lock is held then."""
        trial, store = self._trials[place], self._store
        if store is None:
            return True
        lock = store.lock(trial)
        holder = worker.take(lock)
        if holder is not None:
            self._answer(place, {"busy": str(holder)})
            return False
        self._locks[place] = lock
        found = None if self._job.again else worker.finished(trial, store, self._job)
        if found is not None:
            self._ended(place, Made(found, elsewhere=True))
        return found is None

    def _trained(self, place: int) -> bool:
        resumes = self._store is not None and self._job.resume
        return bool(resumes and self._store and self._store.trained(self._trials[place]))

    def _train(self, places: Sequence[int]) -> None:
        if not places:
            return
        if self._store is not None and not self._job.again:
            for own, source in self._store.checkpoints.begun([self._trials[place] for place in places]):
                found = [places[i] for i in own]
                for group, ends in self._ends(found) if source is None else [(found, [])]:
                    self._train_together(group, source, ends)
        else:
            self._train_together(places, None)

    def _ends(self, places: Sequence[int]) -> list[tuple[list[int], list[Earlier]]]:
        """``places`` as those whose shorter runs ended at one step, in one environment, can go on together, with these ends."""
        assert self._store is not None
        groups: dict[str, tuple[list[int], list[Earlier]]] = {}
        for place in places:
            end = self._store.shorter(self._trials[place])
            name = "" if end is None else keys.canonical([end.step, dict(end.made)])
            own, ends = groups.setdefault(name, ([], []))
            own.append(place)
            ends += [] if end is None else [end]
        return list(groups.values())

    def _train_together(
        self, places: Sequence[int], source: Path | None, ends: Sequence[Earlier] = ()
    ) -> None:
        """Train these as one model. source: the file that keeps them, where they were begun. ends: of a shorter run of each."""
        from grokbench.training.batched.keeping import Keep
        from grokbench.training.batched.loop import train_together
        from grokbench.training.batched.stack import UnlikeError

        cpu, wall, left = time.process_time(), time.perf_counter(), set(places)
        trials, keep = [self._trials[place] for place in places], None
        keeper = None
        if self._store is not None:
            keeper = self._store.checkpoints.of_batch(trials, source, worker.leaving, ends)
            keep = Keep(tuple(map(keys.key, trials)), keeper)

        def on_end(i: int, found: Record | Exception) -> None:
            left.discard(places[i])
            own = (time.process_time() - cpu) / max(time.perf_counter() - wall, 1e-9)
            if isinstance(found, Exception):
                self._failed(places[i], found)
            else:
                self._save(places[i], worker.timed(found, own * found.cost["seconds"]))

        def on_evaluation(i: int, step: int, train_accuracy: float, test_accuracy: float) -> None:
            self._tell(places[i], step, train_accuracy, test_accuracy)

        try:
            with worker.leaving_later(keeper):
                train_together(trials, on_end, on_evaluation, self._job.how.device, keep)
        except UnlikeError as error:
            for place in sorted(left):
                self._alone(place, str(error))
        if keeper is not None and self._store is not None:
            for path in (keeper.path, *([source] if source else [])):
                self._store.checkpoints.forget_batch(path)

    def _tell(self, place: int, step: int, train_accuracy: float, test_accuracy: float) -> None:
        self._say(
            {"of": place, "step": step, "train_accuracy": train_accuracy, "test_accuracy": test_accuracy}
        )

    def _alone(self, place: int, why: str = "") -> None:
        """Train a trial, or make its analyses, as if it were by itself."""
        tell = functools.partial(self._tell, place)
        try:
            record = worker.train_here(self._trials[place], self._store, self._job, tell, why)
        except FullError:
            raise
        except Exception as error:
            self._failed(place, error)
        else:
            self._ended(place, Made(record, elsewhere=False))

    def _save(self, place: int, record: Record) -> None:
        """Make the analyses of a record that has just ended, and keep it."""
        from grokbench.training.analyses.making import analysed

        try:
            found = worker.kept(analysed(record), self._store, self._job)
        except FullError:  # of no use to train the others
            raise
        except Exception as error:
            self._failed(place, error)
        else:
            self._ended(place, Made(found, elsewhere=False))

    def _failed(self, place: int, error: Exception) -> None:
        self._release(place)
        self._answer(place, worker.raised(error))

    def _ended(self, place: int, made: Made) -> None:
        self._release(place)
        self.records[place] = made.record
        self._answer(place, worker.ended(made))

    def _release(self, place: int) -> None:
        lock = self._locks.pop(place, None)
        if lock is not None:
            lock.release()
