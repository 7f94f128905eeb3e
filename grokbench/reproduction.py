"""One paper from plan to evidence and verdicts; ``findings`` makes of them what a report says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from grokbench.claims import judge
from grokbench.claims.evidence import Evidence
from grokbench.claims.phrases import spans
from grokbench.claims.rules import LADDER
from grokbench.claims.verdict import Verdict
from grokbench.plan import expand as planning
from grokbench.plan import order
from grokbench.plan import shard as sharding
from grokbench.plan.device import resolved
from grokbench.plan.estimate import Estimate, estimated
from grokbench.plan.expand import Plan, PlannedTrial
from grokbench.plan.job import Job, Shelves
from grokbench.plan.together import How
from grokbench.specs import values
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.loader import Library
from grokbench.specs.types import TIERS, Claim
from grokbench.store import archive, keys
from grokbench.store.folder import Shelf, Store
from grokbench.training.record import Record
from grokbench.validation import check

CONFIRMATORY = ("paper", "quick")  # highest first; smoke decides for smoke alone
DEFAULT_OUT = Path("reports")


class Reproduction(Job):
    """The trials, records, verdicts and report of one paper at one tier.

    paper: an id, or a claims file. claims: those to look at, as ``claim`` or ``paper.claim``; none means all. records: a
    folder of committed records to read in place of the store. reuse: such folders, read after the store. seeds: those to run
    in place of the paper's own, at this tier alone. ladder: train further seeds of every claim that they may still decide.
    engine, device: how to train (``plan.device``). shard: "2/8" trains only the second of eight parts of the plan.
    The paper, its tasks and its recipes are checked whole. Errors: UnknownNameError, SpecError, InputError on construction.
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
        seeds: Sequence[int] = (),
        ladder: bool = False,
        engine: str = "auto",
        device: str = "auto",
        shard: str | None = None,
        on_damage: Any = None,
    ) -> None:
        self.shard = None if shard is None else sharding.read(shard)
        if self.shard is not None and ladder:
            raise InputError("a ladder adds seeds once it knows the records of all; name no shard with it")
        if values.text("tier", tier) not in TIERS:
            raise UnknownNameError("tier", tier, TIERS)
        how = How(engine, resolved(device, engine))
        named = values.name("paper", paper)
        library = specs if isinstance(specs, Library) else Library(specs)
        check.require(library, named)
        self.paper, self.tier, self.ladder = library.paper(named), tier, ladder
        file = library.file("paper", named)
        self.spec_library, self.claims_file = library.beside(file.path), file.path
        self.seeds = values.distinct("seeds", seeds)
        if self.seeds and tier == "smoke":
            raise InputError("the smoke tier has one seed of its own; name seeds with another tier", "seeds")
        if self.seeds:
            origins = {one.id: self.spec_library.recipe(one.baseline) for one in self.paper.experiments}
            drawn = [name for name, recipe in origins.items() if recipe.optimizer["kind"] == "none"]
            self.paper = planning.on_seeds(self.paper, self.seeds, drawn)
        folders = [
            ("--specs", library.extra),
            ("--reuse", values.paths("reuse", reuse)),
            ("--store", [] if store is None else [store]),
            ("--seeds", [",".join(map(str, self.seeds)) + ","] if self.seeds else []),
        ]
        self.named = named
        self.options = [(name, str(one)) for name, own in folders for one in own] + how.asked()
        self.climbing: dict[
            str, tuple[Verdict, int]
        ] = {}  # claim → its verdict so far, seeds of its next rung
        self.claims = tuple(dict.fromkeys(self._claim(name) for name in values.texts("claims", claims)))
        place = Store(store, on_damage)
        self.reused = [archive.Archive(folder) for folder in values.paths("reuse", reuse)]
        self.records = records
        self.first: Shelf = place if records is None else archive.Archive(records)
        super().__init__(place, Shelves([self.first, *self.reused]), force=force, how=how)

    def _claim(self, name: str) -> str:
        found = self.paper.claim_id(name)
        if found is None:
            known = [claim.id for claim in self.paper.claims]
            raise UnknownNameError(f"claim of {self.paper.id}", name, known)
        return found

    @property
    def chosen(self) -> tuple[Claim, ...]:
        """The claims to look at, in the paper's order."""
        return tuple(one for one in self.paper.claims if not self.claims or one.id in self.claims)

    @cached_property
    def plan(self) -> Plan:
        """The trials that the chosen claims need at this tier."""
        return planning.plan_paper(self.spec_library, self.paper, self.tier, self.claims)

    def next_batch(self, workers: int) -> tuple[PlannedTrial, ...]:
        """The trials that have no record and were not tried, those of the cheapest claims first (``plan.order``).

        When forced, at first all that are distinct. A trial that a longer one will probably answer waits for that one; where
        it then does not, it is trained too.
        """
        if self.force and not any(map(self.tried, self._own)):
            distinct = {keys.key(planned.trial): planned for planned in self._own}
            return self._ordered(tuple(distinct.values()), workers)
        left = [one for one in self._own if not self.tried(one) and not self.shelves.find(one.trial)]
        return self._ordered(
            planning.without_covered(left or (self._rungs() if self.ladder else [])), workers
        )

    @cached_property
    def _own(self) -> tuple[PlannedTrial, ...]:
        """The trials of the plan, or of this shard of it."""
        if self.shard is None:
            return self.plan.trials
        families = self.shard.families(self.plan.trials)
        return tuple(one for one in self.plan.trials if keys.family(one.trial) in families)

    def missing(self) -> int:
        """How many trials of the whole plan have no record, those of other shards too."""
        distinct = {one.request: one.trial for one in self.plan.trials}
        return sum(self.shelves.find(trial) is None for trial in distinct.values())

    def _ordered(self, batch: Sequence[PlannedTrial], workers: int) -> tuple[PlannedTrial, ...]:
        answering = order.Answering(batch)
        answers = {one.request: [b.request for b in answering.surely(one)] for one in self.plan.trials}
        needs = [
            {name for one in self.needed(claim) for name in answers[one.request]} for claim in self.chosen
        ]
        return order.cheapest_first(batch, needs, workers)

    def needed(self, claim: Claim) -> tuple[PlannedTrial, ...]:
        """The trials of the plan that a claim reads."""
        needs = planning.seeds_needed(self.paper, claim, self.tier)
        return tuple(
            one for name, seeds in needs.items() for one in self._planned.get(name, ()) if one.seed in seeds
        )

    @cached_property
    def _planned(self) -> dict[str, tuple[PlannedTrial, ...]]:
        """Experiment → its trials in the plan."""
        return {
            name: self.plan.of(name) for name in dict.fromkeys(one.experiment for one in self.plan.trials)
        }

    def _rungs(self) -> list[PlannedTrial]:
        """The trials that lack a record on the next rung of each chosen claim that its ladder may still decide."""
        evidence = self.evidence()
        by_id = {claim.id: claim for claim in self.paper.claims}
        self.climbing, missing = {}, []
        for verdict in judge.judge_all(self.paper, evidence, self.claims):
            rung = judge.next_rung(by_id[verdict.id], verdict)
            if rung is None:
                continue
            needs = planning.seeds_on_rung(self.paper, by_id[verdict.id], verdict.tier, rung)
            trials = (
                one for name, seeds in needs.items() for one in evidence.trials(name, verdict.tier, seeds)
            )
            left = [one for one in trials if one.request not in evidence.records and not self.tried(one)]
            if left:
                self.climbing[verdict.id] = (verdict, rung)
                missing += left
        return missing

    def estimate(self, workers: int | None = None) -> Estimate:
        """Trials, minutes of wall time and disk that training will take, in all and of each experiment."""
        plan = Plan(self._own)
        stored = {one.request for one in plan.trials if not self.force and self.shelves.find(one.trial)}
        return estimated(plan, self.next_batch(workers or 1), stored, workers, self.how, self.begun)

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that may decide, highest first."""
        return (self.tier,) if self.tier == "smoke" or self.seeds else CONFIRMATORY

    @cached_property
    def grids(self) -> dict[tuple[str, str], tuple[PlannedTrial, ...]]:
        """(experiment, tier) → its trials, of the tiers that may decide and of the one asked for."""
        tiers = dict.fromkeys((*self.tiers, self.tier))
        return {
            (one.id, tier): planning.expand(self.spec_library, one, tier)
            for one in self.paper.experiments
            for tier in tiers
        }

    @cached_property
    def further(self) -> dict[tuple[str, str], tuple[PlannedTrial, ...]]:
        """(experiment, tier) → trials of the seeds that follow the tier's own, as many as a ladder may add."""
        out = {}
        for name, grid in self.grids.items():
            own = tuple(dict.fromkeys(planned.seed for planned in grid))
            if own and name[1] != "smoke":
                more = planning.following(own, max(len(own), *LADDER))[len(own) :]
                places = [planned for planned in grid if planned.seed == own[0]]
                out[name] = tuple(planned.on(seed) for planned in places for seed in more)
        return out

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

    @property
    def stem(self) -> str:
        """What the report's files are called, before their ending."""
        if self.tier == "smoke":
            return f"{self.paper.id}.smoke"
        return self.paper.id + (f".seeds-{spans(self.seeds)}" if self.seeds else "")

    def earlier(self, out: Path | None) -> archive.Archive | None:
        """The records of a report that lies in ``out`` already, where they are not looked at anyway."""
        folder = (out or DEFAULT_OUT) / self.stem / "records"
        if out is None or self.tier == "smoke" or not folder.is_dir():
            return None
        shelves = (self.first, *self.reused)
        known = {one.folder.resolve() for one in shelves if isinstance(one, archive.Archive)}
        return None if folder.resolve() in known else archive.Archive(folder, strict=False)

    def evidence(self, earlier: Shelf | None = None, claim: Claim | None = None) -> Evidence:
        """All that the claims, or one of them, can be decided on; the records of ``earlier`` stand in where no other is."""
        last = Shelves([] if earlier is None else [earlier])
        records: dict[str, Record] = {}
        old, reused = set(), set()
        for planned in self.readable(claim):
            own = self.shelves.find(planned.trial)
            record = own or (None if earlier is None else last.find(planned.trial))
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
            origins=self._origins,
            records=records,
            further=self.further,
            failures=tuple(self.failures),
            earlier=frozenset(old),
            reused=frozenset(reused),
        )

    def readable(self, claim: Claim | None = None) -> Iterator[PlannedTrial]:
        """The trials, of every tier and rung of the ladder, on which the claims, or one of them, could be decided."""
        names = None if claim is None else {*claim.experiments, claim.control}
        for grids in (self.grids, self.further):
            for (experiment, _), grid in grids.items():
                if names is None or experiment in names:
                    yield from grid

    @cached_property
    def _origins(self) -> dict[str, str]:
        """Experiment → where its recipe comes from."""
        return {one.id: self.spec_library.recipe(one.baseline).origin for one in self.paper.experiments}

    def verdicts(self) -> tuple[Verdict, ...]:
        """A verdict for each chosen claim, of the highest tier whose records are complete."""
        return judge.judge_all(self.paper, self.evidence(), self.claims)
