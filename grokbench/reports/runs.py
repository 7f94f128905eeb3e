"""What each training behind a verdict did: when it fitted, when it generalised, and whether it stayed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grokbench.analysis import timing
from grokbench.claims import phrases as w
from grokbench.claims.evidence import Evidence
from grokbench.claims.judge import trials_read
from grokbench.claims.verdict import Verdict
from grokbench.claims.wording import NOT_REACHED
from grokbench.reports.result import PaperResult
from grokbench.reports.tables import table
from grokbench.specs.types import Claim, Paper
from grokbench.training.record import Record

HEAD = ("T_mem", "T_gen", "R½", "F_0.95", "F_0.99", "class", "stays")
NUMBERS = ("t_mem", "t_gen", "half_rise_ratio", "f_95", "f_99")
"""What of a run is a number: its times and their ratio."""
RISING = {"grokking", "generalises", "half-rise-ratio", "half-rise-ratio-over"}
"""Measures of a rule that is about the rise of the test accuracy."""


@dataclass(frozen=True)
class Run:
    """One training of an arm or of the control. Times are in steps, within its budget; inf: not reached, nan: not measurable."""

    seed: int
    experiment: str
    t_mem: float
    t_gen: float
    half_rise_ratio: float  # R½
    f_95: float
    f_99: float
    outcome: str
    strong: bool
    stays: float  # 1 or 0; nan where the record ends before 3 T_gen

    @property
    def numbers(self) -> dict[str, float]:
        """The times and their ratio by name."""
        return {name: getattr(self, name) for name in NUMBERS}

    def cells(self) -> tuple[str, ...]:
        """The run under ``HEAD``."""
        numbers = (NOT_REACHED if math.isinf(x) else w.number(x) for x in self.numbers.values())
        stays = w.DASH if math.isnan(self.stays) else "yes" if self.stays else "no"
        return (*numbers, f"strong {self.outcome}" if self.strong else self.outcome, stays)


def run(seed: int, experiment: str, record: Record) -> Run:
    """The times of a record, and how it ended.

    It stays where it does so up to its last step (``timing.stays``), which must be 3 T_gen at least.
    """
    steps, train, test = (record.curves[name] for name in ("step", "train_accuracy", "test_accuracy"))
    baseline = float(record.facts["memoriser_baseline"])
    return Run(
        seed=seed,
        experiment=experiment,
        t_mem=record.t_mem,
        t_gen=record.t_gen,
        half_rise_ratio=timing.half_rise_ratio(steps, train, test, baseline),
        f_95=record.crossing(0.95),
        f_99=record.crossing(timing.FIT),
        outcome=record.outcome,
        strong=timing.strong(record.curves, record.outcome, baseline),
        stays=record.stays(float(steps[-1])),
    )


def runs(report: PaperResult, claim: Claim, verdict: Verdict) -> tuple[Run, ...]:
    """The runs that a verdict was reached on, by arm and seed, the control's last.

    None where an arm has several records of a seed, or was not trained; a control of that kind is left out.
    """
    return () if report.evidence is None else runs_on(report.paper, report.evidence, claim, verdict)


def runs_on(paper: Paper, evidence: Evidence, claim: Claim, verdict: Verdict) -> tuple[Run, ...]:
    """``runs``, of the records in ``evidence``."""
    found: dict[str, list[tuple[int, Record]]] = {}
    for planned in trials_read(paper, evidence, verdict):
        record = evidence.records[planned.request]
        found.setdefault(planned.experiment, []).append((planned.seed, record))
    single = {name: own for name, own in found.items() if _single(own)}
    if not claim.experiments or not single.keys() >= set(claim.experiments):
        return ()
    arms = dict.fromkeys((*claim.experiments, *([claim.control] if claim.control in single else [])))
    return tuple(run(seed, arm, record) for arm in arms if arm for seed, record in single[arm])


def asks_for_rise(measures: Iterable[str]) -> bool:
    """Whether a rule of these measures is about the rise of the test accuracy, which R½ sums up."""
    return not RISING.isdisjoint(measures)


def rises(paper: Paper, evidence: Evidence | None, claim: Claim, verdict: Verdict) -> list[float]:
    """R½ of the first arm's runs of an event that asks for a rise; none of any other claim."""
    if claim.kind != "event" or evidence is None or not asks_for_rise(one.measure for one in claim.rule):
        return []
    found = runs_on(paper, evidence, claim, verdict)
    return [one.half_rise_ratio for one in found if one.experiment == claim.experiments[0]]


def _single(own: Sequence[tuple[int, Record]]) -> bool:
    """Whether there is one record of each seed, and all were trained."""
    return all(n == 1 for n in Counter(seed for seed, _ in own).values()) and all(
        record.trial.budget > 0 for _, record in own
    )


def runs_table(found: Sequence[Run]) -> str:
    """The runs as a table; "" where there is none."""
    if not found:
        return ""
    several = len({one.experiment for one in found}) > 1
    head = ("experiment", "seed", *HEAD) if several else ("seed", *HEAD)
    rows = [(*([one.experiment] if several else []), str(one.seed), *one.cells()) for one in found]
    return table(head, rows)
