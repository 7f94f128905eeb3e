"""What is known of a paper's claims after a command: all that its report says."""

from __future__ import annotations

import shlex
from pathlib import Path

from grokbench.claims import judge
from grokbench.claims.evidence import Evidence
from grokbench.plan import provenance
from grokbench.plan.expand import PlannedTrial
from grokbench.reports.evidence import lacking
from grokbench.reports.result import PaperResult
from grokbench.reproduction import CONFIRMATORY, DEFAULT_OUT, Reproduction
from grokbench.specs.errors import NoRecordsError
from grokbench.specs.types import Experiment
from grokbench.store import archive, keys
from grokbench.training.record import Record


def result(job: Reproduction, out: Path | None = None) -> PaperResult:
    """What is known of every claim of the paper, whichever were chosen.

    The records of a report that lies in ``out`` stand in for trials that the own shelves lack, so that what was decided
    before stays decided; the result marks it. Errors: InputError where such records cannot be read.
    """
    old = job.earlier(out)
    evidence = job.evidence(old)
    verdicts = judge.judge_all(job.paper, evidence)
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


def note(job: Reproduction, result: PaperResult, out: Path) -> str:
    """A sentence on what the own shelves have no records for, or "". Errors: NoRecordsError where they answer nothing.

    A store may, beside records of an earlier report in ``out``.
    """
    assert result.evidence is not None
    where = f"the store {job.store.root}" if job.first is job.store else str(job.records)
    if result.evidence.records.keys() <= result.evidence.earlier:
        none = f"no record in {where} is of a trial of {job.paper.id}"
        if job.first is job.store and result.evidence.earlier:
            return f"{none}; the report rests on the records in {out / job.stem / 'records'}"
        raise NoRecordsError(
            f"{none}, so nothing was written; name its folder as records=DIR or store=DIR, or train with "
            f"`grokbench reproduce {job.paper.id}`",
            "records",
            "store",
        )
    left = lacking(job.paper, result.verdicts, result.cells)
    return f"{left} in {where}" if left else ""


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
