"""One paper from plan to report: the stages of the suite in their order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from grokbench.claims import judge
from grokbench.claims.verdict import Verdict
from grokbench.claims.views import RecordCell
from grokbench.runs import archive, executor, keys, provenance
from grokbench.runs import plan as planning
from grokbench.runs.estimate import Estimate, estimated
from grokbench.runs.executor import Failure, OnEvent
from grokbench.runs.plan import Plan, PlannedTrial
from grokbench.runs.store import Source, Store
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.loader import Library
from grokbench.specs.types import TIERS, Claim, Experiment, Record

Find = Callable[[PlannedTrial], Record | None]
Cells = dict[str, tuple[RecordCell, ...]]  # by experiment id

CONFIRMATORY = ("paper", "quick")  # highest first; smoke decides for smoke alone


class Reproduction:
    """The trials, records, verdicts and report of one paper at one tier.

    claims: those to look at, as ``claim`` or ``paper.claim``; none means all. records: a folder of committed records to
    read in place of the store. reuse: such folders, read after the store. Errors: UnknownNameError, SpecError,
    InputError on construction.
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
        self.tier = tier
        self.claims = tuple(dict.fromkeys(self._claim(name) for name in claims))
        self.store = Store(store, on_damage)
        self._reused = [archive.Archive(folder) for folder in reuse]
        self.sources: list[Source] = [archive.Archive(records)] if records is not None else [self.store]
        self.sources.extend(self._reused)
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
        return _find(planned, self.sources, self._found)

    def cells(
        self,
        experiment: Experiment,
        tier: str,
        seeds: Collection[int] | None = None,
        find: Find | None = None,
    ) -> tuple[RecordCell, ...] | None:
        """(seed, settings, record) of the trials of ``experiment`` at ``tier``, all or those with ``seeds``.

        None while one is missing. find: where records are looked for, other than in ``self.find``.
        """
        out = []
        for planned in self._expanded(experiment.id, tier):
            if seeds is not None and planned.seed not in seeds:
                continue
            record = (find or self.find)(planned)
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
        return self._judged(
            [claim for claim in self.paper.claims if not self.claims or claim.id in self.claims]
        )

    def _judged(self, claims: Iterable[Claim]) -> tuple[Verdict, ...]:
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
            for claim in claims
        )

    def _cost(self, seeds: Mapping[str, Collection[int]], tier: str) -> float:
        """Minutes of one core, at the rate the estimate reckons with, for what is missing of experiments, by id."""
        trials = [
            planned
            for name, wanted in seeds.items()
            for planned in self._expanded(name, tier)
            if planned.seed in wanted and self.find(planned) is None
        ]
        return sum(planned.seconds for planned in planning.without_covered(trials)) / 60

    def shown_cells(self, experiments: Iterable[Experiment] | None = None, find: Find | None = None) -> Cells:
        """Experiment id → records of the highest tier complete, for figures and costs; ``find`` as in ``cells``.

        Where no tier is complete, the most that any claim reads.
        """
        out: Cells = {}
        for experiment in self.paper.experiments if experiments is None else experiments:
            whole = (self.cells(experiment, tier, find=find) for tier in self._tiers())
            found = next((cells for cells in whole if cells), None) or self._read_by_claims(experiment, find)
            if found:
                out[experiment.id] = found
        return out

    def _read_by_claims(self, experiment: Experiment, find: Find | None) -> tuple[RecordCell, ...] | None:
        parts = [
            self.cells(experiment, tier, seeds[experiment.id], find)
            for claim in self.paper.claims
            for tier in self._tiers()
            if experiment.id in (seeds := planning.seeds_needed(self.paper, claim, tier))
        ]
        return max((cells for cells in parts if cells), key=len, default=None)

    def _archived_cells(self, experiments: Collection[str], folder: Path) -> Cells:
        """``shown_cells`` of those experiments that have an archive in ``folder``, which comes before the other sources."""
        here = {path.stem for path in folder.glob("*.zip")}
        held = [e for e in self.paper.experiments if e.id in experiments and e.id in here]
        if not held:
            return {}
        sources = [archive.Archive(folder, [e.id for e in held]), *self.sources]
        found: dict[str, Record | None] = {}
        return self.shown_cells(held, lambda planned: _find(planned, sources, found))

    def write(self, out: Path) -> Path:
        """Write page, JSON, figures and (beyond smoke) records under ``out``; returns the page's path.

        Of a report that lies there already, verdicts are kept where this command has no records (``reports.kept``), with
        the records that they were reached on, and so are records of experiments of which this command has none. Errors:
        InputError when the folder cannot be written, or such records cannot be read.
        """
        from grokbench import reports

        verdicts, cells, rules = self._judged(self.paper.claims), self.shown_cells(), self._rules()
        check_folder(out)
        smoke = self.tier == "smoke"
        flags = "".join(f" --claim {claim}" for claim in self.claims)
        kept: dict[str, Verdict] = {}
        archived: Cells = {}
        if not smoke:
            asked = self.claims or [claim.id for claim in self.paper.claims]
            kept = reports.kept(out / f"{self.paper.id}.json", self.paper, verdicts, asked, rules)
            older = reports.read_by(self.paper, kept) | {
                e.id for e in self.paper.experiments if e.id not in cells
            }
            archived = self._archived_cells(older, out / self.paper.id / "records")
        recipes = {e.baseline for e in self.paper.experiments}
        page = reports.ReportInput(
            paper=self.paper,
            tier=self.tier,
            verdicts=tuple(kept.get(verdict.id, verdict) for verdict in verdicts),
            cells={**cells, **archived},
            recipes={name: self.spec_library.recipe(name) for name in recipes},
            tasks={name: self.spec_library.task(name) for name in {e.task for e in self.paper.experiments}},
            environment=provenance.environment(),
            frozen=self._frozen(),
            spec_hashes=provenance.spec_hashes(self.spec_library, self.paper.id, recipes),
            rules={} if smoke else rules,
            command=f"grokbench reproduce {self.paper.id} --tier {self.tier}{flags}",
            reused=self._reused_experiments(cells),
            kept=frozenset(kept),
            archived=frozenset(archived),
        )
        try:
            path: Path = reports.write(page, out, ".smoke" if smoke else "")
            if not smoke:
                reports.scoreboard(out)
        except OSError as error:
            raise InputError(
                f"the report cannot be written to {out} ({error.strerror}); name another folder with --out"
            ) from None
        return path

    def _frozen(self) -> dict[str, str]:
        path = self.spec_library.path_of(self.paper.id)
        return provenance.frozen_commits(path) if path is not None else {}

    def _rules(self) -> dict[str, str]:
        """Claim id → hash of what decides it: its rule, and the trials of its experiments at their highest tier."""
        trials = {
            experiment.id: provenance.trials_hash([p.trial for p in self._expanded(experiment.id, "paper")])
            for experiment in self.paper.experiments
        }
        return {
            claim.id: provenance.rule_hash(
                claim, [trials[e.id] for e in planning.experiments_of(self.paper, claim)]
            )
            for claim in self.paper.claims
        }

    def _reused_experiments(self, cells: Mapping[str, tuple[RecordCell, ...]]) -> tuple[str, ...]:
        if not self._reused:
            return ()
        own = [
            name
            for name, entries in cells.items()
            if all(self.store.find(record.trial) for _, _, record in entries)
        ]
        return tuple(name for name in cells if name not in own)


def _find(planned: PlannedTrial, sources: Sequence[Source], found: dict[str, Record | None]) -> Record | None:
    """The record that answers a planned trial; ``found`` remembers those that were read."""
    name = keys.request(planned.trial)
    if found.get(name) is None:
        found[name] = executor.lookup(planned.trial, sources)
    return found[name]


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
