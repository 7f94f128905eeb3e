"""Folders that take the place of others, whoever does the same at once."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
import uuid
from pathlib import Path

TRIES = 50  # to read or to replace a record while others replace it
_RACES = (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST)


def put_in_place(beside: Path, target: Path) -> None:
    """Rename a folder to ``target``, in the place of what is there. Others may do the same at once. Errors: OSError."""
    for left in reversed(range(TRIES)):
        try:
            if os.path.lexists(target):  # a link, too, which may lead nowhere
                old = new_folder(target.parent, ".old-")
                try:
                    target.rename(old / "record")
                finally:
                    shutil.rmtree(old)
            beside.rename(target)
            return
        except OSError as error:
            if error.errno not in _RACES or not left:
                raise


def identity(folder: Path) -> tuple[int, int, int] | None:
    """What tells a record from the one that takes its place, which may get its inode; None where there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_ctime_ns


def new_folder(parent: Path, prefix: str) -> Path:
    """An empty folder of a new name, open to whom the umask lets in (``tempfile`` would close it to all others)."""
    folder = parent / f"{prefix}{uuid.uuid4().hex[:12]}"
    folder.mkdir()
    return folder


STALE_SECONDS = 24 * 3600.0


def sweep(parent: Path) -> None:
    """Remove what a killed process left half-written a day or more ago."""
    for path in parent.glob(".*-*"):
        with contextlib.suppress(OSError):  # its writer has renamed it by now
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
