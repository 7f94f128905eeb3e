"""Jobs that travel together to a worker elsewhere, as specs, and what comes back of them.

A worker that sees the store trains as one on this machine does. Another one trains into a folder of its own and keeps its runs
there, and its records come back with the answers.
"""

from __future__ import annotations

import dataclasses
import platform
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import grokbench
from grokbench import parts
from grokbench.parts import Part
from grokbench.plan import memory, worker
from grokbench.plan.batch import Together
from grokbench.plan.worker import Work
from grokbench.specs.errors import PartError
from grokbench.specs.types import Trial
from grokbench.store import keys
from grokbench.store.folder import Store
from grokbench.training.record import Record

Say = Callable[[int, Mapping[str, Any]], None]
"""Takes a job's place in the list, and what it says of an evaluation."""


class Needed(NamedTuple):
    """A part from outside that a worker must have: kind, name, and whose it is, to the source."""

    kind: str
    name: str
    origin: str
    label: str
    digest: str


class Wanted(NamedTuple):
    """What a worker must have. scripts: path → text of scripts that register parts, which travel along."""

    version: str
    training_version: int
    parts: tuple[Needed, ...]
    scripts: Mapping[str, str]


class Returned(NamedTuple):
    """What comes back of a job. records: those that the store has not. seconds: what the job took."""

    answer: dict[str, Any]
    records: tuple[Record, ...]
    seconds: float


def trials(job: Work | Together) -> tuple[Trial, ...]:
    """The trials of a job."""
    return job.trials if isinstance(job, Together) else (job.trial,)


def wanted(jobs: Iterable[Work | Together]) -> Wanted:
    """What workers must have for these jobs."""
    found: dict[tuple[str, str], Part] = {}
    seen: set[tuple[object, ...]] = set()
    scripts: dict[str, None] = {}
    for job in jobs:
        scripts |= dict.fromkeys(job.how.plugins)
        for trial in trials(job):
            name = (id(trial.recipe), id(trial.task), trial.probes, trial.analyses)
            if name not in seen:
                seen.add(name)
                found |= {(part.kind, part.name): part for part in _strangers(trial)}
    needed = (Needed(p.kind, p.name, p.origin, p.label, p.digest) for p in found.values())
    texts = {path: Path(path).read_text(encoding="utf-8") for path in scripts}
    return Wanted(grokbench.__version__, keys.TRAINING_VERSION, tuple(needed), texts)


def _strangers(trial: Trial) -> Iterator[Part]:
    """The parts of a trial, and of those that it starts from, that come from elsewhere."""
    yield from parts.strangers(trial.recipe, trial.task)
    for kind, names in (("probes", trial.probes), ("analyses", trial.analyses)):
        yield from (part for name in names if (part := parts.outside(kind, name)) is not None)
    if trial.start is not None:
        yield from _strangers(trial.start.trial)


# -- on the worker -------------------------------------------------------------------------------------


def own_folder() -> Path:
    """Where a worker that does not see the store keeps runs and records: with a user's caches, where a later one finds them."""
    return (memory.folder() or Path(tempfile.mkdtemp(prefix="grokbench-"))) / "worker"


def lacking(what: Wanted) -> str:
    """Why this process cannot train what is wanted; empty where it can. Scripts that travel along are run first."""
    if (grokbench.__version__, keys.TRAINING_VERSION) != (what.version, what.training_version):
        return (
            f"it has grokbench {grokbench.__version__} (training version {keys.TRAINING_VERSION}), not {what.version} "
            f"({what.training_version}); install the same version there"
        )
    for path, text in what.scripts.items():
        parts.run_plugin(_script(path, text))
    for one in what.parts:
        part = parts.outside(one.kind, one.name)
        name = f"the {parts.one(one.kind)} {one.name!r} of {one.origin}"
        if part is None:
            return f"it has not {name}; install that there"
        if (part.label, part.digest) != (one.label, one.digest):
            return f"its {name} is another version or has another source ({part.origin}); install the same one there"
    return ""


