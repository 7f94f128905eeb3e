"""``<paper>.md``: the page a reader sees, from the table of verdicts down to the environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grokbench.claims import phrases as w
from grokbench.claims.verdict import NOT_RUN
from grokbench.reports import readings
from grokbench.reports.front import front, rest
from grokbench.reports.head import head
from grokbench.reports.recipes import experiments, recipes
from grokbench.reports.result import PaperResult, confounds, environments
from grokbench.reports.sections import not_run, other_figures, sections, superseded
from grokbench.reports.spent import costs
from grokbench.reports.tables import table


def page(report: PaperResult, figures: Mapping[str, str], missing: Mapping[str, str], words: str = "") -> str:
    """The whole page.

    figures: drawn figure → link. missing: figure not drawn → what it needs. words: link to where the words are
    defined, if anywhere.
    """
    parts = [
        head(report, words),
        readings.table(report),
        front(report),
        rest(report),
        sections(report, figures),
        not_run(report),
        superseded(report),
        other_figures(report, figures, missing),
        recipes(report),
        experiments(report),
        _confounds(report),
        _discrepancies(report),
        _deviations(report),
        _environment(report),
        _cost(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _confounds(report: PaperResult) -> str:
    """The fields in which the arms of each claim that was run differ."""
    parts = []
    for verdict in report.verdicts:
        claim = report.claim(verdict.id)
        rows = confounds(report, claim) if claim and verdict.verdict != NOT_RUN else []
        if claim and rows:
            parts.append(f"`{claim.id}`:")
            parts.append(
                table(
                    ["field", *claim.experiments],
                    [[name, *[w.value(v) for v in values]] for name, values in rows],
                )
            )
    if not parts:
        return ""
    intro = "These are all fields in which the arms of a claim differ, the one under test included."
    return "\n\n".join(["## Confounds", intro, *parts])


def _discrepancies(report: PaperResult) -> str:
    """Where paper and code do not say the same, and which experiments read it either way; "" where none is known."""
    if not report.paper.discrepancies:
        return ""
    rows = [
        [one.what, one.paper, one.code, _experiments(one.as_paper), _experiments(one.as_code), one.source]
        for one in report.paper.discrepancies
    ]
    head = ["about", "the paper", "its code", "run as the paper", "run as the code", "source"]
    return "\n\n".join(["## Paper against code", table(head, rows)])


def _experiments(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or w.DASH


def _deviations(report: PaperResult) -> str:
    lines = "\n".join(f"* {w.sentence(text)}" for text in report.paper.deviations)
    return "## Deviations from the paper\n\n" + (lines or "None recorded.")


def _environment(report: PaperResult) -> str:
    found = environments(report)
    rows = [(key, "; ".join(w.value(v) for v in values)) for key, values in found.items()]
    mixed = [key for key, values in found.items() if len(values) > 1]
    parts = ["## Environment"]
    if mixed:
        parts.append(f"**Mixed**: the records differ in {', '.join(mixed)}.")
    if rows:
        parts.append(table(["", "value"], rows))
    if report.spec_hashes:
        parts.append(table(["spec", "SHA-256"], [(name, f"`{h}`") for name, h in report.spec_hashes.items()]))
    return "\n\n".join(parts)


def _cost(report: PaperResult) -> str:
    counted = costs(report)
    if not counted:
        return ""
    rows = [
        [
            f"{name} (earlier run)" if name in report.archived else name,
            str(cost.trials),
            w.seconds(cost.wall_seconds),
            w.seconds(cost.cpu_seconds),
            ", ".join(f"{n} with {other}" for other, n in cost.shared.items()),
        ]
        for name, cost in counted.items()
    ]
    wall = sum(cost.wall_seconds for cost in counted.values())
    cpu = sum(cost.cpu_seconds for cost in counted.values())
    rows.append(["in all", "", w.seconds(wall), w.seconds(cpu), ""])
    names, text = ["experiment", "trials", "wall", "CPU", "shared"], "Time spent in trials, added up."
    if any(cost.shared for cost in counted.values()):
        text += (
            " A training that several experiments share, whole or cut, is counted with the first of them. The last column "
            "says with which."
        )
    else:
        names, rows = names[:-1], [row[:-1] for row in rows]
    return "\n\n".join(["## Cost", text, table(names, rows)])
