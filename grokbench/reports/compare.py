"""What a comparison leaves on disk: a page, a JSON document (``specs/schemas/compare.schema.json``) and a plot as PNG and SVG.

What differs between the arms stands above every number.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from grokbench.analysis.paired import Interaction, Paired
from grokbench.claims import phrases as w
from grokbench.plan.compared import NAMES, TIMES, CompareResult
from grokbench.reports import compare_rows as rows
from grokbench.reports import comparing as words
from grokbench.reports.document import bounds, dumps, missing, number, plain, shadow_line, shadows, write_text
from grokbench.reports.result import of_records
from grokbench.reports.runs import Run
from grokbench.reports.tables import table
from grokbench.specs.differences import short
from grokbench.store import keys

SCHEMA_VERSION = 1


def name_of(result: CompareResult) -> str:
    """The files' name without an ending: task, both recipes, and a hash of all that was asked."""
    trial = result.trial
    asked = [
        *(keys.family_fields(replace(trial, recipe=arm.recipe, seed=0)) for arm in result.arms),
        result.budget,
        result.seeds,
        plain(vars(result.tuning)) if result.tuning else None,
    ]
    both = "-against-".join(arm.recipe.id.replace("/", "-") for arm in result.arms[: len(NAMES)])
    return f"{trial.task.id}-{both}-{keys.digest(asked)[:8]}"


def lines(result: CompareResult) -> str:
    """The comparison as a terminal shows it: what differs, then what was found."""

    from tabulate import tabulate

    def grid(head: tuple[str, ...], body: list[tuple[str, ...]]) -> str:
        return str(tabulate(body, head, tablefmt="simple", disable_numparse=True))

    apart, tested = result.differences, result.under_test
    parts = [
        _what(result),
        "\n".join([words.headline(apart, tested), *filter(None, [words.why_confounded(apart, tested)])]),
        grid(words.FIELDS_HEAD, words.field_rows(apart, tested)) if apart else "",
        "\n".join(words.tuning_sentences(result)),
        grid((result.tuning.field, *NAMES), rows.tuning_rows(result)) if result.tuning else "",
        words.paired_on(result),
        "\n".join(words.sentences(result)),
        grid(rows.TIMES_HEAD, rows.time_rows(result)),
        grid(rows.ARMS_HEAD, rows.arm_rows(result)),
    ]
    contrasts = [rows.contrast_row(result, one) for one in result.contrasts()]
    if contrasts:
        parts += ["One field at a time:", grid(rows.CONTRASTS_HEAD, contrasts)]
        parts += ["Two fields together:", grid(rows.INTERACTIONS_HEAD, rows.interaction_rows(result))]
    return "\n\n".join(part for part in parts if part)


def _what(result: CompareResult) -> str:
    a, b = (words.named(arm.name, i) for i, arm in enumerate(result.arms[: len(NAMES)]))
    trial = result.trial
    return (
        f"{a} against {b}, on {trial.task.id} at α = {w.number(trial.alpha)}, "
        f"seeds {w.ranges(result.seeds)}, budget {w.steps(result.budget)}."
    )


