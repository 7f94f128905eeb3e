"""A record as a listing of its store or archive has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grokbench.store import keys
from grokbench.training.record import Record


@dataclass(frozen=True, eq=False)
class Kept:
    """A record, its weights left where they are, and its place.

    key: its trial's. place: its folder in a store, or the archive that it lies in. size: bytes that it takes there. written:
    when, in seconds since 1970 (UTC); None in an archive, which keeps no time. whole: reads it with its weights and
    snapshots, where the place has them.
    """

    key: str
    record: Record
    place: Path
    size: int
    written: float | None
    whole: Callable[[], Record]


def training_of(record: Record) -> tuple[str, str]:
    """What names the training that a record comes from: two that were cut from the same one have the same."""
    return keys.family(record.trial), record.content.partition("@")[0]
