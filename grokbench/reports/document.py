"""``<paper>.json``: the verdicts for scripts, described by ``specs/schemas/report.schema.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grokbench.claims.verdict import Value, Verdict
from grokbench.claims.wording import NOT_REACHED, why
from grokbench.reports.evidence import counted
from grokbench.reports.result import PaperResult, environments
from grokbench.reports.runs import NUMBERS, Run, asks_for_rise, runs
from grokbench.reports.spent import costs, trainings
from grokbench.specs.files import SpecFile
from grokbench.store.replacing import replaced

SCHEMA_VERSION = 3
LEADERBOARD = "leaderboard-"
"""What the files of a track's page begin with, in a folder of reports."""


def document(report: PaperResult, figures: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The report as one JSON-able dict. ``figures`` maps a drawn figure to its path relative to the document.

    A number that was not reached or not measured is null, with a word for why beside it; so is an unbounded end.
    """
    seeds, draws = counted(report.paper, report.verdicts)
    return {
        "schema_version": SCHEMA_VERSION,
        "paper": report.paper.id,
        "title": report.paper.title,
        "tier": report.tier,
        "command": report.command,
        "seeds": seeds,
        "draws": draws,
        "trainings": trainings(report),
        "claims": [claim_entry(report, verdict) for verdict in report.verdicts],
        "superseded": [dict(vars(old)) for old in report.paper.superseded],
        "discrepancies": [plain(vars(one)) for one in report.paper.discrepancies],
        "deviations": list(report.paper.deviations),
        "environment": plain({key: list(values) for key, values in environments(report).items()}),
        "cost": {name: plain(cost.entry()) for name, cost in costs(report).items()},
        "spec_hashes": dict(report.spec_hashes),
        "shadowed": shadows(report.shadowed),
        "reused": list(report.reused),
        "figures": dict(figures or {}),
    }


def shadows(files: Iterable[SpecFile]) -> list[dict[str, str]]:
    """An entry for each spec file that hides another one of the same id."""
    return [
        {
            "kind": file.kind,
            "id": file.id,
            "file": str(file.path),
            "hides": file.hides.key if file.hides.builtin else str(file.hides.path),
        }
        for file in files
        if file.hides is not None
    ]


def shadow_line(files: Iterable[SpecFile]) -> str:
    """What the first line of a page says of such files; "" where there is none."""
    return " ".join(f"**{file.shadow[:1].upper()}{file.shadow[1:]}**" for file in files)


def claim_entry(report: PaperResult, verdict: Verdict) -> dict[str, Any]:
    """One claim of the document: the promised keys first, then those a curious reader wants."""
    claim = report.claim(verdict.id)
    return {
        "id": verdict.id,
        "verdict": verdict.verdict,
        "name": verdict.name,
        "tier": verdict.tier,
        "n_seeds": verdict.n_seeds,
        "statistic": number(verdict.statistic),
        "interval": bounds(verdict.interval),
        "accepted": {"min": number(verdict.accepted.get("min")), "max": number(verdict.accepted.get("max"))},
        "reason": verdict.reason,
        "source": verdict.source,
        "title": claim.title if claim else "",
        "headline": bool(claim and claim.headline),
        "reported": dict(vars(claim.reported)) if claim and claim.reported else None,
        "kind": claim.kind if claim else "",
        "known": claim.known if claim else None,
        "measures": [condition.measure for condition in claim.rule] if claim else [],
        "grade": verdict.grade,
        "under_our_reading": verdict.under_our_reading,
        "kept": verdict.id in report.kept,
        "median": number(verdict.median),
        "median_interval": bounds(verdict.median_interval),
        "why": missing({"statistic": verdict.statistic, "median": verdict.median}),
        "values": [_value(one) for one in verdict.values],
        "control": [_value(one) for one in verdict.control],
        "runs": [_run(one) for one in runs(report, claim, verdict)] if claim else [],
    }


def _value(value: Value) -> dict[str, Any]:
    seed, measured, yes = value
    return {
        "seed": int(seed),
        "measured": [number(v) for v in measured],
        "why": [why(v) for v in measured],
        "yes": yes if yes is None else bool(yes),
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "seed": run.seed,
        "experiment": run.experiment,
        **{name: number(value) for name, value in run.numbers.items()},
        "why": missing(run.numbers),
        "outcome": run.outcome,
        "strong": run.strong,
        "stays": None if math.isnan(run.stays) else bool(run.stays),
    }


def run_from(entry: Mapping[str, Any]) -> Run:
    """The run that ``claim_entry`` wrote down."""
    stays = entry["stays"]
    numbers = {name: _measured(entry[name], entry["why"].get(name)) for name in NUMBERS}
    return Run(
        seed=entry["seed"],
        experiment=entry["experiment"],
        outcome=entry["outcome"],
        strong=entry["strong"],
        stays=math.nan if stays is None else float(stays),
        **numbers,
    )


def verdict_from(entry: Mapping[str, Any]) -> Verdict:
    """The verdict that ``claim_entry`` wrote down."""
    accepted = entry.get("accepted") or {}
    return Verdict(
        id=entry["id"],
        verdict=entry["verdict"],
        tier=entry["tier"],
        n_seeds=entry["n_seeds"],
        statistic=_number(entry["statistic"], entry["why"].get("statistic")),
        interval=_pair(entry["interval"]),
        accepted={"min": accepted.get("min"), "max": accepted.get("max")},
        reason=entry["reason"],
        source=entry["source"],
        grade=entry.get("grade", ""),
        under_our_reading=bool(entry.get("under_our_reading", False)),
        values=_values(entry.get("values", ())),
        control=_values(entry.get("control", ())),
        median=_number(entry.get("median"), entry["why"].get("median")),
        median_interval=_pair(entry.get("median_interval")),
    )


def read(path: Path) -> dict[str, Any] | None:
    """The document at ``path``, or None when there is none of this schema version."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or found.get("schema_version") != SCHEMA_VERSION:
        return None
    return found


def rises(entry: Mapping[str, Any]) -> list[float]:
    """R½ of the runs of a claim's first arm, inf where half of a rise was not reached; none where it was not measured.

    None either where the rule asks for something else than a rise.
    """
    if not asks_for_rise(entry.get("measures", ())):
        return []
    own = [run for run in entry["runs"] if run["experiment"] == entry["runs"][0]["experiment"]]
    known = [
        run
        for run in own
        if run["half_rise_ratio"] is not None or run["why"].get("half_rise_ratio") == NOT_REACHED
    ]
    return [math.inf if run["half_rise_ratio"] is None else run["half_rise_ratio"] for run in known]


def number(value: float | None) -> float | None:
    """A finite number, or None."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if isinstance(value, int) else float(value)


def missing(numbers: Mapping[str, float | None]) -> dict[str, str]:
    """Of those of ``numbers`` that are null in JSON, why.

    >>> missing({"a": 1.0, "b": math.inf, "c": None})
    {'b': 'not reached', 'c': 'not measured'}
    """
    words = {name: why(value) for name, value in numbers.items()}
    return {name: word for name, word in words.items() if word is not None}


def bounds(pair: tuple[float, float] | None) -> list[float | None] | None:
    """[lo, hi], an unbounded or unmeasured end as None."""
    return None if pair is None else [number(pair[0]), number(pair[1])]


def plain(value: Any) -> Any:
    """The value with tuples as lists, numpy scalars as numbers, and no number that JSON lacks."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, bool | str) or value is None:
        return value
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return number(value)
    return str(value)


def dumps(content: Mapping[str, Any]) -> str:
    """The document as text; refuses NaN and infinities."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_text(path: Path, text: str) -> None:
    """Write ``text`` beside ``path`` and rename, so that no reader meets half a file."""
    with replaced(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def _values(rows: Iterable[Mapping[str, Any]]) -> tuple[Value, ...]:
    return tuple(
        (row["seed"], tuple(map(_measured, row["measured"], row["why"])), row["yes"]) for row in rows
    )


def _pair(pair: Any) -> tuple[float, float] | None:
    if pair is None:
        return None
    low, high = pair
    return (-math.inf if low is None else float(low), math.inf if high is None else float(high))


def _number(value: float | None, word: str | None) -> float | None:
    return math.inf if word == NOT_REACHED else value


def _measured(value: float | None, word: str | None) -> float:
    found = _number(value, word)
    return math.nan if found is None else float(found)
