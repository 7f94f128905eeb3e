"""Runs that were kept in the middle, or at their end: a file each, with a checksum, JSON and arrays; no pickle."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from grokbench.specs.types import Trial
from grokbench.store import keys, zips
from grokbench.store.replacing import replaced
from grokbench.training.taken import End, Taken, UnkeptError, joined

EVERY_SECONDS = 60.0
END_SECONDS = 60.0  # what takes less is trained again as quickly
SHARE = 0.02  # of the time that keeping may take
FORMAT = 1
_STATE, _DIGEST = "state.json", 64
BATCH = "batch-"  # begins the names of batches' files


class Earlier(NamedTuple):
    """The end of a shorter run: its state at that step, the environment and the CPU seconds that it took."""

    step: int
    state: Taken
    made: Mapping[str, Any]
    cpu_seconds: float


class Checkpoint:
    """The kept state of one run in the file ``path``; it is written at most once in ``EVERY_SECONDS``.

    ends: of a shorter run, from which this one goes on where it was not kept itself.
    leaving: whether the process has been asked to end; then the run is kept at once, and ``SystemExit`` is raised. A file that
    cannot be written hinders nothing: the run then begins again where it is asked for again.
    """

    def __init__(
        self, path: Path, leaving: Callable[[], bool] = lambda: False, ends: Sequence[Earlier] = ()
    ) -> None:
        self.path, self._leaving, self._ends = path, leaving, tuple(ends)
        self.cpu_seconds = 0.0  # of the processes before this one
        self._began, self._next = time.process_time(), time.monotonic() + EVERY_SECONDS

    def load(self, made: Mapping[str, object]) -> Taken | None:
        """See ``Keeper``. A damaged file, and one of another environment, is none."""
        found = self._loaded(self.path, made)
        if found is not None:
            return found[0]
        (state,) = self._earlier(made) or (None,)
        return state

    def _earlier(self, made: Mapping[str, object]) -> list[Taken]:
        """The states of shorter runs, if all of them were made in this environment."""
        if any(end.made != _plain(made) for end in self._ends):
            return []
        self.cpu_seconds = sum(end.cpu_seconds for end in self._ends)
        return [end.state for end in self._ends]

    def ends(self, seconds: float) -> bool:
        """See ``Keeper``."""
        return seconds >= END_SECONDS

    def _loaded(self, path: Path, made: Mapping[str, object]) -> tuple[Taken, list[str]] | None:
        try:
            document, arrays = read(path)
        except DAMAGE:
            return None
        if document["format"] != FORMAT or document["made"] != _plain(made):
            return None
        self.cpu_seconds = float(document["cpu_seconds"])
        return Taken(document["node"], arrays), document["trials"]

    def due(self) -> bool:
        """See ``Keeper``."""
        return time.monotonic() >= self._next or self._leaving()

    def save(self, state: Taken, made: Mapping[str, object]) -> None:
        """See ``Keeper``."""
        self._save(state, made, ())

    def _save(self, state: Taken, made: Mapping[str, object], names: Sequence[str]) -> None:
        began = time.monotonic()
        document = {
            "format": FORMAT,
            "made": _plain(made),
            "trials": list(names),
            "cpu_seconds": self.cpu_seconds + time.process_time() - self._began,
            "node": state.node,
        }
        with contextlib.suppress(OSError):
            write(self.path, document, state.arrays)
        if self._leaving():
            raise SystemExit(1)
        now = time.monotonic()
        self._next = now + max(EVERY_SECONDS, (now - began) / SHARE)

    def as_batch(self) -> BatchCheckpoint:
        """Where the same run is kept as a batch of one."""
        return BatchCheckpoint(self.path, None, self._leaving, self._ends, [self.path.name])

    def forget(self) -> None:
        """Remove what was kept."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


class BatchCheckpoint(Checkpoint):
    """The kept state of the trials of a batch, by their names.

    source: an earlier file that has them, and perhaps others. ends: of a shorter run of each of them, in their order.
    """

    def __init__(
        self,
        path: Path,
        source: Path | None = None,
        leaving: Callable[[], bool] = lambda: False,
        ends: Sequence[Earlier] = (),
        names: Sequence[str] = (),
    ) -> None:
        super().__init__(path, leaving, ends)
        self._source, self._names = source or path, list(names)

    def load(self, made: Mapping[str, object]) -> tuple[Taken, list[str]] | None:  # type: ignore[override]
        """See ``BatchKeeper``."""
        found = self._loaded(self._source, made)
        states = [] if found is not None else self._earlier(made)
        with contextlib.suppress(UnkeptError):
            return (joined(states), self._names) if states else found
        return None

    def save(self, state: Taken, made: Mapping[str, object], names: Sequence[str] = ()) -> None:
        """See ``BatchKeeper``."""
        self._save(state, made, names)


