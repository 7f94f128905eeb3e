"""One paper from plan to report: the stages of the suite in their order."""

from __future__ import annotations

import copy
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from grokbench import coverage, figures
from grokbench.claims import judge
from grokbench.claims.verdict import ERROR, NOT_RUN, Verdict
from grokbench.measures.cells import Cell, Cells
from grokbench.plan import executor, provenance, single
from grokbench.plan import expand as planning
from grokbench.plan.estimate import Estimate, estimated
from grokbench.plan.executor import Failure, OnEvent
from grokbench.plan.expand import Plan, PlannedTrial
from grokbench.specs import values
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.loader import Library
from grokbench.specs.types import TIERS, Claim, Experiment, Trial
from grokbench.store import archive, keys
from grokbench.store.folder import Shelf, Store
from grokbench.training.record import Record
from grokbench.validation import check

CONFIRMATORY = ("paper", "quick")  # highest first; smoke decides for smoke alone
DEFAULT_OUT = Path("reports")


class Reproduction:
    """The trials, records, verdicts and report of one paper at one tier.

    paper: an id, or a claims file. claims: those to look at, as ``claim`` or ``paper.claim``; none means all. records: a
    folder of committed records to read in place of the store. reuse: such folders, read after the store. The paper, its
    tasks and its recipes are checked whole. Errors: UnknownNameError, SpecError, InputError on construction.
    """

    def __init__(
        self,
        paper: str | Path,
        tier: str = "quick",
        *,
        claims: str | Sequence[str] = (),
        store: str | Path | None = None,
        records: str | Path | None = None,
        reuse: str | Path | Iterable[str | Path] = (),
        specs: Library | str | Path | Iterable[str | Path] = (),
        on_damage: Any = None,
    ) -> None:
        if values.text("tier", tier) not in TIERS:
            raise UnknownNameError("tier", tier, TIERS)
        named = values.name("paper", paper)
        library = specs if isinstance(specs, Library) else Library(specs)
        check.require(library, named, figures.registry)
        self.paper = library.paper(named)
        file = library.file("paper", named)
        self.spec_library, self._claims_file = library.beside(file.path), file.path
        used = self.spec_library.files_of(
            tasks=[one.task for one in self.paper.experiments],
            baselines=[one.baseline for one in self.paper.experiments],
            papers=[named],
        )
        self.spec_hashes, self.shadowed = provenance.spec_hashes(used), provenance.shadowed(used)
        folders = [
            ("--specs", library.extra),
            ("--reuse", values.paths("reuse", reuse)),
            ("--store", [] if store is None else [store]),
        ]
        self._named = named
        self._options = [(name, str(one)) for name, own in folders for one in own]
        self.tier = tier
        self.claims = tuple(dict.fromkeys(self._claim(name) for name in values.texts("claims", claims)))
        self.store = Store(store, on_damage)
        self.reused = [archive.Archive(folder) for folder in values.paths("reuse", reuse)]
        self.sources: list[Shelf] = [archive.Archive(records)] if records is not None else [self.store]
        self.sources.extend(self.reused)
        self.failures: list[Failure] = []
        self._found: dict[str, Record | None] = {}

    def _claim(self, name: str) -> str:
        found = self.paper.claim_id(name)
        if found is None:
            known = [claim.id for claim in self.paper.claims]
            raise UnknownNameError(f"claim of {self.paper.id}", name, known)
        return found

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
        """Trials, minutes of wall time and disk that training will take, in all and of each experiment."""
        todo = self.to_train(force=force)
        stored = set() if force else {name for name, record in self._found.items() if record is not None}
        return estimated(self.plan, todo, stored, workers)

    def train(
        self, *, workers: int | None = None, force: bool = False, on_event: OnEvent | None = None
    ) -> list[Failure]:
        """Train what is missing; returns the failures, which ``verdicts`` turns into ERROR."""
        count, tell = executor.worker_count(workers), on_event or (lambda event: None)
        if force:
            todo = [planned.trial for planned in self.to_train(force=True)]
            self.failures = executor.execute(todo, self.store, count, tell, again=True)
            self._found.clear()
        else:
            left = [planned for planned in self.plan.trials if self.find(planned) is None]
            self.failures = executor.complete(left, self.store, self.sources, count, tell)
        return self.failures

    def find(self, planned: PlannedTrial) -> Record | None:
        """The record that answers a planned trial, read once."""
        return self._record(planned.trial)

    def _record(self, trial: Trial) -> Record | None:
        name = keys.request(trial)
        if self._found.get(name) is None:
            self._found[name] = executor.lookup(trial, self.sources)
        return self._found[name]

    def cells(
        self, experiment: Experiment, tier: str, seeds: Collection[int] | None = None
    ) -> tuple[Cell, ...] | None:
        """(seed, settings, record) of the trials of ``experiment`` at ``tier``, all or those with ``seeds``.

        None while one is missing.
        """
        out = []
        for planned in self.expanded(experiment.id, tier):
            if seeds is not None and planned.seed not in seeds:
                continue
            record = self.find(planned)
            if record is None:
                return None
            out.append(Cell(planned.seed, planned.settings, record))
        return tuple(out) or None

    def expanded(self, experiment: str, tier: str) -> tuple[PlannedTrial, ...]:
        """The trials of an experiment at a tier, expanded once."""
        name = (experiment, tier)
        if name not in self._expansions:
            by_id = {one.id: one for one in self.paper.experiments}
            self._expansions[name] = planning.expand(self.spec_library, by_id[experiment], tier)
        return self._expansions[name]

    @cached_property
    def _expansions(self) -> dict[tuple[str, str], tuple[PlannedTrial, ...]]:
        return {}

    def tiers(self) -> tuple[str, ...]:
        """The tiers that may decide, highest first."""
        return ("smoke",) if self.tier == "smoke" else CONFIRMATORY

    def verdicts(self) -> tuple[Verdict, ...]:
        """A verdict for each chosen claim, of the highest tier whose records are complete."""
        return self._judged(
            [claim for claim in self.paper.claims if not self.claims or claim.id in self.claims]
        )

    def _judged(self, claims: Iterable[Claim]) -> tuple[Verdict, ...]:
        return tuple(
            judge.judge(
                self.spec_library,
                self.paper,
                claim,
                self.tiers(),
                self.tier,
                self.cells,
                self.failures,
                self._cost,
            )
            for claim in claims
        )

    def _cost(self, seeds: Mapping[str, Collection[int]], tier: str) -> float:
        """Minutes of one core, at the rate the estimate reckons with, for what is missing of experiments, by id."""
        trials = [
            planned
            for name, wanted in seeds.items()
            for planned in self.expanded(name, tier)
            if planned.seed in wanted and self.find(planned) is None
        ]
        return sum(planned.seconds for planned in planning.without_covered(trials)) / 60

    def shown_cells(self) -> Cells:
        """Experiment id → records of the highest tier complete, for figures and costs; else what a decided claim read."""
        out: dict[str, tuple[Cell, ...]] = {}
        for experiment in self.paper.experiments:
            whole = (self.cells(experiment, tier) for tier in self.tiers())
            found = next((cells for cells in whole if cells), None) or tuple(
                Cell(planned.seed, planned.settings, record)
                for planned in self._evidence.get(experiment.id, ())
                if (record := self.find(planned)) is not None
            )
            if found:
                out[experiment.id] = found
        return out

    @cached_property
    def all_verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts on all claims of the paper, whichever were chosen."""
        return self._judged(self.paper.claims)

    def _read_by(self, verdict: Verdict) -> list[PlannedTrial]:
        """The trials that a verdict was reached on; none of one that looked at no record."""
        if verdict.verdict in (NOT_RUN, ERROR):
            return []
        claim = next(claim for claim in self.paper.claims if claim.id == verdict.id)
        seeds = planning.seeds_needed(self.paper, claim, verdict.tier)
        return [p for name, own in seeds.items() for p in self.expanded(name, verdict.tier) if p.seed in own]

    @cached_property
    def _evidence(self) -> dict[str, list[PlannedTrial]]:
        """Experiment id → trials that any verdict was reached on."""
        out: dict[str, dict[str, PlannedTrial]] = {}
        for verdict in self.all_verdicts:
            for planned in self._read_by(verdict):
                out.setdefault(planned.experiment, {})[keys.request(planned.trial)] = planned
        return {name: list(found.values()) for name, found in out.items()}

    def _beside(self, folder: Path) -> Reproduction:
        """The same, with the records in ``folder`` looked at where the own sources lack one."""
        known = (one.folder.resolve() for one in self.sources if isinstance(one, archive.Archive))
        if not folder.is_dir() or folder.resolve() in known:
            return self
        other = copy.copy(self)
        other.sources = [*self.sources, archive.Archive(folder, strict=False)]
        other._found = {}
        for name in ("all_verdicts", "_evidence"):
            other.__dict__.pop(name, None)
        return other

    def _archived(self, folder: Path) -> dict[str, list[Record]]:
        """Experiment id → records for ``folder``: those that verdicts were reached on, and held ones that none answers."""
        out = {}
        for experiment in self.paper.experiments:
            read = [r for planned in self._evidence.get(experiment.id, ()) if (r := self.find(planned))]
            families = {
                keys.family(p.trial) for tier in CONFIRMATORY for p in self.expanded(experiment.id, tier)
            }
            held = [r for r in archive.read(folder, experiment.id) if keys.family(r.trial) in families]
            out[experiment.id] = [*read, *(record for record in held if not archive.answered(record, read))]
        return out

    def write(self, out: Path) -> Path:
        """Write page, JSON, figures and (beyond smoke) records under ``out``; returns the page's path.

        Records of a report that lies there already stand in for trials that the own sources lack, so that what was
        decided before stays decided; the page marks it. Errors: InputError when the folder cannot be written, or such
        records cannot be read.
        """
        from grokbench import reports

        smoke, records = self.tier == "smoke", out / self.paper.id / "records"
        whole = self if smoke else self._beside(records)
        cells = whole.shown_cells()
        single.check_folder(out)
        options = (*self._options, *([] if out == DEFAULT_OUT else [("--out", str(out))]))
        words = [self._named, "--tier", self.tier, *(w for claim in self.claims for w in ("--claim", claim))]
        recipes = {e.baseline for e in self.paper.experiments}
        archived = [
            name for name, own in cells.items() if any(self._record(r.trial) is None for _, _, r in own)
        ]
        page = reports.ReportInput(
            paper=self.paper,
            tier=self.tier,
            verdicts=whole.all_verdicts,
            cells=cells,
            records={} if smoke else whole._archived(records),
            recipes={name: self.spec_library.recipe(name) for name in recipes},
            tasks={name: self.spec_library.task(name) for name in {e.task for e in self.paper.experiments}},
            environment=provenance.environment(),
            frozen=provenance.frozen_commits(self._claims_file),
            spec_hashes=self.spec_hashes,
            shadowed=self.shadowed,
            command=shlex.join(["grokbench", "reproduce", *words, *(w for pair in options for w in pair)]),
            named=self._named,
            options=options,
            reused=tuple(name for name in coverage.reused_experiments(self, cells) if name not in archived),
            kept=frozenset(
                v.id
                for v in whole.all_verdicts
                if any(self.find(planned) is None for planned in whole._read_by(v))
            ),
            archived=frozenset(archived),
        )
        try:
            path: Path = reports.write(page, out, ".smoke" if smoke else "")
            if not smoke:
                reports.scoreboard(out)
        except OSError as error:
            raise InputError(
                f"the report cannot be written to {out} ({error.strerror}); name another folder"
            ) from None
        return path
