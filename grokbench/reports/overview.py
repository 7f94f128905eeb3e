"""``scoreboard``: reports/README.md, one table over all papers, from their JSON files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from grokbench.claims import phrases as w
from grokbench.claims.verdict import NAMES
from grokbench.reports import agreement
from grokbench.reports.document import read, verdict_from, write_text
from grokbench.reports.tables import table


def scoreboard(out: Path) -> Path:
    """Rewrite <out>/README.md from the <paper>.json there; smoke reports are left out. The path written.

    Verdicts are counted, never turned into a percentage: claims differ in weight and share their runs. A document that
    another version wrote is left out, and the page says so.
    """
    documents, others = [], []
    for path in sorted(out.glob("*.json")):
        if "." in path.stem:  # a smoke report, or one of other seeds
            continue
        found = read(path)
        if found is None:
            others.append(path.stem)
        else:
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
            counts = Counter(v.name for v in verdicts)
            name = found.get("title") or found["paper"]
            counted = [str(counts.get(v, 0)) for v in NAMES]
            rows.append([f"[{found['paper']}]({stem}.md) {name}", found["tier"], *counted])
        head = ["paper", "tier", *NAMES]
        parts.append(table(head, rows))
        parts.append(
            "Papers are not comparable by these counts: their claims differ in weight, and many share runs. A verdict "
            "marked kept rests on records of an earlier run."
        )
    for stem in others:
        parts.append(
            f"Left out: `{stem}.json`, which is no report of this version. `grokbench report {stem} --records "
            f"{stem}/records --out .`, run here, writes it again."
        )
    parts += [part for stem, _ in documents for part in _agreement(out, stem)]
    for stem, found in documents:
        parts.append(f"## {found['paper']}")
        rows = []
        for entry in found["claims"]:
            verdict = verdict_from(entry)
            link = f"[{verdict.id}]({stem}.md#{w.place(verdict)})"
            rows.append(
                [
                    link,
                    verdict.name,
                    f"{verdict.tier} (kept)" if entry.get("kept") else verdict.tier,
                    w.measured(verdict, entry.get("kind", "")),
                    verdict.source,
                ]
            )
        parts.append(table(["claim", "verdict", "tier", "measured", "source"], rows))
    path = out / "README.md"
    write_text(path, "\n\n".join(parts) + "\n")
    return path


def _agreement(out: Path, paper: str) -> list[str]:
    """The claims of a paper that were run on another block of seeds too, a table for each block."""
    parts = []
    for other in agreement.blocks(out, paper):
        found = agreement.rows(out, paper, other)
        seeds = other.removeprefix(f"{paper}.seeds-").replace("+", ", ")
        same = sum(row.says == agreement.SAME for row in found)
        parts += [
            f"## {paper} on seeds {seeds}",
            f"{same} of {w.count(len(found), 'claim')} say the same on both blocks of seeds ([report]({other}.md)).",
            table(["claim", "report", f"seeds {seeds}", "these are"], found),
        ]
    return parts
