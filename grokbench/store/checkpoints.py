"""Runs that were kept in the middle: a file each, with a checksum, JSON and arrays; no pickle."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grokbench.specs.types import Trial
from grokbench.store import keys
from grokbench.store.replacing import replaced
from grokbench.training.taken import Taken

EVERY_SECONDS = 60.0
SHARE = 0.02  # of the time that keeping may take
FORMAT = 1
_STATE, _DIGEST = "state.json", 64
BATCH = "batch-"  # begins the names of batches' files


class Checkpoint:
    """The kept state of one run in the file ``path``; it is written at most once in ``EVERY_SECONDS``.

    leaving: whether the process has been asked to end; then the run is kept at once, and ``SystemExit`` is raised. A file that
    cannot be written hinders nothing: the run then begins again where it is asked for again.
    """

    def __init__(self, path: Path, leaving: Callable[[], bool] = lambda: False) -> None:
        self.path, self._leaving = path, leaving
        self.cpu_seconds = 0.0  # of the processes before this one
        self._began, self._next = time.process_time(), time.monotonic() + EVERY_SECONDS

    def load(self, made: Mapping[str, object]) -> Taken | None:
        """See ``Keeper``. A damaged file, and one of another environment, is none."""
        found = self._loaded(self.path, made)
        return None if found is None else found[0]

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

    def forget(self) -> None:
        """Remove what was kept."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


class BatchCheckpoint(Checkpoint):
    """The kept state of the trials of a batch, by their names. source: an earlier file that has them, and perhaps others."""

    def __init__(
        self, path: Path, source: Path | None = None, leaving: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__(path, leaving)
        self._source = source or path

    def load(self, made: Mapping[str, object]) -> tuple[Taken, list[str]] | None:  # type: ignore[override]
        """See ``BatchKeeper``."""
        return self._loaded(self._source, made)

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

    def of(self, trial: Trial, leaving: Callable[[], bool] = lambda: False) -> Checkpoint:
        """Where a run of exactly this trial is kept. leaving: as of a ``Checkpoint``."""
        return Checkpoint(self._folder / keys.key(trial), leaving)

    def of_batch(
        self, trials: Sequence[Trial], source: Path | None, leaving: Callable[[], bool] = lambda: False
    ) -> BatchCheckpoint:
        """Where a batch of these trials is kept. source: what kept them before."""
        name = keys.digest([keys.key(trial) for trial in trials])
        return BatchCheckpoint(self._folder / f"{BATCH}{name}", source, leaving)

    def begun(self, trials: Sequence[Trial]) -> list[tuple[list[int], Path | None]]:
        """``trials`` as those that were kept together can go on together: their places, and the file that has them, or None."""
        left = {keys.key(trial): place for place, trial in enumerate(trials)}
        found: list[tuple[list[int], Path | None]] = []
        for path in sorted(self._folder.glob(f"{BATCH}*")):
            own = [left.pop(name) for name in names_in(path) if name in left]
            if own:
                found.append((sorted(own), path))
        return [*found, (sorted(left.values()), None)] if left else found

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


DAMAGE = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)


def read(path: Path) -> tuple[dict[str, Any], list[np.ndarray[Any, Any]]]:
    """What ``write`` wrote. Errors: one of ``DAMAGE``."""
    data = path.read_bytes()
    if hashlib.sha256(data[_DIGEST:]).hexdigest().encode() != data[:_DIGEST]:
        raise ValueError(f"{path} is damaged")
    with np.load(io.BytesIO(data[_DIGEST:]), allow_pickle=False) as stored:
        document = json.loads(stored[_STATE].tobytes())
        arrays = [stored[str(i)] for i in range(len(stored.files) - 1)]
    return document, arrays
