"""A solved-α sweep: which seeds generalise from which training fraction on, trained no further than the answer needs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from grokbench.analysis import thresholds
from grokbench.analysis.thresholds import Threshold
from grokbench.plan import speed, together
from grokbench.plan.estimate import ahead
from grokbench.plan.executor import Executor, Failure, OnEvent
from grokbench.plan.expand import PlannedTrial
from grokbench.plan.job import Job, Shelves
from grokbench.plan.together import AUTO, How
from grokbench.specs.files import SpecFile
from grokbench.specs.types import Trial
from grokbench.store import keys
from grokbench.store.folder import Store
from grokbench.training.record import Record

HORIZON = 1.2  # a solved trial stops here, in units of T_gen: as soon as its window has confirmed it

START_SECONDS = 4.0  # until new workers have loaded what they need

Place = tuple[int, float]  # seed, α


def solved(record: Record) -> bool:
    """Whether T_gen lies within the budget of the record's trial; a run that diverged before it is not solved."""
    return math.isfinite(record.t_gen)


def rows_of(
    records: Mapping[Place, Record], alphas: Sequence[float], seeds: Sequence[int]
) -> dict[int, tuple[bool | None, ...]]:
    """Each seed's outcomes over ``alphas``: what ``analysis.thresholds`` calls a row."""

    def outcome(cell: Place) -> bool | None:
        return solved(records[cell]) if cell in records else None

    return {seed: tuple(outcome((seed, alpha)) for alpha in alphas) for seed in seeds}


@dataclass(frozen=True)
class SweepResult:
    """What a sweep found. ``records``: those of (seed, α) that were trained, or were in the store."""

    alphas: tuple[float, ...]
    seeds: tuple[int, ...]
    budget: int
    exhaustive: bool
    trial: Trial  # any of the sweep's: its task, recipe and budget are everyone's
    records: Mapping[Place, Record]
    threshold: Threshold
    failures: tuple[Failure, ...] = ()
    command: str = ""  # makes this sweep again
    settings: tuple[tuple[str, str], ...] = ()  # fields that were changed, and to what
    spec_hashes: Mapping[str, str] = field(default_factory=dict)  # spec file → SHA-256
    shadowed: tuple[SpecFile, ...] = ()  # spec files that hide another one of the same id

    def times(self, alpha: float) -> tuple[float, ...]:
        """T_gen of the trials at ``alpha``, by seed; inf for a censored one."""
        return tuple(self.records[seed, alpha].t_gen for seed in self.seeds if (seed, alpha) in self.records)


@dataclass(frozen=True)
class SweepEstimate:
    """What a sweep will cost at most, before it is run: every trial is reckoned to the end of its budget."""

    cells: int
    stored: int
    likely: int  # trials to train when every seed is bisected
    most: int  # trials to train when nothing can be spared
    minutes: float  # of wall time, for the likely ones
    most_minutes: float
    megabytes: float  # of the most
    workers: int
    guessed: int = 0  # trials whose steps were timed neither in records nor here


