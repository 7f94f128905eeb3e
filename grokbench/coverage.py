"""What the records at hand say nothing of, told before a report is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from grokbench.measures.cells import Cells
from grokbench.reports import evidence
from grokbench.specs.errors import NoRecordsError
from grokbench.store import archive
from grokbench.store.folder import Shelf, Store

if TYPE_CHECKING:
    from grokbench.reproduction import Reproduction


def answers(job: Reproduction, source: Shelf) -> bool:
    """Whether ``source`` has a record for any trial of the paper, at a tier that may decide."""
    tiers = dict.fromkeys((*job.tiers(), job.tier))
    expanded = (job.expanded(one.id, tier) for one in job.paper.experiments for tier in tiers)
    return any(source.find(planned.trial) is not None for trials in expanded for planned in trials)


def unanswering(job: Reproduction) -> list[str]:
    """A sentence for each folder to re-use that has no record for the paper."""
    return [
        f"--reuse {one.folder} has no record for any trial of {job.paper.id}"
        for one in job.reused
        if not answers(job, one)
    ]


def check_records(job: Reproduction, out: Path) -> str:
    """A sentence on what the own sources have no records for, or "". Errors: NoRecordsError where they answer nothing.

    A store may, beside records of an earlier report in ``out``.
    """
    source, folder = job.sources[0], out / job.paper.id / "records"
    where = f"the store {source.root}" if isinstance(source, Store) else str(getattr(source, "folder", ""))
    if not any(answers(job, one) for one in job.sources):
        none = f"no record in {where} is of a trial of {job.paper.id}"
        if source is job.store and folder.is_dir() and answers(job, archive.Archive(folder, strict=False)):
            return f"{none}; the report rests on the records in {folder}"
        raise NoRecordsError(
            f"{none}, so nothing was written; name its folder with --records or --store, or train with "
            f"`grokbench reproduce {job.paper.id}`"
        )
    left = evidence.lacking(job.paper, job.all_verdicts, job.shown_cells())
    return f"{left} in {where}" if left else ""


def reused_experiments(job: Reproduction, cells: Cells) -> tuple[str, ...]:
    """Those of which a record is not in the own store, where other folders are read too."""
    if not job.reused:
        return ()
    return tuple(
        name
        for name, entries in cells.items()
        if not all(job.store.find(record.trial) for _, _, record in entries)
    )
