"""Rows of the exported tables, from records and verdicts."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grokbench.claims.verdict import Verdict
from grokbench.exports.columns import CURVES, IDENTITY, TABLES
from grokbench.exports.naming import Named
from grokbench.exports.stored import SHORT
from grokbench.reports.runs import run as times_of
from grokbench.specs.types import Array, Claim, Paper
from grokbench.store import keys
from grokbench.training.record import Record

Values = list[Any]  # None stands for what is empty


@dataclass(frozen=True)
class Table:
    """Columns of equal length, in the order of ``columns.TABLES[kind]``; None for an empty cell."""

    kind: str
    columns: Mapping[str, Values]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(next(iter(self.columns.values())))


@dataclass(frozen=True)
class Run:
    """A record, what it is called, and the experiments that read it."""

    record: Record
    named: Named
    experiments: tuple[str, ...] = ()

    @property
    def identity(self) -> dict[str, Any]:
        """The run under the columns that every row has."""
        trial = self.record.trial
        cells = (
            keys.key(trial)[:SHORT],
            " ".join(self.experiments),
            self.named.task,
            self.named.baseline,
            settings(self.named.changes),
            trial.alpha,
            trial.seed,
        )
        return dict(zip((column.name for column in IDENTITY), cells, strict=True))


def settings(changes: Mapping[str, Any]) -> str:
    """Changed fields as ``--set`` takes them, a space between two; a field that the trial lacks as ``-field``.

    >>> settings({"model.width": 60, "data.split": "mirrored", "model.dropout": None})
    'model.width=60 data.split="mirrored" -model.dropout'
    """
    return " ".join(
        f"-{name}" if value is None else f"{name}={json.dumps(value, ensure_ascii=False)}"
        for name, value in changes.items()
    )


def runs(found: Iterable[Run]) -> Table:
    """The table of runs."""
    return _table("runs", map(_run, found))


def _run(one: Run) -> dict[str, Any]:
    record, facts, curves = one.record, one.record.facts, one.record.curves
    told = times_of(record.trial.seed, "", record)
    return {
        **one.identity,
        "key": keys.key(record.trial),
        "rows": int(facts["n_train"]),
        "budget": record.trial.budget,
        "steps": int(facts["steps"]),
        "memoriser_baseline": float(facts["memoriser_baseline"]),
        **told.numbers,
        "outcome": told.outcome,
        "strong": told.strong,
        "stays": None if math.isnan(told.stays) else bool(told.stays),
        "ended": record.ended,
        "final_train_accuracy": float(curves["train_accuracy"][-1]),
        "final_test_accuracy": float(curves["test_accuracy"][-1]),
        "seconds": float(record.cost.get("seconds", math.nan)),
        **{name: record.environment.get(name) for name in ("engine", "cpu", "torch")},
        "content": record.content,
    }


def curves(found: Iterable[Run]) -> Table:
    """The table of curves."""
    out = _empty("curves")
    for one in found:
        own = one.record.curves
        n = len(own["step"])
        _repeat(out, one.identity, n)
        for column in CURVES:
            out[column.name] += own[column.name].tolist() if column.name in own else [None] * n
    return Table("curves", out)


def probes(found: Iterable[Run]) -> Table:
    """The table of probes. An analysis is among them where its arrays have a row for each step that it looked at."""
    out = _empty("probes")
    for one in found:
        for probe, name, index, steps, values in series(one.record):
            n = len(steps)
            _repeat(out, {**one.identity, "probe": probe, "series": name, "index": index}, n)
            out["step"] += steps.tolist()
            out["value"] += values.tolist()
    return Table("probes", out)


def series(record: Record) -> Iterator[tuple[str, str, int | None, Array, Array]]:
    """Probe or analysis, series, place among several numbers or None, steps, values (float64)."""
    for probe, columns in (*record.probes.items(), *record.analyses.items()):
        steps = columns.get("step")
        if steps is None:
            continue
        for name, values in columns.items():
            if name == "step" or values.shape[:1] != steps.shape or values.ndim > 2:
                continue
            numbers = values.astype(np.float64)
            if numbers.ndim == 1:
                yield probe, name, None, steps, numbers
            else:
                yield from ((probe, name, i, steps, numbers[:, i]) for i in range(numbers.shape[1]))


def measures(paper: Paper, said: Iterable[Verdict]) -> Table:
    """The table of measures: what each condition of a claim's rule found, seed by seed."""
    return _table("measures", (row for verdict in said for row in _measured(paper, verdict)))


def _measured(paper: Paper, verdict: Verdict) -> Iterator[dict[str, Any]]:
    claim = _claim(paper, verdict)
    for of, values in (("claim", verdict.values), ("control", verdict.control)):
        for seed, numbers, yes in values:
            for condition, value in zip(claim.rule, numbers, strict=True):
                yield {
                    "paper": paper.id,
                    "claim": claim.id,
                    "of": of,
                    "seed": int(seed),
                    "measure": condition.measure,
                    "arguments": json.dumps(dict(condition.args), ensure_ascii=False),
                    "value": None if math.isnan(value) else float(value),
                    "accepted_min": condition.min,
                    "accepted_max": condition.max,
                    "yes": None if yes is None else bool(yes),
                }


def verdicts(paper: Paper, said: Iterable[Verdict]) -> Table:
    """The table of verdicts."""
    return _table("verdicts", (_verdict(paper, one) for one in said))


def _verdict(paper: Paper, verdict: Verdict) -> dict[str, Any]:
    claim = _claim(paper, verdict)
    low, high = verdict.interval or (None, None)
    median_low, median_high = verdict.median_interval or (None, None)
    return {
        "paper": paper.id,
        "claim": claim.id,
        "title": claim.title,
        "kind": claim.kind,
        "verdict": verdict.verdict,
        "name": verdict.called,
        "tier": verdict.tier,
        "seeds": verdict.n_seeds,
        "yes": verdict.yes,
        "statistic": _number(verdict.statistic),
        "interval_low": _number(low),
        "interval_high": _number(high),
        "accepted_min": verdict.accepted.get("min"),
        "accepted_max": verdict.accepted.get("max"),
        "median": _number(verdict.median),
        "median_low": _number(median_low),
        "median_high": _number(median_high),
        "paper_says": None if claim.reported is None else str(claim.reported.value),
        "source": verdict.source,
        "grade": verdict.grade,
        "headline": claim.headline,
        "reason": verdict.reason,
    }


def _claim(paper: Paper, verdict: Verdict) -> Claim:
    return next(claim for claim in paper.claims if claim.id == verdict.id)


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def _empty(kind: str) -> dict[str, Values]:
    return {column.name: [] for column in TABLES[kind]}


def _repeat(out: dict[str, Values], cells: Mapping[str, Any], n: int) -> None:
    for name, value in cells.items():
        out[name] += [value] * n


def _table(kind: str, rows: Iterable[Mapping[str, Any]]) -> Table:
    out = _empty(kind)
    for row in rows:
        for name, values in out.items():
            values.append(row[name])
    return Table(kind, out)
