"""The executor "local": worker processes on this machine, one thread each."""

from __future__ import annotations

import collections
import contextlib
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import FrameType
from typing import Any

from grokbench.plan import worker
from grokbench.plan.worker import OnNews
from grokbench.specs.errors import InputError


class Local:
    """Worker processes on this machine.

    A job whose worker is killed is tried once more, and then fails. KeyboardInterrupt stops the workers, which first keep what
    they train.
    """

    def check(self) -> None:
        """Asked before anything is written. Errors: InputError where no worker can start (``check_can_spawn``)."""
        check_can_spawn()

    def run(self, jobs: Sequence[Callable[..., dict[str, Any]]], workers: int, tell: OnNews) -> None:
        """Run ``jobs`` on ``workers`` processes."""
        _run(jobs, min(workers, len(jobs)), tell)


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


TRIES = 2  # of a job whose worker process dies
STARTS = 3  # of a worker process, each after one that failed


class _Slot:
    """A worker process and the queue of its news, as a pool of one: when it dies, nothing of anybody else is lost with it."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._begin()

    def _begin(self) -> None:
        self.events = self._context.Queue()  # a process that is killed may leave its lock taken
        self.pool = ProcessPoolExecutor(1, self._context, worker.start, (self.events,))

    def submit(
        self, job: Callable[..., dict[str, Any]], index: int, starts: int = STARTS
    ) -> Future[dict[str, Any]]:
        """Begin a job; a process that has died is replaced. Errors: BrokenProcessPool, OSError, EOFError where none can start."""
        try:
            with _interrupted_later():
                begun = self.pool.submit(worker.work, job, index)
        except (
            BrokenProcessPool,
            OSError,
            EOFError,
        ):  # it died, or the server that forks it, which starts anew
            if starts == 1:
                raise
            self.renew()
            return self.submit(job, index, starts - 1)
        self.events._writer.close()  # so that a message which a dying process cut off ends here
        return begun

    def renew(self) -> None:
        """A new process in place of one that has died."""
        self.close()
        self._begin()

    def close(self) -> None:
        """Wait for nothing any more."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.events.cancel_join_thread()
        self.events.close()

    @property
    def processes(self) -> list[Any]:
        """The process, once it was started."""
        return list(
            (self.pool._processes or {}).values()
        )  # the pool offers no other way to stop a running call


def _run(jobs: Sequence[Callable[..., dict[str, Any]]], workers: int, tell: OnNews) -> None:
    """Run jobs in their order. A job whose worker dies is tried once more, in a new one, before it counts as failed."""
    restore, context = _one_thread_each(), _context()
    slots = [_Slot(context) for _ in range(workers)]
    left, tries = collections.deque(range(len(jobs))), collections.Counter[int]()
    running: dict[Future[dict[str, Any]], tuple[int, _Slot]] = {}
    try:
        free = list(slots)
        while left or running:
            while left and free:
                slot, index = free.pop(), left.popleft()
                running[slot.submit(jobs[index], index)] = index, slot
            done, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            for slot in slots:
                _drain(slot.events, tell)
            for future in done:
                index, slot = running.pop(future)
                free.append(slot)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    slot.renew()
                    tries[index] += 1
                    if tries[index] < TRIES:
                        left.appendleft(index)
                        continue
                    result = {"trace": KILLED, "sentence": ""}
                tell(index, result)
        for slot in slots:
            slot.pool.shutdown()
    except BaseException:
        _end([process for slot in slots for process in slot.processes])
        raise
    finally:
        restore()
        for slot in slots:
            slot.close()


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


@contextlib.contextmanager
def _interrupted_later() -> Iterator[None]:
    """In here Ctrl-C waits for the end. A process that its parent left while it began would print a traceback.

    The first one begins only when the server has loaded torch, which takes seconds.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield  # no interruption is raised here
        return
    came: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda *given: came.append(given))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            before(*came[0])


def _context() -> multiprocessing.context.BaseContext:
    """How workers start: forked from a server that has loaded torch once, where the platform has that, else spawned.

    Either way a worker begins without what the caller has in memory, and imports the calling script by its file.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver, resource_tracker  # which not every platform has

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    # While the server imports, Ctrl-C would end it with a traceback; it begins with the mask of this thread. The tracker, which
    # a server starts where there is none, would lift it.
    resource_tracker.ensure_running()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
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


def _drain(events: Any, tell: OnNews) -> None:
    """Hand on what the workers said since the last time."""
    while True:
        try:
            index, values = events.get_nowait()
        except (queue.Empty, EOFError, OSError):
            return
        if values:
            tell(index, values)
