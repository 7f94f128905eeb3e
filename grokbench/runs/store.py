"""The store: one folder per key, written beside its place and renamed into it, checksummed.

A failed, damaged or half-written record is never a hit.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from grokbench.measures.record import Record
from grokbench.measures.timing import stop_step
from grokbench.runs import codec, keys
from grokbench.specs import values
from grokbench.specs.errors import StoreError
from grokbench.specs.types import Array, Trial

Weights = dict[str, Array]

_RECORD, _ARRAYS, _WEIGHTS = "record.json", "arrays.npz", "weights.safetensors"
_SNAPSHOT = "snapshot-"


class Source(Protocol):
    """Anything records can be read from."""

    def find(self, trial: Trial) -> Record | None:
        """The record that answers ``trial``, cut to it, or None."""


def default_path() -> Path:
    """``$GROKBENCH_STORE``, or a folder in the platform's place for a user's data."""
    from platformdirs import user_data_path

    named = os.environ.get("GROKBENCH_STORE")
    return (
        values.path("GROKBENCH_STORE", named)
        if named
        else user_data_path("grokbench", appauthor=False) / "store"
    )


class Store:
    """Records on disk under ``root``.

    ``on_damage`` is told, once each, of record folders whose checksum does not hold; they are left for ``save`` to replace.
    """

    def __init__(
        self, root: str | Path | None = None, on_damage: Callable[[str], None] | None = None
    ) -> None:
        self.root = values.path("store", root) if root is not None else default_path()
        self._on_damage = on_damage or (lambda text: None)
        self._told: set[Path] = set()

    def check_writable(self) -> None:
        """Create the folder and write a file in it. Errors: StoreError, before anything is trained."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise StoreError(
                f"the store {self.root} cannot be written ({error.strerror}); name another store"
            ) from None

    def folder(self, trial: Trial) -> Path:
        """Where the record of exactly this trial lies."""
        family = keys.family(trial)
        return self.root / "records" / family[:2] / family / keys.key(trial)

    def find(self, trial: Trial) -> Record | None:
        """The record of this trial, or of a longer or more closely watched one, cut to it; weights are not loaded."""
        exact = self.folder(trial)
        record = self._read(exact) if exact.is_dir() else None
        if record is not None and set(record.analyses) >= set(trial.analyses):
            return record
        for folder in self._family(exact.parent):
            if folder == exact:
                continue
            other = self._read(folder)
            answer = cut(other, trial) if other is not None else None
            if answer is not None:
                return answer
        return None

    def trained(self, trial: Trial) -> Record | None:
        """The record of exactly this training with its weights and snapshots, whatever was analysed; None without them."""
        exact = self.folder(trial)
        record = self._read(exact, weights=True) if exact.is_dir() else None
        return dataclasses.replace(record, trial=trial) if record is not None and record.weights else None

    def _family(self, parent: Path) -> Iterator[Path]:
        if parent.is_dir():
            yield from sorted(p for p in parent.iterdir() if p.is_dir() and not p.name.startswith("."))

    def _read(self, folder: Path, *, weights: bool = False) -> Record | None:
        """The record in ``folder`` if its checksums hold; snapshots are checked only where weights are asked for."""
        try:
            document = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
            data = (folder / _ARRAYS).read_bytes()
            sums = document.pop("checksums")
            own = document.pop("checksum")
            sound = own == keys.digest({"document": document, "checksums": sums}) and all(
                hashlib.sha256((folder / name).read_bytes()).hexdigest() == value
                for name, value in sums.items()
                if weights or not name.startswith(_SNAPSHOT)
            )
            if sound and document["outcome"] != "failed":
                return codec.unpack(document, data, *(_weights(folder, sums) if weights else ()))
        except (OSError, ValueError, KeyError, TypeError):
            pass
        if folder not in self._told:
            self._told.add(folder)
            self._on_damage(f"the record {folder} is damaged; its trial will be trained again")
        return None

    def save(self, record: Record) -> Path:
        """Write a record, replacing whatever lies in its place. Errors: StoreError (disk full, no permission)."""
        target = self.folder(record.trial)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _sweep(target.parent)
            beside = Path(tempfile.mkdtemp(prefix=f".{target.name[:12]}-", dir=target.parent))
            try:
                _write(beside, record)
                if target.exists():
                    old = Path(tempfile.mkdtemp(prefix=".old-", dir=target.parent))
                    target.rename(old / "record")
                    shutil.rmtree(old)
                beside.rename(target)
            except BaseException:
                shutil.rmtree(beside, ignore_errors=True)
                raise
        except OSError as error:
            if target.is_dir() and self._read(target) is not None:
                return target  # another process wrote the same trial meanwhile
            raise StoreError(f"the record cannot be written to {target} ({error.strerror})") from None
        return target

    def note_failure(self, trial: Trial, trace: str) -> str:
        """Keep a failed trial's traceback where the report can name it; returns the file's path, or why there is none."""
        path = self.root / "failures" / f"{keys.key(trial)}.txt"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(trace, encoding="utf-8")
        except OSError as error:
            return f"no file ({error.strerror}): {trace.strip().splitlines()[-1]}"
        return str(path)


