"""One paper from plan to report: the stages of the suite in their order."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from grokbench import figures
from grokbench.claims import judge
from grokbench.claims.evidence import Evidence
from grokbench.claims.verdict import Verdict
from grokbench.plan import expand as planning
from grokbench.plan import provenance
from grokbench.plan.estimate import Estimate, estimated
from grokbench.plan.expand import Plan, PlannedTrial
from grokbench.plan.job import Job, Shelves
from grokbench.reports.evidence import lacking
from grokbench.reports.result import PaperResult
from grokbench.specs import values
from grokbench.specs.errors import NoRecordsError, UnknownNameError
from grokbench.specs.loader import Library
from grokbench.specs.types import TIERS, Experiment
from grokbench.store import archive, keys
from grokbench.store.folder import Shelf, Store
from grokbench.training.record import Record
from grokbench.validation import check

CONFIRMATORY = ("paper", "quick")  # highest first; smoke decides for smoke alone
DEFAULT_OUT = Path("reports")


class Reproduction(Job):
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
        force: bool = False,
        on_damage: Any = None,
    ) -> None:
        if values.text("tier", tier) not in TIERS:
            raise UnknownNameError("tier", tier, TIERS)
        named = values.name("paper", paper)
        library = specs if isinstance(specs, Library) else Library(specs)
        check.require(library, named, figures.registry)
        self.paper, self.tier = library.paper(named), tier
        file = library.file("paper", named)
        self.spec_library, self._claims_file = library.beside(file.path), file.path
        folders = [
            ("--specs", library.extra),
            ("--reuse", values.paths("reuse", reuse)),
            ("--store", [] if store is None else [store]),
        ]
        self._named = named
        self._options = [(name, str(one)) for name, own in folders for one in own]
        self.claims = tuple(dict.fromkeys(self._claim(name) for name in values.texts("claims", claims)))
        place = Store(store, on_damage)
        self.reused = [archive.Archive(folder) for folder in values.paths("reuse", reuse)]
        self._records = records
        self.first: Shelf = place if records is None else archive.Archive(records)
        super().__init__(place, Shelves([self.first, *self.reused]), force=force)

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

    def next_batch(self, workers: int) -> tuple[PlannedTrial, ...]:
        """The trials that have no record and were not tried, longest first; when forced, at first all that are distinct.

        A trial that a longer one will probably answer waits for that one; where it then does not, it is trained too.
        """
        if self.force and not any(map(self.tried, self.plan.trials)):
            distinct = {keys.key(planned.trial): planned for planned in self.plan.trials}
            return tuple(sorted(distinct.values(), key=lambda planned: planned.seconds, reverse=True))
        left = [one for one in self.plan.trials if not self.tried(one) and not self.shelves.find(one.trial)]
        return planning.without_covered(left)

    def estimate(self, workers: int | None = None) -> Estimate:
        """Trials, minutes of wall time and disk that training will take, in all and of each experiment."""
        stored = {one.request for one in self.plan.trials if not self.force and self.shelves.find(one.trial)}
        return estimated(self.plan, self.next_batch(workers or 1), stored, workers)

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that may decide, highest first."""
        return ("smoke",) if self.tier == "smoke" else CONFIRMATORY

    @cached_property
    def grids(self) -> dict[tuple[str, str], tuple[PlannedTrial, ...]]:
        """(experiment, tier) → its trials, of the tiers that may decide and of the one asked for."""
        tiers = dict.fromkeys((*self.tiers, self.tier))
        return {
            (one.id, tier): planning.expand(self.spec_library, one, tier)
            for one in self.paper.experiments
            for tier in tiers
        }

    def answers(self, shelf: Shelf) -> bool:
        """Whether a shelf has a record for any trial of the paper, at a tier that may decide."""
        return any(shelf.find(one.trial) is not None for grid in self.grids.values() for one in grid)

    def unanswering(self) -> list[str]:
        """A sentence for each folder to re-use that has no record for the paper."""
        silent = [one.folder for one in self.reused if not self.answers(one)]
        return [
            f"{folder}, which is to be re-used, has no record for any trial of {self.paper.id}"
            for folder in silent
        ]

    def earlier(self, out: Path | None) -> archive.Archive | None:
        """The records of a report that lies in ``out`` already, where they are not looked at anyway."""
        folder = (out or DEFAULT_OUT) / self.paper.id / "records"
        if out is None or self.tier == "smoke" or not folder.is_dir():
            return None
        shelves = (self.first, *self.reused)
        known = {one.folder.resolve() for one in shelves if isinstance(one, archive.Archive)}
        return None if folder.resolve() in known else archive.Archive(folder, strict=False)

    def evidence(self, earlier: Shelf | None = None) -> Evidence:
        """All that the claims can be decided on; the records of ``earlier`` stand in where no other is."""
        last = Shelves([] if earlier is None else [earlier])
        records: dict[str, Record] = {}
        old, reused = set(), set()
        for planned in (one for grid in self.grids.values() for one in grid):
            own = self.shelves.find(planned.trial)
            record = own or last.find(planned.trial)
            if record is None:
                continue
            records[planned.request] = record
            if own is None:
                old.add(planned.request)
            elif self.shelves.shelf(planned.trial) in self.reused:
                reused.add(planned.request)
        return Evidence(
            asked=self.tier,
            tiers=self.tiers,
            grids=self.grids,
            origins={one.id: self.spec_library.recipe(one.baseline).origin for one in self.paper.experiments},
            records=records,
            failures=tuple(self.failures),
            earlier=frozenset(old),
            reused=frozenset(reused),
        )

    def note(self, result: PaperResult, out: Path) -> str:
        """A sentence on what the own shelves have no records for, or "". Errors: NoRecordsError where they answer nothing.

        A store may, beside records of an earlier report in ``out``.
        """
        assert result.evidence is not None
        where = f"the store {self.store.root}" if self.first is self.store else str(self._records)
        if result.evidence.records.keys() <= result.evidence.earlier:
            none = f"no record in {where} is of a trial of {self.paper.id}"
            if self.first is self.store and result.evidence.earlier:
                return f"{none}; the report rests on the records in {out / self.paper.id / 'records'}"
            raise NoRecordsError(
                f"{none}, so nothing was written; name its folder with --records or --store, or train with "
                f"`grokbench reproduce {self.paper.id}`"
            )
        left = lacking(self.paper, result.verdicts, result.cells)
        return f"{left} in {where}" if left else ""

    def verdicts(self) -> tuple[Verdict, ...]:
        """A verdict for each chosen claim, of the highest tier whose records are complete."""
        return judge.judge_all(self.paper, self.evidence(), self.claims)

    def result(self, out: Path | None = None) -> PaperResult:
        """What is known of every claim of the paper, whichever were chosen.

        The records of a report that lies in ``out`` stand in for trials that the own shelves lack, so that what was decided
        before stays decided; the result marks it. Errors: InputError where such records cannot be read.
        """
        old = self.earlier(out)
        evidence = self.evidence(old)
        verdicts = judge.judge_all(self.paper, evidence)
        read = judge.read_of(self.paper, evidence, verdicts)
        cells = evidence.shown(self.paper, read)
        requests = {name: {keys.request(cell.record.trial) for cell in own} for name, own in cells.items()}
        archived = [name for name, own in requests.items() if own & evidence.earlier]
        used = self.spec_library.files_of(
            tasks=[one.task for one in self.paper.experiments],
            baselines=[one.baseline for one in self.paper.experiments],
            papers=[self._named],
        )
        options = (*self._options, *([] if out in (None, DEFAULT_OUT) else [("--out", str(out))]))
        words = [self._named, "--tier", self.tier, *(w for claim in self.claims for w in ("--claim", claim))]
        recipes, tasks = (
            {getattr(one, name) for one in self.paper.experiments} for name in ("baseline", "task")
        )
        return PaperResult(
            paper=self.paper,
            tier=self.tier,
            verdicts=verdicts,
            cells=cells,
            records={}
            if self.tier == "smoke" or out is None
            else {one.id: self._archived(one, evidence, read, out) for one in self.paper.experiments},
            recipes={name: self.spec_library.recipe(name) for name in recipes},
            tasks={name: self.spec_library.task(name) for name in tasks},
            environment=provenance.environment(),
            frozen=provenance.frozen_commits(self._claims_file),
            spec_hashes=provenance.spec_hashes(used),
            shadowed=provenance.shadowed(used),
            command=shlex.join(["grokbench", "reproduce", *words, *(w for pair in options for w in pair)]),
            named=self._named,
            options=options,
            reused=tuple(
                name for name, own in requests.items() if own & evidence.reused and name not in archived
            ),
            kept=frozenset(
                v.id
                for v in verdicts
                if any(one.request in evidence.earlier for one in judge.trials_read(self.paper, evidence, v))
            ),
            archived=frozenset(archived),
            chosen=frozenset(self.claims),
            evidence=evidence,
        )

    def _archived(
        self,
        experiment: Experiment,
        evidence: Evidence,
        read: dict[str, tuple[PlannedTrial, ...]],
        out: Path,
    ) -> list[Record]:
        """Records for the archive in ``out``: those that verdicts were reached on, and held ones that none answers."""
        found = [evidence.records[one.request] for one in read.get(experiment.id, ())]
        grids = (evidence.trials(experiment.id, tier) for tier in CONFIRMATORY)
        families = {keys.family(one.trial) for grid in grids for one in grid}
        kept = archive.read(out / self.paper.id / "records", experiment.id)
        held = [record for record in kept if keys.family(record.trial) in families]
        return [*found, *(record for record in held if not archive.answered(record, found))]
