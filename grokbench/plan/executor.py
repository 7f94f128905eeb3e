"""Trials on worker processes: spawned, one thread each, each writing its own record as soon as it is done.

Two commands on one store share the work: a trial that another process trains is waited for, not trained again.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from grokbench import parts
from grokbench.plan import worker
from grokbench.plan.worker import Job
from grokbench.specs import values
from grokbench.specs.errors import InputError
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


def worker_count(workers: int | None) -> int:
    """The number of workers asked for, or one a core. Errors: InputError for less than 1."""
    return default_workers() if workers is None else values.integer("workers", workers, least=1)


def execute(
    trials: Sequence[Trial],
    store: Store,
    workers: int,
    on_event: OnEvent,
    *,
    keep_untrained: bool = False,
    resume: bool = False,
    again: bool = False,
) -> list[Failure]:
    """Train ``trials``, in the order given, on ``workers`` processes; records go to ``store``.

    keep_untrained, resume, again: see ``worker.Job``. A trial that another process trains is waited for. A worker that is
    killed fails the trials that were running; the others go on in new workers. Errors: InputError where no worker can start
    (``check_can_spawn``), StoreError. KeyboardInterrupt stops the workers and is raised again; finished records stay.
    """
    check_can_spawn()
    store.check_writable(trials)
    failures: list[Failure] = []
    job = Job(str(store.root), keep_untrained, resume, again, parts.plugins())
    left = list(trials)
    while left:
        ended = _one_pool(left, min(workers, len(left), MOST_WORKERS), job, on_event)
        for trial, trace, sentence in ended.failed:
            path = store.note_failure(trial, trace)
            failures.append(Failure(trial, keys.key(trial), trace, path, sentence))
            on_event(Event("failed", trial, trace=trace))
        left = ended.left or _waited(ended.busy, store, job, on_event)
    return failures


def check_can_spawn() -> None:
    """Errors: InputError where no worker can start.

    A worker imports the calling script by its file. One without a ``__main__`` guard would train again in each of them.
    """
    process, main = multiprocessing.current_process(), sys.modules.get("__main__")
    if getattr(process, "_inheriting", False):
        raise InputError(
            'training on workers needs the guard `if __name__ == "__main__":` in the calling script'
        )
    if process.daemon:
        raise InputError(
            "a daemonic process, such as a worker of multiprocessing.Pool, can start no workers; "
            "call this outside the pool, or grokbench.run, which trains in the calling process"
        )
    script = getattr(main, "__file__", None)  # None at a prompt, in a notebook and with python -c
    by_file = script is not None and getattr(main, "__spec__", None) is None and not hasattr(sys, "frozen")
    if (
        by_file
        and not Path(getattr(multiprocessing.process, "ORIGINAL_DIR", None) or "", str(script)).is_file()
    ):
        raise InputError(
            f"training on workers needs a script that they can read again, and there is no file {script}; "
            "put the script into a file, or call grokbench.run, which trains in the calling process"
        )


class _Pool(NamedTuple):
    """What one pool of workers left: failed trials with trace and sentence, those that others train, those to be trained."""

    failed: list[tuple[Trial, str, str]]
    busy: list[Trial]
    left: list[Trial]


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


def _one_pool(trials: Sequence[Trial], workers: int, job: Job, on_event: OnEvent) -> _Pool:
    """Train on one pool of workers, which may break."""
    context = multiprocessing.get_context("spawn")
    events = context.Queue()
    restore = _one_thread_each()
    pool = ProcessPoolExecutor(workers, context, worker.start, (events,))
    failed: list[tuple[Trial, str, str]] = []
    busy: list[Trial] = []
    started: set[int] = set()
    try:
        futures: dict[Future[dict[str, Any]], int] = {}
        lost: set[int] = set()
        for index, trial in enumerate(trials):
            try:
                futures[pool.submit(worker.work, trial, index, job)] = index
            except BrokenProcessPool:
                lost.add(index)
        pending = set(futures)
        while pending:
            done, pending = wait(pending, timeout=0.2)
            _drain(events, trials, started, on_event)
            for future in done:
                index = futures[future]
                try:
                    result = future.result()
                except BrokenProcessPool:
                    lost.add(index)
                    continue
                if "trace" in result:
                    failed.append((trials[index], result["trace"], result["sentence"]))
                elif "busy" in result:
                    busy.append(trials[index])
                    on_event(Event("waiting", trials[index], holder=result["busy"]))
                else:
                    on_event(Event("done", trials[index], **result))
        pool.shutdown()
        running = sorted(lost & started) or sorted(lost)  # where nothing could start, nothing will
        failed.extend((trials[index], KILLED, "") for index in running)
        left = [trials[index] for index in sorted(lost.difference(running))]
        return _Pool(failed, busy, [*left, *busy] if left else [])
    except BaseException:
        for process in list(pool._processes.values()):  # the pool offers no other way to stop a running call
            process.terminate()
        raise
    finally:
        restore()
        pool.shutdown(wait=False, cancel_futures=True)
        events.cancel_join_thread()
        events.close()


def _one_thread_each() -> Callable[[], None]:
    """Let numpy's BLAS take one thread in processes started from now on; call what is returned to undo it.

    A BLAS reads this when it is loaded, which is before a worker's first own line.
    """
    names = [name for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS") if name not in os.environ]
    os.environ.update(dict.fromkeys(names, "1"))

    def restore() -> None:
        for name in names:
            os.environ.pop(name, None)

    return restore


KILLED = "the worker process ended without a word (killed, or out of memory)\n"
MOST_WORKERS = 61 if sys.platform == "win32" else 10_000  # what one pool can wait for on Windows


def _drain(events: Any, trials: Sequence[Trial], started: set[int], on_event: OnEvent) -> None:
    """Hand on what the workers said since the last time."""
    while True:
        try:
            index, values = events.get_nowait()
        except (queue.Empty, EOFError, OSError):
            return
        started.add(index)
        if values:
            on_event(Event("evaluated", trials[index], **values))
