"""The trials of a paper's experiments looked at before one is trained: every combination of settings, fractions and tiers."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from grokbench import parts
from grokbench.networks.fitting import MOST_STEPS, check_fit, recipe_faults
from grokbench.plan.expand import settings, tier_plan
from grokbench.specs.errors import GrokbenchError, InputError, Mistake, SettingsError, SpecError
from grokbench.specs.loader import Library
from grokbench.specs.settings import divided
from grokbench.specs.types import Experiment, Paper, Recipe, TaskSpec, TierPlan
from grokbench.store.keys import canonical
from grokbench.tasks.domain import make_domain
from grokbench.tasks.source import count_rows
from grokbench.tasks.splits import fraction, rows_as_fraction
from grokbench.training.watching import watching_faults

Found = tuple[str, str, str | None]  # dotted key below the experiment, sentence, nearest name


class Tables:
    """How many rows tasks have; a table is built once however many trials share it."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], int | str] = {}

    def rows(self, task: TaskSpec) -> int:
        """Rows of the task's table. Errors: InputError, without the task's name."""
        key = task.operation, canonical(task.domain), canonical(task.source)
        if key not in self._rows:
            try:
                self._rows[key] = count_rows(task)
            except InputError as error:
                self._rows[key] = str(error).removeprefix(f"task {task.id!r}: ")
        known = self._rows[key]
        if isinstance(known, str):
            raise InputError(known)
        return known


def task_faults(task: TaskSpec, tables: Tables) -> Iterator[tuple[str, str]]:
    """Dotted field of a task, and why it has no table."""
    try:
        make_domain(task.domain)
    except GrokbenchError as error:
        yield f"domain.{_field(task.domain)}".rstrip("."), str(error)
        return
    try:
        tables.rows(task)
    except GrokbenchError as error:
        yield "operation", str(error)


def _field(domain: Mapping[str, Any]) -> str:
    """The field of a domain that is wrong where there is one alone; empty where it may be any of several."""
    own = dataclasses.fields(parts.find("domains", str(domain.get("kind"))).fields)
    return own[0].name if len(own) == 1 else ""


def experiment_mistakes(library: Library, paper: Paper, file: str, tables: Tables) -> Iterator[Mistake]:
    """What would keep a trial of the paper from being trained; mistakes in the files of its tasks and recipes are not told."""
    for experiment in paper.experiments:
        found: dict[Found, None] = {}
        for tier in experiment.tiers:
            plan = tier_plan(experiment, tier)
            assert plan is not None
            if plan.steps > MOST_STEPS:
                text = f"expected at most {MOST_STEPS} steps; got {plan.steps}"
                found[f"tier.{tier}.steps", text, None] = None
            for values in itertools.product(*plan.vary.values()):
                varied = dict(zip(plan.vary, values, strict=True))
                found |= dict.fromkeys(_trial_faults(library, experiment, tier, plan, varied, tables))
        for key, text, near in found:
            yield Mistake(file, f"experiment {experiment.id}{'.' if key else ''}{key}", text, near)


def _trial_faults(
    library: Library,
    experiment: Experiment,
    tier: str,
    plan: TierPlan,
    varied: Mapping[str, Any],
    tables: Tables,
) -> Iterator[Found]:
    changed = settings(experiment, plan, varied)
    own, rest = divided(changed)
    task, recipe = None, None

    def place(field: str) -> str:
        """Where the experiment gives ``field`` its value."""
        if field in varied:
            return f"vary.{field}"
        if field in plan.set:
            return f"tier.{tier}.set.{field}"
        return f"set.{field}" if field in experiment.set else ""

    def told(error: GrokbenchError, prefix: str) -> Iterator[Found]:
        if isinstance(error, SettingsError):
            for one in error.mistakes:
                yield place(one.path) or f"set.{one.path}", one.expected, one.near
        elif not isinstance(error, SpecError):
            text = str(error)
            named = [key for key in {**own, **rest} if repr(key) in text or text.startswith(f"{key} cannot")]
            yield place(f"{prefix}{named[0]}" if named else ""), text, None

    try:
        task = library.task(experiment.task, own)
    except GrokbenchError as error:
        yield from told(error, "task.")
    try:
        recipe = library.recipe(experiment.baseline, rest)
    except GrokbenchError as error:
        yield from told(error, "")
    if task is not None:
        known = set() if not own else {text for _, text in task_faults(library.task(experiment.task), tables)}
        for field, text in task_faults(task, tables) if own else ():
            if text not in known:
                yield (
                    place(f"task.{field}") or _first_of("task.domain.", changed, place),
                    text,
                    None,
                )
    if recipe is not None and rest:
        before = set(recipe_faults(library.recipe(experiment.baseline)))
        for field, text in recipe_faults(recipe):
            if (field, text) not in before:
                yield place(field) or "set", text, None
    if task is not None and recipe is not None:
        yield from _fit_faults(experiment, tier, plan, task, recipe, tables)


def _first_of(start: str, given: Mapping[str, Any], place: Callable[[str], str]) -> str:
    """Where the first of the given fields that begin so has its value; empty without one."""
    return next((place(field) for field in given if field.startswith(start)), "")


def _fit_faults(
    experiment: Experiment, tier: str, plan: TierPlan, task: TaskSpec, recipe: Recipe, tables: Tables
) -> Iterator[Found]:
    """Why this recipe cannot be trained on this task as the experiment asks."""
    if not any(recipe_faults(recipe)):
        try:
            check_fit(task, recipe)
        except InputError as error:
            yield "", str(error), None
    for kind, names in (("probes", experiment.probes), ("analyses", experiment.analyses)):
        try:
            for text in watching_faults(kind, names, task, recipe):
                yield kind, text, None
        except GrokbenchError as error:
            yield kind, str(error), None
    if any(task_faults(task, tables)):
        return
    n, rounding = tables.rows(task), recipe.data["rounding"]
    asked = [("alphas", partial(fraction, n, alpha, rounding)) for alpha in plan.alphas]
    asked += [("rows", partial(rows_as_fraction, n, rows, rounding)) for rows in plan.rows]
    for key, counted in asked:
        try:
            counted()
        except InputError as error:
            yield f"tier.{tier}.{key}", str(error), None