def _script(path: str, text: str) -> Path:
    """The file of a script that travelled along: its own where it lies here too, else a copy under the same name."""
    own = Path(path)
    try:
        if own.read_text(encoding="utf-8") == text:
            return own
    except OSError:
        pass
    copy = own_folder() / "plugins" / keys.digest(text)[:16] / own.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(text, encoding="utf-8")
    return copy


_alone = threading.Lock()  # a process trains one trial at a time, whatever its threads
_returned: list[Path] = []  # records that were sent with the chunk before


class Chunk(NamedTuple):
    """Jobs that travel together, with their places. It can be pickled; call it on the worker.

    mark: a file beside the store's records that says who sees the store. say, leaves: what tells of evaluations there, and of
    whether the chunk is still wanted.
    """

    jobs: tuple[tuple[int, Work | Together], ...]
    wanted: Wanted
    mark: str
    say: Say = lambda index, news: None
    leaves: Callable[[], bool] = lambda: False

    def __call__(self) -> list[Returned]:
        """Run the jobs; what comes back of each, in their order. One that must leave ends the list.

        Errors: PartError where the process lacks something that they need.
        """
        with _alone:
            if why := lacking(self.wanted):
                raise PartError(f"the worker on {platform.node()} cannot train this: {why}")
            while _returned:
                shutil.rmtree(_returned.pop(), ignore_errors=True)
            found = []
            with worker.asked_by(self.leaves):
                for index, job in self.jobs:
                    begun = time.perf_counter()
                    try:
                        answer, records = self._ran(index, job)
                    except SystemExit:  # it has kept its run
                        break
                    found.append(Returned(answer, records, time.perf_counter() - begun))
            return found

    def _ran(self, index: int, job: Work | Together) -> tuple[dict[str, Any], tuple[Record, ...]]:
        scripts = tuple(str(_script(path, text)) for path, text in self.wanted.scripts.items())
        if Path(job.how.root, self.mark).is_file():
            own = job._replace(how=job.how._replace(plugins=scripts))
            return own(lambda news: self.say(index, news)), ()
        store = Store(own_folder() / "store")
        own = job._replace(how=job.how._replace(root=str(store.root), plugins=scripts))
        while _busy(answer := own(lambda news: self._say_evaluated(index, news))):
            time.sleep(worker.POLL_SECONDS)  # another process on this machine trains it
        records = []
        for trial in trials(own):
            record = store.kept(trial)
            if record is not None:
                records.append(dataclasses.replace(record, trial=trial))
                _returned.append(store.folder(trial))
        return _of_this_machine(answer), tuple(records)

    def _say_evaluated(self, index: int, news: Mapping[str, Any]) -> None:
        """Say only that of a run whose record is not back yet."""
        if "train_accuracy" in news and "ended" not in news:
            self.say(index, news)


def _of_this_machine(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer by which a full disk here ends no round: the caller's store has another one."""
    if "together" in answer:
        return {"together": [_of_this_machine(one) for one in answer["together"]]}
    if not answer.get("full"):
        return answer
    own = {name: value for name, value in answer.items() if name != "full"}
    return own | {"sentence": f"on {platform.node()}: {answer['sentence']}"}


def _busy(answer: Mapping[str, Any]) -> bool:
    return any("busy" in one for one in answer.get("together", [answer]))


# -- here --------------------------------------------------------------------------------------------------

MARK = ".seen-by-"
MARK_SECONDS = 24 * 3600.0  # a mark that is older was left by a command that was killed


@contextmanager
def marked(root: str) -> Iterator[str]:
    """The name of a file that lies in the store meanwhile, by which workers know it. Where none can be written none is there."""
    path = Path(root, f"{MARK}{uuid.uuid4().hex}")
    try:
        for old in Path(root).glob(f"{MARK}*"):
            if time.time() - old.stat().st_mtime > MARK_SECONDS:
                old.unlink(missing_ok=True)
        path.touch()
    except OSError:
        pass
    try:
        yield path.name
    finally:
        path.unlink(missing_ok=True)
