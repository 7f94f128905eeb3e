"""Which trials can train as one model: those that differ in numbers only. Torch-free.

Rows, initial weights, orders of minibatches and noise come in from outside, so that a seed, a fraction, an operation or the
share of corrupted labels may be anything. An optimizer's numbers may differ; one that is 0 stands for an update without that
term, so that it is 0 in all of them or in none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from grokbench.networks.registry import architecture, rescaled
from grokbench.specs.types import Trial
from grokbench.tasks.source import shape_of


def why_singly(trial: Trial) -> str:
    """Why a trial cannot train in a batch, as a sentence; empty where it can."""
    if trial.recipe.learner:
        return f"{trial.recipe.learner['kind']} is a learner, which has no gradient to batch."
    if not trial.budget:
        return "Nothing is updated in 0 steps."
    if trial.start is not None:
        return "It begins at the end of another run."
    return architecture(trial.recipe.model).singly(trial.recipe.model)


def likeness(trial: Trial) -> str:
    """What is the same in trials that can train together. Errors: GrokbenchError where the trial names what there is not."""
    recipe, training = trial.recipe, trial.recipe.training
    free = architecture(recipe.model).drawn
    own = {
        "model": {name: _sign(value) if name in free else value for name, value in recipe.model.items()},
        "loss": recipe.loss,
        "optimizer": _numberless(recipe.optimizer),
        "corrupted": bool(recipe.data.get("corruption")),
        "evaluation": recipe.evaluation,
        "dtype": training["dtype"],
        "batch": training["batch"] if training["batch"] == "full" else "rows",
        "noisy": bool(training["weight_noise"]),
        "rescaled": (rescaled(recipe), bool(training.get("subtract_start"))),
        "source": trial.task.source["kind"],
        "shape": shape_of(trial.task),
        "decode": trial.task.decode,
    }
    return json.dumps(own, sort_keys=True, default=list)


def _sign(value: Any) -> Any:
    """Whether a number is 0; a word may be any."""
    return bool(value) if isinstance(value, int | float) else None


def _numberless(value: Any) -> Any:
    """A table with each number replaced by whether it is 0."""
    if isinstance(value, Mapping):
        return {name: _numberless(own) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [_numberless(own) for own in value]
    return bool(value) if isinstance(value, int | float) and not isinstance(value, bool) else repr(value)
