"""``write``: the JSON, the figures and the page of one paper, onto disk."""

from __future__ import annotations

from pathlib import Path

from grokbench.reports import figures
from grokbench.reports.document import document, dumps, read, verdict_from, write_text
from grokbench.reports.input import ReportInput, merged
from grokbench.reports.markdown import page


def write(report: ReportInput, out: Path, suffix: str = "") -> Path:
    """Write <out>/<paper><suffix>.md, .json and <paper><suffix>/figures/*.png; the path of the page.

    Claims without a verdict in ``report`` keep the entry, and figures, of the report that is already there.
    """
    stem = f"{report.paper.id}{suffix}"
    target = out / f"{stem}.json"
    before = read(target) or {}
    asked = {verdict.id for verdict in report.verdicts}
    partial = any(claim.id not in asked for claim in report.paper.claims)
    if partial:
        report = merged(report, {entry["id"]: verdict_from(entry) for entry in before.get("claims", ())})

    drawn = figures.draw(report.paper, report.cells, out / stem / "figures", keep=partial)
    links = {name: f"{stem}/figures/{path.name}" for name, path in drawn.items()}
    content = document(report, links)
    if partial:
        content["cost"] = {**before.get("cost", {}), **content["cost"]}
    write_text(target, dumps(content))
    text = page(report, links, figures.missing(report.paper, links))
    write_text(out / f"{stem}.md", text)
    return out / f"{stem}.md"
