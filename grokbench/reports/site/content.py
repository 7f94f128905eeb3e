"""What the pages say, as values that templates print: the report's own verdicts, numbers and words, under no other rule."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grokbench.claims import phrases as w
from grokbench.claims.verdict import NOT_RUN, VERDICTS, Verdict
from grokbench.figures import name_for
from grokbench.reports import rows
from grokbench.reports.agreement import SAME, Agreement
from grokbench.reports.document import rises, run_from, verdict_from
from grokbench.reports.result import PaperResult, confounds
from grokbench.reports.runs import HEAD as RUN_HEAD
from grokbench.reports.sections import MOST_ROWS, control_text, needs_line, numbers, rule_text
from grokbench.reports.site.curves import trained
from grokbench.specs.types import Claim

Table = Mapping[str, Any]
"""``head``; ``groups``, each the heading over its rows ("": none) and the rows; ``said``: what stands in place of too many."""


@dataclass(frozen=True)
class Reported:
    """A paper as its report stands on disk.

    document: ``<paper>.json``, which alone says verdicts and numbers. report: specs and records of the same paper. others: by
    block of further seeds, what the same claims said there.
    """

    report: PaperResult
    document: Mapping[str, Any]
    others: Mapping[str, Sequence[Agreement]] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """One claim as its row and its page show it."""

    id: str
    title: str
    kind: str
    verdict: str
    called: str
    tier: str
    says: str
    here: str
    seeds: str
    headline: bool
    page: str  # from the root of the site


def shown(reported: Reported) -> list[Shown]:
    """The paper's claims, in the order of its report."""
    return [_shown(reported, entry) for entry in _entries(reported)]


def _entries(reported: Reported) -> list[Mapping[str, Any]]:
    """The document's claims that the specs still have."""
    return [entry for entry in reported.document["claims"] if reported.report.claim(entry["id"]) is not None]


def _shown(reported: Reported, entry: Mapping[str, Any]) -> Shown:
    verdict = verdict_from(entry)
    says = (entry["reported"] or {}).get("value")
    _, said, here, seeds, _ = rows.row(verdict, "", entry["title"], entry["kind"], says, rises=rises(entry))
    return Shown(
        id=entry["id"],
        title=entry["title"] or entry["id"],
        kind=entry["kind"],
        verdict=verdict.verdict,
        called=verdict.called,
        tier=f"{verdict.tier}, kept" if entry["kept"] else verdict.tier,
        says=said,
        here=here,
        seeds=seeds,
        headline=bool(entry["headline"]),
        page=f"papers/{reported.report.paper.id}/{entry['id']}.html",
    )


def counts(claims: Iterable[Shown]) -> list[tuple[str, int]]:
    """Verdict → claims that have it, in the order of ``VERDICTS``, those that none has left out."""
    found = Counter(claim.verdict for claim in claims)
    return [(verdict, found[verdict]) for verdict in VERDICTS if found[verdict]]


def paper(reported: Reported) -> dict[str, Any]:
    """What a paper's page and its card on the scoreboard say."""
    report, document = reported.report, reported.document
    own = shown(reported)
    return {
        "id": report.paper.id,
        "title": report.paper.title,
        "authors": report.paper.authors,
        "year": report.paper.year,
        "url": report.paper.url,
        "page": f"papers/{report.paper.id}/index.html",
        "claims": own,
        "counts": counts(own),
        "trainings": document["trainings"],
        "seeds": w.ranges(document["seeds"]) if document["seeds"] else "",
        "command": document["command"] or report.reproduce("--tier", document["tier"]),
        "deviations": [w.sentence(text) for text in document["deviations"]],
        "superseded": document["superseded"],
        "others": [
            {
                "block": block,
                "same": sum(row.says == SAME for row in found),
                "rows": found,
            }
            for block, found in reported.others.items()
        ],
    }


