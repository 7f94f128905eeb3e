"""What a sweep leaves on disk: a page, a JSON document (``specs/schemas/sweep.schema.json``) and a plot."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from grokbench.analysis.statistics import median
from grokbench.analysis.thresholds import Bracket, Level
from grokbench.claims import phrases as w
from grokbench.claims.wording import NOT_REACHED, NOT_SETTLED
from grokbench.plan.sweep import SweepResult
from grokbench.reports.document import bounds, dumps, number, plain, shadow_line, shadows, write_text
from grokbench.reports.result import of_records
from grokbench.store import keys
from grokbench.training.record import Record

SCHEMA_VERSION = 2
HEAD = ("α", "solved", "status", "trained", "median T_gen of those trained")


def name_of(result: SweepResult) -> str:
    """The files' name without an ending: task, recipe, and a hash of all that was asked, so that no sweep replaces another."""
    trial = result.trial
    asked = [
        keys.family_fields(replace(trial, alpha=0.0, seed=0)),
        result.budget,
        result.alphas,
        result.seeds,
    ]
    digest = keys.digest([*asked, result.exhaustive])[:8]
    return f"{trial.task.id}-{trial.recipe.id.replace('/', '-')}-{digest}"


def table_rows(result: SweepResult) -> list[tuple[str, ...]]:
    """One row a fraction, in words, under ``HEAD``."""
    out: list[tuple[str, ...]] = []
    for level in result.threshold.levels:
        times = result.times(level.alpha)
        middle = median(times)
        time = "" if middle is None else w.number(middle)
        if middle is not None and math.isinf(middle):
            time = f"> {result.budget}"
        out.append((w.number(level.alpha), _count(level), level.status, str(len(times)), time))
    return out


def _count(level: Level) -> str:
    n = level.solved + level.unsolved + level.unknown
    least, most = level.solved, level.solved + level.unknown
    return f"{least} of {n}" if least == most else f"{least} to {most} of {n}"


def _span(one: Bracket) -> str:
    return f"({w.number(one.low)}, {w.number(one.high)}{')' if math.isinf(one.high) else ']'}"


def sentence(result: SweepResult) -> str:
    """α50, its interval, and the budget and seeds that it holds for."""
    found, n = result.threshold, len(result.seeds)
    last = w.number(result.alphas[-1])
    if found.bracket == (0.0, math.inf):
        head = "α50 is not known"
    elif found.alpha50 is None:
        head = f"α50 is only known to lie in {_span(found.bracket)}"
    elif math.isinf(found.alpha50):
        head = (
            f"α50 is not reached: at α = {last}, the largest tried, no more than half of the seeds are solved"
        )
    elif not found.bracket.low and found.bracket.high == result.alphas[0]:
        head = f"α50 ≤ {w.number(found.alpha50)}, the smallest fraction tried"
    else:
        head = f"α50 = {w.number(found.alpha50)}"
    words = f"{head}, within {w.steps(result.budget)}; "
    if found.confidence:
        words += f"{100 * found.confidence:.0f} % interval {_span(found.interval)} from {n} seeds."
    else:
        few = f"{n} seed{'s' if n > 1 else ''}"
        words += (
            f"the seeds' brackets span {_span(found.interval)}, which is no confidence interval: "
            f"{few} can give none (6 can)."
        )
    return words


def warnings(result: SweepResult) -> list[str]:
    """What a reader should know beside the numbers."""
    out = [
        f"Seed {seed} is solved at α = {low:g} and not at {high:g}"
        + (
            "."
            if result.exhaustive
            else ". The sweep assumes that this does not happen; an exhaustive one does not assume it."
        )
        for seed, low, high in result.threshold.reversals
    ]
    if result.failures:
        out.append(f"{len(result.failures)} trial(s) failed; their outcomes count as unknown.")
    return out


