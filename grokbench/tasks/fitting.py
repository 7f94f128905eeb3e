"""Whether a recipe's network can be trained on a task: what the schemas of the two cannot say each for itself."""

from __future__ import annotations

from grokbench.specs.errors import InputError
from grokbench.specs.types import Recipe, TaskSpec
from grokbench.tasks.vocabulary import first_element


def check_fit(task: TaskSpec, recipe: Recipe) -> None:
    """Raises InputError, in a sentence, where the recipe's network cannot read the task's elements or its fields contradict."""
    model = recipe.model
    if model["kind"] == "decoder-transformer":
        first_element(task.domain)
        if model["d_model"] % model["heads"]:
            raise InputError(
                f"{recipe.id}: model.heads divides model.d_model; got {model['heads']} and {model['d_model']}"
            )
    if model["kind"] in ("lstm", "relu-mlp"):
        precision, dtype = recipe.loss["precision"], recipe.training["dtype"]
        if precision != dtype:
            raise InputError(
                f"{recipe.id}: this network's loss has the type of its weights, so that loss.precision and training.dtype "
                f"are one; got {precision} and {dtype}"
            )
