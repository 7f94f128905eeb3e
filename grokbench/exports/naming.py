"""What the task and the recipe of a trial are called: by the specs that have their fields, and by what differs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from grokbench.specs import differences, values
from grokbench.specs.errors import GrokbenchError
from grokbench.specs.loader import Library
from grokbench.specs.types import Recipe, TaskSpec, Trial
from grokbench.store import keys


@dataclass(frozen=True)
class Named:
    """The names of a trial's task and recipe.

    changes: dotted field → the trial's value, of those in which it differs from the specs of these names, as ``--set`` takes
    them; None for a field that the trial lacks. own: whether a name is that of no spec, so that nothing can be compared.
    """

    task: str
    baseline: str
    changes: Mapping[str, Any]
    own: bool


class Names:
    """Names trials by a library's specs: the spec that a trial says it is of, where its fields are the trial's; else another
    one with just these fields; else its own with what differs. Fields at their default differ from none that is left out.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[str, Named] = {}

    def of(self, trial: Trial) -> Named:
        """What ``trial`` is called."""
        place = keys.canonical([vars(trial.task), vars(trial.recipe)])
        if place not in self._known:
            self._known[place] = self._named(trial)
        return self._known[place]

    def _named(self, trial: Trial) -> Named:
        fields = _fields(trial)
        task, of_task = trial.task.id, self._differences("task", trial, fields)
        recipe, of_recipe = trial.recipe.id, self._differences("recipe", trial, fields)
        if of_recipe != {}:
            same = self._recipes.get(keys.canonical(fields["recipe"]))
            recipe, of_recipe = (recipe, of_recipe) if same is None else (same, {})
        changes = {**(of_recipe or {}), **{f"task.{name}": value for name, value in (of_task or {}).items()}}
        return Named(task, recipe, changes, own=of_task is None or of_recipe is None)

    def _differences(self, kind: str, trial: Trial, fields: Mapping[str, Any]) -> dict[str, Any] | None:
        """Dotted field → the trial's value, of those that differ from the spec of the same id; None where there is none."""
        own: TaskSpec | Recipe = getattr(trial, kind)
        spec = self._spec(kind, own.id)
        if spec is None:
            return None
        theirs = _fields(dataclasses.replace(trial, **{kind: spec}))
        arms = [values.settings(arm[kind]) for arm in (fields, theirs)]
        whole = differences.fields(own)
        return {name: whole.get(name) for name, _ in differences.differing(arms)}

    def _spec(self, kind: str, name: str) -> Any:
        ids = self._library.task_ids() if kind == "task" else self._library.recipe_ids()
        if name not in ids:
            return None
        try:
            return self._library.task(name) if kind == "task" else self._library.recipe(name)
        except GrokbenchError:  # a file that cannot be read names nothing
            return None

    @cached_property
    def _recipes(self) -> dict[str, str]:
        """The fields of every recipe → its id, the first of those with the same fields."""
        found: dict[str, str] = {}
        task = next(iter(self._library.each("task")))
        for recipe in self._library.each("baseline"):
            trial = Trial(task, recipe, 0.5, 0, 0)
            found.setdefault(keys.canonical(_fields(trial)["recipe"]), recipe.id)
        return found


def _fields(trial: Trial) -> Mapping[str, Any]:
    """What a trial's key holds of its task and its recipe."""
    found = keys.family_fields(trial)
    task = {name: value for name, value in found["task"].items() if name != "id"}
    return {"task": task, "recipe": found["recipe"]}
