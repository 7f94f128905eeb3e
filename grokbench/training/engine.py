"""The training loop: from a trial to its record."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grokbench import parts
from grokbench.analysis.timing import StopRule
from grokbench.networks.architecture import Architecture
from grokbench.networks.base import Network
from grokbench.networks.fitting import check_fit
from grokbench.networks.registry import architecture, build
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import Array, Trial
from grokbench.tasks.memoriser import memoriser_baseline
from grokbench.tasks.source import shape_of, source
from grokbench.tasks.trained import TrialRows, trial_rows
from grokbench.training import arithmetic
from grokbench.training.engines import Engine, make_engine
from grokbench.training.environment import environment
from grokbench.training.evaluation import Cadence
from grokbench.training.learned import learned
from grokbench.training.probes.observer import Observer
from grokbench.training.record import Record
from grokbench.training.setup import Setup
from grokbench.training.strangers import NETWORK, need, try_out
from grokbench.training.updates import Update, make_update
from grokbench.training.watching import check_watched

OnEvaluation = Callable[[int, float, float], None]
Weights = dict[str, NDArray[np.float32]]

DTYPES = {"float32": torch.float32, "float64": torch.float64}
CURVES = ("step", "train_loss", "train_accuracy", "test_loss", "test_accuracy")


@arithmetic.fixed()
def train(trial: Trial, on_evaluation: OnEvaluation | None = None, engine: str = "auto") -> Record:
    """Train one trial to its end and return its record.

    ``on_evaluation`` is called with (step, train accuracy, test accuracy) after each evaluation. ``engine`` is "fast", "plain" or
    "auto" (fast). A training loss that is not finite ends the run as "diverged", with the record of what there was. Writes
    nothing, and leaves every setting of the process as it was (``training.arithmetic``). Errors: GrokbenchError where the
    trial asks for what does not exist.
    """
    with parts.blamed(parts.strangers(trial.recipe, trial.task)):
        return _train(trial, on_evaluation, engine)


def _train(trial: Trial, on_evaluation: OnEvaluation | None, engine: str) -> Record:
    began = time.perf_counter()
    recipe = trial.recipe
    if recipe.training.get("dtype") not in DTYPES:
        raise UnknownNameError("training.dtype", str(recipe.training.get("dtype", "")), DTYPES)
    if trial.budget < 0:
        raise InputError(f"a budget is a number of steps, 0 or more; got {trial.budget}")
    check_fit(trial.task, recipe)
    check_watched("analyses", trial.analyses, trial.task, recipe)
    check_watched("probes", trial.probes, trial.task, recipe)
    dtype = DTYPES[recipe.training["dtype"]]
    rows = trial_rows(trial)
    net: Engine
    update: Update | None
    if recipe.learner:
        net, update = learned(trial, rows, engine)
    else:
        network, own = build(recipe.model, shape_of(trial.task), trial.seed), architecture(recipe.model)
        net = _engine(trial, network, own, rows, engine)
        update = make_update(recipe.optimizer, trial.seed)
    run = _Run(trial, net, update, on_evaluation, tuple(rows.parts()))
    with arithmetic.denormals(flushed=True):
        run.go()
        stated = arithmetic.stated()
    facts: dict[str, object] = {
        "n_train": len(rows.train),
        "n_test": len(rows.test),
        "n_elements": rows.table.n_elements,
        "memoriser_baseline": memoriser_baseline(rows.table, rows.split, rows.train[:, -1]),
        "steps": run.step,
    }
    if recipe.data.get("corruption"):
        facts |= {"n_corrupted": int(rows.corrupted.sum()), "n_wrong": rows.n_wrong}
    curves, weights = run.curves(), float32(net)
    if not recipe.learner and own.facts:
        facts |= parts.loaded(own.facts)(network, net.weights(), rows.table.rows)
    seconds = time.perf_counter() - began
    return Record(
        trial=trial,
        ended=run.ended,
        curves=curves,
        facts=facts,
        probes=run.observer.probes(),
        weights=weights,
        snapshots=run.snapshots,
        environment=environment(net.name, net.products, dtype, stated),
        cost={
            "seconds": seconds,
            "train_seconds": run.train_seconds,
            "evaluation_seconds": run.evaluation_seconds,
            "probe_seconds": run.probe_seconds,
            "ms_per_step": 1e3 * run.train_seconds / max(run.passes, 1),
        },
        content=content_hash(curves, run.ended, weights),
    )


def _engine(trial: Trial, network: Network, own: Architecture, rows: TrialRows, name: str) -> Engine:
    """The engine called ``name`` of a trial's network and loss, which are tried out where they come from outside."""
    recipe, drawn = trial.recipe, source(trial.task).fresh
    stranger = parts.outside("networks", recipe.model["kind"])
    if stranger is not None:
        need(stranger, "a network", network, NETWORK)
    setup = Setup(
        network=network,
        loss=parts.find("losses", recipe.loss["kind"]),
        loss_fields=recipe.loss,
        train=rows.train,
        test=rows.test,
        task=trial.task,
        dtype=DTYPES[recipe.training["dtype"]],
        seed=trial.seed,
        batch=recipe.training["batch"],
        weight_noise=recipe.training["weight_noise"],
        parts=rows.parts(),
        fresh=None if drawn is None else drawn(trial.task, trial.seed),
    )
    try_out(setup, stranger, parts.outside("losses", recipe.loss["kind"]))
    return make_engine(name, own, setup)


