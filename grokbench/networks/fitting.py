"""Whether a recipe's network can be trained on a task, asked before training: what their schemas cannot say each for itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from grokbench import parts
from grokbench.networks.registry import architecture, rescaled
from grokbench.specs.errors import InputError
from grokbench.specs.types import Recipe, TaskSpec
from grokbench.tasks.decoding import decoding as decoding_of
from grokbench.tasks.source import Pairs, elements_of, outputs_of, shape_of, source

MOST_STEPS = 10**9
TAKEN = {"pairs": "pairs of elements", "vectors": "vectors of numbers"}


def recipe_faults(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Dotted field and sentence for each way in which a recipe's own tables contradict one another."""
    if recipe.learner:
        for name in ("batch", "weight_noise"):
            if recipe.training[name] not in ("full", 0.0):
                text = f"a learner sees all training rows without noise; leave it out, not {recipe.training[name]!r}"
                yield f"training.{name}", text
    with parts.blamed(parts.strangers(recipe)):
        yield from trained(recipe).faults(recipe)


def check_fit(task: TaskSpec, recipe: Recipe) -> None:
    """Raises InputError, in a sentence, where the recipe's fields contradict, or its network cannot be trained on the task."""
    for field, text in recipe_faults(recipe):
        raise InputError(f"{recipe.id}: {field}: {text}")
    with parts.blamed(parts.strangers(recipe, task)):
        _check_taken(task, recipe)
        _check_decoded(task, recipe)
        trained(recipe).fits(task, recipe)


def _check_decoded(task: TaskSpec, recipe: Recipe) -> None:
    """Raises InputError where the network, the learner or the loss is not made for how the task's outputs are decoded."""
    own, decoding, shape = trained(recipe), decoding_of(task), shape_of(task)
    if recipe.learner:
        if decoding.targets is not None or not isinstance(shape, int):
            raise InputError(
                f"{recipe.id}: the learner {own.kind!r} answers with one of the elements; {task.id!r} has other answers"
            )
        return
    if not _gives_any(own) and (decoding.targets is not None or isinstance(shape, Pairs)):
        others = [name for name in parts.names("networks") if _gives_any(parts.find("networks", name))]
        raise InputError(
            f"{recipe.id}: a {own.kind} has one output an element; {task.id!r} has {elements_of(shape)} elements, and asks for"
            f" {outputs_of(shape)} outputs; those that give as many as a task asks for are {', '.join(others)}"
        )
    loss = parts.find("losses", str(recipe.loss.get("kind")))
    if decoding.gives not in _taken(loss):
        able = [
            name for name in parts.names("losses") if decoding.gives in _taken(parts.find("losses", name))
        ]
        raise InputError(
            f"{recipe.id}: the loss {loss.kind!r} takes no {decoding.gives}, which the decoding {decoding.kind!r} of {task.id!r} "
            f"gives; use {' or '.join(able)}"
        )


def _gives_any(own: Any) -> bool:
    """Whether a network has as many outputs as a task asks for."""
    return bool(getattr(own, "outputs", "elements") == "any")


def _taken(loss: Any) -> tuple[str, ...]:
    """What a loss takes as targets."""
    found: tuple[str, ...] = getattr(loss, "takes", ("classes",))
    return found


def hand_written(task: TaskSpec, recipe: Recipe) -> bool:
    """Whether the network has a hand-written step for the recipe's loss and for how the task's outputs are decoded.

    Few know of outputs that are scaled, and those of networks with "any" outputs alone know of other answers than classes.
    """
    own = trained(recipe)
    if rescaled(recipe) and not getattr(own, "rescales", False):
        return False
    read = decoding_of(task).targets is None or _gives_any(own)
    return read and recipe.loss.get("kind") in getattr(own, "fast", {})


def _check_taken(task: TaskSpec, recipe: Recipe) -> None:
    """Raises InputError where the task gives what the network, or the learner, does not take."""
    own, gives = trained(recipe), source(task).gives
    if own.takes == gives:
        return
    others = [name for name in parts.names("networks") if parts.find("networks", name).takes == gives]
    known = f"those that take them are {', '.join(others)}" if others else "no network known here takes them"
    raise InputError(
        f"{recipe.id}: a {own.kind} takes {TAKEN[own.takes]}, and the task {task.id!r} gives {TAKEN[gives]}; {known}"
    )


def trained(recipe: Recipe) -> Any:
    """What a recipe's network, or the learner in its place, says of itself. Errors: UnknownNameError, InputError."""
    if recipe.learner:
        return parts.find("learners", str(recipe.learner.get("kind", "")))
    return architecture(recipe.model)
