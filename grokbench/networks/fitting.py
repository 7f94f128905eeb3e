"""Whether a recipe's network can be trained on a task, asked before training: what their schemas cannot say each for itself."""

from __future__ import annotations

from collections.abc import Iterator

from grokbench import parts
from grokbench.networks.registry import architecture
from grokbench.specs.errors import InputError
from grokbench.specs.types import Recipe, TaskSpec
from grokbench.tasks.source import source

MOST_STEPS = 10**9
TAKEN = {"pairs": "pairs of elements", "vectors": "vectors of numbers"}


def recipe_faults(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Dotted field and sentence for each way in which a recipe's own tables contradict one another."""
    with parts.blamed(parts.strangers(recipe)):
        yield from architecture(recipe.model).faults(recipe)


def check_fit(task: TaskSpec, recipe: Recipe) -> None:
    """Raises InputError, in a sentence, where the recipe's fields contradict, or its network cannot be trained on the task."""
    for field, text in recipe_faults(recipe):
        raise InputError(f"{recipe.id}: {field}: {text}")
    with parts.blamed(parts.strangers(recipe, task)):
        _check_taken(task, recipe)
        architecture(recipe.model).fits(task, recipe)


def _check_taken(task: TaskSpec, recipe: Recipe) -> None:
    """Raises InputError where the task gives what the network does not take."""
    own, gives = architecture(recipe.model), source(task).gives
    if own.takes == gives:
        return
    others = [name for name in parts.names("networks") if parts.find("networks", name).takes == gives]
    known = f"those that take them are {', '.join(others)}" if others else "no network known here takes them"
    raise InputError(
        f"{recipe.id}: a {own.kind} takes {TAKEN[own.takes]}, and the task {task.id!r} gives {TAKEN[gives]}; {known}"
    )


def check_watched(recipe: Recipe, what: str) -> None:
    """Raises InputError where ``what``, probes or portraits, are asked of a network that has none."""
    if not architecture(recipe.model).probes:
        raise InputError(f"{recipe.id}: a {recipe.model['kind']} has no {what}")