class _Run:
    """The state of one run of the loop."""

    def __init__(
        self,
        trial: Trial,
        net: Engine,
        update: Update | None,
        on_evaluation: OnEvaluation | None,
        parts: Sequence[str],
    ) -> None:
        self.trial, self.net, self.update, self.on_evaluation = trial, net, update, on_evaluation
        self.parts = parts
        self.observer = Observer(trial.probes)
        self.snapshots: dict[int, Weights] = {}
        self.ended = "finished"
        self.step = 0
        self.passes = 0
        self.train_seconds = self.evaluation_seconds = self.probe_seconds = 0.0
        self._rows: list[tuple[float, ...]] = []

    def go(self) -> None:
        trial, net, update, observer = self.trial, self.net, self.update, self.observer
        clock = time.perf_counter
        if update is not None:
            update.rule.init(self._shaped(update, net.parameters), net.names)
        budget = trial.budget if update else 0
        cadence = Cadence(trial.recipe.evaluation["growth"], trial.recipe.evaluation["spacing"], also=budget)
        probe_cadence = Cadence(trial.recipe.evaluation["probe_growth"])
        stop_rule = StopRule(budget, trial.horizon)
        wanted = frozenset(trial.snapshots)
        untrained = not budget and not net.noisy and not observer.traces  # nobody reads a gradient
        while True:
            start = clock()
            evaluating = cadence.due(self.step)
            # The loss and the accuracy over the training rows come free with the gradient of the next step, unless it is noisy.
            train = net.score("train") if untrained else net.train_pass(accuracy=evaluating and not net.noisy)
            self.passes += 1
            diverged = not math.isfinite(train.loss)
            trained = clock()
            self.train_seconds += trained - start
            last = diverged
            if evaluating or diverged:
                last = (
                    self._evaluate(train.loss, train.accuracy, stop_rule, diverged)
                    or diverged
                    or update is None
                )
                self.evaluation_seconds += clock() - trained
            looked = clock()
            if observer.traces:
                observer.trace(self.step, train.loss, net.parameters, net.gradients)
            if self.step in wanted:
                self.snapshots[self.step] = float32(net)
            if (evaluating and probe_cadence.due(self.step)) or last:
                observer.look(self.step, net.weights)
            updating = clock()
            self.probe_seconds += updating - looked
            if last:
                break
            assert update is not None
            update.rule.update(
                self._shaped(update, net.parameters), self._shaped(update, net.gradients), self.step
            )
            self.step += 1
            self.train_seconds += clock() - updating
        if diverged:
            self.ended = "diverged"
        elif self.step < budget:
            self.ended = "stopped"

    def _shaped(self, update: Update, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        return tensors if update.elementwise else self.net.shaped(tensors)

    def _evaluate(
        self, train_loss: float, train_accuracy: float, stop_rule: StopRule, diverged: bool
    ) -> bool:
        if math.isnan(train_accuracy):  # noisy, or diverged off the cadence: the pass did not count
            train = self.net.score("train")
            train_loss, train_accuracy = train_loss if diverged else train.loss, train.accuracy
        test = self.net.score("test")
        apart = (self.net.score(name).accuracy for name in self.parts)
        self._rows.append((self.step, train_loss, train_accuracy, test.loss, test.accuracy, *apart))
        if self.on_evaluation is not None:
            self.on_evaluation(self.step, train_accuracy, test.accuracy)
        return bool(stop_rule.update(self.step, test.accuracy))

    def curves(self) -> dict[str, Array]:
        columns = np.array(self._rows, dtype=np.float64).T
        names = (*CURVES, *(f"train_accuracy_{name}" for name in self.parts))
        curves: dict[str, Array] = dict(zip(names, columns, strict=True))
        curves["step"] = columns[0].astype(np.int64)
        return curves


def float32(net: Engine) -> Weights:
    """Copies of the weights now; beyond the range of float32 they are infinite."""
    with np.errstate(over="ignore"):
        return {name: w.numpy().astype(np.float32) for name, w in net.weights().items()}


def content_hash(curves: Mapping[str, Array], outcome: str, weights: Mapping[str, Array]) -> str:
    """SHA-256 over names, types, shapes and bytes of curves and final weights, and the outcome."""
    digest = hashlib.sha256(outcome.encode())
    for group in (curves, weights):
        for name in sorted(group):
            array = np.ascontiguousarray(group[name])
            digest.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()
