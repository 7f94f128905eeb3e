"""Two recipes on the same seeds, trained: first what tunes a field, then what is compared.

``plan.compare_words`` makes a comparison from its words, ``plan.compared`` holds what was found.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from grokbench.analysis import timing
from grokbench.analysis.statistics import median
from grokbench.plan import estimate
from grokbench.plan.compared import Arm, CompareResult, Tuned, Tuning, apart
from grokbench.plan.expand import Plan, PlannedTrial
from grokbench.plan.job import Job, Shelves
from grokbench.plan.together import AUTO, How
from grokbench.specs.differences import Difference
from grokbench.specs.errors import FailedError
from grokbench.specs.files import SpecFile
from grokbench.specs.types import Trial
from grokbench.store import keys
from grokbench.store.folder import Store
from grokbench.training.record import Record

HORIZON = float(timing.LEAST_STAY)
"""A run is watched up to here, in units of its T_gen: long enough to say whether it stays."""
TUNING_HORIZON = 1.2  # of a run that only tunes: its window has confirmed T_gen


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
        how: How = AUTO,
        command: str = "",
        settings: Mapping[str, object] | None = None,
        spec_hashes: Mapping[str, str] | None = None,
        shadowed: tuple[SpecFile, ...] = (),
    ) -> None:
        super().__init__(store, Shelves([store]), force=force, how=how)
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

        Errors: FailedError where none of them could be trained.
        """
        found = {value: self._tuned_records(arm, value) for value in range(len(self._bases[arm]))}
        if not any(found.values()):
            raise FailedError(f"no trial that tunes {self.arms[arm].name} could be trained")

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
        """Trials, minutes of wall time and disk that are still ahead, every trial reckoned to the end of its budget."""
        todo = self.untrained()
        values = range(len(self._bases[0])) if self.tuning else ()
        whole = [one for arm in range(len(self.arms)) for value in values for one in self._tuning(arm, value)]
        plan = Plan((*whole, *self._compared([0] * len(self.arms))))
        open_ = {one.request for one in todo}
        stored = {one.request for one in plan.trials} - open_
        return estimate.estimated(plan, todo, stored, workers, self.how, self.begun)

    def result(self) -> CompareResult:
        """What is known so far. Errors: FailedError where an arm could not be tuned."""
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
