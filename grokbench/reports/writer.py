"""``write``: the JSON, the figures, the page and the records of one paper, onto disk."""

from __future__ import annotations

from pathlib import Path

from grokbench.reports import figures
from grokbench.reports.cost import without_copies
from grokbench.reports.document import document, dumps, write_text
from grokbench.reports.evidence import figures_of
from grokbench.reports.input import ReportInput
from grokbench.reports.markdown import page
from grokbench.runs import archive

WORDS = "../REPRODUCE.md"
"""Where the words of a page are defined, seen from a clone's folder of reports."""


def write(report: ReportInput, out: Path, suffix: str = "") -> Path:
    """Write <out>/<paper><suffix>.md, .json, <paper><suffix>/figures/*.png and, beyond smoke, records; the page's path.

    What belongs to verdicts that are kept stays: figures that cannot be drawn again, and records.
    """
    stem = f"{report.paper.id}{suffix}"
    kept = figures_of(report.paper, report.kept)
    drawn = figures.draw(report.paper, report.cells, out / stem / "figures", kept)
    links = {name: f"{stem}/figures/{path.name}" for name, path in drawn.items()}
    told = without_copies(report, links)
    write_text(out / f"{stem}.json", dumps(document(told, links)))
    words = f"{WORDS}#words" if (out / WORDS).is_file() else ""
    missing = figures.missing(report.paper, links, report.cells)
    write_text(out / f"{stem}.md", page(told, links, missing, words))
    if report.tier != "smoke":
        copies = report.cells.keys() - told.cells.keys()
        _archive(told, out / stem / "records", [e.id for e in report.paper.experiments if e.id not in copies])
    return out / f"{stem}.md"


def _archive(report: ReportInput, folder: Path, experiments: list[str]) -> None:
    """Write the records of each experiment into ``folder``; archives of others than ``experiments`` are removed."""
    for name, cells in report.cells.items():
        put = archive.add if name in report.archived else archive.write
        put(folder, name, [record for _, _, record in cells])
    archive.prune(folder, experiments)
