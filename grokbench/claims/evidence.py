"""What a paper's claims are decided on, as one value: its trials, the records that answer them, and what failed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from grokbench.measures.cells import Cell, Cells
from grokbench.plan.executor import Failure
from grokbench.plan.expand import PlannedTrial, without_covered
from grokbench.specs.types import Paper
from grokbench.store import keys
from grokbench.training.record import Record

Needs = Mapping[str, Collection[int]]
"""Experiment id → seeds of it that are asked for."""


@dataclass(frozen=True)
class Evidence:
    """What is known of a paper's experiments.

    asked: the tier of the command. tiers: those that may decide, highest first. grids: (experiment, tier) → the trials of that
    tier in the grid's order; further: those of the seeds that a ladder may add. records: request (``keys.request``) → the
    record that answers it. earlier: requests that only an earlier report's record answers; reused: those that another
    folder's does. origins: experiment → where its recipe comes from.
    """

    asked: str
    tiers: tuple[str, ...]
    grids: Mapping[tuple[str, str], tuple[PlannedTrial, ...]]
    origins: Mapping[str, str]
    records: Mapping[str, Record]
    further: Mapping[tuple[str, str], tuple[PlannedTrial, ...]] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    earlier: frozenset[str] = frozenset()
    reused: frozenset[str] = frozenset()

    def trials(
        self, experiment: str, tier: str, seeds: Collection[int] | None = None
    ) -> tuple[PlannedTrial, ...]:
        """The trials of an experiment at a tier, all or those with ``seeds``; none where the tier has none."""
        grid = self.grids.get((experiment, tier), ())
        if seeds is None:
            return grid
        more = self.further.get((experiment, tier), ())
        return tuple(planned for planned in (*grid, *more) if planned.seed in seeds)

    def cells(
        self, experiment: str, tier: str, seeds: Collection[int] | None = None
    ) -> tuple[Cell, ...] | None:
        """The records of those trials with their places in the grid; None while one is missing, or where there is none."""
        planned = self.trials(experiment, tier, seeds)
        if seeds is not None and {one.seed for one in planned} != set(seeds):
            return None
        if any(one.request not in self.records for one in planned):
            return None
        return self._cells(planned) or None

    def _cells(self, planned: Iterable[PlannedTrial]) -> tuple[Cell, ...]:
        return tuple(
            Cell(one.seed, one.settings, self.records[one.request])
            for one in planned
            if one.request in self.records
        )

    def failed(self, needs: Needs) -> list[Failure]:
        """The failures among what is asked for at the command's own tier."""
        asked = {
            planned.request
            for name, seeds in needs.items()
            for planned in self.trials(name, self.asked, seeds)
        }
        return [failure for failure in self.failures if keys.request(failure.trial) in asked]

    def minutes_missing(self, needs: Needs, tier: str) -> float:
        """Estimated minutes of one CPU core for what is asked for at a tier and has no record."""
        missing = [
            planned
            for name, seeds in needs.items()
            for planned in self.trials(name, tier, seeds)
            if planned.request not in self.records
        ]
        return sum(planned.seconds for planned in without_covered(missing)) / 60

    def shown(self, paper: Paper, read: Mapping[str, Iterable[PlannedTrial]]) -> Cells:
        """Experiment id → records of the highest tier that is complete; else those of the trials that a claim ``read``."""
        out: dict[str, tuple[Cell, ...]] = {}
        for experiment in paper.experiments:
            whole = (self.cells(experiment.id, tier) for tier in self.tiers)
            found = next((cells for cells in whole if cells), None) or self._cells(
                read.get(experiment.id, ())
            )
            if found:
                out[experiment.id] = found
        return out
