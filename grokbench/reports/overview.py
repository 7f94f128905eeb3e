"""``scoreboard``: reports/README.md, one table over all papers, from their JSON files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grokbench.claims import phrases as w
from grokbench.claims.certificates import CERTIFIED
from grokbench.claims.verdict import NOT_REPRODUCED, REPRODUCED, VERDICTS
from grokbench.reports import agreement, rows, verdicts
from grokbench.reports.document import LEADERBOARD, read, rises, verdict_from, write_text
from grokbench.reports.tables import table
from grokbench.specs.locate import COSTS
from grokbench.specs.locate import VERDICTS as SHIPPED

SPLIT = (REPRODUCED, NOT_REPRODUCED)
"""Verdicts that are counted apart under the paper's own recipe and under our reading of it."""

HEAD = (
    "paper",
    "tier",
    *(f"{verdict}: {whose}" for verdict in SPLIT for whose in ("paper's recipe", "our reading")),
    *(verdict for verdict in VERDICTS if verdict not in SPLIT),
    "trainings",
)

EXPLAINED = (
    "*Our reading* is REPRODUCED or NOT REPRODUCED under our reading: the paper's words or recipe do not fix what was run. "
    "*Trainings* counts a training once, however many claims of a paper read it, and leaves out draws without training.",
    "Do not compare papers by these counts: their claims differ in weight, and many share runs. A verdict "
    "marked *kept* rests on records of an earlier run.",
)


def scoreboard(out: Path) -> Path:
    """Rewrite <out>/README.md and verdicts.json from the <paper>.json there, but for smoke reports. The page's path.

    Verdicts are counted, never turned into a percentage: claims differ in weight and share their runs. A document that
    another version wrote is left out, and the page says so.
    """
    documents, others = written(out)
    parts = [
        "# Scoreboard",
        "Written by `grokbench reproduce` from the JSON files in this folder; do not edit.",
    ]
    if documents:
        parts += [table(HEAD, [_counts(stem, found) for stem, found in documents]), *EXPLAINED]
    else:
        parts.append("No paper has been reproduced here yet.")
    for stem in others:
        parts.append(
            f"`{stem}.json` is left out, because another version wrote it. To write it again, run "
            f"`grokbench report {stem} --records {stem}/records --out .` here."
        )
    parts += _leaderboards(out)
    parts += [part for stem, _ in documents for part in _agreement(out, stem)]
    for stem, found in documents:
        claims = [_claim(stem, entry) for entry in found["claims"]]
        parts += [f"## {found['paper']}", table(rows.HEAD, claims)]
    verdicts.write(out, documents)
    path = out / "README.md"
    write_text(path, "\n\n".join(parts) + "\n")
    return path


def written(out: Path) -> tuple[list[tuple[str, dict[str, Any]]], list[str]]:
    """The reports that lie in ``out``, by the stem of their files, but for smoke reports and those of other seeds.

    And the stems of those that another version wrote.
    """
    documents, others = [], []
    for path in sorted(out.glob("*.json")):
        if "." in path.stem or path.name in (SHIPPED, COSTS) or path.name.startswith(LEADERBOARD):
            continue
        found = read(path)
        if found is None:
            others.append(path.stem)
        else:
            documents.append((path.stem, found))
    return documents, others


def _leaderboards(out: Path) -> list[str]:
    """A line for each page of a track, with how many workloads each of its entries is certified on."""
    lines = []
    for path in sorted(out.glob(f"{LEADERBOARD}*.json")):
        if "." in path.stem:  # of another block of seeds
            continue
        found = json.loads(path.read_text(encoding="utf-8"))
        entries = ", ".join(
            f"{own['title']} {sum(one['certificate'] == CERTIFIED for one in own['workloads'])}"
            for own in found["entries"]
        )
        lines.append(
            f"- [{found['title']}]({path.stem}.md): certified, of {w.count(len(found['workloads']), 'workload')}: {entries}."
        )
    return ["## Leaderboards", "\n".join(lines)] if lines else []


def _counts(stem: str, found: Mapping[str, Any]) -> list[str]:
    """A paper's row under ``HEAD``."""
    counts = Counter(
        (entry["verdict"], entry["verdict"] in SPLIT and entry["under_our_reading"])
        for entry in found["claims"]
    )
    paper = f"[{found['paper']}]({stem}.md) {found['title']}"
    return [
        paper,
        found["tier"],
        *(str(counts[verdict, ours]) for verdict in SPLIT for ours in (False, True)),
        *(str(counts[verdict, False]) for verdict in VERDICTS if verdict not in SPLIT),
        str(found["trainings"]),
    ]


def _claim(stem: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    """A claim's row under ``rows.HEAD``."""
    verdict = verdict_from(entry)
    says = (entry["reported"] or {}).get("value")
    tier = f"{verdict.tier}, kept" if entry["kept"] else verdict.tier
    return rows.row(
        verdict, f"{stem}.md#{w.place(verdict)}", entry["title"], entry["kind"], says, tier, rises(entry)
    )


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
