"""The loop's side of a learner, which trains without a gradient: its engine, whose update is the learner's step."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grokbench import parts
from grokbench.networks.fast.products import BLAS
from grokbench.networks.fitting import trained
from grokbench.specs.errors import InputError
from grokbench.specs.fields import checked
from grokbench.specs.types import Trial
from grokbench.tasks.streams import stream
from grokbench.tasks.trained import TrialRows
from grokbench.training.kinds import Facts, Learner, Loss
from grokbench.training.score import Score
from grokbench.training.strangers import LEARNER, need
from grokbench.training.updates import Update


class LearnedEngine:
    """An ``Engine`` without parameters, and the ``Rule`` that moves it: ``init`` fits the training rows, ``update`` is a step."""

    name, products = "learner", BLAS
    KEPT = ("_learner",)
    noisy = False
    names: Sequence[str] = ()
    parameters: Sequence[Tensor] = ()
    gradients: Sequence[Tensor] = ()

    def __init__(self, trial: Trial, rows: TrialRows) -> None:
        recipe = trial.recipe
        self._own: Learner = trained(recipe)
        self._stranger = parts.outside("learners", recipe.learner["kind"])
        self._rows = {"train": rows.train, "test": rows.test, **rows.parts()}
        self._loss: Loss = parts.find("losses", self._own.loss)
        self._loss_fields = checked(self._loss.fields, {}, "loss")
        self._learner: Any = parts.loaded(self._own.build)(
            checked(self._own.fields, recipe.learner, "learner"),
            Facts(rows.table.n_elements, trial.task),
            functools.partial(stream, trial.seed),
            np.dtype(recipe.training["dtype"]),
        )
        if self._stranger is not None:
            need(self._stranger, "a learner", self._learner, LEARNER)

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """See ``Rule``. An outside learner is asked for two rows at once, so that what is wrong is said in a sentence."""
        self._learner.initial(self._rows["train"])
        if self._stranger is not None:
            self._try_out()

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """See ``Rule``."""
        self._learner.step()

    def train_pass(self, accuracy: bool) -> Score:
        """See ``Engine``."""
        score = self.score("train")
        return score if accuracy else Score(score.loss, math.nan)

    @torch.no_grad()
    def score(self, side: str) -> Score:
        """See ``Engine``."""
        rows = self._rows[side]
        outputs = torch.from_numpy(np.ascontiguousarray(self._learner.predict(rows)))  # (n, classes)
        targets = torch.from_numpy(rows[:, 2].copy())
        total: Any = self._loss.total(outputs, targets, self._loss_fields)
        loss = self._loss.reduce(total, self._loss_fields, len(rows), outputs.shape[-1])
        return Score(float(loss), int((outputs.argmax(-1) == targets).sum()) / len(rows))

    def shaped(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """See ``Engine``."""
        return tensors

    def weights(self) -> dict[str, Tensor]:
        """Copies of the arrays that are the learner's state."""
        return {name: torch.from_numpy(np.array(array)) for name, array in self._learner.state().items()}

    def _try_out(self) -> None:
        rows = self._rows["train"][:2]
        outputs, state = self._learner.predict(rows), self._learner.state()
        least = int(max(own[:, 2].max() for own in self._rows.values())) + 1
        shape = outputs.shape if isinstance(outputs, np.ndarray) else type(outputs).__name__
        if not isinstance(outputs, np.ndarray) or outputs.ndim != 2 or len(outputs) != len(rows):
            raise InputError(
                f"{self._stranger} gives {shape} where outputs ({len(rows)}, classes) are expected"
            )
        if outputs.shape[1] < least:
            raise InputError(f"{self._stranger} gives {outputs.shape[1]} classes; the task has {least}")
        if not isinstance(state, dict) or not all(isinstance(one, np.ndarray) for one in state.values()):
            raise InputError(f"{self._stranger} gives a state that is no dict of named numpy arrays")


def learned(trial: Trial, rows: TrialRows, engine: str) -> tuple[LearnedEngine, Update]:
    """The engine of a trial's learner and what updates it.

    Errors: InputError where ``engine`` is not "auto", and where an outside learner gives what it should not.
    """
    if engine != "auto":
        kind = trial.recipe.learner["kind"]
        raise InputError(f"{kind} is a learner, which the engine {engine!r} cannot train; use 'auto'")
    net = LearnedEngine(trial, rows)
    return net, Update(net, elementwise=True)
