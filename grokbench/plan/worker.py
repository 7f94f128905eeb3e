"""A trial, or some that train together, in the process that trains them: locked, trained, analysed, saved."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from grokbench import parts
from grokbench.plan.speed import flops_per_second
from grokbench.plan.together import How
from grokbench.specs.errors import FullError, GrokbenchError, unwritten
from grokbench.specs.types import Trial
from grokbench.store.checkpoints import Checkpoint
from grokbench.store.folder import Store
from grokbench.store.locks import Holder, Lock
from grokbench.training.batched.likeness import why_singly
from grokbench.training.record import Record

POLL_SECONDS = 1.0  # how often a trial that another process trains is asked after

Tell = Callable[[int, float, float], None]


class Job(NamedTuple):
    """How trials are to be trained.

    root: of the store. keep_untrained: store the weights of untrained networks too, and count no record without weights.
    resume: where the store has the trained weights, only make the analyses that are missing. again: train what the store has.
    plugins: scripts that register parts, which a worker runs first. how: by which engine, and where.
    """

    root: str
    keep_untrained: bool = False
    resume: bool = False
    again: bool = False
    plugins: tuple[str, ...] = ()
    how: How = How()


OnNews = Callable[[int, Mapping[str, Any]], None]
"""Takes a job's place in the list, and what the job returned or said of an evaluation."""


class Work(NamedTuple):
    """A trial as a job: call it wherever the store can be reached, in this process or on another machine. It can be pickled.

    An executor, a part of the kind "executors", has ``run(jobs, workers, tell)``. It calls each job once and hands what the
    job returns to ``tell``, which is an ``OnNews``, in its own process. ``run`` returns when no job is running any more.
    """

    trial: Trial
    how: Job

    def __call__(self, on_evaluation: Callable[[Mapping[str, Any]], None] | None = None) -> dict[str, Any]:
        """Train; how the trial ended, or its traceback with a sentence for what a person can mend, or who else trains it.

        on_evaluation: takes what ``tell`` may be told of each evaluation. Raises nothing but what ends the process.
        """

        def tell(step: int, train_accuracy: float, test_accuracy: float) -> None:
            if on_evaluation is not None:
                on_evaluation(
                    {"step": step, "train_accuracy": train_accuracy, "test_accuracy": test_accuracy}
                )

        try:
            for script in self.how.plugins:
                parts.run_plugin(script)
            found = make(self.trial, Store(self.how.root), self.how, tell)
        except Exception as error:  # whatever it was, the parent reports it with its traceback
            return raised(error)
        return {"busy": str(found)} if isinstance(found, Holder) else ended(found)


def raised(error: BaseException) -> dict[str, Any]:
    """What is said of a trial that raised; ``full``: that the store takes no more records."""
    return {
        "trace": "".join(traceback.format_exception(error)),
        "sentence": str(error) if isinstance(error, GrokbenchError) else "",
        **({"full": True} if isinstance(error, FullError) else {}),
    }


class Made(NamedTuple):
    """A trial's record, and whether another process made it meanwhile."""

    record: Record
    elsewhere: bool


def make(trial: Trial, store: Store, job: Job, tell: Tell | None = None) -> Made | Holder:
    """Train ``trial`` under its lock and save it; a record that has come meanwhile, or who holds the lock, instead.

    tell: takes the step and both accuracies of every evaluation. Errors: StoreError.
    """
    lock = store.lock(trial)
    holder = take(lock)
    if holder is not None:
        return holder
    try:
        found = None if job.again else finished(trial, store, job)
        return Made(found or train_here(trial, store, job, tell), elsewhere=found is not None)
    finally:
        lock.release()


def take(lock: Lock) -> Holder | None:
    """Take a lock; who holds it, if anybody does. Errors: StoreError."""
    try:
        return lock.take()
    except OSError as error:
        raise unwritten(f"the lock {lock.path} cannot be written", error) from None


def finished(trial: Trial, store: Store, job: Job) -> Record | None:
    """The store's answer to ``trial`` that makes its training needless."""
    return store.trained(trial) if job.keep_untrained else store.find(trial)


def make_here(trial: Trial, store: Store | None, job: Job) -> Record:
    """``make`` in the caller's process; while another process trains the trial, wait for it. Without a store only train."""
    if store is None:
        return train_here(trial, None, job)
    while isinstance(found := make(trial, store, job), Holder):
        time.sleep(POLL_SECONDS)
    return found.record