def _weights(folder: Path, names: Iterable[str]) -> tuple[Weights, dict[int, Weights]]:
    """Final weights and snapshots among the files of a record."""
    from safetensors.numpy import load

    final: Weights = {}
    snapshots: dict[int, Weights] = {}
    for name in names:
        if name == _WEIGHTS:
            final = load((folder / name).read_bytes())
        elif name.startswith(_SNAPSHOT):
            snapshots[int(Path(name).stem.removeprefix(_SNAPSHOT))] = load((folder / name).read_bytes())
    return final, dict(sorted(snapshots.items()))


STALE_SECONDS = 24 * 3600.0


def _sweep(parent: Path) -> None:
    """Remove what a killed process left half-written a day or more ago."""
    for path in parent.glob(".*-*"):
        if time.time() - path.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _write(folder: Path, record: Record) -> None:
    files: dict[str, bytes] = {_ARRAYS: codec.pack_arrays(codec.arrays(record), compress=True)}
    if record.weights:
        files[_WEIGHTS] = codec.pack_weights(record)
    for step in record.snapshots:
        files[f"{_SNAPSHOT}{step}.safetensors"] = codec.pack_weights(record, step)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    document = codec.head(record)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    sealed: Mapping[str, Any] = {
        **document,
        "checksums": sums,
        "checksum": keys.digest({"document": document, "checksums": sums}),
    }
    (folder / _RECORD).write_text(json.dumps(sealed, indent=1, ensure_ascii=False), encoding="utf-8")


def cut(record: Record, wanted: Trial) -> Record | None:
    """``record`` as the shorter or less closely watched ``wanted`` would have left it; None where it cannot say."""
    have = record.trial
    if not set(have.probes) >= set(wanted.probes):
        return None
    steps, accuracy = record.curves["step"], record.curves["test_accuracy"]
    last = int(steps[-1])
    end = stop_step(steps, accuracy, wanted.budget, wanted.horizon)
    if end is None and record.outcome == "diverged":
        end = last
    if end is None or (end != last and (wanted.portraits or wanted.snapshots or wanted.analyses)):
        return None
    if not (set(have.portraits) >= set(wanted.portraits) and set(have.snapshots) >= set(wanted.snapshots)):
        return None
    if not set(record.analyses) >= set(wanted.analyses):
        return None
    whole = end == last
    return dataclasses.replace(
        record,
        trial=wanted,
        outcome=record.outcome if whole else "stopped" if end < wanted.budget else "finished",
        curves=_rows(record.curves, end),
        probes={
            name: _rows(columns, end) for name, columns in record.probes.items() if name in wanted.probes
        },
        portraits={name: record.portraits[name] for name in wanted.portraits},
        analyses={name: record.analyses[name] for name in wanted.analyses},
        weights=record.weights if whole else {},
        facts={**record.facts, "steps": end},
        content=record.content if whole else f"{record.content}@{end}",
    )


def training_of(record: Record) -> tuple[str, str]:
    """What names the training that a record comes from: two that were cut from the same one have the same."""
    return keys.family(record.trial), record.content.partition("@")[0]


def _rows(columns: Mapping[str, Array], end: int) -> dict[str, Array]:
    keep = columns["step"] <= end
    return {name: values[keep] for name, values in columns.items()}