def claim(reported: Reported, entry: Mapping[str, Any], drawn: Iterable[str]) -> dict[str, Any]:
    """What a claim's page says. ``drawn``: the figures that have numbers to be drawn."""
    report, verdict = reported.report, verdict_from(entry)
    own = report.claim(verdict.id)
    assert own is not None
    figure = name_for(report.paper, own)
    return {
        **vars(_shown(reported, entry)),
        "statement": w.sentence(own.statement),
        "source": verdict.source,
        "grade": verdict.grade,
        "reported": w.sentence(own.reported.source) if own.reported else "",
        "rule": [rule_text(condition) for condition in own.rule],
        "needs": needs_line(own),
        "reason": w.sentence(entry["reason"]),
        "frozen": report.frozen.get(own.id, "")[:12],
        "tried": w.sentence(own.tried),
        "control": control_text(own) if own.control else "",
        "numbers": _numbers(own, verdict.values),
        "control_numbers": _numbers(own, verdict.control),
        "runs": _runs(entry),
        "recipes": [_recipe(report, name) for name in own.experiments],
        "computation": own.computation.get("kind", "") if own.computation else "",
        "confounds": _confounds(report, own),
        "figure": figure if figure in set(drawn) else "",
        "curves": [name for name in dict.fromkeys(_read(own)) if trained(report.cells.get(name, ()))],
        "command": report.reproduce("--tier", verdict.tier, "--claim", own.id),
        "others": [
            (block, row) for block, found in reported.others.items() for row in found if row.claim == own.id
        ],
    }


def _read(own: Claim) -> list[str]:
    return [name for name in (*own.experiments, own.control) if name]


def _numbers(own: Claim, values: Sequence[Any]) -> Table | None:
    """What the rule measures on each seed; of more seeds than a report lists, how many there are and their ends."""
    if not values:
        return None
    head, lines = numbers(own, values)
    if len(values) > MOST_ROWS:
        known = [line[1] for line in lines if isinstance(line[1], float) and not math.isnan(line[1])]
        ends = f", from {w.number(min(known))} to {w.number(max(known))}" if known else ""
        return {
            "head": head,
            "groups": [],
            "said": f"{len(lines)} draws{ends}. The CSV file has each of them.",
        }
    return _table(head, {"": [[_cell(value) for value in line] for line in lines]})


def _table(head: Sequence[str], groups: Mapping[str, Sequence[Sequence[str]]]) -> Table:
    return {"head": head, "groups": list(groups.items()), "said": ""}


def _cell(value: float | int | str | None) -> str:
    if value is None or isinstance(value, float):
        return w.number(value)
    return str(value)


def _runs(entry: Mapping[str, Any]) -> Table | None:
    """The runs by experiment, without the columns that have a dash for each of them."""
    found = [run_from(run) for run in entry["runs"]]
    if not found or len({run.seed for run in found}) > MOST_ROWS:
        return None
    groups: dict[str, list[list[str]]] = {}
    for run in found:
        groups.setdefault(run.experiment, []).append([str(run.seed), *run.cells()])
    rows = [row for group in groups.values() for row in group]
    said = [i for i, column in enumerate(zip(*rows, strict=True)) if set(column) != {w.DASH}]
    head = ["seed", *RUN_HEAD]
    return _table(
        [head[i] for i in said],
        {name: [[row[i] for i in said] for row in group] for name, group in groups.items()},
    )


def _recipe(report: PaperResult, name: str) -> dict[str, Any]:
    experiment, recipe = report.experiment(name), report.recipe(name)
    return {
        "id": name,
        "title": w.sentence(experiment.title) if experiment else "",
        "task": experiment.task if experiment else "",
        "recipe": experiment.baseline if experiment else "",
        "origin": recipe.origin if recipe else "",
    }


def _confounds(report: PaperResult, own: Claim) -> Table | None:
    found = confounds(report, own)
    if not found:
        return None
    return _table(
        ["field", *own.experiments], {"": [[name, *[w.value(v) for v in values]] for name, values in found]}
    )


def as_csv(reported: Reported, entry: Mapping[str, Any]) -> str:
    """The claim's numbers, a row a seed: what the rule measures on the claim and on its control, and whether it holds."""
    verdict: Verdict = verdict_from(entry)
    own = reported.report.claim(verdict.id)
    assert own is not None
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head, lines = numbers(own, verdict.values)
    writer.writerow(["of", *head])
    writer.writerows(["claim", *map(_plain, line)] for line in lines)
    writer.writerows(["control", *map(_plain, line)] for line in numbers(own, verdict.control)[1])
    return out.getvalue()


def _plain(value: float | int | str | None) -> str:
    """A number in full; words for one that is not finite are those of Python: inf, nan."""
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def was_run(entry: Mapping[str, Any]) -> bool:
    """Whether the claim was judged, or failed, rather than left for another tier."""
    return bool(entry["verdict"] != NOT_RUN)
