"""``<paper>.md``: the page a reader sees, from the table of verdicts down to the environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grokbench.analysis import timing
from grokbench.claims import phrases as w
from grokbench.claims.verdict import NOT_RUN
from grokbench.reports import readings
from grokbench.reports.evidence import read_by
from grokbench.reports.front import front, rest
from grokbench.reports.head import head
from grokbench.reports.result import RECIPE_TABLES, PaperResult, confounds, environments
from grokbench.reports.sections import not_run, other_figures, sections, superseded
from grokbench.reports.spent import costs
from grokbench.reports.tables import table
from grokbench.specs.types import Experiment


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
        _recipes(report),
        _confounds(report),
        _discrepancies(report),
        _deviations(report),
        _environment(report),
        _cost(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _recipes(report: PaperResult) -> str:
    """The recipes of the experiments that have records, or that a claim reads which was run."""
    ran = [v.id for v in report.verdicts if v.verdict != NOT_RUN]
    told = read_by(report.paper, ran) | set(report.cells)
    parts = ["## Recipes"]
    for experiment in report.paper.experiments:
        if experiment.id in told:
            parts += _recipe(report, experiment)
    if len(told) < len(report.paper.experiments):
        parts.append(
            f"Experiments without runs are left out here. `{report.show()}` prints them; "
            "`grokbench show RECIPE --resolved` prints a recipe."
        )
    return "\n\n".join(parts)


def _recipe(report: PaperResult, experiment: Experiment) -> list[str]:
    recipe = report.recipe(experiment.id)
    lines = [f"* task `{experiment.task}`, recipe `{experiment.baseline}`"]
    if recipe is not None:
        lines[0] += f" (from: {recipe.origin}; {recipe.source})"
        for name in RECIPE_TABLES:
            fields = getattr(recipe, name)
            text = ", ".join(f"{k} = {w.value(v)}" for k, v in fields.items())
            if text:
                lines.append(f"* {name}: {text}")
    lines += _levels(report, experiment.id)
    if experiment.set:
        lines.append("* changed from the recipe: " + _pairs(experiment.set))
    for tier, plan in experiment.tiers.items():
        more = "".join(f", {_pairs(fields)}" for fields in (plan.vary, plan.set) if fields)
        levels = ", ".join(w.value(level) for level in plan.rows or plan.alphas)
        what = "training rows" if plan.rows else "α"
        lines.append(f"* {tier}: seeds {w.ranges(plan.seeds)}, {what} {levels}, {plan.steps} steps{more}")
    return [f"### Experiment {experiment.id}", w.sentence(experiment.title), "\n".join(lines)]


def _levels(report: PaperResult, experiment_id: str) -> list[str]:
    """The thresholds of T_mem and T_gen, where the task has others than 0.99."""
    records = [record for _, _, record in report.cells.get(experiment_id, ())[:1]]
    found = {record.levels for record in records} - {timing.LEVELS}
    return [
        f"* T_mem at a train accuracy of {w.number(own.t_mem)}, T_gen at a test accuracy of {w.number(own.t_gen)}"
        for own in found
    ]


def _pairs(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{k} = {w.value(list(v) if isinstance(v, tuple) else v)}" for k, v in fields.items())


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
