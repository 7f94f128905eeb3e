"""Trials on worker processes: spawned, one thread each, each writing its own record as soon as it is done."""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from grokbench.runs import keys
from grokbench.runs.plan import PlannedTrial, without_covered
from grokbench.runs.store import Source, Store
from grokbench.specs.errors import InputError
from grokbench.specs.types import Record, Trial


@dataclass(frozen=True)
class Event:
    """What became of a trial: ``evaluated``, ``done``, ``failed`` or ``interrupted``."""

    kind: str
    trial: Trial
    step: int = 0
    train_accuracy: float = float("nan")
    test_accuracy: float = float("nan")
    outcome: str = ""
    seconds: float = 0.0
    trace: str = ""


@dataclass(frozen=True)
class Failure:
    """A trial that raised: its key and the file that holds its traceback."""

    trial: Trial
    key: str
    trace: str
    path: str


OnEvent = Callable[[Event], None]


def default_workers() -> int:
    """As many workers as this process may use cores."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def missing(planned: Sequence[PlannedTrial], sources: Sequence[Source]) -> list[PlannedTrial]:
    """The trials that no source has a record for."""
    return [one for one in planned if lookup(one.trial, sources) is None]


def lookup(trial: Trial, sources: Sequence[Source]) -> Record | None:
    """The first source's answer to ``trial``."""
    for source in sources:
        record = source.find(trial)
        if record is not None:
            return record
    return None


def complete(
    planned: Sequence[PlannedTrial],
    store: Store,
    sources: Sequence[Source],
    workers: int,
    on_event: OnEvent,
) -> list[Failure]:
    """Train until ``sources`` answer every planned trial or its training has failed; returns the failures.

    A trial that a longer one will probably answer waits for that one; where it then does not, it is trained too.
    """
    failures: list[Failure] = []
    tried: set[str] = set()  # nothing is trained twice, even where its record cannot be read back
    left = missing(planned, sources)
    while left := [one for one in left if keys.key(one.trial) not in tried]:
        batch = [one.trial for one in without_covered(left)]
        tried |= {keys.key(trial) for trial in batch}
        failures += execute(batch, store, workers, on_event)
        left = missing(left, sources)
    return failures


def execute(trials: Sequence[Trial], store: Store, workers: int, on_event: OnEvent) -> list[Failure]:
    """Train ``trials``, in the order given, on ``workers`` processes; records go to ``store``.

    Errors: InputError when called from a script without a ``__main__`` guard. KeyboardInterrupt stops the workers
    and is raised again; finished records stay.
    """
    if multiprocessing.parent_process() is not None and multiprocessing.current_process().daemon:
        raise InputError(
            'training on workers needs the guard `if __name__ == "__main__":` in the calling script'
        )
    store.check_writable()
    context = multiprocessing.get_context("spawn")
    events = context.Queue()
    failures: list[Failure] = []
    pool = ProcessPoolExecutor(min(workers, max(1, len(trials))), context, _start_worker, (events,))
    try:
        futures: dict[Future[str], int] = {
            pool.submit(_train, trial, str(store.root), index): index for index, trial in enumerate(trials)
        }
        pending = set(futures)
        while pending:
            done, pending = wait(pending, timeout=0.2)
            _drain(events, trials, on_event)
            for future in done:
                trial = trials[futures[future]]
                trace = _trace_of(future)
                if trace:
                    path = store.note_failure(trial, trace)
                    failures.append(Failure(trial, keys.key(trial), trace, str(path)))
                    on_event(Event("failed", trial, trace=trace))
        _drain(events, trials, on_event)
    except BaseException:
        for process in list(pool._processes.values()):  # the pool offers no other way to stop a running call
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    finally:
        events.cancel_join_thread()
        events.close()
    pool.shutdown()
    return failures


def _trace_of(future: Future[str]) -> str:
    try:
        return future.result()
    except BrokenProcessPool:
        return "the worker process ended without a word (killed, or out of memory)\n"


def _drain(events: Any, trials: Sequence[Trial], on_event: OnEvent) -> None:
    while True:
        try:
            kind, index, values = events.get_nowait()
        except queue.Empty:
            return
        on_event(Event(kind, trials[index], **values))


_events: Any = None


def _start_worker(events: Any) -> None:
    global _events
    import torch

    torch.set_num_threads(1)
    _events = events
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """End this worker when its parent is gone, however that happened: a queue alone would let it wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _train(trial: Trial, root: str, index: int) -> str:
    """In a worker: train, save, report; returns a traceback, or nothing when all went well."""
    from grokbench.training.engine import train

    def tell(step: int, train_accuracy: float, test_accuracy: float) -> None:
        values = {"step": step, "train_accuracy": train_accuracy, "test_accuracy": test_accuracy}
        _events.put(("evaluated", index, values))

    try:
        record = train(trial, tell)
        Store(root).save(record)
        last = {name: float(record.curves[name][-1]) for name in ("train_accuracy", "test_accuracy")}
        values = {
            "step": int(record.facts["steps"]),
            "outcome": record.outcome,
            "seconds": float(record.cost["seconds"]),
        }
        _events.put(("done", index, {**values, **last}))
    except Exception:
        return traceback.format_exc()
    return ""