def train_here(
    trial: Trial, store: Store | None, job: Job, tell: Tell | None = None, why: str = ""
) -> Record:
    """Train ``trial`` in this process, make its analyses, save the record where there is a store, and return it.

    why: a sentence that says why the trial is not in a batch, where one was asked for.
    """
    from grokbench.training.analyses.making import analysed

    record = store.trained(trial) if store is not None and job.resume else None
    keeper = None
    if store is not None:
        ends = () if job.again or record is not None else filter(None, [store.shorter(trial)])
        keeper = store.checkpoints.of(trial, leaving, tuple(ends))
    if record is None:
        if keeper is not None and job.again:
            keeper.forget()
        begun = time.process_time()
        with leaving_later(keeper):
            made, why = _trained(trial, job.how, tell, why, keeper)
        before = 0.0 if keeper is None else keeper.cpu_seconds
        record = timed(made, time.process_time() - begun + before)
        if why:
            record = dataclasses.replace(record, environment={**record.environment, "singly": why})
    found = kept(analysed(record), store, job)
    if keeper is not None:
        keeper.forget()
    return found


def _trained(
    trial: Trial, how: How, tell: Tell | None, why: str, keeper: Checkpoint | None
) -> tuple[Record, str]:
    """The record of a trial by itself, in a batch of one where batches are asked for; else why it is not."""
    from grokbench.training.engine import train

    if not how.batches:
        return train(trial, tell, how.engine, keeper), why
    why = why or why_singly(trial)
    if not why:
        from grokbench.training.batched.keeping import Keep
        from grokbench.training.batched.loop import train_together
        from grokbench.training.batched.stack import UnlikeError

        own = None if keeper is None else keeper.as_batch()
        found: list[Record | Exception] = []
        try:
            train_together(
                [trial],
                lambda place, made: found.append(made),
                lambda place, *news: None if tell is None else tell(*news),
                how.device,
                None if own is None else Keep((own.path.name,), own),
            )
        except UnlikeError as error:
            why = str(error)
        else:
            if isinstance(found[0], Exception):
                raise found[0]
            if keeper is not None and own is not None:
                keeper.cpu_seconds = own.cpu_seconds
            return found[0], ""
    return train(trial, tell, keeper=keeper), why


def kept(record: Record, store: Store | None, job: Job) -> Record:
    """Save a record where there is a store, and return it."""
    if store is not None:
        again = not record.trial.budget and not job.keep_untrained  # a construction is made again, not kept
        store.save(dataclasses.replace(record, weights={}) if again else record)
    return record


def timed(record: Record, cpu_seconds: float) -> Record:
    """A new record with what a plan's costs are made of: the CPU time that it had, and the speed of the core."""
    return dataclasses.replace(
        record,
        environment={**record.environment, "flops_per_second": float(f"{flops_per_second():.2g}")},
        cost={**record.cost, "cpu_seconds": cpu_seconds},
    )


# -- in a worker process -------------------------------------------------------------------------------

_events: Any = None
_leave = threading.Event()  # the process was asked to end
_asks: Callable[[], bool] | None = None  # whether what runs now is not wanted any more
_keeps = False  # a run that can be kept is training, and will end the process once it is


def leaving() -> bool:
    """Whether this process was asked to end, or what runs in it is not wanted any more."""
    return _leave.is_set() or (_asks is not None and _asks())


@contextlib.contextmanager
def asked_by(leaves: Callable[[], bool]) -> Iterator[None]:
    """In here ``leaves`` says too whether a run is to be kept and left; it is asked after every update."""
    global _asks
    before, _asks = _asks, leaves
    try:
        yield
    finally:
        _asks = before


@contextlib.contextmanager
def leaving_later(keeper: Checkpoint | None) -> Iterator[None]:
    """In here a worker that is asked to end first keeps its run."""
    global _keeps
    _keeps = keeper is not None
    try:
        yield
    finally:
        _keeps = False


def _asked_to_leave(signum: int, frame: object) -> None:
    _leave.set()
    if not _keeps:
        os._exit(1)


def start(events: Any) -> None:
    """Begin a worker that puts its news into the queue ``events``."""
    global _events
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the parent too, which ends its workers without their tracebacks
    signal.signal(signal.SIGTERM, _asked_to_leave)
    events.cancel_join_thread()  # news that nobody reads any more must not hold a worker up
    _events = events
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """End this worker when its parent is gone, however that happened: a queue alone would let it wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def work(job: Callable[..., dict[str, Any]], index: int) -> dict[str, Any]:
    """Run a job in a worker; ``index`` is its place in the list."""
    _events.put((index, {}))
    try:
        return job(lambda news: _events.put((index, news)))
    except SystemExit:  # it has kept its run; the pool would give this worker another job
        os._exit(1)


ENDED = {"elsewhere", "step", "ended", "seconds", "train_accuracy", "test_accuracy"}
"""What is said of a trial that has a record."""


def ended(made: Made) -> dict[str, Any]:
    """How a record's training ended, for those who watch."""
    record = made.record
    return {
        "elsewhere": made.elsewhere,
        "step": int(record.facts["steps"]),
        "ended": record.ended,
        "seconds": float(record.cost.get("seconds", math.nan)),
        **{name: float(record.curves[name][-1]) for name in ("train_accuracy", "test_accuracy")},
    }
