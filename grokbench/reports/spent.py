"""What the trials of a report took, each training counted once, and which records are only copies of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from grokbench.claims.judge import trials_read
from grokbench.figures import shown_in
from grokbench.reports.evidence import JUDGED, read_by
from grokbench.reports.result import PaperResult
from grokbench.store.archive import answered
from grokbench.store.kept import training_of
from grokbench.training.record import Record


@dataclass(frozen=True)
class Cost:
    """Of an experiment: its trials, the time of those that no experiment before it shares, and who shares the others."""

    trials: int
    wall_seconds: float
    cpu_seconds: float
    shared: Mapping[str, int]  # experiment before it → trials that come from its trainings, whole or cut

    def entry(self) -> dict[str, Any]:
        """The cost as it stands in the document."""
        out: dict[str, Any] = {
            "trials": self.trials,
            "wall_seconds": self.wall_seconds,
            "cpu_seconds": self.cpu_seconds,
        }
        if self.shared:
            out["shared_trials"] = sum(self.shared.values())
            out["shared_with"] = ", ".join(self.shared)
        return out


def costs(report: PaperResult) -> dict[str, Cost]:
    """Experiment id → its cost, in the paper's order; a training is charged to the first experiment that shows it.

    A trial runs on one thread, so a record that states no CPU time counts its wall time as such.
    """
    first: dict[tuple[str, str], str] = {}
    out: dict[str, Cost] = {}
    for experiment in report.paper.experiments:
        records = [record for _, _, record in report.cells.get(experiment.id, ())]
        if not records:
            continue
        wall = cpu = 0.0
        shared: Counter[str] = Counter()
        for record in records:
            training = training_of(record)
            if training not in first:
                first[training] = experiment.id
                wall += _seconds(record)
                cpu += float(record.cost.get("cpu_seconds", _seconds(record)))
            elif first[training] != experiment.id:
                shared[first[training]] += 1
        out[experiment.id] = Cost(len(records), wall, cpu, dict(shared))
    return out


def trainings(report: PaperResult) -> int:
    """How many distinct trainings the verdicts were reached on: one that several claims or experiments read counts once."""
    if report.evidence is None:
        return 0
    found = (
        report.evidence.records[planned.request]
        for verdict in report.verdicts
        for planned in trials_read(report.paper, report.evidence, verdict)
    )
    return len({training_of(record) for record in found if record.trial.budget > 0})


def _seconds(record: Record) -> float:
    return float(record.cost.get("seconds", 0.0))


def without_copies(report: PaperResult, drawn: Collection[str]) -> PaperResult:
    """The report less the experiments that neither a claim that was judged nor a figure in ``drawn`` reads.

    Only those go of which other experiments' records answer every trial.
    """
    judged = {verdict.id for verdict in report.verdicts if verdict.verdict in JUDGED}
    read = read_by(report.paper, judged) | shown_in(report.paper, drawn)
    found = {name: [record for _, _, record in cells] for name, cells in report.cells.items()}
    for name, records in report.records.items():
        found[name] = [*found.get(name, ()), *records]
    for name in [name for name in found if name not in read]:
        others = [record for other, records in found.items() if other != name for record in records]
        if all(answered(record, others) for record in found[name]):
            del found[name]
    return replace(
        report,
        cells={name: cells for name, cells in report.cells.items() if name in found},
        records={name: records for name, records in report.records.items() if name in found},
    )
