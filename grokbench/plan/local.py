"""The executor "local": worker processes on this machine, one thread each."""

from __future__ import annotations

import multiprocessing
import os
import queue
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from grokbench.plan import worker
from grokbench.plan.worker import OnNews
from grokbench.specs.errors import InputError


class Local:
    """Worker processes on this machine.

    A worker that is killed fails the jobs that were running; the others get no answer. KeyboardInterrupt stops the workers.
    """

    def check(self) -> None:
        """Asked before anything is written. Errors: InputError where no worker can start (``check_can_spawn``)."""
        check_can_spawn()

    def run(self, jobs: Sequence[Callable[..., dict[str, Any]]], workers: int, tell: OnNews) -> None:
        """Run ``jobs`` on ``workers`` processes."""
        _one_pool(jobs, min(workers, len(jobs), MOST_WORKERS), tell)


LOCAL = Local()


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


def _one_pool(jobs: Sequence[Callable[..., dict[str, Any]]], workers: int, tell: OnNews) -> None:
    """Run jobs on one pool of workers, which may break."""
    restore = _one_thread_each()
    context = _context()
    events = context.Queue()
    pool = ProcessPoolExecutor(workers, context, worker.start, (events,))
    started: set[int] = set()
    try:
        futures: dict[Future[dict[str, Any]], int] = {}
        lost: set[int] = set()
        for index, job in enumerate(jobs):
            try:
                futures[pool.submit(worker.work, job, index)] = index
            except BrokenProcessPool:
                lost.add(index)
        pending = set(futures)
        while pending:
            done, pending = wait(pending, timeout=0.2)
            _drain(events, started, tell)
            for future in done:
                index = futures[future]
                try:
                    result = future.result()
                except BrokenProcessPool:
                    lost.add(index)
                    continue
                tell(index, result)
        pool.shutdown()
        running = sorted(lost & started) or sorted(lost)  # where nothing could start, nothing will
        for index in running:
            tell(index, {"trace": KILLED, "sentence": ""})
    except BaseException:
        _end(list(pool._processes.values()))  # the pool offers no other way to stop a running call
        raise
    finally:
        restore()
        pool.shutdown(wait=False, cancel_futures=True)
        events.cancel_join_thread()
        events.close()


LEAVE_SECONDS = 20.0  # for workers to keep what they train


def _end(workers: Sequence[Any]) -> None:
    """Ask workers to end, and kill those that have not once the time is over, or the user interrupts again."""
    try:
        for process in workers:
            process.terminate()
        until = time.monotonic() + LEAVE_SECONDS
        for process in workers:
            process.join(max(0.0, until - time.monotonic()))
    finally:
        for process in workers:
            if process.is_alive():
                process.kill()


def _context() -> multiprocessing.context.BaseContext:
    """How workers start: forked from a server that has loaded torch once, where the platform has that, else spawned.

    Either way a worker begins without what the caller has in memory, and imports the calling script by its file.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    return context


LOADED = ["torch"]
"""What takes a worker seconds to import. Nothing of grokbench, of which the caller may use another copy than the server finds."""


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


def _drain(events: Any, started: set[int], tell: OnNews) -> None:
    """Hand on what the workers said since the last time."""
    while True:
        try:
            index, values = events.get_nowait()
        except (queue.Empty, EOFError, OSError):
            return
        started.add(index)
        if values:
            tell(index, values)