def names_in(path: Path) -> tuple[str, ...]:
    """The names of the trials of a batch that was kept in a file; none where it is damaged."""
    try:
        return tuple(read(path)[0]["trials"])
    except DAMAGE:
        return ()


class Checkpoints:
    """The runs that were kept in the middle, in the store under ``root``."""

    def __init__(self, root: Path) -> None:
        self._root, self._folder = root, root / "checkpoints"

    def of(
        self, trial: Trial, leaving: Callable[[], bool] = lambda: False, ends: Sequence[Earlier] = ()
    ) -> Checkpoint:
        """Where a run of exactly this trial is kept. leaving, ends: as of a ``Checkpoint``."""
        return Checkpoint(self._folder / keys.key(trial), leaving, ends)

    def of_batch(
        self,
        trials: Sequence[Trial],
        source: Path | None,
        leaving: Callable[[], bool] = lambda: False,
        ends: Sequence[Earlier] = (),
    ) -> BatchCheckpoint:
        """Where a batch of these trials is kept. source: what kept them before. ends: as of a ``BatchCheckpoint``."""
        names = [keys.key(trial) for trial in trials]
        return BatchCheckpoint(self._folder / f"{BATCH}{keys.digest(names)}", source, leaving, ends, names)

    def begun(self, trials: Sequence[Trial]) -> list[tuple[list[int], Path | None]]:
        """``trials`` as those that were kept together can go on together: their places, and the file that has them, or None."""
        left = {keys.key(trial): place for place, trial in enumerate(trials)}
        found: list[tuple[list[int], Path | None]] = []
        for path in sorted(self._folder.glob(f"{BATCH}*")):
            own = [left.pop(name) for name in names_in(path) if name in left]
            if own:
                found.append((sorted(own), path))
        return [*found, (sorted(left.values()), None)] if left else found

    def steps(self, single: Iterable[str], batched: Iterable[str]) -> dict[str, int]:
        """By their names, the steps to which trials have come that are kept in the middle, and go on alone or in a batch."""
        found: dict[str, int] = {}
        for name in single:
            step = _step(self._folder / name)[0]
            found |= {} if step is None else {name: step}
        wanted = set(batched)
        for path in self._folder.glob(f"{BATCH}*") if wanted else ():
            step, names = _step(path)
            found |= {} if step is None else dict.fromkeys(wanted & {*names}, step)
        return found

    def forget_batch(self, path: Path) -> None:
        """Remove a kept batch, unless a trial of it has no record yet: another worker may go on with that."""
        if all(any(self._root.glob(f"records/*/*/{name}")) for name in names_in(path)):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _plain(made: Mapping[str, object]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(made))
    return found


def write(path: Path, document: Mapping[str, Any], arrays: list[np.ndarray[Any, Any]]) -> None:
    """A document and arrays as one file, the digest of all first. Errors: OSError."""
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(document).encode(), dtype=np.uint8)
    np.savez(buffer, allow_pickle=False, **{_STATE: text}, **{str(i): one for i, one in enumerate(arrays)})
    data = buffer.getvalue()
    with replaced(path) as beside:
        beside.write_bytes(hashlib.sha256(data).hexdigest().encode() + data)


def write_end(path: Path, end: End) -> None:
    """The state of a run at its budget. Errors: OSError."""
    document = {"format": FORMAT, "made": _plain(end.made), "node": end.state.node}
    write(path, document, end.state.arrays)


def read_end(path: Path) -> End | None:
    """What :func:`write_end` wrote; None where there is none, or none that can be used."""
    try:
        document, arrays = read(path)
        known = document["format"] == FORMAT
        return End(Taken(document["node"], arrays), document["made"]) if known else None
    except DAMAGE:
        return None


def _step(path: Path) -> tuple[int | None, list[str]]:
    """The step to which a run has come that was kept in a file, and its trials if it is a batch; None for none that can be used.

    Of the file only this is read, and its digest is not checked.
    """
    try:
        with zipfile.ZipFile(path) as stored:
            document = zips.document(zips.array(zips.member(stored, f"{_STATE}.npy")).tobytes())
        step, names = document["node"]["object"]["step"], document["trials"]
        sound = document["format"] == FORMAT and type(step) is int and step >= 0
        return (step if sound else None), [str(name) for name in names]
    except DAMAGE:
        return None, []


DAMAGE = (OSError, *zips.DAMAGE)


def read(path: Path) -> tuple[dict[str, Any], list[np.ndarray[Any, Any]]]:
    """What ``write`` wrote. Errors: one of ``DAMAGE``."""
    data = path.read_bytes()
    if hashlib.sha256(data[_DIGEST:]).hexdigest().encode() != data[:_DIGEST]:
        raise ValueError(f"{path} is damaged")
    found = zips.arrays(data[_DIGEST:], most=len(data))  # it is not compressed
    document = zips.document(found.pop(_STATE).tobytes())
    return document, [found[str(i)] for i in range(len(found))]
