"""The executor "dask": workers of a Dask scheduler, on this machine or on a cluster's.

A worker process trains one trial at a time. What it lacks is told before anything is trained. A trial that nobody waits for any
more, because the command was interrupted or killed, is kept and left.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from grokbench.plan import sent
from grokbench.plan.futures import Futures, Job
from grokbench.plan.sent import Chunk
from grokbench.plan.worker import OnNews
from grokbench.specs.errors import InputError, LostError, PartError

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 30
COUNT_SECONDS = 5.0  # between two looks at how many workers there are
NEWS_SECONDS = 0.5  # between two evaluations that a worker tells of
WANTED_SECONDS = 1.0  # between two looks at whether a chunk is still wanted


class Dask:
    """Workers of the scheduler at ``address``: "tcp://…", a scheduler file, or "" for the one that Dask's configuration names."""

    def __init__(self, address: str | Path = "") -> None:
        self.address = str(address)

    def check(self) -> None:
        """Errors: InputError where Dask is not installed, or no scheduler answers."""
        with self._client():
            pass

    def count(self) -> int:
        """Worker processes that there are now, or 1. Errors: as ``check``."""
        with self._client() as client:
            return max(1, len(client.nthreads()))

    def run(self, jobs: Sequence[Job], workers: int, tell: OnNews) -> None:
        """Run ``jobs`` on whatever workers there are. Errors: as ``check`` and ``Futures.run``."""
        with self._client() as client:
            _look(client, sent.wanted(jobs))
            _OnDask(client).run(jobs, workers, tell)

    @contextlib.contextmanager
    def _client(self) -> Iterator[Client]:
        try:
            import dask
            from distributed import Client
            from distributed.utils import LoopRunner
        except ImportError:
            raise InputError(
                "training on a cluster needs Dask, which is not installed; pip install 'grokbench[dask]'"
            ) from None
        named = self.address or dask.config.get("scheduler-address", None)
        if not named:
            raise InputError(
                "no scheduler is named; name one, such as tcp://10.0.0.1:8786 or a scheduler file"
            )
        address = _address(named)
        client = Client.__new__(
            Client
        )  # so that one that is made by half can be closed, which else takes a minute at the end
        try:
            try:
                LoopRunner().run_sync(_greeted, address)
                client.__init__(address, timeout=CONNECT_SECONDS, set_as_default=False)
            except Exception as error:  # no such host, no answer, none of Dask's
                why = str(error) or f"no answer in {CONNECT_SECONDS} s"
                raise InputError(f"no scheduler answers at {named} ({why})") from None
            yield client
        finally:
            with contextlib.suppress(Exception):  # it may be gone
                client.close(timeout=2)


async def _greeted(address: str) -> None:
    """Shake hands with what listens there; a client waits for ever for one who says nothing. Errors: whatever went wrong."""
    from dask import config
    from distributed.comm import connect
    from distributed.security import Security
    from distributed.utils import import_term

    loader = config.get("distributed.client.security-loader", None)  # as a client asks it
    own = (import_term(loader)({"address": address}) or Security()) if loader else Security()
    comm = await asyncio.wait_for(
        connect(address, timeout=CONNECT_SECONDS, **own.get_connection_args("client")), CONNECT_SECONDS
    )
    await comm.close()


def _address(named: str) -> str:
    """The address that is named, or that stands in the scheduler file of this name. Errors: InputError where it is none."""
    from distributed.comm import get_address_host

    file, address = Path(named), named
    if "://" not in named and (file.is_file() or file.suffix == ".json"):
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(f"{named}: no such scheduler file") from None
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{named} is no scheduler file ({error})") from None
        found = document.get("address") if isinstance(document, dict) else None
        if not isinstance(found, str):
            raise InputError(f"{named} is no scheduler file: it names no address")
        address = found
    try:
        get_address_host(address)
    except ValueError as error:
        raise InputError(
            f"{named}: {error}; expected an address such as tcp://10.0.0.1:8786, or a scheduler file"
        ) from None
    return address


DASK = Dask()


def _look(client: Client, wanted: sent.Wanted) -> None:
    """Ask every worker for what it lacks. Errors: PartError, which names the worker."""
    try:
        found: Mapping[str, Any] = client.run(sent.lacking, wanted, on_error="return")
    except Exception as error:
        raise LostError(f"the scheduler is gone ({type(error).__name__}: {error})") from None
    for address, why in found.items():
        if isinstance(why, ModuleNotFoundError):
            why = f"it has no module {why.name!r}; install grokbench {wanted.version} there"
        if why:
            raise PartError(f"the worker {address} cannot train this: {why}")


class _OnDask(Futures):
    """The executor of a client. The scheduler itself tries again what a dead worker had, as often as it is told to."""

    def __init__(self, client: Client) -> None:
        super().__init__(client.get_executor(pure=False), tries=1)
        self._client, self._topic = client, f"grokbench-{uuid.uuid4().hex}"
        self._slots, self._looked = 1, 0.0

    def run(self, jobs: Sequence[Job], workers: int, tell: OnNews) -> None:
        """As ``Futures.run``; evaluations come by the scheduler's log of events."""
        self._client.subscribe_topic(self._topic, lambda event: self.news.put(event[1]))
        super().run(jobs, workers, tell)

    def slots(self, workers: int) -> int:
        """As many as there are worker processes now: a cluster grows and shrinks."""
        if time.monotonic() - self._looked > COUNT_SECONDS:
            with contextlib.suppress(Exception):  # the futures will say that it is gone
                self._slots = len(self._client.nthreads())
            self._looked = time.monotonic()
        return self._slots

    def chunk(self, jobs: Sequence[tuple[int, Job]], wanted: sent.Wanted, mark: str) -> Any:
        """As ``Futures.chunk``."""
        return OnWorker(Chunk(tuple(jobs), wanted, mark), self._topic)


class OnWorker(NamedTuple):
    """A chunk on a worker of Dask, which tells of evaluations by its scheduler. It can be pickled."""

    chunk: Chunk
    topic: str

    def __call__(self) -> list[sent.Returned]:
        """See ``Chunk``."""
        from distributed import get_worker

        worker = get_worker()
        name = worker.get_current_task()
        said = looked = 0.0
        unwanted = False

        def say(index: int, news: Mapping[str, Any]) -> None:
            nonlocal said
            if "ended" not in news and time.monotonic() - said < NEWS_SECONDS:
                return
            said = time.monotonic()
            worker.log_event(self.topic, (index, dict(news)))

        def leaves() -> bool:
            nonlocal looked, unwanted
            if time.monotonic() - looked > WANTED_SECONDS:
                looked = time.monotonic()
                task = worker.state.tasks.get(name)
                unwanted = unwanted or task is None or task.state not in ("executing", "long-running")
            return unwanted

        return self.chunk._replace(say=say, leaves=leaves)()
