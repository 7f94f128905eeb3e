"""What is exported: the runs and verdicts of a paper, of a claim, or of a selection of runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grokbench import findings
from grokbench.claims import judge
from grokbench.claims.verdict import Verdict
from grokbench.exports.naming import Named, Names
from grokbench.exports.stored import Selection, matches, place_of, where
from grokbench.exports.tables import Run
from grokbench.reproduction import Reproduction
from grokbench.specs.errors import NoRecordsError, UnknownNameError
from grokbench.specs.loader import Library
from grokbench.specs.types import Paper
from grokbench.store import keys
from grokbench.training.record import Record

OnNote = Callable[[str], None]


@dataclass(frozen=True)
class Chosen:
    """Runs, and of a paper the verdicts on its claims, or on the one that was named. name: what the whole is called."""

    name: str
    runs: tuple[Run, ...]
    paper: Paper | None = None
    verdicts: tuple[Verdict, ...] = ()


def of_paper(
    what: str,
    library: Library,
    store: str | Path | None = None,
    records: str | Path | None = None,
    on_damage: OnNote | None = None,
) -> Chosen:
    """What the report of a paper, or of ``paper.claim``, rests on, decided anew from the records. Nothing is trained.

    Errors: UnknownNameError; NoRecordsError where no record is of a trial that it needs.
    """
    paper, claim = _parted(what, library)
    job = Reproduction(
        paper,
        claims=() if claim is None else claim,
        store=store,
        records=records,
        specs=library,
        on_damage=on_damage,
    )
    evidence = job.evidence(claim=None if claim is None else job.chosen[0])
    if not evidence.records and not all(one.computation for one in job.chosen):
        raise findings.no_records(job)
    verdicts = judge.judge_all(job.paper, evidence, job.claims)
    read = judge.read_of(job.paper, evidence, verdicts)
    found: dict[str, tuple[Record, list[str]]] = {}
    for experiment in job.paper.experiments:
        shown = [cell.record for cell in evidence.shown(job.paper, read).get(experiment.id, ())]
        also = [evidence.records[planned.request] for planned in read.get(experiment.id, ())]
        for record in (*shown, *also):
            own = found.setdefault(keys.key(record.trial), (record, []))[1]
            if experiment.id not in own:
                own.append(experiment.id)
    names = Names(job.spec_library)
    runs = (Run(record, names.of(record.trial), tuple(own)) for record, own in found.values())
    return Chosen(what if claim else job.paper.id, tuple(runs), job.paper, verdicts)


def _parted(what: str, library: Library) -> tuple[str, str | None]:
    """The paper and the claim that an id names; a claims file names its paper."""
    paper, dot, claim = what.partition(".")
    if what.endswith(".toml") or what in library.paper_ids():
        return what, None
    if dot and paper in library.paper_ids():
        return paper, claim
    claims = [f"{one.id}.{claim.id}" for one in library.each("paper") for claim in one.claims]
    raise UnknownNameError("paper or claim", what, [*library.paper_ids(), *claims])


def of_runs(
    chosen: Selection,
    library: Library,
    store: str | Path | None = None,
    records: str | Path | None = None,
    on_damage: OnNote | None = None,
) -> Chosen:
    """The runs of a selection. Errors: NoRecordsError where there is none; UnknownNameError, InputError."""
    place = place_of(store, records, on_damage)
    found = matches(place, chosen, library, lambda kept: kept.record)
    if not found:
        raise NoRecordsError(
            f"no run in {where(place)} is what was asked for, so nothing was written; `grokbench runs` lists those there are"
        )
    runs = (Run(record, Named(one.task, one.baseline, one.changes, one.own)) for one, record in found)
    return Chosen("runs", tuple(runs))
