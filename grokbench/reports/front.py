"""The tables of claims: the headline claims first, then the others by the figures and sections of the paper."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grokbench.claims import phrases as w
from grokbench.claims.verdict import Verdict
from grokbench.plan.expand import seeds_needed
from grokbench.reports.result import PaperResult
from grokbench.reports.rows import HEAD, row
from grokbench.reports.runs import rises
from grokbench.reports.tables import table

MOST = 15
"""Rows of the first table."""

OTHERS = "Other claims"
_NOWHERE = (3, 0.0, OTHERS)
_PLACES = (
    (re.compile(r"\bfig(?:ure|s)?\.?\s*(\d+)", re.IGNORECASE), "Figure"),
    (re.compile(r"\bsection\s+(\d+(?:\.\d+)?)", re.IGNORECASE), "Section"),
    (re.compile(r"\b[Aa]ppendix\s+([A-Z])\b"), "Appendix"),
)

EXPLAINED = (
    "*Here*: the median over seeds of what the rule measures, with its exact interval. "
    "*k/n*: k of n seeds meet the rule. A dash: the paper gives no number, or a seed gives only a yes or a no. "
    "Where something groks, *here* is R½. "
    "A title leads to the rule, the seeds, the control and the command."
)


def headline(report: PaperResult) -> tuple[Verdict, ...]:
    """The verdicts of the first table: those on the paper's headline claims; where it marks none, on the quick tier's."""
    marked = [v for v in report.verdicts if (claim := report.claim(v.id)) and claim.headline]
    return tuple(marked or [v for v in report.verdicts if _quick(report, v)] or report.verdicts)[:MOST]


def front(report: PaperResult) -> str:
    """The first table."""
    return "\n\n".join(["## Headline claims", _table(report, headline(report)), EXPLAINED])


def rest(report: PaperResult) -> str:
    """The other claims, a table for each figure or section of the paper; "" where there is none."""
    shown = {verdict.id for verdict in headline(report)}
    left = [verdict for verdict in report.verdicts if verdict.id not in shown]
    if not left:
        return ""
    groups: dict[tuple[int, float, str], list[Verdict]] = {}
    for verdict in left:
        # Where several papers are compared a source names one of them, and its figures are not this page's.
        several = report.paper.year is None
        groups.setdefault(_NOWHERE if several else place(verdict.source), []).append(verdict)
    parts = ["## All further claims"]
    for key in sorted(groups):
        parts += [f"### {key[2]}", _table(report, groups[key])]
    return "\n\n".join(parts)


def place(source: str) -> tuple[int, float, str]:
    """Where a claim stands in its paper, as a key to sort by whose last part is the heading; the first figure named counts.

    >>> [place(text)[2] for text in ("Section 4.1, Fig 3a", "Abstract and section 3.1.1", "Appendix C", "Eq 4")]
    ['Figure 3', 'Section 3.1', 'Appendix C', 'Other claims']
    """
    if source.startswith("Not in the paper"):
        return _NOWHERE
    for rank, (pattern, kind) in enumerate(_PLACES):
        found = pattern.search(source)
        if found:
            number = found[1]
            return rank, float(ord(number) if number.isalpha() else number), f"{kind} {number}"
    return _NOWHERE


def _quick(report: PaperResult, verdict: Verdict) -> bool:
    """Whether the quick tier decides the claim."""
    claim = report.claim(verdict.id)
    if claim is None:
        return False
    known = all(report.experiment(name) for name in (*claim.experiments, claim.control) if name)
    return bool(claim.computation) or (known and bool(seeds_needed(report.paper, claim, "quick")))


def _table(report: PaperResult, verdicts: Sequence[Verdict]) -> str:
    rows = []
    for verdict in verdicts:
        claim = report.claim(verdict.id)
        reported = claim.reported if claim else None
        rows.append(
            row(
                verdict,
                f"#{w.place(verdict)}",
                claim.title if claim else "",
                claim.kind if claim else "",
                reported.value if reported else None,
                w.tier(verdict, report.kept),
                _rises(report, verdict),
            )
        )
    return table(HEAD, rows)


def _rises(report: PaperResult, verdict: Verdict) -> list[float]:
    claim = report.claim(verdict.id)
    return [] if claim is None else rises(report.paper, report.evidence, claim, verdict)
