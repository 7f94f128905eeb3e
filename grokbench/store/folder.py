"""The store: one folder per key, written beside its place and renamed into it, checksummed.

A failed, damaged or half-written record is never a hit.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from grokbench.specs import values
from grokbench.specs.errors import StoreError, unwritten
from grokbench.specs.types import Trial
from grokbench.store import files, formats, keys, zips
from grokbench.store.checkpoints import Checkpoints, Earlier, read_end
from grokbench.store.cutting import cut, goes_on
from grokbench.store.files import END, RECORD
from grokbench.store.formats import NewerFormatError
from grokbench.store.home import default_path
from grokbench.store.kept import Kept
from grokbench.store.locks import Lock
from grokbench.store.places import TRIES, identity, new_folder, put_in_place, sweep
from grokbench.store.zips import DAMAGE
from grokbench.training.record import Record


class Shelf(Protocol):
    """Anything records can be read from."""

    def find(self, trial: Trial) -> Record | None:
        """The record that answers ``trial``, cut to it, or None."""


def states_arithmetic(record: Record) -> bool:
    """Whether a record says in which arithmetic it was made. A store answers with no other; an archive does."""
    return "arithmetic" in record.environment


class AbsentError(FileNotFoundError):
    """There was no record when it was looked for; another process may have put one there since."""


class Store:
    """Records on disk under ``root``, and the ``checkpoints`` of runs that were kept in the middle.

    ``on_damage`` is told, once each, of records that are no hits: those whose checksum does not hold and those that cannot be
    read. Of those that do not say in which arithmetic they were made, it is told once.
    """

    def __init__(
        self, root: str | Path | None = None, on_damage: Callable[[str], None] | None = None
    ) -> None:
        self.root = values.path("store", root) if root is not None else default_path()
        self.checkpoints = Checkpoints(self.root)
        self._on_damage = on_damage or (lambda text: None)
        self._told: set[Path] = set()

    def check_writable(self, trials: Iterable[Trial] = ()) -> None:
        """Create the folder and write a file in it, before anything is trained.

        Errors: StoreError, also where one of ``trials`` has a record that cannot be read, and so not be replaced, and where the
        working directory is gone, without which no worker starts.
        """
        for trial in trials:
            folder = self.folder(trial)
            closed = _closed(folder)
            if closed:
                raise StoreError(
                    f"the record {folder} is there but cannot be read ({closed}); ask its owner to open it "
                    "to you, or name another store with store=DIR",
                    "store",
                )
        try:
            Path.cwd()
        except FileNotFoundError:
            raise StoreError(
                "the working directory was removed; change to a folder that is there, and call the same again"
            ) from None
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
        record = self._read(exact)
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
        record = self.kept(trial)
        return dataclasses.replace(record, trial=trial) if record is not None and record.weights else None

    def kept(self, trial: Trial) -> Record | None:
        """The record of exactly this training, with its weights where it has them."""
        return self._read(self.folder(trial), weights=True)

    def shorter(self, trial: Trial) -> Earlier | None:
        """The end of the longest run with a smaller budget from which ``trial`` can go on; None without one."""
        for record, folder in sorted(self._shorter(trial), key=lambda pair: -pair[0].trial.budget):
            end = read_end(folder / END)
            if end is not None:
                seconds = float(record.cost.get("cpu_seconds") or 0.0)
                return Earlier(record.trial.budget, end.state, end.made, seconds)
        return None

    def _shorter(self, trial: Trial) -> Iterator[tuple[Record, Path]]:
        """Runs with a smaller budget that kept their end, from which ``trial`` can go on, and where they lie."""
        exact = self.folder(trial)
        for folder in self._family(exact.parent):
            if folder != exact and (folder / END).exists():
                record = self._read(folder, arrays_only=True)
                if record is not None and goes_on(record.trial, trial):
                    yield record, folder

    def begun(self, trials: Sequence[Trial], batched: Sequence[bool]) -> list[int]:
        """The step from which each goes on, in a batch or alone, and 0 where it begins; in the environment that kept them."""
        if not trials:
            return []
        names = [keys.key(trial) for trial in trials]
        ways: tuple[list[str], list[str]] = [], []
        for name, together in zip(names, batched, strict=True):
            ways[together].append(name)
        kept = self.checkpoints.steps(*ways)
        found = (
            kept.get(name) or max((record.trial.budget for record, _ in self._shorter(trial)), default=0)
            for name, trial in zip(names, trials, strict=True)
        )
        return [min(step, trial.budget) for step, trial in zip(found, trials, strict=True)]

    def each(self) -> Iterator[Kept]:
        """Every record of this version. What is no hit is told of and left out; weights are neither read nor checked."""
        unstated: list[Path] = []
        for first in self._family(self.root / "records"):
            for family in self._family(first):
                for folder in self._family(family):
                    record = self._read(folder, arrays_only=True, unstated=unstated)
                    if record is None:
                        continue
                    try:
                        size = sum(entry.stat().st_size for entry in os.scandir(folder))
                        written = (folder / RECORD).stat().st_mtime
                    except OSError:  # it was removed meanwhile
                        continue
                    yield Kept(
                        folder.name, record, folder, size, written, functools.partial(self._whole, folder)
                    )
        if unstated:
            self._tell(
                self.root,
                f"{len(unstated)} record(s) in {self.root} do not say in which arithmetic they were made; "
                "their trials will be trained again",
            )

    def _whole(self, folder: Path) -> Record:
        """The record in ``folder`` with its weights and snapshots. Errors: StoreError where it is none any more."""
        record = self._read(folder, weights=True)
        if record is None:
            raise StoreError(f"the record {folder} cannot be read any more")
        return record

    def lock(self, trial: Trial) -> Lock:
        """The lock that who trains ``trial`` holds."""
        return Lock(self.root / "locks" / f"{keys.key(trial)}.json")

    def _family(self, parent: Path) -> Iterator[Path]:
        try:
            yield from sorted(p for p in parent.iterdir() if not p.name.startswith(".") and p.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            self._tell(parent, f"the folder {parent} cannot be read ({error.strerror})")

    def _read(
        self,
        folder: Path,
        *,
        weights: bool = False,
        arrays_only: bool = False,
        unstated: list[Path] | None = None,
    ) -> Record | None:
        """The record in ``folder`` if its checksums hold; snapshots are checked only where weights are asked for.

        arrays_only: weights are not checked either. unstated: takes the folder of a record that does not say in which arithmetic
        it was made; without it, the first such record is told of.
        """
        try:
            record = self.opened(folder, weights=weights, arrays_only=arrays_only)
            if record is None or states_arithmetic(record):
                return record
            if unstated is not None:
                unstated.append(folder)
                return None
            self._tell(
                self.root,
                f"the record {folder} does not say in which arithmetic it was made; its trial, and that of any other "
                "such record, will be trained again",
            )
            return None
        except AbsentError:
            return None
        except FileNotFoundError:
            pass
        except OSError as error:
            self._tell(folder, f"the record {folder} cannot be read ({error.strerror})")
            return None
        except NewerFormatError as error:
            self._tell(folder, str(error))
            return None
        except DAMAGE:
            pass
        if os.path.lexists(folder):
            self._tell(folder, f"the record {folder} is damaged; its trial will be trained again")
        return None

    def opened(self, folder: Path, *, weights: bool = False, arrays_only: bool = False) -> Record | None:
        """``files.read``, once more of a record that was replaced meanwhile. Errors: as of ``files.read``; AbsentError."""
        for _ in range(TRIES):
            there, before = os.path.lexists(folder), identity(folder)
            try:
                return files.read(folder, weights=weights, arrays_only=arrays_only)
            except (OSError, *DAMAGE) as error:
                if not there and isinstance(error, FileNotFoundError):
                    raise AbsentError(*error.args) from None
                if identity(folder) == before:
                    raise
        return files.read(folder, weights=weights, arrays_only=arrays_only)

    def _tell(self, place: Path, text: str) -> None:
        if place not in self._told:
            self._told.add(place)
            self._on_damage(text)

    def save(self, record: Record) -> Path:
        """Write a record, replacing whatever lies in its place. Errors: StoreError (disk full, no permission, a newer format)."""
        target = self.folder(record.trial)
        _closed(target)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            sweep(target.parent)
            beside = new_folder(target.parent, f".{target.name[:12]}-")
            try:
                files.write(beside, record)
                put_in_place(beside, target)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
        except OSError as error:
            raise unwritten(f"the record cannot be written to {target}", error) from None
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


def _closed(folder: Path) -> str:
    """Why the record in ``folder``, or a folder above it, cannot be read; empty where it can, or where there is none.

    Errors: NewerFormatError for one that a later grokbench wrote, which must not be replaced.
    """
    try:
        text = (folder / RECORD).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return error.strerror or str(error)
    except ValueError:
        return ""
    with contextlib.suppress(*DAMAGE):
        formats.version(zips.document(text), f"the record {folder}")
    return ""
