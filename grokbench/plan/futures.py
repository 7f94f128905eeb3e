"""Jobs on any ``concurrent.futures.Executor``: in chunks, and once more where a worker dies."""

from __future__ import annotations

import collections
import concurrent.futures
import math
import queue
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import Any

from grokbench.plan import costs, sent
from grokbench.plan.batch import Together
from grokbench.plan.local import KILLED, TRIES
from grokbench.plan.sent import Chunk, Returned
from grokbench.plan.worker import OnNews, Work
from grokbench.specs.errors import GrokbenchError, LostError
from grokbench.store.folder import Store

CHUNK_SECONDS = 3.0  # of work that a chunk is to take
AHEAD = 2  # chunks for each worker, so that none waits for its next one
MOST = 100  # jobs of a chunk

Job = Work | Together


class Futures:
    """Runs jobs on an executor that is somebody else's, and is left open. tries: of a job whose worker dies."""

    def __init__(self, executor: concurrent.futures.Executor, tries: int = TRIES) -> None:
        self._executor, self._tries = executor, tries
        self.news: queue.SimpleQueue[tuple[int, Mapping[str, Any]]] = queue.SimpleQueue()

    def slots(self, workers: int) -> int:
        """How many chunks run at once."""
        return workers

    def chunk(self, jobs: Sequence[tuple[int, Job]], wanted: sent.Wanted, mark: str) -> Any:
        """The call that is handed over."""
        return Chunk(tuple(jobs), wanted, mark)

    def run(self, jobs: Sequence[Job], workers: int, tell: OnNews) -> None:
        """Run ``jobs``, in their order as far as chunks go.

        Errors: PartError where a worker lacks what they need; LostError where the executor takes no more jobs.
        """
        with sent.marked(jobs[0].how.root) as mark:
            going = _Going(self, jobs, tell, self._tries)
            running: dict[Future[list[Returned]], tuple[int, ...]] = {}
            wanted = sent.wanted(jobs)
            try:
                while going.left or running:
                    slots = max(1, self.slots(workers))
                    while going.left and len(running) < AHEAD * slots:
                        own = going.next(slots)
                        chunk = self.chunk([(index, jobs[index]) for index in own], wanted, mark)
                        running[self._submit(chunk)] = own
                    done, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                    self._hear({index for own in running.values() for index in own}, tell)
                    for future in done:
                        going.ended(running.pop(future), future)
            finally:
                for future in running:
                    future.cancel()

    def _submit(self, chunk: Any) -> Future[list[Returned]]:
        try:
            return self._executor.submit(chunk)
        except RuntimeError as error:  # it is broken, or was shut down
            raise LostError(f"the executor takes no more trials ({error})") from error

    def _hear(self, running: set[int], tell: OnNews) -> None:
        """Hand on what running jobs said since the last time."""
        while not self.news.empty():
            index, news = self.news.get()
            if index in running:
                tell(index, news)


class _Going:
    """The jobs that are left, how long they take, and how often each was tried."""

    def __init__(self, owner: Futures, jobs: Sequence[Job], tell: OnNews, tries: int) -> None:
        self._jobs, self._tell, self._most = jobs, tell, tries
        self._store = Store(jobs[0].how.root)
        self.left = collections.deque(range(len(jobs)))
        self._alone: set[int] = set()  # whose chunk was lost: each shows by itself whether it was the reason
        self._tries = collections.Counter[int]()
        self._factor = math.nan  # seconds that a planned one takes there

    def next(self, slots: int) -> tuple[int, ...]:
        """The places of the jobs of the next chunk, as many as take ``CHUNK_SECONDS`` by what was seen so far."""
        first = self.left.popleft()
        own, most = [first], min(MOST, -(-len(self.left) // (AHEAD * slots)))
        if math.isnan(self._factor) or first in self._alone:
            return (first,)
        seconds = self._planned(first)
        while self.left and len(own) < most and self.left[0] not in self._alone:
            seconds += self._planned(self.left[0])
            if seconds * self._factor > CHUNK_SECONDS:
                break
            own.append(self.left.popleft())
        return tuple(own)

    def _planned(self, index: int) -> float:
        """Seconds of a job as a plan has them; for ever, where it has none."""
        try:
            own = sent.trials(self._jobs[index])
            return sum(costs.seconds(costs.work(trial, trial.budget)) for trial in own)
        except GrokbenchError:  # the job itself will say it
            return math.inf

    def ended(self, own: Sequence[int], future: Future[list[Returned]]) -> None:
        """Take what came back of a chunk. Errors: as ``Futures.run``, and StoreError where a record cannot be written."""
        try:
            found = future.result()
        except CancelledError:
            raise LostError("what ran the trials is gone") from None
        except concurrent.futures.BrokenExecutor as error:
            raise LostError(f"what ran the trials is gone ({error})") from None
        except GrokbenchError:
            raise
        except Exception as error:
            self._lost(own, error)
            return
        for index, one in zip(own, found, strict=False):
            for record in one.records:
                self._store.save(record)
            self._tell(index, one.answer)
            self._learn(self._planned(index), one.seconds)
        self.left.extendleft(reversed(own[len(found) :]))  # a worker that had to leave took no more

    def _learn(self, planned: float, seconds: float) -> None:
        if 0 < planned < math.inf:
            new = seconds / planned
            self._factor = new if math.isnan(self._factor) else 0.8 * self._factor + 0.2 * new

    def _lost(self, own: Sequence[int], error: Exception) -> None:
        """A worker died with these: each is tried again by itself."""
        if len(own) > 1:
            self._alone |= set(own)
            self.left.extendleft(reversed(own))
            return
        (index,) = own
        self._tries[index] += 1
        if self._tries[index] < self._most:
            self.left.appendleft(index)
        else:
            self._tell(index, {"trace": f"{KILLED}{type(error).__name__}: {error}\n", "sentence": ""})
