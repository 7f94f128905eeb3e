"""One trial by itself: its record from a store, or trained; its final weights as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from grokbench.specs.errors import InputError
from grokbench.specs.types import Trial
from grokbench.store import codec
from grokbench.store.folder import Store
from grokbench.store.replacing import replaced
from grokbench.training.record import Record

WEIGHTS = (".safetensors",)
"""Ending of the file that final weights are saved to."""


def check_file(path: Path, endings: Collection[str]) -> None:
    """Errors: InputError where no file with one of ``endings`` can be written to ``path``, before anything is trained."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file")
    if path.suffix.lower() not in endings:
        *others, last = endings
        allowed = f"{', '.join(others)} or {last}" if others else last
        raise InputError(f"{path}: what is written there ends in {allowed}; name a file that does")
    if not path.parent.is_dir():
        raise InputError(f"{path.parent}: no such folder")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise InputError(f"{path.parent} cannot be written to ({error.strerror})") from None


def check_folder(out: Path, what: str = "the report") -> None:
    """Create the folder of ``what`` and write a file in it. Errors: InputError, before anything is trained."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=out):
            pass
    except OSError as error:
        raise InputError(
            f"{what} cannot be written to {out} ({error.strerror}); name another folder"
        ) from None


def obtain(
    trial: Trial,
    store: Store | None,
    train: Callable[[], Record],
    *,
    force: bool = False,
    save: Path | None = None,
) -> tuple[Record, bool]:
    """The record of ``trial``, and whether ``store`` had it; where it had not, or where forced, ``train`` makes it.

    save: the final weights are written to this file. A record without weights does not count then; one that the store
    cuts out of a longer run has none. Errors: InputError, StoreError.
    """
    if save is not None:
        check_file(save, WEIGHTS)
    found = None
    if store is not None and not force:
        found = store.trained(trial) or (store.find(trial) if save is None else None)
    if store is not None and found is None:  # what lies in a store that is read only can still be read
        store.check_writable([trial])
    record = found or train()
    if save is not None:
        _write_weights(record, save)
    return record, found is not None


def _write_weights(record: Record, target: Path) -> None:
    try:
        with replaced(target) as beside:
            beside.write_bytes(codec.pack_weights(record))
    except OSError as error:
        raise InputError(f"the weights cannot be written to {target} ({error.strerror})") from None
