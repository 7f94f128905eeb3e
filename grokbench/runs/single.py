"""One trial by itself: its record from a store, or trained; its final weights as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from grokbench.measures.record import Record
from grokbench.runs import codec
from grokbench.runs.store import Store
from grokbench.specs import values
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import Trial

DEVICES = ("cpu", "cuda", "auto")


def check_device(device: str) -> None:
    """Errors: UnknownNameError for a device that there is not, InputError for one that no engine trains on."""
    name = values.text("device", device)
    if name.partition(":")[0] == "cuda":
        raise InputError("no engine here trains this model on CUDA yet; the device is cpu or auto")
    if name not in DEVICES:
        raise UnknownNameError("device", name, DEVICES)


def check_file(path: Path) -> None:
    """Errors: InputError where no file can be written to ``path``, before anything is trained."""
    if not path.parent.is_dir():
        raise InputError(f"{path.parent}: no such folder")
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise InputError(f"{path.parent} cannot be written to ({error.strerror})") from None


def obtain(
    trial: Trial,
    store: Store | None,
    train: Callable[[], Record],
    *,
    force: bool = False,
    save: Path | None = None,
) -> tuple[Record, bool]:
    """The record of ``trial``, and whether ``store`` had it; where it had not, or where forced, ``train`` makes it.

    save: the final weights are written to this file, so that a record without them is then none; one that the store
    cuts out of a longer run has none. Errors: InputError, StoreError.
    """
    if save is not None:
        check_file(save)
    if store is not None:
        store.check_writable()
    found = None
    if store is not None and not force:
        found = store.trained(trial) or (store.find(trial) if save is None else None)
    record = found or train()
    if save is not None:
        _write_weights(record, save)
    return record, found is not None


def _write_weights(record: Record, target: Path) -> None:
    try:
        beside = target.with_name(f".{target.name}.part")
        beside.write_bytes(codec.pack_weights(record))
        beside.replace(target)
    except OSError as error:
        raise InputError(f"the weights cannot be written to {target} ({error.strerror})") from None
