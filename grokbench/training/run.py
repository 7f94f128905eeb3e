"""What is kept of one trial while it trains: curves, snapshots, probes, and when it ends. Every engine's trials have it."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from grokbench.analysis.timing import StopRule
from grokbench.specs.types import Array, Trial
from grokbench.training.evaluation import Cadence
from grokbench.training.probes.observer import Observer
from grokbench.training.score import Score
from grokbench.training.watching import Pass

OnEvaluation = Callable[[int, float, float], None]
Weights = dict[str, NDArray[np.float32]]

CURVES = ("step", "train_loss", "train_accuracy", "test_loss", "test_accuracy")


class Seen(Protocol):
    """What is looked at of a network while it trains."""

    @property
    def noisy(self) -> bool:
        """Whether a pass for an update differs from an evaluation of the training rows."""

    @property
    def names(self) -> Sequence[str]:
        """Of the parameters, as the plain module has them."""

    @property
    def parameters(self) -> Sequence[Tensor]:
        """The weights now."""

    @property
    def gradients(self) -> Sequence[Tensor]:
        """Those of the pass over the rows of the next update."""

    def score(self, side: str) -> Score:
        """Loss and accuracy over the rows of ``side``, "train", "test" or a part of "train", in evaluation mode."""

    def weights(self) -> dict[str, Tensor]:
        """Copies of the weights under the plain module's names, on the CPU."""


class Run:
    """The state of one trial that trains. ``step`` counts its updates; ``last`` is true once there will be no more.

    parts: names of the training rows that are looked at apart. updated: whether its weights are ever changed.
    """

    KEPT = (
        "snapshots",
        "step",
        "passes",
        "train_seconds",
        "evaluation_seconds",
        "probe_seconds",
        "last",
        "observer",
        "_diverged",
        "_cadence",
        "_probe_cadence",
        "_stop_rule",
        "_rows",
    )

    def __init__(
        self,
        trial: Trial,
        parts: Sequence[str],
        on_evaluation: OnEvaluation | None = None,
        *,
        updated: bool = True,
    ) -> None:
        self.trial, self.parts, self.on_evaluation = trial, parts, on_evaluation
        self.observer = Observer(trial.probes)
        self.snapshots: dict[int, Weights] = {}
        self.step = self.passes = 0
        self.last = self._diverged = False
        self.train_seconds = self.evaluation_seconds = self.probe_seconds = 0.0
        self.budget = trial.budget if updated else 0
        self._updated = updated
        evaluation = trial.recipe.evaluation
        self._cadence = Cadence(evaluation["growth"], evaluation["spacing"], also=self.budget)
        self._probe_cadence = Cadence(evaluation["probe_growth"])
        self._stop_rule = StopRule(self.budget, trial.horizon, trial.task.thresholds["t_gen"])
        self._wanted = sorted(trial.snapshots)
        self._rows: list[tuple[float, ...]] = []

    @property
    def ended(self) -> str:
        """How the trial ended: "finished", "stopped" or "diverged"."""
        if self._diverged:
            return "diverged"
        return "stopped" if self.step < self.budget else "finished"

    def wakes(self, step: int) -> int:
        """The first step from ``step`` on at which it has to be looked at, unless a loss is not finite before."""
        if self.observer.traces:
            return step
        return min([self._cadence.next(step), *(one for one in self._wanted if one >= step)])

    def comes_to(self, step: int) -> bool:
        """Go on to ``step``; whether it is evaluated. Called at most once with each, rising step."""
        self.step = step
        return self._cadence.due(step)

    def counting(self, evaluating: bool, noisy: bool) -> bool:
        """Whether the accuracy of the next pass is asked for: at an evaluation that the pass stands for, or by a probe."""
        return (evaluating and not noisy) or self.observer.counts

    def look(self, net: Seen, train: Score, evaluating: bool) -> None:
        """Take the pass over the rows of the next update, whose accuracy is NaN where it did not count, and look at ``net``."""
        began = time.perf_counter()
        self._diverged = not math.isfinite(train.loss)
        self.last = self._diverged
        if evaluating or self._diverged:
            self.last = self._evaluate(net, train) or self._diverged or not self._updated
            self.evaluation_seconds += time.perf_counter() - began
        looked = time.perf_counter()
        if self.observer.traces:
            self.observer.trace(self.step, Pass(*train, net.names, net.parameters, net.gradients))
        if self.step in self._wanted:
            self.snapshots[self.step] = float32(net.weights())
        if (evaluating and self._probe_cadence.due(self.step)) or self.last:
            self.observer.look(self.step, net.weights)
        self.probe_seconds += time.perf_counter() - looked

    def _evaluate(self, net: Seen, train: Score) -> bool:
        train_loss, train_accuracy = train
        if net.noisy or math.isnan(train_accuracy):  # other rows or noise, or diverged off the cadence
            whole = net.score("train")
            train_loss, train_accuracy = train_loss if self._diverged else whole.loss, whole.accuracy
        test = net.score("test")
        apart = (net.score(name).accuracy for name in self.parts)
        self._rows.append((self.step, train_loss, train_accuracy, test.loss, test.accuracy, *apart))
        if self.on_evaluation is not None:
            self.on_evaluation(self.step, train_accuracy, test.accuracy)
        return bool(self._stop_rule.update(self.step, test.accuracy))

    def curves(self) -> dict[str, Array]:
        """The curves of a record."""
        columns = np.array(self._rows, dtype=np.float64).T
        names = (*CURVES, *(f"train_accuracy_{name}" for name in self.parts))
        curves: dict[str, Array] = dict(zip(names, columns, strict=True))
        curves["step"] = columns[0].astype(np.int64)
        return curves


def float32(weights: Mapping[str, Tensor]) -> Weights:
    """Copies of weights in single precision; beyond its range they are infinite."""
    with np.errstate(over="ignore"):
        return {name: w.numpy().astype(np.float32) for name, w in weights.items()}


def content_hash(curves: Mapping[str, Array], outcome: str, weights: Mapping[str, Array]) -> str:
    """SHA-256 over names, types, shapes and bytes of curves and final weights, and the outcome."""
    digest = hashlib.sha256(outcome.encode())
    for group in (curves, weights):
        for name in sorted(group):
            array = np.ascontiguousarray(group[name])
            digest.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()
