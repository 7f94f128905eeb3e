"""Whether a recipe's network can be trained on a task, asked before training: what their schemas cannot say each for itself."""

from __future__ import annotations

from collections.abc import Iterator

from grokbench import parts
from grokbench.networks.registry import architecture
from grokbench.specs.errors import InputError
from grokbench.specs.types import Recipe, TaskSpec

MOST_STEPS = 10**9


def recipe_faults(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Dotted field and sentence for each way in which a recipe's own tables contradict one another."""
    with parts.blamed(parts.strangers(recipe)):
        yield from architecture(recipe.model).faults(recipe)


def check_fit(task: TaskSpec, recipe: Recipe) -> None:
    """Raises InputError, in a sentence, where the recipe's fields contradict, or its network cannot be trained on the task."""
    for field, text in recipe_faults(recipe):
        raise InputError(f"{recipe.id}: {field}: {text}")
    with parts.blamed(parts.strangers(recipe)):
        architecture(recipe.model).fits(task, recipe)
