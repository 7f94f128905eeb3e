"""The calls that read what there is: reports, the site, records, exports, specs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from grokbench.plan.resolve import Paths, Specs, Words, open_library
from grokbench.specs import values

if TYPE_CHECKING:
    from grokbench.exports.stored import StoredRun


def report(
    paper: Words,
    *,
    records: str | Path | None = None,
    store: str | Path | None = None,
    out: str | Path = "reports",
    specs: Specs = (),
    on_note: Callable[[str], None] | None = None,
) -> Path:
    """Write the report of ``paper`` from the records of ``records``, or else of the store, without training.

    A report that lies in ``out`` already lends its records where those lack one. on_note: takes a sentence on the claims
    that have no records. Errors: UnknownNameError, SpecError, InputError; NoRecordsError where no record answers any trial
    of the paper, and then nothing is written.
    """
    from grokbench import findings, reports
    from grokbench.reproduction import Reproduction

    target = values.path("out", out)
    job = Reproduction(paper, "quick", store=store, records=records, specs=open_library(specs))
    result = findings.result(job, target, untrained=True)
    note = findings.note(job, result, target)
    page: Path = reports.write(result, target)
    if note and on_note is not None:
        on_note(note)
    return page


def site(
    *,
    out: str | Path = "site",
    reports: str | Path = "reports",
    specs: Specs = (),
    on_note: Callable[[str], None] | None = None,
) -> Path:
    """Write the pages of every report and leaderboard that lies in ``reports`` to ``out``; they need no server. The first page.

    Verdicts and numbers are those of the reports; figures come from the records beside them. Needs the extra "site". on_note:
    takes a sentence on each report that is left out. Errors: InputError where there is none, or the extra is not installed.
    """
    from grokbench import findings
    from grokbench.reports import site as pages
    from grokbench.reports.site import boards

    target = values.path("out", out)
    pages.require()
    folder = values.path("reports", reports)
    note = on_note or (lambda text: None)
    found = findings.reported(folder, open_library(specs), note)
    page: Path = pages.write(found, target, boards.read(folder, note))
    return page


def records(
    *,
    task: str | Iterable[str] = (),
    baseline: str | Iterable[str] = (),
    paper: Words | None = None,
    alpha: float | Iterable[float] = (),
    seed: int | Iterable[int] = (),
    run: str | Iterable[str] = (),
    store: str | Path | None = None,
    records: str | Path | None = None,
    specs: Specs = (),
    on_damage: Callable[[str], None] | None = None,
) -> tuple[StoredRun, ...]:
    """The runs that the store, or else the folder ``records`` of committed ones, has; all, or those that are meant.

    task, baseline: ids, as ``StoredRun`` has them. paper: those of its experiments, whatever their seed. alpha: compared in six
    digits. run: beginnings of keys. on_damage: takes a sentence on each record that cannot be used.
    Errors: UnknownNameError, InputError; StoreError without a place for the store.
    """
    from grokbench.exports import stored

    chosen = stored.selection(task, baseline, alpha, seed, run, paper)
    place = stored.place_of(store, records, on_damage)
    return stored.find(place, chosen, open_library(specs))


def export(
    what: Words | None = None,
    *,
    format: str = "csv",
    out: str | Path | None = None,
    only: str | Iterable[str] = (),
    task: str | Iterable[str] = (),
    baseline: str | Iterable[str] = (),
    paper: Words | None = None,
    alpha: float | Iterable[float] = (),
    seed: int | Iterable[int] = (),
    run: str | Iterable[str] = (),
    store: str | Path | None = None,
    records: str | Path | None = None,
    specs: Specs = (),
    on_damage: Callable[[str], None] | None = None,
) -> tuple[Path, ...]:
    """Write the numbers of a paper, a claim or a selection of runs as "csv", "parquet" or "tensorboard"; returns the files.

    what: a paper, or a claim as ``paper.claim``; None for the runs that the other words choose, as in ``records``. only: some
    of the tables "runs", "curves", "probes", "measures" and "verdicts" (docs/export.md); the last two are of claims. out: the
    folder; None means ``exports/`` and what is exported. Verdicts are decided from the records, as in ``report``.
    Errors: as ``records``; NoRecordsError where there is nothing to export; InputError where the format's package is missing.
    """
    from grokbench import exports
    from grokbench.exports import stored

    target = None if out is None else values.path("out", out)
    chosen = stored.selection(task, baseline, alpha, seed, run, paper)
    return exports.export(
        None if what is None else values.name("what", what),
        chosen,
        format=values.text("format", format),
        only=values.texts("only", only),
        out=target,
        store=store,
        records=records,
        library=open_library(specs),
        on_damage=on_damage,
    )


def validate(paths: Paths = (), specs: Specs = ()) -> list[Path]:
    """Check spec files, folders or ids (all, when none is named) and return the files read.

    Errors: SpecError with every mistake.
    """
    from grokbench.validation.check import validate_all

    return validate_all(open_library(specs), list(values.paths("paths", paths)))
