"""The longer tables of a leaderboard: what the harness counted, every setting that was tried, and every run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from grokbench.analysis.statistics import median
from grokbench.claims import phrases as w
from grokbench.figures.layout import thousands
from grokbench.plan.compared import TIMES
from grokbench.plan.leaderboard import chosen
from grokbench.plan.standings import GRADIENTS, Standings, Tried, success
from grokbench.reports.standings_rows import cpu_seconds, gradients, ordered, records_of, weights

TUNING_HEAD = ("entry", "workload", "setting", "T_gen", "stays", "best test accuracy", "proposed T*", "")
COUNTS_HEAD = (
    "entry",
    "workload",
    "weights",
    "steps",
    "gradients a step",
    "gradients",
    "CPU time",
    "ms a step",
)
RUNS_HEAD = ("entry", "seed", "T_mem", "T_gen", "F_0.99", "dips", "ended", "kept")


def setting_text(settings: Mapping[str, Any]) -> str:
    """A setting in words.

    >>> setting_text({"optimizer.lr": 0.01, "optimizer.wrapper.alpha": 0.98})
    'lr 0.01, alpha 0.98'
    """
    return ", ".join(f"{name.rpartition('.')[2]} {w.value(value)}" for name, value in settings.items())


def tuning_rows(result: Standings) -> list[tuple[str, ...]]:
    """Every setting that was tried, under ``TUNING_HEAD``."""
    rows: list[tuple[str, ...]] = []
    for own in ordered(result):
        for workload in result.track.workloads:
            tried = result.tuning.get((own.name, workload.id), ())
            best = chosen(tried) if any(any(one.runs) for one in tried) else None
            for one in tried:
                declared = own.submission.workloads[workload.id].set
                marks = ["chosen"] if one is best else []
                marks += ["declared"] if dict(one.settings) == dict(declared) else []
                rows.append(
                    (own.submission.title, workload.id, *tried_cells(one, workload.steps), ", ".join(marks))
                )
    return rows


def tried_cells(one: Tried, budget: int) -> tuple[str, ...]:
    """A setting that was tried, under the middle of ``TUNING_HEAD``."""
    if not any(one.runs):
        return setting_text(one.settings), "not run", w.DASH, w.DASH, w.DASH
    reached = math.isfinite(one.t_gen)
    return (
        setting_text(one.settings),
        w.number(one.t_gen) if reached else f"> {budget}",
        ("yes" if one.stays else "no") if reached else w.DASH,
        f"{one.accuracy:.3f}",
        w.number(one.t_star) if reached else w.DASH,
    )


def count_rows(result: Standings) -> list[tuple[str, ...]]:
    """What the harness counted, under ``COUNTS_HEAD``."""
    rows: list[tuple[str, ...]] = []
    for own in ordered(result):
        for workload in result.track.workloads:
            records = records_of(result, own, workload.id)
            pace = median([float(one.cost.get("ms_per_step", math.nan)) for one in records])
            rows.append(
                (
                    own.submission.title,
                    workload.id,
                    thousands(weights(own, workload.id)),
                    thousands(sum(int(one.facts["steps"]) for one in records)),
                    str(GRADIENTS),
                    thousands(gradients(records)),
                    w.seconds(cpu_seconds(records)),
                    w.DASH if pace is None else f"{pace:.2g}",
                )
            )
    return rows


def run_rows(result: Standings, workload: str) -> list[tuple[str, ...]]:
    """Every certifying run on a workload, under ``RUNS_HEAD``."""
    rows: list[tuple[str, ...]] = []
    for own in ordered(result):
        for seed, one in zip(own.block.seeds, result.runs(own, workload), strict=True):
            if one is None:
                rows.append((own.submission.title, str(seed), *["—"] * 5, "failed or absent"))
                continue
            times = (one.t_mem, one.t_gen, TIMES["f_99"](one))
            rows.append(
                (
                    own.submission.title,
                    str(seed),
                    *("not reached" if math.isinf(time) else w.number(time) for time in times),
                    str(one.dips()[0]) if math.isfinite(one.t_gen) else w.DASH,
                    one.ended,
                    "yes" if success(one, own.t_star(workload)) else "no",
                )
            )
    return rows
