"""What the schemas of a task and of a recipe cannot say each for itself: whether the one can be trained on the other.

All of it is asked before training, and needs no torch.
"""

from __future__ import annotations

from collections.abc import Iterator

from grokbench.specs.errors import InputError
from grokbench.specs.types import Recipe, TaskSpec
from grokbench.tasks.vocabulary import first_element

LOSSES = {
    "quadratic-mlp": "mse",
    "analytic-quadratic-mlp": "mse",
    "one-layer-transformer": "cross-entropy",
    "decoder-transformer": "cross-entropy",
    "lstm": "cross-entropy",
    "relu-mlp": "cross-entropy",
}
"""The loss that the engines of each kind of network have."""
MOST_STEPS = 10**9


def recipe_faults(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Dotted field and sentence for each way in which a recipe's own tables contradict one another."""
    model, kind = recipe.model, recipe.model["kind"]
    if kind in LOSSES and recipe.loss["kind"] != LOSSES[kind]:
        yield (
            "loss.kind",
            f"{recipe.loss['kind']!r} does not go with model.kind {kind!r}, which is trained on {LOSSES[kind]!r}",
        )
    if kind == "decoder-transformer" and model["d_model"] % model["heads"]:
        yield "model.heads", f"{model['heads']} does not divide model.d_model, {model['d_model']}"
    if kind in ("lstm", "relu-mlp") and "precision" in recipe.loss:
        precision, dtype = recipe.loss["precision"], recipe.training["dtype"]
        if precision != dtype:
            yield (
                "training.dtype",
                f"{dtype!r} differs from loss.precision, {precision!r}; this network's loss has the type of its weights, "
                "so write the same for both",
            )


def check_fit(task: TaskSpec, recipe: Recipe) -> None:
    """Raises InputError, in a sentence, where the recipe's fields contradict, or its network cannot read the task's elements."""
    for field, text in recipe_faults(recipe):
        raise InputError(f"{recipe.id}: {field}: {text}")
    if recipe.model["kind"] == "decoder-transformer":
        first_element(task.domain)
    if recipe.model["kind"] == "analytic-quadratic-mlp" and task.domain.get("p", 3) < 3:
        raise InputError(f"{recipe.id}: an analytic network needs p >= 3, not p = {task.domain['p']}")


def check_watched(recipe: Recipe, what: str) -> None:
    """Raises InputError where ``what``, probes or portraits, are asked of a network that has none."""
    if "quadratic-mlp" not in recipe.model["kind"]:
        raise InputError(f"{what} are of the quadratic MLP; {recipe.id} has another network")
