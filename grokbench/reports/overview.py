"""``scoreboard``: reports/README.md, one table over all papers, from their JSON files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from grokbench.claims.verdict import VERDICTS
from grokbench.reports import wording as w
from grokbench.reports.document import read, verdict_from, write_text
from grokbench.reports.tables import table


def scoreboard(out: Path) -> Path:
    """Rewrite <out>/README.md from the <paper>.json there; smoke reports are left out. The path written.

    Verdicts are counted, never turned into a percentage: claims differ in weight and share their runs.
    """
    documents = []
    for path in sorted(out.glob("*.json")):
        found = read(path)
        if found is not None and not path.stem.endswith(".smoke"):
            documents.append((path.stem, found))

    parts = [
        "# Scoreboard",
        "Written by `grokbench reproduce` from the JSON files in this folder; do not edit.",
    ]
    if not documents:
        parts.append("No paper has been reproduced here yet.")
    else:
        rows = []
        for stem, found in documents:
            verdicts = [verdict_from(entry) for entry in found["claims"]]
            counts = Counter(w.reading(v) or v.verdict for v in verdicts)
            reading = counts.get("not reproduced under our reading", 0)
            name = found.get("title") or found["paper"]
            counted = [str(counts.get(v, 0)) for v in VERDICTS]
            rows.append([f"[{found['paper']}]({stem}.md) {name}", found["tier"], *counted, str(reading)])
        head = ["paper", "tier", *[v.lower() for v in VERDICTS], "not reproduced under our reading"]
        parts.append(table(head, rows))
        parts.append(
            "Papers are not comparable by these counts: their claims differ in weight, and many share runs. A verdict "
            "marked kept rests on records of an earlier run."
        )
    for stem, found in documents:
        parts.append(f"## {found['paper']}")
        rows = []
        for entry in found["claims"]:
            verdict = verdict_from(entry)
            link = f"[{verdict.id}]({stem}.md#{w.place(verdict)})"
            rows.append(
                [
                    link,
                    w.reading(verdict) or verdict.verdict,
                    f"{verdict.tier} (kept)" if entry.get("kept") else verdict.tier,
                    w.measured(verdict, entry.get("kind", "")),
                    verdict.source,
                ]
            )
        parts.append(table(["claim", "verdict", "tier", "measured", "source"], rows))
    path = out / "README.md"
    write_text(path, "\n\n".join(parts) + "\n")
    return path