def page(result: CompareResult, figure: str) -> str:
    """The page: what differs, the answer, the plot, the tables, each run, how it was made."""
    trial, apart, tested = result.trial, result.differences, result.under_test
    a, b = (arm.name for arm in result.arms[: len(NAMES)])
    changed = ", ".join(f"`{name} = {value}`" for name, value in result.settings)
    contrasts = [rows.contrast_row(result, one) for one in result.contrasts()]
    joint = rows.interaction_rows(result)
    cost = sum(float(record.cost.get("seconds", 0.0)) for record in result.records.values())
    environment = of_records(result.records.values())
    head = words.headline(apart, tested)
    parts = [
        f"# {a} against {b}: {' '.join(trial.task.title.split())}",
        shadow_line(result.shadowed),
        f"A is `{a}` ({result.arms[0].recipe.title}). B is `{b}` ({result.arms[1].recipe.title}).",
        f"Task `{trial.task.id}`, α = {w.number(trial.alpha)}, seeds {w.ranges(result.seeds)}, "
        f"budget {w.steps(result.budget)}.",
        f"Changed in both: {changed}." if changed else "",
        "## What differs",
        f"**{w.sentence(head)}** {words.why_confounded(apart, tested)}".rstrip(),
        table(words.FIELDS_HEAD, words.field_rows(apart, tested)) if apart else "",
        " ".join(words.tuning_sentences(result)),
        table((result.tuning.field, *NAMES), rows.tuning_rows(result)) if result.tuning else "",
        words.paired_on(result),
        "## What was found",
        _emphasised(words.sentences(result)),
        *(f"Note: {text}" for text in words.warnings(result)),
        f"![T_gen of each arm, seed by seed, and test accuracy over the steps]({figure})",
        table(rows.TIMES_HEAD, rows.time_rows(result)),
        "A time that is not reached within the budget ranks behind every other; a ratio with one is only bounded. "
        "F_q is the first evaluation with test accuracy q, which may be lost again.",
        table(rows.ARMS_HEAD, rows.arm_rows(result)),
        "Dips are counted, and a run stays or not, from T_gen to 3 T_gen. Runs without a T_gen are left out there.",
        *(["## One field at a time", CONTRASTS, table(rows.CONTRASTS_HEAD, contrasts)] if contrasts else []),
        *(["## Two fields together", INTERACTIONS, table(rows.INTERACTIONS_HEAD, joint)] if joint else []),
        "## Runs\n\n" + table(rows.SEEDS_HEAD, rows.seed_rows(result)),
        "## How it was made",
        f"```\n{result.command}\n```"
        if result.command
        else "Made in Python, from recipes that no file holds.",
        f"Trials: {len(result.records)}, {w.seconds(cost)} of training in all.",
        table(("", "value"), [(key, "; ".join(map(w.value, found))) for key, found in environment.items()])
        if environment
        else "",
        table(("spec", "SHA-256"), [(name, f"`{h}`") for name, h in result.spec_hashes.items()]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


CONTRASTS = (
    "Each row changes one field and holds the others, so nothing is confounded in it. A ratio above 1 says that the value of B "
    "is faster there."
)
INTERACTIONS = (
    "The interaction is the logarithm of a ratio of two ratios of the table above. The upper one is what a field is worth at B's "
    "value of the other, the lower one what it is worth at A's. Above 0 both help one another; below 0 they do the same work. "
    "The logarithm of the whole ratio is the sum of three: each field alone, and the interaction. "
    "A sign that times which were not reached leave open counts against both."
)


def _emphasised(found: list[str]) -> str:
    return " ".join([f"**{found[0]}**", *found[1:]])


def document(result: CompareResult, figure: str | None = None) -> dict[str, Any]:
    """The comparison as one JSON-able dict. ``figure``: the plot's path relative to the document."""
    trial, names = result.trial, [one.field for one in result.differences]
    return {
        "schema_version": SCHEMA_VERSION,
        "task": trial.task.id,
        "alpha": trial.alpha,
        "seeds": list(result.seeds),
        "budget": result.budget,
        "command": result.command,
        "headline": words.headline(result.differences, result.under_test),
        "under_test": result.under_test,
        "confounded": list(result.confounds),
        "differences": [
            {
                "field": one.field,
                "name": short(one.field, names),
                "values": [plain(one.value(arm)) for arm in (0, 1)],
                "with_it": [plain(one.more(arm)) for arm in (0, 1)],
            }
            for one in result.differences
        ],
        "shares": {"split": result.shares_split, "initialisation": result.shares_initialisation},
        "paired": {name: _paired(result.paired(name)) for name in TIMES},
        "arms": [_arm(result, arm) for arm in range(len(result.arms))],
        "isolated": [
            {
                "field": one.field,
                "held": dict(one.held),
                "arms": list(one.arms),
                **_paired(result.paired(arms=one.arms)),
            }
            for one in result.contrasts()
        ],
        "interactions": [
            {
                "fields": list(one.fields),
                "held": dict(one.held),
                "arms": list(one.arms),
                "time": time,
                **_interaction(result.interaction(one, time)),
            }
            for one in result.squares()
            for time in TIMES
        ],
        "tuning": _tuning(result),
        "sentences": words.sentences(result),
        "failures": [
            {"seed": one.trial.seed, "baseline": one.trial.recipe.id, "traceback": one.path}
            for one in result.failures
        ],
        "task_spec": plain(vars(trial.task)),
        "spec_hashes": dict(result.spec_hashes),
        "shadowed": shadows(result.shadowed),
        "environment": plain(of_records(result.records.values())),
        "seconds": round(sum(float(r.cost.get("seconds", 0.0)) for r in result.records.values()), 2),
        "figure": figure,
    }


def _paired(found: Paired) -> dict[str, Any]:
    return {
        "n": found.n,
        "a_faster": found.first_faster,
        "b_faster": found.second_faster,
        "ties": found.ties,
        "ratio": bounds(found.ratio),
        "interval": bounds(found.interval),
        "p": found.p,
        "decided": found.decided,
        "spread": number(found.spread),
        "censored": found.censored,
        "seeds_needed": found.needed,
    }


def _interaction(found: Interaction) -> dict[str, Any]:
    return {
        "n": found.n,
        "positive": found.positive,
        "negative": found.negative,
        "unknown": found.unknown,
        "log_ratio": bounds(found.log_ratio),
        "interval": bounds(found.interval),
        "p": found.p,
        "decided": found.decided,
        "censored": found.censored,
    }


def _arm(result: CompareResult, arm: int) -> dict[str, Any]:
    own = result.arms[arm]
    runs = rows.runs_of(result, arm)
    return {
        "name": own.name,
        "baseline": own.recipe.id,
        "takes_of_b": sorted(own.takes),
        "did_not_finish": sum(math.isinf(one.t_gen) for one in runs),
        "runs": [_run(result, arm, one) for one in runs],
        "recipe": plain(vars(own.recipe)),
    }


def _run(result: CompareResult, arm: int, one: Run) -> dict[str, Any]:
    record, dips = result.records[arm, one.seed], rows.dips_of(result, arm, one.seed)
    return {
        "seed": one.seed,
        **{name: number(value) for name, value in one.numbers.items()},
        "why": missing(one.numbers),
        "outcome": one.outcome,
        "ended": record.ended,
        "dips": None if dips is None else dips[0],
        "below_99": None if dips is None else number(dips[1]),
        "stays": None if math.isnan(one.stays) else bool(one.stays),
        "steps": int(record.facts["steps"]),
        "content": record.content,
    }


def _tuning(result: CompareResult) -> dict[str, Any] | None:
    if result.tuning is None:
        return None
    return {
        "field": result.tuning.field,
        "seeds": list(result.tuning.seeds),
        "trials": result.tuning.trials,
        "arms": [
            {
                "chosen": plain(one.chosen),
                "reached": one.reached,
                "at_the_edge": one.at_the_edge,
                "tried": [{"value": plain(value), "t_gen": number(time)} for value, time in one.tried],
            }
            for one in result.tuned
        ],
    }


def write(result: CompareResult, out: Path) -> Path:
    """Write the page, its JSON and the plot into ``out``; the path of the page. Errors: OSError."""
    from grokbench.figures import draw_compare

    stem, trial = name_of(result), result.trial
    head = f"{trial.task.id}, α = {w.number(trial.alpha)}: {words.headline(result.differences, result.under_test)}"
    draw_compare(result, out / stem, head)
    write_text(out / f"{stem}.json", dumps(document(result, f"{stem}.png")))
    write_text(out / f"{stem}.md", page(result, f"{stem}.png"))
    return out / f"{stem}.md"
