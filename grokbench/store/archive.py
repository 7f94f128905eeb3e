"""Committed records: one compressed file per experiment, curves and numbers without weights, read-only once written."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from grokbench.specs import values
from grokbench.specs.errors import InputError
from grokbench.specs.types import Trial
from grokbench.store import codec, formats, keys, zips
from grokbench.store.cutting import cut
from grokbench.store.kept import Kept
from grokbench.store.replacing import replaced
from grokbench.training.record import Record

_HEADS = "records.json"
_MOST_HEADS = 2**26  # bytes
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same records always make the same bytes


def write(folder: Path, experiment: str, records: Iterable[Record]) -> Path:
    """Write ``folder/<experiment>.zip`` with the given records, the first of those with one key.

    Analyses that only figures read (``keys.PORTRAITS``) are written of the least seed alone that has them.
    """
    path = folder / f"{experiment}.zip"
    first: dict[str, Record] = {}
    for record in records:
        first.setdefault(keys.key(record.trial), record)
    named = dict(sorted(first.items()))
    shown = min((record.trial.seed for record in named.values() if _portraits(record)), default=0)
    members = {
        _HEADS: json.dumps(
            {name: codec.head(record) for name, record in named.items()}, sort_keys=True
        ).encode()
    }
    for key, record in named.items():
        left_out = [] if record.trial.seed == shown else _portraits(record)
        analyses = {name: {} if name in left_out else arrays for name, arrays in record.analyses.items()}
        kept = dataclasses.replace(record, analyses=analyses)
        members[f"{key}.npz"] = codec.pack_arrays(codec.arrays(kept), compress=False)
    with replaced(path) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for name, data in members.items():
            out.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED, 9)
    return path


def _portraits(record: Record) -> list[str]:
    """The analyses with arrays that only figures read."""
    return [name for name in keys.PORTRAITS if record.analyses.get(name)]


def read(folder: Path, experiment: str) -> list[Record]:
    """The records of this version in ``folder/<experiment>.zip``; none where there is no such file.

    Errors: InputError when it is damaged.
    """
    path = folder / f"{experiment}.zip"
    if not path.is_file():
        return []
    try:
        stored, heads = _opened(path)
        with stored:
            return [codec.unpack(head, zips.member(stored, f"{name}.npz")) for name, head in heads.items()]
    except DAMAGE as error:
        raise _damaged(path, error) from None


def _opened(path: Path) -> tuple[zipfile.ZipFile, dict[str, dict[str, Any]]]:
    """An archive, kept in memory, and the heads of its records of this version of training, by their keys.

    Errors: one of ``DAMAGE``; NewerFormatError.
    """
    stored = zips.opened(path.read_bytes())
    heads = zips.document(zips.member(stored, _HEADS, _MOST_HEADS))
    for head in heads.values():
        formats.version(head, path)
    now = keys.TRAINING_VERSION
    return stored, {name: head for name, head in heads.items() if head["training_version"] == now}


def answered(record: Record, by: Iterable[Record]) -> bool:
    """Whether one of the records ``by`` answers the trial of ``record``, as it is or cut to it."""
    return any(
        keys.family(other.trial) == keys.family(record.trial)
        and _answer(keys.key(other.trial), other, record.trial) is not None
        for other in by
    )


def _answer(name: str, record: Record, trial: Trial) -> Record | None:
    """What a record, called ``name``, of the family of ``trial`` says of it."""
    exact = name == keys.key(trial) and set(record.analyses) >= set(trial.analyses)
    return record if exact else cut(record, trial)


def prune(folder: Path, experiments: Iterable[str]) -> None:
    """Remove the archives of all but these experiments."""
    kept = set(experiments)
    for path in folder.glob("*.zip"):
        if path.stem not in kept:
            path.unlink()


class _Entry(NamedTuple):
    """A record of an archive."""

    path: Path
    stored: zipfile.ZipFile
    name: str  # its trial's key
    head: dict[str, Any]

    def record(self) -> Record:
        """Read it. Errors: InputError where the archive is damaged."""
        try:
            return codec.unpack(self.head, zips.member(self.stored, f"{self.name}.npz"))
        except DAMAGE as error:
            raise _damaged(self.path, error) from None


class Archive:
    """The records under a folder such as ``reports/<paper>/records``, as they are when it is first read.

    Errors: InputError where there is no such folder; when it is first read, where it is damaged or, if ``strict``, holds
    no records of this version.
    """

    def __init__(self, folder: str | Path, *, strict: bool = True) -> None:
        self.folder, self._strict = values.path("records", folder), strict
        if not self.folder.is_dir():
            raise InputError(f"{folder}: no such folder of records")

    @cached_property
    def _index(self) -> dict[str, list[_Entry]]:
        """Family → its records. Archives are small and are kept in memory: opening one costs more than reading a record."""
        index: dict[str, list[_Entry]] = {}
        for path in sorted(self.folder.glob("*.zip")):
            try:
                stored, heads = _opened(path)
                for name, head in heads.items():
                    trial = codec.trial_from_json(formats.upgraded(head)["trial"])
                    if keys.key(trial) != name:
                        raise ValueError("a record lies under another one's name")
                    index.setdefault(keys.family(trial), []).append(_Entry(path, stored, name, head))
            except DAMAGE as error:
                raise _damaged(path, error) from None
        if not index and self._strict:
            raise InputError(f"{self.folder} holds no records of this version")
        return index

    def find(self, trial: Trial) -> Record | None:
        """The record that answers ``trial``, cut to it, or None."""
        wanted = keys.key(trial)
        entries = self._index.get(keys.family(trial), [])
        for entry in sorted(entries, key=lambda entry: entry.name != wanted):
            answer = _answer(entry.name, entry.record(), trial)
            if answer is not None:
                return answer
        return None

    def each(self) -> Iterator[Kept]:
        """Every record, once, whichever experiments have it. Errors: InputError where an archive is damaged."""
        entries = {entry.name: entry for own in self._index.values() for entry in own}
        for name, entry in entries.items():
            size = entry.stored.getinfo(f"{name}.npz").compress_size
            yield Kept(name, entry.record(), entry.path, size, None, entry.record)


DAMAGE = (*zips.DAMAGE, OSError)


def _damaged(path: Path, why: object) -> InputError:
    return InputError(f"{path} is damaged ({why}); restore it or delete it")
