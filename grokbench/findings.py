"""What is known of a paper's claims after a command: all that its report says."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from grokbench.claims import judge
from grokbench.claims.evidence import Evidence
from grokbench.claims.verdict import Verdict
from grokbench.plan import provenance
from grokbench.plan.expand import PlannedTrial
from grokbench.plan.job import Shelves
from grokbench.plan.order import Answering
from grokbench.reports import agreement, overview
from grokbench.reports.document import verdict_from
from grokbench.reports.evidence import lacking
from grokbench.reports.result import PaperResult
from grokbench.reports.runs import rises
from grokbench.reports.site.content import Reported
from grokbench.reproduction import CONFIRMATORY, DEFAULT_OUT, Reproduction
from grokbench.specs.errors import InputError, NoRecordsError
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim, Experiment, Trial
from grokbench.store import archive, keys
from grokbench.training.record import Record


class Deciding:
    """Decides each chosen claim of a job as soon as no trial that is left can change its verdict.

    Call ``begin`` before each batch, ``ended`` when a trial has its record and ``settle`` after the batch; each returns the
    verdicts that came. What is undecided at the end, ``result`` decides. out: folder whose records stand in, as there.
    """

    def __init__(self, job: Reproduction, out: Path | None = None) -> None:
        self._job = job
        old = job.earlier(out)
        self._old = None if old is None else Shelves([old])  # which reads each record once
        self._left = {claim.id: claim for claim in job.chosen}
        self.asked = sum(map(self._decidable, job.chosen))  # number of claims that the tier decides
        self._waits: dict[
            str, set[str]
        ] = {}  # claim → requests of trials in training that may change its verdict
        self.verdicts: dict[str, Verdict] = {}
        self.rises: dict[str, list[float]] = {}  # R½ of the runs of an event that is decided

    def begin(self, batch: Sequence[PlannedTrial]) -> list[Verdict]:
        """Take the trials to come; decides what none of them can change."""
        answering = Answering(batch)
        asked = [one for one in self._left.values() if self._decidable(one)]
        for claim in asked:
            own = {planned.request for planned in self._job.needed(claim)}
            waits: set[str] = set()
            for planned in self._job.readable(claim):
                needed = planned.request in own
                # Of what the claim needs, the plan knows which trial answers it. Elsewhere a record may help by chance.
                found = answering.surely(planned) if needed else answering.family(planned)
                waits.update(one.request for one in found)
            self._waits[claim.id] = waits
        return self._decide(one.id for one in sorted(asked, key=lambda one: not one.computation))

    def ended(self, trial: Trial) -> list[Verdict]:
        """Take a trial that has its record."""
        request, freed = keys.request(trial), []
        for name, waits in self._waits.items():
            if request in waits:
                waits.remove(request)
                freed.append(name)
        return self._decide(freed)

    def settle(self) -> list[Verdict]:
        """Take the end of a batch, of which some trials may have failed."""
        freed = [name for name, waits in self._waits.items() if waits]
        self._waits.update((name, set()) for name in freed)
        return self._decide(freed)

    def _decidable(self, claim: Claim) -> bool:
        return bool(claim.computation) or bool(self._job.needed(claim))

    def _decide(self, names: Iterable[str]) -> list[Verdict]:
        out = []
        ready = [self._left[name] for name in names if name in self._left and not self._waits[name]]
        for claim in ready:
            if self._complete(claim):
                verdict = self._judged(claim)
                if not (
                    self._job.ladder and judge.next_rung(claim, verdict)
                ):  # more seeds may still decide it
                    out.append(self._keep(claim, verdict))
        return out

    def _complete(self, claim: Claim) -> bool:
        """Whether no trial that the claim needs is still to be trained."""
        needed = self._job.needed(claim)
        return all(self._job.tried(one) or self._job.shelves.find(one.trial) for one in needed)

    def _judged(self, claim: Claim) -> Verdict:
        evidence = self._job.evidence(self._old, claim)
        verdict = judge.judge(self._job.paper, claim, evidence)
        self.rises[claim.id] = rises(self._job.paper, evidence, claim, verdict)
        return verdict

    def _keep(self, claim: Claim, verdict: Verdict) -> Verdict:
        self.verdicts[claim.id] = verdict
        del self._left[claim.id]
        return verdict


def result(
    job: Reproduction,
    out: Path | None = None,
    known: Mapping[str, Verdict] | None = None,
    *,
    untrained: bool = False,
) -> PaperResult:
    """What is known of every claim of the paper, whichever were chosen. known: verdicts that ``Deciding`` has reached.

    The records of a report that lies in ``out`` stand in for trials that the own shelves lack, so that what was decided
    before stays decided; the result marks it. untrained: the job trains nothing, so there must be records to judge, but for
    a paper of which nothing is ever trained.
    Errors: InputError where such records cannot be read; NoRecordsError where there is none.
    """
    old = job.earlier(out)
    evidence = job.evidence(old)
    lacking_all = bool(job.paper.experiments) and _unanswered(evidence)
    if untrained and lacking_all and not (job.first is job.store and evidence.earlier):
        raise no_records(job)
    verdicts = judge.judge_all(job.paper, evidence, known=known)
    read = judge.read_of(job.paper, evidence, verdicts)
    cells = evidence.shown(job.paper, read)
    requests = {name: {keys.request(cell.record.trial) for cell in own} for name, own in cells.items()}
    archived = [name for name, own in requests.items() if own & evidence.earlier]
    used = job.spec_library.files_of(
        tasks=[one.task for one in job.paper.experiments],
        baselines=[one.baseline for one in job.paper.experiments],
        papers=[job.named],
    )
    options = (*job.options, *([] if out in (None, DEFAULT_OUT) else [("--out", str(out))]))
    words = [job.named, "--tier", job.tier, *(w for claim in job.claims for w in ("--claim", claim))]
    recipes, tasks = ({getattr(one, name) for one in job.paper.experiments} for name in ("baseline", "task"))
    return PaperResult(
        paper=job.paper,
        tier=job.tier,
        stem=job.stem,
        verdicts=verdicts,
        cells=cells,
        records={}
        if job.tier == "smoke" or out is None
        else {one.id: _archived(job, one, evidence, read, out) for one in job.paper.experiments},
        recipes={name: job.spec_library.recipe(name) for name in recipes},
        tasks={name: job.spec_library.task(name) for name in tasks},
        environment=provenance.environment(),
        frozen=provenance.frozen_commits(job.claims_file),
        spec_hashes=provenance.spec_hashes(used),
        shadowed=provenance.shadowed(used),
        command=shlex.join(["grokbench", "reproduce", *words, *(w for pair in options for w in pair)]),
        named=job.named,
        options=options,
        reused=tuple(
            name for name, own in requests.items() if own & evidence.reused and name not in archived
        ),
        kept=frozenset(
            v.id
            for v in verdicts
            if any(one.request in evidence.earlier for one in judge.trials_read(job.paper, evidence, v))
        ),
        archived=frozenset(archived),
        chosen=frozenset(job.claims),
        evidence=evidence,
    )


def no_records(job: Reproduction) -> NoRecordsError:
    """The error where a paper's records are asked for and there is none."""
    return NoRecordsError(
        f"{_none(job)}, so nothing was written; name its folder as records=DIR or store=DIR, or train with "
        f"`grokbench reproduce {job.paper.id}`",
        "records",
        "store",
    )


