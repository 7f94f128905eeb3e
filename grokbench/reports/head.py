"""The head of a page: which paper, how many claims and seeds, and how often such verdicts are wrong."""

from __future__ import annotations

from collections.abc import Sequence

from grokbench.claims import phrases as w
from grokbench.claims.rules import LEAST_AGAINST_EXISTENCE
from grokbench.claims.verdict import NOT_RUN, Verdict
from grokbench.reports.document import shadow_line
from grokbench.reports.evidence import JUDGED, counted
from grokbench.reports.result import PaperResult

SIDE = 0.025
"""Chance of a wrong verdict on either side, where the truth lies on the border and a 95 % interval decides."""
DOUBT, RARE = 0.05, 0.2
"""What the strength of a "never" is told by: the level of its bound, and a true rate that it may well miss."""


def head(report: PaperResult, words: str) -> str:
    """The head. words: link to where the words of the page are defined, if anywhere."""
    paper = report.paper
    year = f" ({paper.year})" if paper.year else ""
    lines = [
        f"# {paper.title}",
        *filter(None, [shadow_line(report.shadowed)]),
        f"{paper.authors}{year}{f', <{paper.url}>' if paper.url else ''}.",
        f"**{' · '.join(_counts(report))}.**",
        *_errors(report),
    ]
    if words:
        lines.append(
            f"Words such as T_mem, T_gen, a′, grade and REPRODUCED are defined in [REPRODUCE.md]({words})."
        )
    return "\n\n".join([*lines, *_origin(report)])


def _counts(report: PaperResult) -> list[str]:
    left = sum(v.verdict == NOT_RUN for v in report.verdicts)
    claims = w.count(len(report.verdicts), "claim") + (f", {left} of them not run" if left else "")
    seeds, draws = counted(report.paper, report.verdicts)
    out = [f"`{report.paper.id}`", f"tier {report.tier}", claims]
    if seeds:
        out.append(f"{w.count(len(seeds), 'seed')} of trained networks ({w.ranges(seeds)})")
    if draws:
        out.append(f"{w.count(len(draws), 'draw')} without training ({w.ranges(draws)})")
    return out


def _errors(report: PaperResult) -> list[str]:
    """A paragraph on the verdicts that an interval decides, and a sentence on each other kind of rule."""
    judged = [v for v in report.verdicts if v.verdict in JUDGED]
    by_kind = {
        kind: [v for v in judged if _kind(report, v) == kind] for kind in ("exact", "existence", "never")
    }
    others = {v.id for own in by_kind.values() for v in own}
    n = sum(v.id not in others for v in judged)
    lines = []
    if n:
        lines.append(
            f"{w.count(n, 'verdict')} {'rests' if n == 1 else 'rest'} on a 95 % interval: "
            f"each errs with a probability of at most {SIDE} in either direction.{_worst(n)}"
        )
    if by_kind["never"]:
        lines.append(_never(by_kind["never"]))
    if by_kind["existence"]:
        lines.append(
            f"{_says(by_kind['existence'])} that something exists. One seed that shows it is enough; "
            f"{LEAST_AGAINST_EXISTENCE} that do not are needed against it."
        )
    if by_kind["exact"]:
        lines.append(
            f"{w.count(len(by_kind['exact']), 'claim')} {'is' if len(by_kind['exact']) == 1 else 'are'} compared exactly, "
            "without statistics and without an error rate."
        )
    shared = _sharing(report)
    if shared:
        lines.append(
            f"{w.count(shared, 'claim')} read trials that another claim reads too, so their verdicts are not independent."
        )
    return [" ".join(lines)] if lines else []


def _worst(n: int) -> str:
    """How many of n such verdicts are expected to be wrong, if every truth lies on its border."""
    if n == 1:
        return ""
    expected = SIDE * n
    few = "fewer than one false verdict" if expected < 1 else f"at most {w.number(expected)} false verdicts"
    return f" In the worst case, expect {few} in each direction among these {n}."


def _never(verdicts: Sequence[Verdict]) -> str:
    """How weak such a verdict is.

    With n seeds, none of which contradicts, 1 − 0.05^(1/n) bounds the true rate; at a rate r it comes out with (1 − r)^n.
    """
    sizes = sorted({verdict.n_seeds for verdict in verdicts if verdict.n_seeds})
    weak = " ".join(
        f"0 of {n} leaves a true rate of {1 - DOUBT ** (1 / n):.2f} possible at {100 * DOUBT:.0f} %. "
        f"At a true rate of {RARE} it comes out with probability {(1 - RARE) ** n:.2f}."
        for n in sizes
    )
    one = len(verdicts) == 1
    return (
        f"{_says(verdicts)} that something never happens. {'It stands' if one else 'They stand'} while no seed contradicts, "
        f"which is weaker evidence. {weak} {'It is' if one else 'They are'} not counted among the verdicts on intervals."
    )


def _says(verdicts: Sequence[Verdict]) -> str:
    return f"{w.count(len(verdicts), 'claim')} {'says' if len(verdicts) == 1 else 'say'}"


def _origin(report: PaperResult) -> list[str]:
    """How the report was made, and which of its verdicts rest on records of other runs."""
    lines = []
    if report.tier == "smoke":
        lines.append(
            "This is a smoke report. Its runs only show that everything works together; they are too short to decide a "
            "statistical claim. Exact claims are decided."
        )
    if report.command:
        lines.append(f"Made by `{report.command}`.")
    if report.kept:
        lines.append(
            f"**{w.count(len(report.kept), 'verdict')} {'rests' if len(report.kept) == 1 else 'rest'} on records of "
            f"an earlier run** and {'is' if len(report.kept) == 1 else 'are'} marked *kept*. This command had no record of "
            "some or all of the trials; the report that was here before had."
        )
    if report.archived:
        lines.append(
            "Experiments marked 'earlier run' under [Cost](#cost) are shown, in figures too, with such records."
        )
    judged = [v for v in report.verdicts if v.verdict in JUDGED]
    others = sorted({v.tier for v in judged if v.id not in report.kept} - {report.tier})
    if others:
        lines.append(
            f"Verdicts marked {' or '.join(others)} come from records of that tier that were there already. "
            "The command under a claim trains what it needs."
        )
    if report.reused:
        lines.append(
            "Taken from another store, not trained for this report: " + ", ".join(report.reused) + "."
        )
    return lines


def _kind(report: PaperResult, verdict: Verdict) -> str:
    claim = report.claim(verdict.id)
    return claim.kind if claim else ""


def _sharing(report: PaperResult) -> int:
    """How many claims that were judged read an experiment that another one of them reads."""
    readers: dict[str, set[str]] = {}
    for verdict in report.verdicts:
        claim = report.claim(verdict.id)
        if claim is not None and verdict.verdict in JUDGED:
            for experiment in claim.experiments:
                readers.setdefault(experiment, set()).add(claim.id)
    return len({c for ids in readers.values() if len(ids) > 1 for c in ids})
