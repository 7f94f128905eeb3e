"""The training loop of a batch: the same steps as of single trials, taken together; who has ended leaves the batch."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import torch

from grokbench import parts
from grokbench.specs.errors import InputError
from grokbench.specs.types import Trial
from grokbench.training import arithmetic
from grokbench.training.batched import memory
from grokbench.training.batched.keeping import Going, Keep
from grokbench.training.batched.likeness import likeness, why_singly
from grokbench.training.batched.members import Member, Shared, Slot
from grokbench.training.batched.rules import StackRule, stack_rule
from grokbench.training.batched.stack import Stack
from grokbench.training.engine import checked_rows, recorded, set_up
from grokbench.training.environment import environment
from grokbench.training.record import Record
from grokbench.training.run import Run
from grokbench.training.score import Score
from grokbench.training.state import put, taken
from grokbench.training.taken import End, UnfitError, UnkeptError, narrowed
from grokbench.training.updates import rates

NAME = "batched"
OnEvaluation = Callable[[int, int, float, float], None]
"""Takes a trial's place in the list, the step and both accuracies."""
OnEnd = Callable[[int, Record | Exception], None]
"""Takes a trial's place in the list, and its record or what it raised."""


@arithmetic.fixed()
def train_together(
    trials: Sequence[Trial],
    on_end: OnEnd,
    on_evaluation: OnEvaluation | None = None,
    device: str = "cpu",
    keep: Keep | None = None,
) -> None:
    """Train trials that are alike (``likeness``) to their ends, as one model on a device.

    keep: where the batch is kept while it trains; one that was kept goes on from there.

    ``on_end`` is given each record as soon as its trial has ended; an exception where the trial could not be set up, or a probe
    of it failed. A trial without numbers that are its own, such as memory running out for a batch of one, ends the same way.
    Writes nothing. Errors: InputError for trials that are not alike; ``stack.UnlikeError``, before anything is trained, where
    torch cannot run their networks as one.
    """
    for trial in trials:
        if why := why_singly(trial):
            raise InputError(why)
    if len({likeness(trial) for trial in trials}) > 1:
        raise InputError("trials of a batch may differ in numbers only")
    chosen = torch.device(device)
    strangers = parts.strangers(trials[0].recipe, trials[0].task)
    with ExitStack() as stack:
        stack.enter_context(parts.blamed(strangers))
        stack.enter_context(arithmetic.denormals(flushed=True))
        if chosen.type == "cuda":
            stack.enter_context(torch.autocast("cuda", enabled=False))
        _split_to_fit(dict(enumerate(trials)), on_end, on_evaluation or (lambda *news: None), chosen, keep)