def reported(folder: Path, library: Library, on_note: Callable[[str], None]) -> list[Reported]:
    """The reports that lie in a folder, with the records beside each. on_note: takes a sentence on those that are left out.

    Their verdicts are as written: no claim of theirs is judged again. Errors: InputError where there is none, or where records
    cannot be read.
    """
    documents, others = overview.written(folder)
    for stem in others:
        on_note(
            f"{folder / stem}.json is left out, because another version wrote it; `grokbench report {stem}` writes it again"
        )
    out = []
    for stem, document in documents:
        if document["paper"] not in library.paper_ids():
            on_note(
                f"{folder / stem}.json is left out: no specs of {document['paper']} are known; name their folder as specs=DIR"
            )
            continue
        records = folder / stem / "records"
        own = Reproduction(
            document["paper"], document["tier"], records=records if records.is_dir() else None, specs=library
        )
        known = {entry["id"]: verdict_from(entry) for entry in document["claims"]}
        blocks = {
            other.removeprefix(f"{stem}.seeds-").replace("+", ", ").replace("-", "–"): agreement.rows(
                folder, stem, other
            )
            for other in agreement.blocks(folder, stem)
        }
        out.append(Reported(result(own, known=known), document, blocks))
    if not out:
        raise InputError(
            f"no report lies in {folder}; write one with `grokbench reproduce PAPER`, or name its folder as reports=DIR",
            "reports",
        )
    return out


def note(job: Reproduction, result: PaperResult, out: Path) -> str:
    """A sentence on what the own shelves have no records for, or ""."""
    assert result.evidence is not None
    if result.evidence.records and _unanswered(result.evidence):
        return f"{_none(job)}; the report rests on the records in {out / job.stem / 'records'}"
    left = lacking(job.paper, result.verdicts, result.cells)
    return f"{left} in {_own(job)}" if left else ""


def _unanswered(evidence: Evidence) -> bool:
    """Whether the own shelves answer no trial; an earlier report's records may."""
    return evidence.records.keys() <= evidence.earlier


def _own(job: Reproduction) -> str:
    """Where the job looks first, in words."""
    return f"the store {job.store.root}" if job.first is job.store else str(job.records)


def _none(job: Reproduction) -> str:
    return f"no record in {_own(job)} is of a trial of {job.paper.id}"


def _archived(
    job: Reproduction,
    experiment: Experiment,
    evidence: Evidence,
    read: dict[str, tuple[PlannedTrial, ...]],
    out: Path,
) -> list[Record]:
    """Records for the archive in ``out``: those that verdicts were reached on, and held ones that none answers."""
    found = [evidence.records[one.request] for one in read.get(experiment.id, ())]
    grids = (evidence.trials(experiment.id, tier) for tier in CONFIRMATORY)
    families = {keys.family(one.trial) for grid in grids for one in grid}
    kept = archive.read(out / job.stem / "records", experiment.id)
    held = [record for record in kept if keys.family(record.trial) in families]
    return [*found, *(record for record in held if not archive.answered(record, found))]
