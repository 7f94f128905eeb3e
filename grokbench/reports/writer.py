"""``write``: the JSON, the figures, the page and the records of one paper, onto disk."""

from __future__ import annotations

from pathlib import Path

from grokbench import figures
from grokbench.plan.single import check_folder
from grokbench.reports.document import document, dumps, write_text
from grokbench.reports.markdown import page
from grokbench.reports.overview import scoreboard
from grokbench.reports.result import PaperResult
from grokbench.reports.spent import without_copies
from grokbench.specs.errors import InputError
from grokbench.store import archive

WORDS = "../REPRODUCE.md"
"""Where the words of a page are defined, seen from a clone's folder of reports."""


def write(report: PaperResult, out: Path) -> Path:
    """Write page, JSON, figures and (beyond smoke) records and scoreboard under ``out``; returns the page's path.

    Smoke writes to ``<paper>.smoke.*``. Errors: InputError when the folder cannot be written.
    """
    check_folder(out)
    try:
        path = _write(report, out)
        if report.tier != "smoke":
            scoreboard(out)
    except OSError as error:
        raise InputError(
            f"the report cannot be written to {out} ({error.strerror}); name another folder"
        ) from None
    return path


def _write(report: PaperResult, out: Path) -> Path:
    stem = report.name
    drawn = figures.draw(report.paper, report.cells, out / stem / "figures", draft=report.tier == "smoke")
    links = {name: f"{stem}/figures/{path.name}" for name, path in drawn.items()}
    told = without_copies(report, links)
    write_text(out / f"{stem}.json", dumps(document(told, links)))
    words = f"{WORDS}#words" if (out / WORDS).is_file() else ""
    missing = figures.missing(report.paper, links, report.cells)
    write_text(out / f"{stem}.md", page(told, links, missing, words))
    if report.tier != "smoke":
        _archive(told, out / stem / "records")
    return out / f"{stem}.md"


def _archive(report: PaperResult, folder: Path) -> None:
    """Write the records of each experiment into ``folder``; the archives of others are removed."""
    names = [experiment.id for experiment in report.paper.experiments]
    shown = {name: [record for _, _, record in report.cells.get(name, ())] for name in names}
    records = {name: [*shown[name], *report.records.get(name, ())] for name in names}
    for name in names:
        if records[name]:
            archive.write(folder, name, records[name])
    archive.prune(folder, [name for name in names if records[name]])