def document(result: SweepResult, figure: str | None = None) -> dict[str, Any]:
    """The sweep as one JSON-able dict. ``figure``: the plot's path relative to the document."""
    found, trial = result.threshold, result.trial
    return {
        "schema_version": SCHEMA_VERSION,
        "task": trial.task.id,
        "baseline": trial.recipe.id,
        "command": result.command,
        "budget": result.budget,
        "seeds": list(result.seeds),
        "exhaustive": result.exhaustive,
        "alpha50": number(found.alpha50),
        "bracket": _ends(found.bracket),
        "interval": _ends(found.interval),
        "confidence": found.confidence,
        "why": _why(result),
        "levels": [
            {
                "alpha": level.alpha,
                "solved": level.solved,
                "unsolved": level.unsolved,
                "unknown": level.unknown,
                "interval": bounds(level.interval),
                "status": level.status,
            }
            for level in found.levels
        ],
        "brackets": [
            {"seed": seed, "low": one.low, "high": number(one.high)} for seed, one in found.brackets.items()
        ],
        "reversals": [{"seed": seed, "solved": low, "unsolved": high} for seed, low, high in found.reversals],
        "trials": [
            {
                "seed": seed,
                "alpha": alpha,
                "t_gen": number(record.t_gen),
                "why": _why_censored(record),
                "outcome": record.outcome,
                "ended": record.ended,
                "steps": int(record.facts["steps"]),
                "content": record.content,
            }
            for (seed, alpha), record in sorted(result.records.items())
        ],
        "failures": [
            {"seed": one.trial.seed, "alpha": one.trial.alpha, "traceback": one.path}
            for one in result.failures
        ],
        "task_spec": plain(vars(trial.task)),
        "recipe": plain(vars(trial.recipe)),
        "spec_hashes": dict(result.spec_hashes),
        "shadowed": shadows(result.shadowed),
        "environment": plain(of_records(result.records.values())),
        "seconds": round(sum(float(r.cost.get("seconds", 0.0)) for r in result.records.values()), 2),
        "figure": figure,
    }


def _why_censored(record: Record) -> str | None:
    """Why a trial has no T_gen; None where it has one."""
    if math.isfinite(record.t_gen):
        return None
    return "diverged" if record.ended == "diverged" else NOT_REACHED


def _why(result: SweepResult) -> dict[str, str]:
    """Why the sweep has no α50, or no confidence, in a word or two."""
    found, out = result.threshold, {}
    if found.alpha50 is None:
        out["alpha50"] = NOT_SETTLED
    elif math.isinf(found.alpha50):
        out["alpha50"] = NOT_REACHED
    if found.confidence is None:
        out["confidence"] = "too few seeds"
    return out


def _ends(one: Bracket) -> list[float | None]:
    return [one.low, number(one.high)]


def page(result: SweepResult, figure: str) -> str:
    """The page: the answer, the plot, the table, each seed's bracket, how it was found."""
    from grokbench.reports.tables import table

    trial = result.trial
    changed = ", ".join(f"`{name} = {value}`" for name, value in result.settings)
    settings = f"Changed from the task and the recipe: {changed}." if changed else ""
    brackets = [(str(seed), w.half_open(one)) for seed, one in result.threshold.brackets.items()]
    how = (
        "Every cell was trained."
        if result.exhaustive
        else "Only cells that could change the answer were trained. The others follow if more data never hurts a seed. "
        "An exhaustive sweep does not assume that."
    )
    cost = sum(float(record.cost.get("seconds", 0.0)) for record in result.records.values())
    environment = [
        (key, "; ".join(map(w.value, values))) for key, values in of_records(result.records.values()).items()
    ]
    parts = [
        f"# {' '.join(trial.task.title.split())}: solved from which α on?",
        shadow_line(result.shadowed),
        f"Task `{trial.task.id}`, recipe `{trial.recipe.id}` ({trial.recipe.title}), "
        f"seeds {w.ranges(result.seeds)}, budget {w.steps(result.budget)}.",
        settings,
        f"**{sentence(result)}**",
        *(f"Note: {text}" for text in warnings(result)),
        f"![Share of seeds solved and T_gen against α]({figure})",
        table(HEAD, table_rows(result)),
        "A trial is solved when T_gen lies within the budget. A fraction is solved when the exact 95 % interval of the "
        "share of seeds lies above one half, and unsolved when it lies below. Else it is undecided; fewer than six seeds decide "
        "nothing. Where only some seeds were trained, they are those close to their thresholds, and their median is not "
        "everyone's.",
        "## Seeds\n\n" + table(("seed", "solved from an α in"), brackets),
        "## How it was made\n\n" + how,
        f"```\n{result.command}\n```",
        f"Trials: {len(result.records)} of {len(result.seeds) * len(result.alphas)}, {w.seconds(cost)} of training in all.",
        table(("", "value"), environment) if environment else "",
        table(("spec", "SHA-256"), [(name, f"`{h}`") for name, h in result.spec_hashes.items()]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def write(result: SweepResult, out: Path) -> Path:
    """Write <out>/<task>-<recipe>.md, .json and .png; the path of the page. Errors: OSError."""
    from grokbench.figures import draw_sweep

    stem = name_of(result)
    draw_sweep(result, out / f"{stem}.png")
    write_text(out / f"{stem}.json", dumps(document(result, f"{stem}.png")))
    write_text(out / f"{stem}.md", page(result, f"{stem}.png"))
    return out / f"{stem}.md"