def _split_to_fit(
    trials: dict[int, Trial],
    on_end: OnEnd,
    on_evaluation: OnEvaluation,
    device: torch.device,
    keep: Keep | None = None,
) -> None:
    """Train a batch. Where memory does not hold it, those that have not ended start again in two halves, which are not kept."""
    left = dict(trials)

    def ended(index: int, found: Record | Exception) -> None:
        left.pop(index)
        on_end(index, found)

    try:
        try:
            _Batch(trials, ended, on_evaluation, device, keep).go()
        except UnfitError:
            _Batch(dict(left), ended, on_evaluation, device, keep).go(anew=True)
        return
    except Exception as error:
        if not memory.exhausted(error):
            raise
        if len(left) == 1:
            ended(next(iter(left)), error)
    memory.forget(device)
    indices, middle = list(left), -(-len(left) // 2)
    for half in (indices[:middle], indices[middle:]):
        if half:
            _split_to_fit({i: left[i] for i in half}, on_end, on_evaluation, device)


class _Batch:
    """The state of a batch that trains."""

    def __init__(
        self,
        trials: dict[int, Trial],
        on_end: OnEnd,
        on_evaluation: OnEvaluation,
        device: torch.device,
        keep: Keep | None,
    ) -> None:
        self._keep = keep
        self._on_end, self._on_evaluation, self._device = on_end, on_evaluation, device
        self._members: list[Member] = []
        self._together = len(trials)
        for index, trial in trials.items():
            began = time.perf_counter()
            try:
                self._members.append(self._member(index, trial))
            except Exception as error:
                if memory.exhausted(error):
                    raise
                self._on_end(index, error)
                continue
            self._members[-1].place = len(self._members) - 1
            self._members[-1].seconds += time.perf_counter() - began

    def _member(self, index: int, trial: Trial) -> Member:
        rows, _ = checked_rows(trial)

        def tell(step: int, train_accuracy: float, test_accuracy: float) -> None:
            self._on_evaluation(index, step, train_accuracy, test_accuracy)

        return Member(index, Run(trial, tuple(rows.parts()), tell), rows, set_up(trial, rows))

    def go(self, *, anew: bool = False) -> None:
        """Train until the last trial has left. anew: from the first step, whatever was kept. Errors: UnfitError."""
        if not self._members:
            return
        clock, began = time.perf_counter, time.perf_counter()
        stack = Stack([one.setup for one in self._members], self._device)
        own = [one.run.trial for one in self._members]
        rule = stack_rule([rates(trial.recipe) for trial in own], [trial.seed for trial in own])
        rule.init(stack.parameters, stack.names)
        shared = Shared(self._members)
        shared.seconds += clock() - began
        first = 0 if anew else self._resume(stack, rule)
        wakes = first  # the next step at which anybody has to be looked at
        for step in itertools.count(first):
            looking = step >= wakes
            if looking and step and any(step == one.run.budget for one in self._members):
                shared.settle(step)
                self._take_ends(stack, rule, step)
            start = clock()
            evaluating = [looking and one.run.comes_to(step) for one in self._members]
            counting = [
                one.run.counting(own, stack.noisy) for one, own in zip(self._members, evaluating, strict=True)
            ]
            losses, shares = stack.train_pass(any(counting))
            shared.train_seconds += clock() - start
            if looking or not all(map(math.isfinite, losses)):
                shared.settle(step + 1)
                self._look(stack, step, losses, shares, evaluating)
                self._leave(stack, rule)
                if not self._members:
                    return
                wakes = min(one.run.wakes(step + 1) for one in self._members)
            start = clock()
            rule.update(stack.parameters, stack.gradients, step)
            shared.train_seconds += clock() - start
            if self._keep is not None and self._keep.keeper.due():
                shared.settle(step + 1)
                self._save(stack, rule, step + 1)

    def _resume(self, stack: Stack, rule: StackRule) -> int:
        """The step to go on from: 0, or where the batch was kept, whose state is put into place."""
        found = None if self._keep is None else self._keep.keeper.load(self._made(stack))
        if found is None or self._keep is None:
            return 0
        state, names = found
        going = Going(stack, rule, self._members)
        try:
            which = [names.index(self._keep.names[one.index]) for one in self._members]
            put(narrowed(state, which, len(names)), going)
        except Exception as error:
            if memory.exhausted(error):
                raise
            raise UnfitError(str(error)) from error
        for one, seconds in zip(self._members, going.seconds, strict=True):
            one.seconds += seconds
        return going.step

    def _save(self, stack: Stack, rule: StackRule, step: int) -> None:
        """Keep the batch, whose next step is ``step``. One whose state cannot be kept is not asked again."""
        assert self._keep is not None
        try:
            state = taken(Going(stack, rule, self._members, step))
        except UnkeptError:
            self._keep = None
            return
        names = [self._keep.names[one.index] for one in self._members]
        self._keep.keeper.save(state, self._made(stack), names)

    def _take_ends(self, stack: Stack, rule: StackRule, step: int) -> None:
        """Take the states of trials that have come to their budget, before they are looked at there, where they are wanted."""
        took = sum(one.seconds for one in self._members)
        if self._keep is None or not self._keep.keeper.ends(took):
            return
        try:
            state = taken(Going(stack, rule, self._members, step))
        except UnkeptError:
            self._keep = None
            return
        for one in self._members:
            if step == one.run.budget:
                one.end = End(narrowed(state, [one.place], len(self._members)), self._made(stack))

    def _made(self, stack: Stack) -> dict[str, object]:
        own, kind = self._members[0], self._device.type
        return environment(NAME, stack.products, own.setup.dtype, arithmetic.stated(kind), kind)

    def _look(
        self,
        stack: Stack,
        step: int,
        losses: Sequence[float],
        shares: Sequence[float],
        evaluating: Sequence[bool],
    ) -> None:
        """Show each member its pass. Those that are evaluated are scored together."""
        start = time.perf_counter()
        due = [one for one in self._members if evaluating[one.place] or not math.isfinite(losses[one.place])]
        sides = ("test", *self._members[0].run.parts, *(("train",) if stack.noisy else ()))
        places = [one.place for one in due]
        known = {side: stack.scores(side, places) for side in sides} if due else {}
        took = (time.perf_counter() - start) / max(1, len(due))
        for one in due:
            one.run.evaluation_seconds += took
            one.seconds += took
        for one in list(self._members):
            began, i = time.perf_counter(), one.place
            counted = shares[i] if shares and one.run.counting(evaluating[i], stack.noisy) else math.nan
            one.run.step = step
            try:
                one.run.look(Slot(stack, i, known), Score(losses[i], counted), evaluating[i])
            except Exception as error:
                if memory.exhausted(error):
                    raise
                self._on_end(one.index, error)
                self._members.remove(one)
            one.seconds += time.perf_counter() - began

    def _leave(self, stack: Stack, rule: StackRule) -> None:
        """Give away the records of those that have ended, and narrow the stack to those that go on."""
        for one in [one for one in self._members if one.run.last]:
            self._on_end(one.index, self._record(stack, one))
            self._members.remove(one)
        if len(self._members) == len(stack) or not self._members:
            return
        places = [one.place for one in self._members]
        stack.keep(places)
        rule.keep(places)
        for place, one in enumerate(self._members):
            one.place = place

    def _record(self, stack: Stack, one: Member) -> Record:
        made = {**self._made(stack), "together": self._together}
        weights = stack.weights(one.place)
        return recorded(one.run, one.rows, one.setup.network, weights, made, one.seconds, one.end)
