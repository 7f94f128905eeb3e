"""Committed records: one compressed file per experiment, curves and numbers without weights, read-only once written."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from grokbench.runs import codec, keys
from grokbench.runs.store import cut
from grokbench.specs.errors import InputError
from grokbench.specs.types import Record, Trial

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same records always make the same bytes


def write(folder: Path, experiment: str, records: Iterable[Record]) -> Path:
    """Write ``folder/<experiment>.zip`` with the given records."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{experiment}.zip"
    beside = path.with_suffix(".tmp")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for name, record in sorted({keys.key(r.trial): r for r in records}.items()):
            for suffix, data in (
                ("json", json.dumps(codec.head(record), sort_keys=True).encode()),
                ("npz", codec.pack_arrays(codec.arrays(record), compress=False)),
            ):
                out.writestr(zipfile.ZipInfo(f"{name}.{suffix}", _EPOCH), data, zipfile.ZIP_DEFLATED, 9)
    beside.replace(path)
    return path


class Archive:
    """The records under a folder such as ``reports/<paper>/records``."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise InputError(f"{folder}: no such folder of records")

    @cached_property
    def _index(self) -> dict[str, list[tuple[Path, str]]]:
        index: dict[str, list[tuple[Path, str]]] = {}
        for path in sorted(self.folder.glob("*.zip")):
            try:
                with zipfile.ZipFile(path) as stored:
                    for name in stored.namelist():
                        if name.endswith(".json"):
                            document = json.loads(stored.read(name))
                            if document["training_version"] == keys.TRAINING_VERSION:
                                trial = codec.trial_from_json(document["trial"])
                                index.setdefault(keys.family(trial), []).append(
                                    (path, name.removesuffix(".json"))
                                )
            except (zipfile.BadZipFile, ValueError, KeyError) as error:
                raise InputError(f"{path} is damaged ({error}); restore it or delete it") from None
        return index

    def find(self, trial: Trial) -> Record | None:
        """The record that answers ``trial``, cut to it, or None."""
        wanted = keys.key(trial)
        entries = self._index.get(keys.family(trial), [])
        for path, name in sorted(entries, key=lambda entry: entry[1] != wanted):
            with zipfile.ZipFile(path) as stored:
                record = codec.unpack(json.loads(stored.read(f"{name}.json")), stored.read(f"{name}.npz"))
            answer = record if name == wanted else cut(record, trial)
            if answer is not None:
                return answer
        return None
