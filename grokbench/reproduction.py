"""One paper from plan to report: the stages of the suite in their order."""

from __future__ import annotations

import hashlib
import platform
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import grokbench
from grokbench.claims import judge
from grokbench.claims.verdict import Verdict
from grokbench.claims.views import RecordCell
from grokbench.runs import archive, executor, keys, provenance
from grokbench.runs import plan as planning
from grokbench.runs.executor import Failure, OnEvent
from grokbench.runs.plan import Plan, PlannedTrial
from grokbench.runs.speed import slowdown
from grokbench.runs.store import Source, Store
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.loader import Library
from grokbench.specs.types import TIERS, Experiment, Record

CONFIRMATORY = ("paper", "quick")  # highest first; smoke decides for smoke alone


@dataclass(frozen=True)
class Estimate:
    """What a plan will cost, before it is run; minutes at the speed measured on this machine."""

    trials: int
    stored: int
    steps: int  # optimizer updates that the trials to train are expected to take
    minutes: float
    megabytes: float
    workers: int


class Reproduction:
    """The trials, records, verdicts and report of one paper at one tier.

    claims: ids to look at; none means all. records: a folder of committed records to read in place of the store.
    reuse: such folders, read after the store. Errors: UnknownNameError, SpecError, InputError on construction.
    """

    def __init__(
        self,
        paper: str,
        tier: str = "quick",
        *,
        claims: Sequence[str] = (),
        store: str | Path | None = None,
        records: str | Path | None = None,
        reuse: Sequence[str | Path] = (),
        specs: Iterable[str | Path] = (),
        on_damage: Any = None,
    ) -> None:
        if tier not in TIERS:
            raise UnknownNameError("tier", tier, TIERS)
        self.spec_library = Library(specs)
        self.paper = self.spec_library.paper(paper)
        known = [claim.id for claim in self.paper.claims]
        for claim in claims:
            if claim not in known:
                raise UnknownNameError(f"claim of {self.paper.id}", claim, known)
        self.tier = tier
        self.claims = tuple(claims)
        self.store = Store(store, on_damage)
        self._reused = [archive.Archive(folder) for folder in reuse]
        self.sources: list[Source] = [archive.Archive(records)] if records is not None else [self.store]
        self.sources.extend(self._reused)
        self.failures: list[Failure] = []
        self._found: dict[str, Record | None] = {}

    @cached_property
    def plan(self) -> Plan:
        """The trials that the chosen claims need at this tier."""
        return planning.plan_paper(self.spec_library, self.paper, self.tier, self.claims)

    def to_train(self, *, force: bool = False) -> tuple[PlannedTrial, ...]:
        """The trials that have no record yet, longest first; when forced all, also those that another one would answer."""
        if force:
            distinct = {keys.key(planned.trial): planned for planned in self.plan.trials}
            return tuple(sorted(distinct.values(), key=lambda planned: planned.seconds, reverse=True))
        return planning.without_covered([p for p in self.plan.trials if self.find(p) is None])

    def estimate(self, workers: int | None = None, *, force: bool = False) -> Estimate:
        """Trials, minutes of wall time and disk that training will take."""
        todo = self.to_train(force=force)
        count = min(workers or executor.default_workers(), max(1, len(todo)))
        distinct = max(len(self.plan.unique()), len(todo))
        return Estimate(
            trials=distinct,
            stored=distinct - len(todo),
            steps=sum(planned.expected_steps for planned in todo),
            minutes=(slowdown() * sum(planned.seconds for planned in todo) / count + 4.0) / 60
            if todo
            else 0.0,
            megabytes=sum(planned.megabytes for planned in todo),
            workers=count,
        )

    def train(
        self, *, workers: int | None = None, force: bool = False, on_event: OnEvent | None = None
    ) -> list[Failure]:
        """Train what is missing; returns the failures, which ``verdicts`` turns into ERROR."""
        if workers is not None and workers < 1:
            raise InputError(f"--workers must be 1 or more; got {workers}")
        count, tell = workers or executor.default_workers(), on_event or (lambda event: None)
        if force:
            todo = [planned.trial for planned in self.to_train(force=True)]
            self.failures = executor.execute(todo, self.store, count, tell)
            self._found.clear()
        else:
            left = [planned for planned in self.plan.trials if self.find(planned) is None]
            self.failures = executor.complete(left, self.store, self.sources, count, tell)
        return self.failures

    def find(self, planned: PlannedTrial) -> Record | None:
        """The record that answers a planned trial, read once."""
        name = keys.request(planned.trial)
        if self._found.get(name) is None:
            self._found[name] = executor.lookup(planned.trial, self.sources)
        return self._found[name]

    def cells(
        self, experiment: Experiment, tier: str, seeds: Collection[int] | None = None
    ) -> tuple[RecordCell, ...] | None:
        """(seed, settings, record) of the trials of ``experiment`` at ``tier``, all or those with ``seeds``.

        None while one is missing.
        """
        out = []
        for planned in self._expanded(experiment.id, tier):
            if seeds is not None and planned.seed not in seeds:
                continue
            record = self.find(planned)
            if record is None:
                return None
            out.append((planned.seed, planned.settings, record))
        return tuple(out) or None

    def _expanded(self, experiment: str, tier: str) -> tuple[PlannedTrial, ...]:
        name = (experiment, tier)
        if name not in self._expansions:
            by_id = {one.id: one for one in self.paper.experiments}
            self._expansions[name] = planning.expand(self.spec_library, by_id[experiment], tier)
        return self._expansions[name]

    @cached_property
    def _expansions(self) -> dict[tuple[str, str], tuple[PlannedTrial, ...]]:
        return {}

    def _tiers(self) -> tuple[str, ...]:
        return ("smoke",) if self.tier == "smoke" else CONFIRMATORY

    def verdicts(self) -> tuple[Verdict, ...]:
        """A verdict for each chosen claim, of the highest tier whose records are complete."""
        chosen = [claim for claim in self.paper.claims if not self.claims or claim.id in self.claims]
        return tuple(
            judge.judge(
                self.spec_library,
                self.paper,
                claim,
                self._tiers(),
                self.tier,
                self.cells,
                self.failures,
                self._cost,
            )
            for claim in chosen
        )

    def _cost(self, seeds: Mapping[str, Collection[int]], tier: str) -> float:
        """Estimated minutes on this machine's workers of what is missing of experiments, by id, with these seeds."""
        trials = [
            planned
            for name, wanted in seeds.items()
            for planned in self._expanded(name, tier)
            if planned.seed in wanted and self.find(planned) is None
        ]
        return (
            sum(planned.seconds for planned in planning.without_covered(trials))
            / executor.default_workers()
            / 60
        )

    def shown_cells(self) -> dict[str, tuple[RecordCell, ...]]:
        """Experiment id → records of the highest tier complete, for figures and costs.

        Where no tier is complete, the most that any decided claim read.
        """
        out: dict[str, tuple[RecordCell, ...]] = {}
        for experiment in self.paper.experiments:
            whole = (self.cells(experiment, tier) for tier in self._tiers())
            found = next((cells for cells in whole if cells), None) or self._read_by_claims(experiment)
            if found:
                out[experiment.id] = found
        return out

    def _read_by_claims(self, experiment: Experiment) -> tuple[RecordCell, ...] | None:
        parts = [
            self.cells(experiment, tier, seeds[experiment.id])
            for claim in self.paper.claims
            for tier in self._tiers()
            if experiment.id in (seeds := planning.seeds_needed(self.paper, claim, tier))
        ]
        return max((cells for cells in parts if cells), key=len, default=None)

    def write(self, out: Path) -> Path:
        """Write page, JSON, figures and (beyond smoke) records under ``out``; returns the page's path.

        Errors: InputError when the folder cannot be written.
        """
        from grokbench.reports import ReportInput, scoreboard
        from grokbench.reports import write as write_report

        cells = self.shown_cells()
        smoke = self.tier == "smoke"
        flags = "".join(f" --claim {claim}" for claim in self.claims)
        page = ReportInput(
            paper=self.paper,
            tier=self.tier,
            verdicts=self.verdicts(),
            cells=cells,
            recipes={
                name: self.spec_library.recipe(name) for name in {e.baseline for e in self.paper.experiments}
            },
            tasks={name: self.spec_library.task(name) for name in {e.task for e in self.paper.experiments}},
            environment=environment(),
            frozen=self._frozen(),
            spec_hashes=spec_hashes(
                self.spec_library, self.paper.id, {e.baseline for e in self.paper.experiments}
            ),
            command=f"grokbench reproduce {self.paper.id} --tier {self.tier}{flags}",
            reused=self._reused_experiments(cells),
        )
        check_folder(out)
        try:
            path: Path = write_report(page, out, ".smoke" if smoke else "")
            if not smoke:
                for experiment, entries in cells.items():
                    archive.write(
                        out / self.paper.id / "records", experiment, [record for _, _, record in entries]
                    )
                archive.prune(out / self.paper.id / "records", [e.id for e in self.paper.experiments])
                scoreboard(out)
        except OSError as error:
            raise InputError(
                f"the report cannot be written to {out} ({error.strerror}); name another folder with --out"
            ) from None
        return path

    def _frozen(self) -> dict[str, str]:
        path = self.spec_library.path_of(self.paper.id)
        return provenance.frozen_commits(path) if path is not None else {}

    def _reused_experiments(self, cells: Mapping[str, tuple[RecordCell, ...]]) -> tuple[str, ...]:
        if not self._reused:
            return ()
        own = [
            name
            for name, entries in cells.items()
            if all(self.store.find(record.trial) for _, _, record in entries)
        ]
        return tuple(name for name in cells if name not in own)


def check_folder(out: Path) -> None:
    """Create the report's folder and write a file in it. Errors: InputError, before anything is trained."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=out):
            pass
    except OSError as error:
        raise InputError(
            f"the report cannot be written to {out} ({error.strerror}); name another folder with --out"
        ) from None


def spec_hashes(library: Library, paper: str, recipes: Iterable[str]) -> dict[str, str]:
    """SHA-256 of the paper's claims file and of the recipes that it runs."""
    out = {}
    for name in (paper, *sorted(recipes)):
        path = library.path_of(name)
        if path is not None:
            out[f"{path.parent.name}/{path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return out


def environment() -> dict[str, Any]:
    """What the report itself was made with; each record carries its own."""
    return {
        "grokbench": grokbench.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "training_version": keys.TRAINING_VERSION,
    }
