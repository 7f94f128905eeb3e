"""``verdicts.json``: every claim's row in one file, for lists and for the table of findings in a document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from grokbench.claims import phrases as w
from grokbench.reports import rows
from grokbench.reports.document import dumps, rises, verdict_from, write_text
from grokbench.reports.tables import table
from grokbench.specs.errors import UnknownNameError
from grokbench.specs.locate import VERDICTS, committed

FINDINGS = re.compile(r"(<!-- findings:(?P<ids>[^>]*)-->\n).*?(<!-- end of findings -->)", re.DOTALL)
"""A table of findings in a document: the comment before it names its claims, as ``paper.claim``, in order."""

Row = Mapping[str, Any]


def write(out: Path, documents: Iterable[tuple[str, Mapping[str, Any]]]) -> Path:
    """Write <out>/verdicts.json from the papers' documents, each with its file's stem. The path written."""
    found = [_row(stem, document, entry) for stem, document in documents for entry in document["claims"]]
    path = out / VERDICTS
    write_text(path, dumps({"claims": found}))
    return path


def _row(stem: str, document: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """One claim: the numbers, and the words that tables show."""
    verdict = verdict_from(entry)
    says = (entry["reported"] or {}).get("value")
    _, said, here, seeds, called = rows.row(
        verdict, "", entry["title"], entry["kind"], says, rises=rises(entry)
    )
    return {
        "paper": document["paper"],
        "claim": entry["id"],
        "kind": entry["kind"],
        "title": entry["title"],
        "verdict": entry["verdict"],
        "under_our_reading": entry["under_our_reading"],
        "tier": entry["tier"],
        "reported": says,
        "median": entry["median"],
        "median_interval": entry["median_interval"],
        "yes": verdict.yes,
        "n_seeds": entry["n_seeds"],
        "page": f"{stem}.md#{w.place(verdict)}",
        "cells": {"paper says": said, "here": here, "seeds": seeds, "verdict": called},
    }


def read(path: Path | None = None) -> dict[str, Row]:
    """``paper.claim`` → its row: of the verdicts that come with the package, or of another file; none where it is not there."""
    path = path or committed(VERDICTS)
    if path is None or not path.is_file():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))["claims"]
    return {f"{row['paper']}.{row['claim']}": row for row in found}


def findings(known: Mapping[str, Row], ids: Sequence[str], reports: str) -> str:
    """A markdown table of the claims named: paper, claim, paper says, here, verdict. ``reports``: link to the folder.

    Errors: UnknownNameError for a claim that has no row.
    """
    lines = []
    for name in ids:
        if name not in known:
            raise UnknownNameError("claim with a verdict", name, known)
        row, cells = known[name], known[name]["cells"]
        here = " · ".join(cells[key] for key in ("here", "seeds") if cells[key] != w.DASH) or w.DASH
        title = f"[{row['title']}]({reports}/{row['page']})"
        lines.append((row["paper"], title, cells["paper says"], here, cells["verdict"]))
    return table(("paper", "claim", "paper says", "here", "verdict"), lines)


def with_findings(text: str, known: Mapping[str, Row], reports: str) -> str:
    """A document with its table of findings made anew; without such a table, the same text."""

    def made(found: re.Match[str]) -> str:
        return f"{found[1]}\n{findings(known, found['ids'].split(), reports)}\n\n{found[3]}"

    return FINDINGS.sub(made, text)
