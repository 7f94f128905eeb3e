"""The training loop: from a trial to its record."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from grokbench import parts
from grokbench.networks.base import Network
from grokbench.networks.fitting import check_fit
from grokbench.networks.registry import architecture, drawn, rescaled
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import Trial
from grokbench.tasks.decoding import Decoder
from grokbench.tasks.memoriser import memoriser_baseline
from grokbench.tasks.source import decoder_of, shape_of, source
from grokbench.tasks.trained import TrialRows, trial_rows
from grokbench.training import arithmetic
from grokbench.training.engines import Engine, make_engine
from grokbench.training.environment import environment
from grokbench.training.keeping import Keeper, Running
from grokbench.training.learned import learned
from grokbench.training.record import Record
from grokbench.training.run import OnEvaluation, Run, content_hash, float32
from grokbench.training.setup import Setup
from grokbench.training.strangers import NETWORK, need, try_out
from grokbench.training.taken import End, UnfitError
from grokbench.training.updates import Update, carry, make_update, rates
from grokbench.training.watching import check_watched

DTYPES = {"float32": torch.float32, "float64": torch.float64}


@arithmetic.fixed()
def train(
    trial: Trial,
    on_evaluation: OnEvaluation | None = None,
    engine: str = "auto",
    keeper: Keeper | None = None,
) -> Record:
    """Train one trial to its end and return its record.

    ``on_evaluation`` is called with (step, train accuracy, test accuracy) after each evaluation. ``engine`` is "fast", "plain" or
    "auto" (fast). ``keeper`` keeps the run while it trains; one that it has kept goes on from there, and ends as if it had never
    stopped. A training loss that is not finite ends the run as "diverged", with the record of what there was. Writes
    nothing, and leaves every setting of the process as it was (``training.arithmetic``). Errors: GrokbenchError where the
    trial asks for what does not exist.
    """
    with parts.blamed(parts.strangers(trial.recipe, trial.task)):
        return _train(trial, on_evaluation, engine, keeper)


def _train(trial: Trial, on_evaluation: OnEvaluation | None, engine: str, keeper: Keeper | None) -> Record:
    began = time.perf_counter()
    try:
        done = _done(trial, on_evaluation, engine, keeper)
    except UnfitError:
        done = _done(trial, on_evaluation, engine, keeper, anew=True)
    made = environment(done.net.name, done.net.products, done.dtype, done.stated)
    seconds = time.perf_counter() - began + done.earlier
    return recorded(done.run, done.rows, done.network, done.net.weights(), made, seconds, done.end)


@dataclass(frozen=True)
class Done:
    """A run at its end. stated: of the arithmetic that it ran under. network: None where a learner stands in its place.

    earlier: seconds that it took in processes before this one. end: its state at its budget, where it was taken.
    """

    run: Run
    rows: TrialRows
    dtype: torch.dtype
    network: Network | None
    net: Engine
    update: Update | None
    stated: str
    earlier: float
    end: End | None


def _done(
    trial: Trial,
    on_evaluation: OnEvaluation | None,
    engine: str,
    keeper: Keeper | None = None,
    *,
    anew: bool = False,
) -> Done:
    """Train a trial to its end; the run that it starts from is trained first, as every other one would be.

    anew: from the first step, whatever was kept. Errors: UnfitError.
    """
    rows, dtype = checked_rows(trial)
    own: Network | None = None
    net: Engine
    update: Update | None
    before: Done | None = None
    if trial.recipe.learner:
        net, update = learned(trial, rows, engine)
    else:
        setup = set_up(trial, rows)
        if trial.start is not None:
            before = _done(trial.start.trial, None, engine)
            setup.network.load_state_dict(before.net.weights())
        own, net = setup.network, make_engine(engine, architecture(trial.recipe.model), setup)
        update = make_update(rates(trial.recipe), trial.seed)
    run = Run(trial, tuple(rows.parts()), on_evaluation, updated=update is not None)
    goes_on = trial.start is not None and trial.start.state
    with arithmetic.denormals(flushed=True):
        stated = arithmetic.stated()
        made = environment(net.name, net.products, dtype, stated)
        running = Running(run, net, None if update is None else update.rule, keeper, made)
        _go(running, update, before if goes_on else None, anew)
    return Done(run, rows, dtype, own, net, update, stated, running.seconds, running.end)


def checked_rows(trial: Trial) -> tuple[TrialRows, torch.dtype]:
    """The rows of a trial and the type of its weights. Errors: GrokbenchError where it asks for what does not exist."""
    recipe = trial.recipe
    if recipe.training.get("dtype") not in DTYPES:
        raise UnknownNameError("training.dtype", str(recipe.training.get("dtype", "")), DTYPES)
    if trial.budget < 0:
        raise InputError(f"a budget is a number of steps, 0 or more; got {trial.budget}")
    check_fit(trial.task, recipe)
    check_watched("analyses", trial.analyses, trial.task, recipe)
    check_watched("probes", trial.probes, trial.task, recipe)
    return trial_rows(trial), DTYPES[recipe.training["dtype"]]


def set_up(trial: Trial, rows: TrialRows) -> Setup[Network]:
    """What an engine is made of, with drawn weights; network and loss are tried out where they come from outside."""
    recipe, fresh = trial.recipe, source(trial.task).fresh
    network = drawn(recipe, shape_of(trial.task), trial.seed)
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
        fresh=None if fresh is None else fresh(trial.task, trial.seed),
        rescaled=rescaled(recipe),
    )
    try_out(setup, stranger, parts.outside("losses", recipe.loss["kind"]))
    return setup


def _go(running: Running, update: Update | None, before: Done | None, anew: bool) -> None:
    """Train to the end, from where it was kept, or anew. before: the run whose optimizer goes on, and its count of updates."""
    clock, updates = time.perf_counter, 0
    run, net = running.run, running.net
    if update is not None:
        update.rule.init(_shaped(net, update, net.parameters), net.names)
        if before is not None:
            carry(update.rule, before.update)
            updates = before.run.step
        if not anew:
            running.resume()
    untrained = not run.budget and not net.noisy and not run.observer.traces  # nobody reads a gradient
    for step in itertools.count(running.step):
        if step == run.budget and step:
            running.comes_to_budget(step)
        start = clock()
        evaluating = run.comes_to(step)
        # The loss and the accuracy over the training rows come free with the gradient of the next step, unless it is noisy.
        train = net.score("train") if untrained else net.train_pass(run.counting(evaluating, net.noisy))
        run.passes += 1
        run.train_seconds += clock() - start
        run.look(net, train, evaluating)
        if run.last:
            return
        start = clock()
        assert update is not None
        parameters, gradients = _shaped(net, update, net.parameters), _shaped(net, update, net.gradients)
        update.rule.update(parameters, gradients, updates + step)
        run.train_seconds += clock() - start
        running.keep(step + 1)


def _shaped(net: Engine, update: Update, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
    return tensors if update.elementwise else net.shaped(tensors)


def _right(decoder: Decoder, guesses: NDArray[Any], answers: NDArray[Any]) -> NDArray[Any]:
    """Which guesses at real answers are right."""
    found: Tensor = decoder.right(torch.from_numpy(guesses.copy()), torch.from_numpy(answers.copy()), None)
    return found.numpy()


def recorded(
    run: Run,
    rows: TrialRows,
    network: Network | None,
    weights: Mapping[str, Tensor],
    made: dict[str, object],
    seconds: float,
    end: End | None = None,
) -> Record:
    """The record of a trial that has ended. made: its environment. network: None where a learner stands in its place.

    end: its state at its budget.
    """
    trial = run.trial
    facts: dict[str, object] = {
        "n_train": len(rows.train),
        "n_test": len(rows.test),
        "n_elements": rows.table.n_elements,
        "memoriser_baseline": memoriser_baseline(
            rows.table,
            rows.split,
            rows.train[:, -1],
            functools.partial(_right, decoder_of(trial.task, trial.seed)),
        ),
        "steps": run.step,
    }
    if trial.recipe.data.get("corruption"):
        facts |= {"n_corrupted": int(rows.corrupted.sum()), "n_wrong": rows.n_wrong}
    if network is not None and (own := architecture(trial.recipe.model)).facts:
        facts |= parts.loaded(own.facts)(network, weights, rows.table.rows)
    curves, final = run.curves(), float32(weights)
    return Record(
        trial=trial,
        ended=run.ended,
        curves=curves,
        facts=facts,
        probes=run.observer.probes(),
        weights=final,
        snapshots=run.snapshots,
        environment=made,
        cost={
            "seconds": seconds,
            "train_seconds": run.train_seconds,
            "evaluation_seconds": run.evaluation_seconds,
            "probe_seconds": run.probe_seconds,
            "ms_per_step": 1e3 * run.train_seconds / max(run.passes, 1),
        },
        content=content_hash(curves, run.ended, final),
        end=end,
    )
