"""Two recipes on the same seeds: what is trained, and what the pairs say. ``plan.compare_words`` makes one from its words.

An arm is a recipe. The first two are those that are compared; where fields are to be separated, further arms follow: the first
recipe with some of the fields that the second one has. Arms of one seed share the split, and the initial weights where
their networks are the same.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from grokbench.analysis import timing
from grokbench.analysis.paired import Paired, paired
from grokbench.analysis.statistics import median
from grokbench.plan import estimate
from grokbench.plan.executor import Failure
from grokbench.plan.expand import Plan, PlannedTrial
from grokbench.plan.job import Job, Shelves
from grokbench.specs.differences import Difference, between, short
from grokbench.specs.errors import InputError
from grokbench.specs.files import SpecFile
from grokbench.specs.types import Recipe, Trial
from grokbench.store import keys
from grokbench.store.folder import Store
from grokbench.training.record import Record

HORIZON = float(timing.LEAST_STAY)
"""A run is watched up to here, in units of its T_gen: long enough to say whether it stays."""
TUNING_HORIZON = 1.2  # of a run that only tunes: its window has confirmed T_gen
NAMES = ("A", "B")

TIMES: Mapping[str, Callable[[Record], float]] = {
    "t_gen": lambda record: record.t_gen,
    "f_99": lambda record: _crossing(record, timing.FIT),
    "f_95": lambda record: _crossing(record, 0.95),
}
"""Name of a time → the time of a record, within its budget: T_gen, and the first crossings F_0.99 and F_0.95."""


def _crossing(record: Record, q: float) -> float:
    curves = record.curves
    return timing.first_crossing(curves["step"], curves["test_accuracy"], q, record.trial.budget)


@dataclass(frozen=True)
class Arm:
    """A recipe under comparison. ``takes``: of the fields that differ, those that are as in the second recipe."""

    name: str
    recipe: Recipe
    takes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Tuning:
    """A field that both arms try the same values of, on seeds that are not compared."""

    field: str
    values: tuple[Any, ...]
    seeds: tuple[int, ...]

    @property
    def trials(self) -> int:
        """Trials of each arm."""
        return len(self.values) * len(self.seeds)


@dataclass(frozen=True)
class Tuned:
    """What became of the tuning of one arm: (value, median T_gen) of each value tried, and the one that was chosen."""

    tried: tuple[tuple[Any, float], ...]
    chosen: Any
    reached: bool  # whether any trial generalised; else the best test accuracy decided

    @property
    def at_the_edge(self) -> bool:
        """Whether the chosen value is the first or the last of several: a better one may lie beyond."""
        return len(self.tried) > 1 and self.chosen in (self.tried[0][0], self.tried[-1][0])


@dataclass(frozen=True)
class Contrast:
    """Two arms that differ in one field alone. ``held``: the other fields, and whose value they have, "A" or "B"."""

    field: str
    held: Mapping[str, str]
    arms: tuple[int, int]


@dataclass(frozen=True)
class CompareResult:
    """What a comparison found. ``records``: by arm and seed; a trial that failed has none."""

    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    trial: Trial  # any: its task, α and budget are everyone's
    under_test: str | None
    records: Mapping[tuple[int, int], Record]
    tuning: Tuning | None = None
    tuned: tuple[Tuned, ...] = ()
    failures: tuple[Failure, ...] = ()
    command: str = ""  # makes this comparison again
    settings: tuple[tuple[str, str], ...] = ()  # fields that were changed in both, and to what
    spec_hashes: Mapping[str, str] = field(default_factory=dict)
    shadowed: tuple[SpecFile, ...] = ()

    @property
    def budget(self) -> int:
        """Steps within which T_gen must lie."""
        return self.trial.budget

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """The fields in which the two recipes differ, less one that both were tuned in by the same budget."""
        return apart(self.arms[0].recipe, self.arms[1].recipe, self.tuning)

    @cached_property
    def _unlike(self) -> tuple[Difference, ...]:
        return between(self.arms[0].recipe, self.arms[1].recipe)

    @property
    def confounds(self) -> tuple[str, ...]:
        """The fields that differ beside the one under test, by their short names; all where none is known to be tested."""
        return confounds(self.differences, self.under_test)

    @property
    def shares_split(self) -> bool:
        """Whether the arms of one seed are trained on the same rows with the same labels."""
        return not any(one.field.startswith("data.") for one in self._unlike)

    @property
    def shares_initialisation(self) -> bool:
        """Whether the networks are the same, so that the arms of one seed begin with the same weights."""
        return not any(one.field.startswith(("model.", "learner.")) for one in self._unlike)

    def times(self, arm: int, name: str = "t_gen") -> tuple[float, ...]:
        """One of ``TIMES`` of an arm, by seed; inf where it was censored, nan where the trial failed."""
        found = (self.records.get((arm, seed)) for seed in self.seeds)
        return tuple(math.nan if record is None else TIMES[name](record) for record in found)

    def paired(self, name: str = "t_gen", arms: tuple[int, int] = (0, 1)) -> Paired:
        """What the pairs say of one of ``TIMES``; the ratio is that of the first of ``arms`` over the second."""
        return paired(self.times(arms[0], name), self.times(arms[1], name), self.budget)

    def contrasts(self) -> tuple[Contrast, ...]:
        """Every pair of arms that differ in one field alone; none where the fields were not separated."""
        if len(self.arms) == len(NAMES):
            return ()
        at = {arm.takes: i for i, arm in enumerate(self.arms)}
        names = [one.field for one in self.differences]
        return tuple(
            Contrast(
                own,
                {name: NAMES[name in takes] for name in names if name != own},
                (at[takes], at[takes | {own}]),
            )
            for own in names
            for takes in at
            if own not in takes
        )


def apart(first: Recipe, second: Recipe, tuning: Tuning | None = None) -> tuple[Difference, ...]:
    """The fields in which two recipes differ, less one that both are tuned in."""
    tuned = tuning.field if tuning else None
    return tuple(one for one in between(first, second) if one.field != tuned)


def confounds(differences: Sequence[Difference], under_test: str | None) -> tuple[str, ...]:
    """See ``CompareResult.confounds``; none where a single field differs."""
    names = [one.field for one in differences]
    rest = [name for name in names if name != under_test]
    return () if len(names) < 2 else tuple(short(name, names) for name in rest)


class Compare(Job):
    """Every arm on every seed; where a field is tuned, first each of its values in each arm, on seeds of their own.

    bases: of each arm a trial for each value that is tried, one where nothing is tuned; seed and horizon are put in here.
    """

    def __init__(
        self,
        arms: Sequence[Arm],
        bases: Sequence[Sequence[Trial]],
        seeds: Sequence[int],
        under_test: str | None,
        store: Store,
        *,
        tuning: Tuning | None = None,
        force: bool = False,
        command: str = "",
        settings: Mapping[str, object] | None = None,
        spec_hashes: Mapping[str, str] | None = None,
        shadowed: tuple[SpecFile, ...] = (),
    ) -> None:
        super().__init__(store, Shelves([store]), force=force)
        self.arms, self.seeds, self.tuning = tuple(arms), tuple(seeds), tuning
        self.under_test, self.command = under_test, command
        self.settings = tuple((name, str(value)) for name, value in (settings or {}).items())
        self.spec_hashes, self.shadowed = spec_hashes or {}, shadowed
        self._bases = tuple(map(tuple, bases))

    @property
    def budget(self) -> int:
        """Steps within which T_gen must lie."""
        return self._bases[0][0].budget

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The fields in which the two recipes differ, less the one that is tuned."""
        return apart(self.arms[0].recipe, self.arms[1].recipe, self.tuning)

    def _planned(self, arm: int, value: int, seed: int, horizon: float) -> PlannedTrial:
        trial = replace(self._bases[arm][value], seed=seed, horizon=horizon)
        return PlannedTrial(trial, self.arms[arm].name, {"alpha": trial.alpha}, seed, trial.budget)

    def _tuning(self, arm: int, value: int) -> Iterator[PlannedTrial]:
        for seed in self.tuning.seeds if self.tuning else ():
            yield self._planned(arm, value, seed, TUNING_HORIZON)

    def _compared(self, chosen: Sequence[int]) -> Iterator[PlannedTrial]:
        for seed in self.seeds:
            for arm, value in enumerate(chosen):
                yield self._planned(arm, value, seed, HORIZON)

    def _left(self, asked: Iterable[PlannedTrial]) -> tuple[PlannedTrial, ...]:
        """Those that have no record and were not tried; with ``force``, those that were not tried."""
        left = {one.request: one for one in asked if not self.tried(one)}
        return tuple(one for one in left.values() if self.force or self.shelves.find(one.trial) is None)

    def _to_tune(self) -> tuple[PlannedTrial, ...]:
        values = range(len(self._bases[0])) if self.tuning else ()
        return self._left(
            one for arm in range(len(self.arms)) for value in values for one in self._tuning(arm, value)
        )

    def untrained(self) -> tuple[PlannedTrial, ...]:
        """The trials without a record. Until an arm is tuned, its first value stands for the one that will be chosen."""
        tuning = self._to_tune()
        chosen = [0] * len(self.arms) if tuning else self._chosen()
        return (*tuning, *self._left(self._compared(chosen)))

    def next_batch(self, workers: int) -> tuple[PlannedTrial, ...]:
        """What tunes first, then what is compared; empty at the end."""
        return self._to_tune() or self._left(self._compared(self._chosen()))

    def _chosen(self) -> list[int]:
        """Of each arm the number of the value that it is compared with."""
        return [self._order(arm)[0] for arm in range(len(self.arms))] if self.tuning else [0] * len(self.arms)

    def _order(self, arm: int) -> list[int]:
        """The values of an arm's tuning, best first: least median T_gen, then best test accuracy, then as they were named.

        Errors: InputError where none of them could be trained.
        """
        found = {value: self._tuned_records(arm, value) for value in range(len(self._bases[arm]))}
        if not any(found.values()):
            raise InputError(f"no trial that tunes {self.arms[arm].name} could be trained")

        def rank(value: int) -> tuple[float, float]:
            best = [float(max(record.curves["test_accuracy"])) for record in found[value]]
            return self._middle(found[value]), -(median(best) or 0.0)

        return sorted(found, key=rank)

    def _tuned_records(self, arm: int, value: int) -> list[Record]:
        found = (self.shelves.find(one.trial) for one in self._tuning(arm, value))
        return [record for record in found if record is not None]

    def _middle(self, records: Sequence[Record]) -> float:
        """The median T_gen of a value; a trial that failed counts as one that was not reached."""
        assert self.tuning is not None
        lost = len(self.tuning.seeds) - len(records)
        found = median([*(record.t_gen for record in records), *[math.inf] * lost])
        return math.inf if found is None else found

    def _tuned(self, arm: int) -> Tuned:
        assert self.tuning is not None
        values, best = self.tuning.values, self._order(arm)[0]
        times = [self._middle(self._tuned_records(arm, value)) for value in range(len(values))]
        reached = any(map(math.isfinite, times))
        return Tuned(tuple(zip(values, times, strict=True)), values[best], reached)

    def estimate(self, workers: int) -> estimate.Estimate:
        """Trials, minutes of wall time and disk that are still ahead, every trial reckoned at its whole budget."""
        todo = self.untrained()
        values = range(len(self._bases[0])) if self.tuning else ()
        whole = [one for arm in range(len(self.arms)) for value in values for one in self._tuning(arm, value)]
        plan = Plan((*whole, *self._compared([0] * len(self.arms))))
        open_ = {one.request for one in todo}
        stored = {one.request for one in plan.trials} - open_
        return estimate.estimated(plan, todo, stored, workers)

    def result(self) -> CompareResult:
        """What is known so far. Errors: InputError where an arm could not be tuned."""
        chosen = self._chosen()
        arms = [
            replace(arm, recipe=self._bases[i][value].recipe)
            for i, (arm, value) in enumerate(zip(self.arms, chosen, strict=True))
        ]
        failed = {keys.request(one.trial) for one in self.failures}
        records = {}
        for seed, (arm, value) in itertools.product(self.seeds, enumerate(chosen)):
            planned = self._planned(arm, value, seed, HORIZON)
            record = None if planned.request in failed else self.shelves.find(planned.trial)
            if record is not None:
                records[arm, seed] = record
        return CompareResult(
            arms=tuple(arms),
            seeds=self.seeds,
            trial=self._bases[0][0],
            under_test=self.under_test,
            records=records,
            tuning=self.tuning,
            tuned=tuple(self._tuned(arm) for arm in range(len(self.arms))) if self.tuning else (),
            failures=tuple(self.failures),
            command=self.command,
            settings=self.settings,
            spec_hashes=self.spec_hashes,
            shadowed=self.shadowed,
        )
