"""Which trials of a plan train as one model: those that differ in numbers only, where that is faster, or is asked for."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from grokbench.networks.fitting import hand_written
from grokbench.networks.registry import architecture
from grokbench.plan import costs
from grokbench.plan.costs import Work
from grokbench.plan.expand import PlannedTrial
from grokbench.specs.errors import GrokbenchError
from grokbench.specs.types import Trial
from grokbench.training.batched.likeness import likeness, why_singly

SMALL, SMALL_PLAIN = 3.0, 16.0
"""Million operations of a step, up to which a batch on the CPU is faster than one trial after another (PERFORMANCE.md).

The second is of networks without a hand-written step for the loss, which torch's own overhead slows down one by one.
"""
LEAST = 4  # trials that are worth a batch, where none is asked for
WORTH = 2000  # steps of a group, below which setting a batch up takes what it saves
MOST = {"cpu": 64, "cuda": 512}  # trials in a batch; memory may ask for less


class How(NamedTuple):
    """By which engine and where trials are trained. engine: "auto", "fast", "plain" or "batched"; device: "cpu" or "cuda"."""

    engine: str = "auto"
    device: str = "cpu"

    @property
    def batches(self) -> bool:
        """Whether every trial that can is to train in a batch, though it may be alone in it."""
        return self.engine == "batched" or self.device == "cuda"

    def asked(self) -> list[tuple[str, str]]:
        """The options of a command that ask for it, with their values."""
        options = [("--engine", self.engine), ("--device", self.device)]
        return [(name, value) for name, value in options if value not in ("auto", "cpu")]


AUTO = How()


def groups(trials: Sequence[Trial], workers: int, how: How = AUTO) -> list[tuple[int, ...]]:
    """Places of the trials that train together, each once, in the order of their first ones. A trial alone is a group of one.

    Groups are shared out so that every worker has one.
    """
    if how.engine in ("plain", "fast"):
        return [(i,) for i in range(len(trials))]
    alike: dict[str, list[int]] = {}
    found: list[tuple[int, ...]] = []
    names: dict[Hashable, str] = {}  # of trials that differ in their seed
    for i, trial in enumerate(trials):
        same = but_seed(trial)
        if same not in names:
            names[same] = _likeness(trial) if how.batches or _small(trial) else ""
        name = names[same]
        if name:
            alike.setdefault(name, []).append(i)
        else:
            found.append((i,))
    for own in alike.values():
        found += _cut(own, trials, workers, how)
    return sorted(found)


def but_seed(trial: Trial) -> Hashable:
    """What a trial has in common with those that differ from it in their seed; good while its task and recipe live."""
    return id(trial.task), id(trial.recipe), trial.alpha, trial.rows, trial.budget, trial.start is None


def shared(trials: Sequence[Trial], workers: int, how: How = AUTO) -> frozenset[int]:
    """Places of the trials that train with others as one model."""
    return frozenset(i for own in groups(trials, workers, how) if len(own) > 1 for i in own)


def _cut(own: Sequence[int], trials: Sequence[Trial], workers: int, how: How) -> list[tuple[int, ...]]:
    """Trials that are alike, in groups."""
    steps = sum(trials[i].budget for i in own)
    if not how.batches and (len(own) < LEAST or steps < WORTH):
        return [(i,) for i in own]
    n = max(-(-len(own) // MOST[how.device]), min(workers, len(own) // LEAST), 1)
    bounds = [len(own) * i // n for i in range(n + 1)]
    return [tuple(own[a:b]) for a, b in itertools.pairwise(bounds)]


class Batches(NamedTuple):
    """How some trials will be trained. singly: why others do not train in a batch though it is asked for → how many."""

    trials: int = 0
    batches: int = 0
    singly: Mapping[str, int] = MappingProxyType({})


NONE = Batches()


def batches(trials: Sequence[Trial], workers: int, how: How = AUTO) -> Batches:
    """What ``groups`` will make of trials."""
    alone = Counter(why for trial in trials if how.batches and (why := why_singly(trial)))
    found = [own for own in groups(trials, workers, how) if len(own) > 1 or how.batches]
    left = sum(alone.values())
    return Batches(sum(map(len, found)) - left, len(found) - left, dict(alone))


def works(planned: Sequence[PlannedTrial], workers: int, how: How = AUTO) -> tuple[Work, ...]:
    """What each trial does in its expected steps, of the kind of the engine that will train it."""
    batched = shared([one.trial for one in planned], workers, how)
    return tuple(
        costs.work(one.trial, one.expected_steps, "batched") if i in batched else one.work
        for i, one in enumerate(planned)
    )


def _small(trial: Trial) -> bool:
    """Whether a step has so few operations that most of its time is not spent on them, and no hand-written one beats a batch."""
    try:
        own = None if trial.recipe.learner else architecture(trial.recipe.model)
        fast = hand_written(trial.task, trial.recipe)
        if fast and own is not None and own.alone:
            return False
        return 2 * costs.PASSES * costs.work(trial, trial.budget).step <= (SMALL if fast else SMALL_PLAIN)
    except GrokbenchError:  # the trial itself will say it
        return False


def _likeness(trial: Trial) -> str:
    """The name of the trials that this one can train with; empty where there are none."""
    try:
        return "" if why_singly(trial) else likeness(trial)
    except GrokbenchError:
        return ""
