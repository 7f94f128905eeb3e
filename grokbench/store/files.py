"""The files of a record in its folder: written with checksums, and read where they hold."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grokbench.specs.types import Array
from grokbench.store import codec, formats, keys, zips
from grokbench.store.checkpoints import read_end, write_end
from grokbench.training.record import Record

Weights = dict[str, Array]

RECORD, _ARRAYS, _WEIGHTS = "record.json", "arrays.npz", "weights.safetensors"
_SNAPSHOT = "snapshot-"
END = "end.state"
"""In a record's folder, where it was kept: what a larger budget goes on from. It is no part of the record, and may be removed."""


def write(folder: Path, record: Record) -> None:
    """Write the files of a record into its empty folder. Errors: OSError."""
    files: dict[str, bytes] = {_ARRAYS: codec.pack_arrays(codec.arrays(record), compress=True)}
    if record.weights:
        files[_WEIGHTS] = codec.pack_weights(record)
    for step in record.snapshots:
        files[f"{_SNAPSHOT}{step}.safetensors"] = codec.pack_weights(record, step)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    if record.end is not None:
        with contextlib.suppress(OSError):  # a record is worth more than what saves time later
            write_end(folder / END, record.end)
    document = codec.head(record)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    sealed: Mapping[str, Any] = {
        **document,
        "checksums": sums,
        "checksum": keys.digest({"document": document, "checksums": sums}),
    }
    (folder / RECORD).write_text(json.dumps(sealed, indent=1, ensure_ascii=False), encoding="utf-8")


def read(folder: Path, *, weights: bool = False, arrays_only: bool = False) -> Record | None:
    """The record in a folder whose checksums hold; None for one of another version of training.

    weights: read and check them, and the snapshots. arrays_only: check neither. Errors: OSError where it cannot be read; one of
    ``zips.DAMAGE`` where it is damaged; NewerFormatError for one that a later grokbench wrote.
    """
    document = zips.document((folder / RECORD).read_text(encoding="utf-8"))
    formats.version(document, f"the record {folder}")
    data = (folder / _ARRAYS).read_bytes()
    sums = document.pop("checksums")
    own = document.pop("checksum")
    names = [_plain(name) for name in sums]
    wanted = [name for name in names if name == _ARRAYS or weights or not (arrays_only or _is_snapshot(name))]
    sound = own == keys.digest({"document": document, "checksums": sums}) and all(
        hashlib.sha256((folder / name).read_bytes()).hexdigest() == sums[name] for name in wanted
    )
    if not sound or document["outcome"] == "failed":
        raise ValueError("not a sound record")
    if document["training_version"] != keys.TRAINING_VERSION:
        return None
    if not weights:
        return codec.unpack(document, data)
    whole = codec.unpack(document, data, *_weights(folder, sums))
    return dataclasses.replace(whole, end=read_end(folder / END))


def _is_snapshot(name: str) -> bool:
    return name.startswith(_SNAPSHOT)


def _plain(name: str) -> str:
    """The name of a file of a record. Errors: ValueError for any other, such as one that leads out of its folder."""
    known = name in (_ARRAYS, _WEIGHTS) or (_is_snapshot(name) and Path(name).name == name)
    if not known:
        raise ValueError(f"{name!r} is no file of a record")
    return name


def _weights(folder: Path, names: Iterable[str]) -> tuple[Weights, dict[int, Weights]]:
    """Final weights and snapshots among the files of a record."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    final: Weights = {}
    snapshots: dict[int, Weights] = {}
    try:
        for name in names:
            if name == _WEIGHTS:
                final = load((folder / name).read_bytes())
            elif _is_snapshot(name):
                step = int(Path(name).stem.removeprefix(_SNAPSHOT))
                snapshots[step] = load((folder / name).read_bytes())
    except SafetensorError as error:
        raise ValueError(str(error)) from None
    return final, dict(sorted(snapshots.items()))
