"""From what is asked for to the files of an export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from grokbench.exports import events, files, tables
from grokbench.exports.chosen import Chosen, of_paper, of_runs
from grokbench.exports.columns import TABLES
from grokbench.exports.stored import Selection
from grokbench.exports.tables import Run, Table
from grokbench.plan.single import check_folder
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.loader import Library

FORMATS = ("csv", "parquet", "tensorboard")
DEFAULT_OUT = Path("exports")
OF_RUNS = {"runs": tables.runs, "curves": tables.curves, "probes": tables.probes}
OF_CLAIMS = {"measures": tables.measures, "verdicts": tables.verdicts}
"""Tables that only a paper or a claim has."""


def export(
    what: str | None,
    selected: Selection,
    *,
    format: str,
    only: Sequence[str],
    out: Path | None,
    store: str | Path | None,
    records: str | Path | None,
    library: Library,
    on_damage: Callable[[str], None] | None = None,
) -> tuple[Path, ...]:
    """``api.export``, its words checked and its library open."""
    _check(what, selected, format, only)
    if what is None:
        found = of_runs(selected, library, store, records, on_damage)
    else:
        found = of_paper(what, library, store, records, on_damage)
    kinds = [
        kind
        for kind in TABLES
        if (not only or kind in only) and not (found.paper is None and kind in OF_CLAIMS)
    ]
    if format == "tensorboard" and kinds == ["probes"] and not any(map(_has_series, found.runs)):
        raise InputError("none of these runs has a probe, and nothing else was asked for")
    folder = out or DEFAULT_OUT / found.name
    check_folder(folder, "the export")
    if format == "tensorboard":
        own = [_table(kind, found) for kind in kinds if kind in OF_CLAIMS]
        return tuple(events.write(found.runs, kinds, own, folder))
    return tuple(files.write((_table(kind, found) for kind in kinds), format, folder))


def _check(what: str | None, selected: Selection, format: str, only: Sequence[str]) -> None:
    """Errors: UnknownNameError, InputError where the words do not go together or the format's package is missing."""
    if format not in FORMATS:
        raise UnknownNameError("format", format, FORMATS)
    if what is None and selected.empty:
        raise InputError(
            "nothing to export is named; name a paper or a claim, or choose runs by task, baseline, paper, alpha, seed or run"
        )
    if what is not None and not selected.empty:
        raise InputError(
            f"{what} is a whole; to choose among its runs leave it out and write paper={what.partition('.')[0]} in its place",
            "paper",
        )
    for kind in only:
        if kind not in TABLES:
            raise UnknownNameError("table", kind, TABLES)
        if what is None and kind in OF_CLAIMS:
            raise InputError(f"{kind} are of claims; name a paper or a claim")
    if format == "tensorboard" and "runs" in only:
        raise InputError("tensorboard has no place for the table runs; write it as csv or parquet")
    files.check(format)


def _has_series(run: Run) -> bool:
    """Whether a run has a series of a probe or an analysis."""
    return next(tables.series(run.record), None) is not None


def _table(kind: str, found: Chosen) -> Table:
    """One of the tables. Those of claims are asked for only where there is a paper."""
    if kind in OF_RUNS:
        return OF_RUNS[kind](found.runs)
    assert found.paper is not None
    return OF_CLAIMS[kind](found.paper, found.verdicts)