class Sweep(Job):
    """One trial per seed and α, of which an adaptive sweep trains those that its answer needs.

    **What adaptivity assumes**: a seed that is solved at some α is solved at every larger one, and one that is
    unsolved is unsolved at every smaller one. Under it each seed's threshold is found by bisection, and trials go
    where α50 and its interval are least known (``analysis.thresholds.next_cells``). Records that the store has already
    count as known whatever the bisection would have asked for, and wherever two known outcomes of a seed contradict
    the assumption the result lists them (``threshold.reversals``). ``exhaustive`` trains every cell and assumes nothing.

    trials: (seed, α) → trial, every seed with every α, all with one budget.
    """

    def __init__(
        self,
        trials: Mapping[Place, Trial],
        store: Store,
        *,
        exhaustive: bool = False,
        force: bool = False,
        how: How = AUTO,
        command: str = "",
        settings: Mapping[str, object] | None = None,
        spec_hashes: Mapping[str, str] | None = None,
        shadowed: tuple[SpecFile, ...] = (),
    ) -> None:
        super().__init__(store, Shelves([store]), force=force, how=how)
        self.seeds = tuple(dict.fromkeys(seed for seed, _ in trials))
        self.alphas = tuple(sorted({alpha for _, alpha in trials}))
        self.exhaustive, self.command = exhaustive, command
        self.settings = tuple((name, str(value)) for name, value in (settings or {}).items())
        self.spec_hashes, self.shadowed = spec_hashes or {}, shadowed
        self._planned = {
            (seed, alpha): PlannedTrial(trial, "sweep", {"alpha": alpha}, seed, trial.budget)
            for (seed, alpha), trial in trials.items()
        }
        self._records: dict[Place, Record] = {}
        if not force:
            self._look_up(self._planned.values())

    def untrained(self) -> tuple[PlannedTrial, ...]:
        """The trials without a record."""
        return tuple(planned for place, planned in self._planned.items() if place not in self._records)

    def _look_up(self, asked: Iterable[PlannedTrial]) -> None:
        for planned in asked:
            record = self.shelves.find(planned.trial)
            if record is not None:
                self._records[planned.seed, planned.trial.alpha] = record

    @cached_property
    def budget(self) -> int:
        """Steps within which T_gen must lie."""
        return next(iter(self._planned.values())).trial.budget

    def next_batch(self, workers: int) -> tuple[PlannedTrial, ...]:
        """The trials to train at once on so many workers; when exhaustive, all that are left. Empty at the end.

        Trials that end before new workers have started are not waited for one by one: each seed gets one at a time.
        """
        lost = {
            place for place, one in self._planned.items() if self.tried(one) and place not in self._records
        }
        if self.exhaustive:
            left = [place for place in self._planned if place not in self._records and place not in lost]
        else:
            rows = rows_of(self._records, self.alphas, self.seeds)
            blocked = {(seed, self.alphas.index(alpha)) for seed, alpha in lost}
            longest = max(planned.seconds for planned in self._planned.values())
            count = workers if longest > START_SECONDS else max(workers, len(self.seeds))
            left = [(seed, self.alphas[i]) for seed, i in thresholds.next_cells(rows, count, blocked)]
        return tuple(self._planned[place] for place in left)

    def train(
        self,
        batch: Sequence[PlannedTrial],
        workers: int,
        on_event: OnEvent | None = None,
        executor: Executor = "local",
    ) -> None:
        """Train a batch and take its outcomes in."""
        super().train(batch, workers, on_event, executor)
        failed = {keys.request(failure.trial) for failure in self.failures}
        self._look_up(planned for planned in batch if planned.request not in failed)

    def estimate(self, workers: int) -> SweepEstimate:
        """Trials, minutes of wall time and disk that are still ahead."""
        rows = rows_of(self._records, self.alphas, self.seeds)
        if not self.exhaustive:
            rows = {seed: thresholds.implied(row) for seed, row in rows.items()}
        left = [
            self._planned[seed, alpha]
            for seed, row in rows.items()
            for alpha, outcome in zip(self.alphas, row, strict=True)
            if outcome is None
        ]
        works = together.works(ahead(left, self.begun, workers, self.how), workers, self.how)
        seconds = sum(map(speed.seconds, works))
        # Bisection of m fractions asks for ⌈log2(m + 1)⌉ outcomes; what is known of a seed already narrows its own.
        spans = [thresholds.span(row) for row in rows.values()]
        bisected = sum(math.ceil(math.log2(last - first + 1)) for first, last in spans)
        likely = len(left) if self.exhaustive else min(len(left), bisected)
        count = max(1, min(workers, likely))
        rounds = min(1, likely) if self.exhaustive else math.ceil(likely / count)
        starts = START_SECONDS * rounds
        mean = seconds / max(1, len(left))
        return SweepEstimate(
            cells=len(self._planned),
            stored=len(self._records),
            likely=likely,
            most=len(left),
            minutes=(mean * likely / count + starts) / 60,
            most_minutes=(seconds / count + starts) / 60,
            megabytes=sum(planned.megabytes for planned in left),
            workers=count,
            guessed=sum(not speed.known(work) for work in works),
        )

    def result(self) -> SweepResult:
        """What is known so far."""
        rows = rows_of(self._records, self.alphas, self.seeds)
        return SweepResult(
            alphas=self.alphas,
            seeds=self.seeds,
            budget=self.budget,
            exhaustive=self.exhaustive,
            trial=next(iter(self._planned.values())).trial,
            records=dict(self._records),
            threshold=thresholds.threshold(self.alphas, rows, monotone=not self.exhaustive),
            failures=tuple(self.failures),
            command=self.command,
            settings=self.settings,
            spec_hashes=self.spec_hashes,
            shadowed=self.shadowed,
        )
