"""A track of the leaderboard, trained: what tunes submissions, and what certifies them. ``plan.standings`` has the result."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from grokbench.analysis.statistics import median
from grokbench.plan import estimate, provenance
from grokbench.plan.device import resolved
from grokbench.plan.entries import Entry, entries, entry
from grokbench.plan.expand import Plan, PlannedTrial
from grokbench.plan.job import Job, Shelves
from grokbench.plan.standings import Standings, Tried
from grokbench.plan.together import How
from grokbench.specs import values
from grokbench.specs.errors import FailedError, InputError
from grokbench.specs.loader import Library
from grokbench.specs.tracks import STAY, Workload
from grokbench.specs.types import Trial
from grokbench.store import archive, keys
from grokbench.store.folder import Shelf, Store
from grokbench.training.record import Record

SLACK = 1.5
"""The T* that tuning proposes, over the T_gen of the setting that it chose."""


class Leaderboard(Job):
    """Every submission to a track on every workload: its settings on the seeds that tune, then those that certify.

    word: of another block of seeds, such as "maintainer". only: names of submissions to take beside the baseline. tune: the one
    that is tuned; nothing else is trained then. records: a folder of committed records to read in place of the store. reuse:
    such folders, read after it. Errors: GrokbenchError for what could not be trained.
    """

    def __init__(
        self,
        track: str | Path,
        *,
        word: str = "",
        only: Sequence[str] = (),
        tune: str = "",
        store: str | Path | None = None,
        records: str | Path | None = None,
        reuse: str | Path | Iterable[str | Path] = (),
        specs: Library | str | Path | Iterable[str | Path] = (),
        force: bool = False,
        engine: str = "auto",
        device: str = "auto",
        on_damage: Callable[[str], None] | None = None,
    ) -> None:
        library = specs if isinstance(specs, Library) else Library(specs)
        file = library.file("track", values.name("track", track))
        self.library = library.beside(file.path)
        self.track = self.library.track(values.name("track", track))
        self.word, self.records = values.text("block", word), records
        name = f"{self.track.id}/{tune}" if tune and "/" not in tune else tune
        self.tuned = entry(self.library, self.track, name) if tune else None
        if self.tuned is not None and not self.tuned.submission.grid:
            raise InputError(
                f"{name} has no grid; it names the fields of its optimizer and the values to try"
            )
        found = (self.tuned,) if self.tuned else entries(self.library, self.track, self.word, only)
        self.entries = tuple(one for one in found if one.trials or tune)
        self.untuned = tuple(one.submission.id for one in found if not one.trials and not tune)
        if self.track.baseline not in (one.name for one in self.entries) and not tune:
            raise InputError(
                f"{self.track.id}/{self.track.baseline}, with which others are paired, is not tuned; name it as tune=NAME",
                "tune",
            )
        self.options = [("--block", self.word)] if self.word else []
        self.options += [("--submission", one) for one in only]
        place = Store(store, on_damage)
        first: Shelf = place if records is None else archive.Archive(records)
        shelves = [first, *(archive.Archive(folder) for folder in values.paths("reuse", reuse))]
        super().__init__(place, Shelves(shelves), force=force, how=How(engine, resolved(device, engine)))

    @property
    def submitted(self) -> Path | None:
        """The file of the submission that is tuned; None where none is."""
        return None if self.tuned is None else self.library.file("submission", self.tuned.submission.id).path

    @property
    def baseline(self) -> Entry | None:
        """The entry that others are paired with; None where it is not tuned."""
        return next((one for one in self.entries if one.name == self.track.baseline), None)

    def seeds(self, own: Entry) -> tuple[int, ...]:
        """On which an entry is run: those that certify it, and of the baseline all on which another one is."""
        if own is not self.baseline:
            return own.block.seeds
        return tuple(dict.fromkeys(seed for one in (own, *self.entries) for seed in one.block.seeds))

    def _certifying(self, own: Entry) -> Iterator[PlannedTrial]:
        for trial in own.trials.values() if self.tuned is None else ():
            for seed in self.seeds(own):
                yield _planned(replace(trial, seed=seed), own.name)

    def _tuning(self, own: Entry) -> Iterator[PlannedTrial]:
        for settings in own.tried.values():
            for _, trial in settings:
                for seed in self.track.tuning_seeds:
                    yield _planned(replace(trial, seed=seed), f"{own.name}, tuning")

    @property
    def plan(self) -> Plan:
        """Every trial, by entry."""
        return Plan(
            tuple(one for own in self.entries for one in (*self._tuning(own), *self._certifying(own)))
        )

    def untrained(self) -> tuple[PlannedTrial, ...]:
        """The trials that have no record and were not tried, longest first; with ``force``, all that were not tried."""
        left = {one.request: one for one in self.plan.trials if not self.tried(one)}
        open_ = [one for one in left.values() if self.force or self.shelves.find(one.trial) is None]
        return tuple(sorted(open_, key=lambda one: -one.seconds))

    def next_batch(self, workers: int) -> tuple[PlannedTrial, ...]:
        """All that is left."""
        return self.untrained()

    def estimate(self, workers: int) -> estimate.Estimate:
        """Trials, minutes of wall time and disk that are still ahead."""
        plan, todo = self.plan, self.untrained()
        open_ = {one.request for one in todo}
        stored = {one.request for one in plan.trials} - open_
        return estimate.estimated(plan, todo, stored, workers, self.how, self.begun)

    def _found(self, trial: Trial) -> Record | None:
        failed = {keys.request(one.trial) for one in self.failures}
        return None if keys.request(trial) in failed else self.shelves.find(trial)

    def tried_of(self, own: Entry, workload: Workload) -> tuple[Tried, ...]:
        """What became of each setting of an entry's grid on a workload, in the grid's order."""
        out = []
        for chosen, trial in own.tried[workload.id]:
            runs = [self._found(replace(trial, seed=s)) for s in self.track.tuning_seeds]
            out.append(
                Tried(chosen, tuple(runs), proposed(workload, trial, [r for r in runs if r is not None]))
            )
        return tuple(out)

    def result(self) -> Standings:
        """What is known so far."""
        found = {
            (own.name, name, seed): record
            for own in self.entries
            for name, trial in own.trials.items()
            for seed in self.seeds(own)
            if (record := self._found(replace(trial, seed=seed))) is not None
        }
        files = [
            self.library.file("track", self.track.id),
            *self.library.files_of(
                tasks=[one.task for one in self.track.workloads],
                baselines=[one.baseline for one in self.track.workloads],
            ),
            *(self.library.file("submission", one.submission.id) for one in self.entries),
        ]
        return Standings(
            track=self.track,
            word=self.word,
            entries=self.entries,
            records=found,
            tuning={
                (own.name, w.id): self.tried_of(own, w) for own in self.entries for w in self.track.workloads
            },
            failures=tuple(self.failures),
            untuned=self.untuned,
            options=tuple(self.options),
            spec_hashes=provenance.spec_hashes(files),
            shadowed=provenance.shadowed(files),
        )


def _planned(trial: Trial, experiment: str) -> PlannedTrial:
    return PlannedTrial(trial, experiment, {"alpha": trial.alpha}, trial.seed, trial.budget)


def proposed(workload: Workload, trial: Trial, runs: Sequence[Record]) -> int:
    """T* that a setting's runs propose: SLACK × their median T_gen, up to the next evaluation, within the budget."""
    spacing = int(trial.recipe.evaluation["spacing"])
    most = STAY[1] * workload.steps // STAY[0] // spacing * spacing
    middle = median([record.t_gen for record in runs])
    if middle is None or math.isinf(middle):
        return most
    return min(most, spacing * math.ceil(SLACK * middle / spacing))


def chosen(tried: Sequence[Tried]) -> Tried:
    """The setting that tuning chooses: least median T_gen among those that stay, then best test accuracy, then the first."""
    return min(tried, key=lambda one: (one.score, -one.accuracy))


def declared(job: Leaderboard) -> dict[str, dict[str, Any]]:
    """What tuning found for each workload: ``t_star`` and ``set``, as a submission declares them. Errors: FailedError."""
    own = job.tuned
    assert own is not None
    out = {}
    for workload in job.track.workloads:
        tried = job.tried_of(own, workload)
        lost = sum(run is None for one in tried for run in one.runs)
        if lost:
            raise FailedError(
                f"{lost} trial(s) that tune {own.submission.id} on {workload.id} have no record, so nothing was chosen; "
                "the same call trains them again"
            )
        best = chosen(tried)
        out[workload.id] = {"t_star": best.t_star, "set": dict(best.settings)}
    return out
