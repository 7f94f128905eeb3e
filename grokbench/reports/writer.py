"""``write``: the JSON, the figures, the page and the records of one paper, onto disk."""

from __future__ import annotations

from pathlib import Path

from grokbench import figures
from grokbench.reports.document import document, dumps, write_text
from grokbench.reports.input import ReportInput
from grokbench.reports.markdown import page
from grokbench.reports.spent import without_copies
from grokbench.store import archive

WORDS = "../REPRODUCE.md"
"""Where the words of a page are defined, seen from a clone's folder of reports."""


def write(report: ReportInput, out: Path, suffix: str = "") -> Path:
    """Write <out>/<paper><suffix>.md, .json, <paper><suffix>/figures/*.png and, beyond smoke, records; the page's path."""
    stem = f"{report.paper.id}{suffix}"
    drawn = figures.draw(report.paper, report.cells, out / stem / "figures")
    links = {name: f"{stem}/figures/{path.name}" for name, path in drawn.items()}
    told = without_copies(report, links)
    write_text(out / f"{stem}.json", dumps(document(told, links)))
    words = f"{WORDS}#words" if (out / WORDS).is_file() else ""
    missing = figures.missing(report.paper, links, report.cells)
    write_text(out / f"{stem}.md", page(told, links, missing, words))
    if report.tier != "smoke":
        _archive(told, out / stem / "records")
    return out / f"{stem}.md"


def _archive(report: ReportInput, folder: Path) -> None:
    """Write the records of each experiment into ``folder``; the archives of others are removed."""
    names = [experiment.id for experiment in report.paper.experiments]
    shown = {name: [record for _, _, record in report.cells.get(name, ())] for name in names}
    records = {name: [*shown[name], *report.records.get(name, ())] for name in names}
    for name in names:
        if records[name]:
            archive.write(folder, name, records[name])
    archive.prune(folder, [name for name in names if records[name]])
