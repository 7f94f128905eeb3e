"""A record as a listing of its store or archive has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
