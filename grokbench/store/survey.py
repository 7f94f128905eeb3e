"""What lies in a store, whatever its state: sound records, damaged ones, those of other versions, and what was left behind."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grokbench.specs.errors import StoreError
from grokbench.store.checkpoints import read_end
from grokbench.store.cutting import goes_on
from grokbench.store.files import END
from grokbench.store.folder import AbsentError, Store, states_arithmetic
from grokbench.store.formats import NewerFormatError
from grokbench.store.locks import Lock
from grokbench.store.zips import DAMAGE
from grokbench.training.record import Record

SOUND, DAMAGED, UNREADABLE = "sound", "damaged", "unreadable"
OTHER_VERSION = "of another version"  # of training
UNSTATED = "of unstated arithmetic"
NEWER = "of a newer grokbench"
HALF_WRITTEN = "half-written"
FAILURE = "a failure's traceback"
LOCK = "a lock that nobody holds"
KEPT = "a run kept in the middle"
LEFT = "a run that was kept and not gone on with for a month"
SPENT = "the end of a run from which a longer one went on"
USELESS = (DAMAGED, OTHER_VERSION, UNSTATED, HALF_WRITTEN, FAILURE, LOCK, LEFT, SPENT)
"""States of what answers no request, and never will with this version."""


@dataclass(frozen=True, eq=False)
class Lying:
    """A record's folder, or a file beside the records. record: of a sound one, without its weights. why: of any other."""

    path: Path
    state: str
    size: int  # bytes
    record: Record | None = None
    why: str = ""


LEFT_SECONDS = 30 * 24 * 3600.0
WRITING_SECONDS = 600.0  # a folder that was touched within so long may still be written to


def survey(store: Store, *, weights: bool = False) -> Iterator[Lying]:
    """Everything in a store, in the order of its names. weights: check them and the snapshots too, not only curves.

    A lock that is held is left out, and so is what may still be written to. Errors: StoreError for a store that is not there.
    """
    if not store.root.is_dir():
        raise StoreError(f"there is no store {store.root}", "store")
    for family in _folders(_folders([store.root / "records"])):
        ends: list[Lying] = []
        for folder in _folders([family], hidden=True):
            if not (folder.name.startswith(".") and _young(folder)):
                found = _record(store, folder, weights)
                if found is None:
                    continue
                ends += [found] if found.record is not None and (folder / END).exists() else []
                yield found
        yield from _ends(ends, weights)
    for path in _files(store.root / "failures", ".txt"):
        yield Lying(path, FAILURE, size_of(path))
    for path in _files(store.root / "checkpoints", ""):
        yield Lying(path, LEFT if _age(path) > LEFT_SECONDS else KEPT, size_of(path))
    for path in _files(store.root / "locks", ".json"):
        if Lock(path).holder() is None:
            yield Lying(path, LOCK, size_of(path))


def _young(folder: Path) -> bool:
    return _age(folder) < WRITING_SECONDS


def _age(path: Path) -> float:
    """Seconds since it was touched; 0 where it is gone, renamed into its place or removed."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _record(store: Store, folder: Path, weights: bool) -> Lying | None:
    """What lies in a folder; None where it is gone by now."""
    size = size_of(folder)
    if folder.name.startswith("."):
        return Lying(folder, HALF_WRITTEN, size, why="its writer was stopped")
    try:
        record = store.opened(folder, weights=weights)
    except AbsentError:
        return None
    except OSError as error:
        if not os.path.lexists(folder):
            return None
        return Lying(folder, UNREADABLE, size, why=error.strerror or str(error))
    except NewerFormatError as error:
        return Lying(folder, NEWER, size, why=str(error))
    except DAMAGE as error:
        return Lying(folder, DAMAGED, size, why=str(error))
    if record is None or not states_arithmetic(record):
        state = OTHER_VERSION if record is None else UNSTATED
        return Lying(folder, state, size, why="its trial would be trained again")
    return Lying(folder, SOUND, size, record)


def _ends(records: Sequence[Lying], weights: bool) -> Iterator[Lying]:
    """The ends that lie with records of one family, where a longer run has its own, or they are damaged."""
    trials = [one.record.trial for one in records if one.record is not None]
    for one, trial in zip(records, trials, strict=True):
        path = one.path / END
        if any(goes_on(trial, other) for other in trials):
            yield Lying(path, SPENT, size_of(path))
        elif weights and read_end(path) is None:
            yield Lying(path, DAMAGED, size_of(path), why="its checksum does not hold")


def prune(lying: Iterable[Lying]) -> list[Lying]:
    """Remove what is ``USELESS``, and the folders that it leaves empty; returns it. Errors: StoreError where it cannot be."""
    removed = []
    for one in lying:
        if one.state not in USELESS:
            continue
        try:
            whole = one.path.is_dir() and not one.path.is_symlink()  # of a link, only the link
            shutil.rmtree(one.path) if whole else one.path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{one.path} cannot be removed ({error.strerror})") from None
        for above in list(one.path.parents)[:2]:
            if above.parent.name in ("records", *_SHORT) and not any(above.iterdir()):
                above.rmdir()
        removed.append(one)
    return removed


_SHORT = tuple(f"{number:02x}" for number in range(256))  # the first two digits of families


def size_of(path: Path) -> int:
    """Bytes of a file, or of the files in a folder; what is removed meanwhile counts nothing."""
    try:
        if not path.is_dir():
            return path.stat().st_size
        with os.scandir(path) as entries:
            return sum(entry.stat().st_size for entry in entries)
    except OSError:
        return 0


def _folders(parents: Iterable[Path], *, hidden: bool = False) -> Iterator[Path]:
    for parent in parents:
        try:
            found = sorted(parent.iterdir())
        except OSError:
            continue
        yield from (path for path in found if path.is_dir() and (hidden or not path.name.startswith(".")))


def _files(folder: Path, ending: str) -> list[Path]:
    return sorted(folder.glob(f"*{ending}")) if folder.is_dir() else []
