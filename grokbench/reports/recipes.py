"""The parts of a report on what was trained: each recipe once, then what each experiment made of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from grokbench.analysis import timing
from grokbench.claims import phrases as w
from grokbench.claims.verdict import NOT_RUN
from grokbench.reports.evidence import read_by
from grokbench.reports.result import RECIPE_TABLES, PaperResult
from grokbench.specs import differences, values
from grokbench.specs.types import Experiment, Recipe


def recipes(report: PaperResult) -> str:
    """The recipes of the experiments that :func:`experiments` prints, every field of each; "" where there is none."""
    parts = ["## Recipes"]
    for name, recipe in _bases(report).items():
        lines = [f"* from: {recipe.origin}; {recipe.source}"]
        for table in RECIPE_TABLES:
            text = _pairs(values.settings(getattr(recipe, table)))
            lines += [f"* {table}: {text}"] if text else []
        parts += [f"### Recipe {name}", w.sentence(recipe.title), "\n".join(lines)]
    return "\n\n".join(parts) if len(parts) > 1 else ""


def experiments(report: PaperResult) -> str:
    """The experiments that have records, or that a claim reads which was run; "" for a paper without experiments."""
    told, bases = _told(report), _bases(report)
    parts = ["## Experiments"]
    for experiment in report.paper.experiments:
        if experiment.id in told:
            parts += _experiment(report, experiment, bases.get(experiment.baseline))
    if len(told) < len(report.paper.experiments):
        parts.append(
            f"Experiments without runs are left out here. `{report.show()}` prints them; "
            "`grokbench show RECIPE --resolved` prints a recipe."
        )
    return "\n\n".join(parts) if len(parts) > 1 else ""


def _told(report: PaperResult) -> Collection[str]:
    ran = [v.id for v in report.verdicts if v.verdict != NOT_RUN]
    return read_by(report.paper, ran) | set(report.cells)


def _bases(report: PaperResult) -> dict[str, Recipe]:
    """The recipes as their files have them, in the order of the experiments; else as the first experiment had it."""
    told, found = _told(report), {}
    for experiment in report.paper.experiments:
        if experiment.id in told and experiment.baseline not in found:
            recipe = report.recipes.get(experiment.baseline) or report.recipe(experiment.id)
            if recipe is not None:
                found[experiment.baseline] = recipe
    return found


def _experiment(report: PaperResult, experiment: Experiment, base: Recipe | None) -> list[str]:
    lines = [f"* task `{experiment.task}`, recipe `{experiment.baseline}`"]
    changed = _changed(report, experiment, base)
    if changed:
        lines.append(f"* changed: {', '.join(changed)}")
    lines += _levels(report, experiment.id)
    for tier, plan in experiment.tiers.items():
        more = "".join(f", {_pairs(fields)}" for fields in (plan.vary, plan.set) if fields)
        levels = ", ".join(w.value(level) for level in plan.rows or plan.alphas)
        what = "training rows" if plan.rows else "α"
        lines.append(f"* {tier}: seeds {w.ranges(plan.seeds)}, {what} {levels}, {plan.steps} steps{more}")
    return [f"### Experiment {experiment.id}", w.sentence(experiment.title), "\n".join(lines)]


def _changed(report: PaperResult, experiment: Experiment, base: Recipe | None) -> list[str]:
    """What the experiment's trials have in another way than the printed recipe and their task, but for what its tiers name."""
    own = report.recipe(experiment.id)
    said = [f"{k} = {w.value(v)}" for k, v in experiment.set.items() if k.startswith("task.")]
    if own is None or base is None:
        return said
    tiers = {name for plan in experiment.tiers.values() for name in (*plan.vary, *plan.set)}
    return said + [
        f"no {name}" if value is None else f"{name} = {w.value(value)}"
        for name, (_, value) in differences.differing([differences.fields(base), differences.fields(own)])
        if name not in tiers
    ]


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
