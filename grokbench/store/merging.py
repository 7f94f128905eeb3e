"""Records of one place brought into a store: a colleague's store, or an archive of committed records."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grokbench.specs.errors import GrokbenchError, InputError
from grokbench.specs.types import Array
from grokbench.store import keys
from grokbench.store.archive import Archive
from grokbench.store.folder import Store, states_arithmetic
from grokbench.store.kept import Kept
from grokbench.store.zips import DAMAGE
from grokbench.training.record import Record


@dataclass(frozen=True)
class Merged:
    """What became of a record. what: "new", "the same", "completed" (with weights or analyses), "a conflict" or "left out".

    A conflict is a trial of which both places have a record, with other numbers. The store's own stays. Left out is a committed
    record that a store does not answer with: it does not say in which arithmetic it was made, or its trial has no key.
    """

    key: str
    what: str
    record: Record
    why: str = ""


CONFLICT = "a conflict"
LEFT_OUT = "left out"


def place(path: Path, on_damage: Callable[[str], None] | None = None) -> Store | Archive:
    """The store, or the folder of committed records, at ``path``. Errors: InputError where it is neither."""
    if any(path.glob("*.zip")):
        return Archive(path)
    if (path / "records").is_dir():
        return Store(path, on_damage)
    raise InputError(f"{path} is no store and no folder of committed records")


def merge(into: Store, source: Store | Archive) -> Iterator[Merged]:
    """Bring every record of ``source`` that a store answers with into one; what became of each, as it does.

    Errors: StoreError where the store cannot be written; InputError for a damaged archive.
    """
    into.check_writable()
    for kept in source.each():
        yield _merged(into, kept)


def _merged(into: Store, kept: Kept) -> Merged:
    if not states_arithmetic(kept.record):
        return Merged(kept.key, LEFT_OUT, kept.record, "it does not say in which arithmetic it was made")
    try:
        keys.key(kept.record.trial)
    except (GrokbenchError, *DAMAGE) as error:
        return Merged(kept.key, LEFT_OUT, kept.record, f"its trial is none that can be run ({error})")
    own = into.kept(kept.record.trial)
    if own is None:
        into.save(kept.whole())
        return Merged(kept.key, "new", kept.record)
    if own.content != kept.record.content:
        return Merged(kept.key, CONFLICT, kept.record, _unlike(own, kept.record))
    theirs = kept.whole()
    weights, snapshots = own.weights or theirs.weights, {**theirs.snapshots, **own.snapshots}
    analyses = _most(theirs.analyses, own.analyses)
    end = own.end or theirs.end
    gained = len(weights) > len(own.weights) or len(snapshots) > len(own.snapshots) or end is not own.end
    if gained or analyses is not own.analyses:
        into.save(dataclasses.replace(own, weights=weights, snapshots=snapshots, analyses=analyses, end=end))
        return Merged(kept.key, "completed", own)
    return Merged(kept.key, "the same", own)


Analyses = Mapping[str, Mapping[str, Array]]


def _most(theirs: Analyses, own: Analyses) -> Analyses:
    """The analyses of both; the store's own where both have arrays of one. Those of an archive may have none."""
    more = {name: arrays for name, arrays in theirs.items() if arrays and not own.get(name)}
    return {**own, **more} if more else own


def _unlike(own: Record, other: Record) -> str:
    """How the two records were made, where that differs."""
    names = ("engine", "device", "cpu", "torch")
    made = [
        f"{name} {own.environment.get(name)} here, {other.environment.get(name)} there"
        for name in names
        if own.environment.get(name) != other.environment.get(name)
    ]
    return "; ".join(made) or "both say that they were made alike"
