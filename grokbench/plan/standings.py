"""What was found of a track: the runs of its entries, which of them kept their promise, and what pairs with the baseline say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grokbench.analysis.paired import Paired, paired
from grokbench.analysis.statistics import median
from grokbench.plan.compared import TIMES
from grokbench.plan.entries import Entry
from grokbench.plan.executor import Failure
from grokbench.specs.differences import Difference, between
from grokbench.specs.files import SpecFile
from grokbench.specs.tracks import Track, stay_until
from grokbench.training.record import Record

MARGIN = 1.03
"""An entry beats the baseline on a seed where its T_gen is smaller by more than this factor."""
GRADIENTS = 1
"""Gradients that the training loop computes for an update. An optimizer is handed them and cannot ask for more."""


@dataclass(frozen=True)
class Tried:
    """A setting of a grid on one workload: its runs by tuning seed, None for one that is not there, and the T* they propose."""

    settings: Mapping[str, Any]
    runs: tuple[Record | None, ...]
    t_star: int

    @property
    def t_gen(self) -> float:
        """Median T_gen of its runs; a run that is not there counts as one that did not generalise."""
        found = median([math.inf if one is None else one.t_gen for one in self.runs])
        return math.inf if found is None else found

    @property
    def stays(self) -> bool:
        """Whether every run that generalised stays until 1.25 of the T* proposed, as far as its record goes."""
        return all(one is None or math.isinf(one.t_gen) or _kept(one, self.t_star) for one in self.runs)

    @property
    def score(self) -> float:
        """What tuning ranks by: T_gen, inf where it does not stay."""
        return self.t_gen if self.stays else math.inf

    @property
    def accuracy(self) -> float:
        """Median of the best test accuracies."""
        found = [float(max(one.curves["test_accuracy"])) for one in self.runs if one is not None]
        return median(found) or 0.0


def _kept(record: Record, t_star: int) -> bool:
    """Whether a run stays until 1.25 T*, or the end of its record where T_gen lies too late for that."""
    last = float(record.curves["step"][-1])
    return record.keeps(min(last, max(stay_until(t_star), record.t_gen))) == 1.0


def success(record: Record, t_star: int) -> bool:
    """Whether a run generalises by T* and stays until 1.25 T*: no evaluation below 0.9, median of the last five ≥ 0.99."""
    return record.t_gen <= t_star and record.keeps(stay_until(t_star)) == 1.0


@dataclass(frozen=True)
class Standings:
    """A track's result. records: (entry, workload, seed) → run. tuning: (entry, workload) → its settings, as tried.

    word: of the block of seeds. options: of the command that makes it again.
    """

    track: Track
    entries: tuple[Entry, ...]
    records: Mapping[tuple[str, str, int], Record]
    tuning: Mapping[tuple[str, str], tuple[Tried, ...]]
    word: str = ""
    failures: tuple[Failure, ...] = ()
    untuned: tuple[str, ...] = ()  # submissions that have no T* yet
    options: Sequence[tuple[str, str]] = ()
    spec_hashes: Mapping[str, str] = field(default_factory=dict)
    shadowed: tuple[SpecFile, ...] = ()

    @property
    def baseline(self) -> Entry | None:
        """The entry that others are paired with."""
        return next((one for one in self.entries if one.name == self.track.baseline), None)

    def entry(self, name: str) -> Entry:
        """The entry of that name."""
        return next(one for one in self.entries if one.name == name)

    def runs(self, own: Entry, workload: str, of: Entry | None = None) -> list[Record | None]:
        """The runs of an entry on its own seeds, or on those of another one."""
        return [self.records.get((own.name, workload, seed)) for seed in (of or own).block.seeds]

    def said(self, own: Entry, workload: str) -> list[bool | None]:
        """Seed by seed whether the promise was kept; None where there is no run."""
        t_star = own.t_star(workload)
        return [None if one is None else success(one, t_star) for one in self.runs(own, workload)]

    def times(self, own: Entry, workload: str, name: str = "t_gen", of: Entry | None = None) -> list[float]:
        """One of ``TIMES`` on every seed; inf where it was not reached, nan where there is no run."""
        return [math.nan if one is None else TIMES[name](one) for one in self.runs(own, workload, of)]

    def paired(self, own: Entry, workload: str, name: str = "t_gen") -> Paired | None:
        """The baseline's times over the entry's, on the entry's seeds: above 1 the entry is faster. None for the baseline."""
        base = self.baseline
        if base is None or own is base:
            return None
        budget = self.track.workload(workload).steps
        return paired(self.times(base, workload, name, own), self.times(own, workload, name), budget)

    def beats(self, own: Entry, workload: str) -> tuple[int, int, int] | None:
        """Pairs, those in which the entry is faster by more than the margin, and those in which the baseline is."""
        base = self.baseline
        if base is None or own is base:
            return None
        times = zip(self.times(base, workload, of=own), self.times(own, workload), strict=True)
        pairs = [(a, b) for a, b in times if not (math.isnan(a) or math.isnan(b))]
        return (
            len(pairs),
            sum(a > MARGIN * b for a, b in pairs if math.isfinite(b)),
            sum(b > MARGIN * a for a, b in pairs if math.isfinite(a)),
        )

    def differences(self, own: Entry, workload: str) -> tuple[Difference, ...]:
        """The fields in which an entry's recipe and the baseline's differ on a workload."""
        base = self.baseline
        if base is None or own is base:
            return ()
        return between(base.trials[workload].recipe, own.trials[workload].recipe)

    @property
    def alike(self) -> tuple[Entry, ...]:
        """The entries that were run on the baseline's own seeds, which can be ranked problem by problem."""
        base = self.baseline
        return tuple(one for one in self.entries if base and one.block.seeds == base.block.seeds)

    def profiles(self) -> dict[str, list[float]]:
        """Entry → T_gen over the best of all entries, for each workload and seed; inf where not reached (Dolan and Moré 2002).

        Of entries that share their seeds. A problem that no entry solves is inf for all.
        """
        out: dict[str, list[float]] = {one.name: [] for one in self.alike}
        for workload in self.track.workloads:
            rows = [self.times(one, workload.id) for one in self.alike]
            for problem in zip(*rows, strict=True):
                best = min((time for time in problem if math.isfinite(time)), default=math.inf)
                for one, time in zip(self.alike, problem, strict=True):
                    out[one.name].append(time / best if math.isfinite(time) else math.inf)
        return out


def share_within(ratios: Sequence[float], factor: float) -> float:
    """The share of problems that an entry solves within this factor of the best.

    >>> share_within([1.0, 2.0, math.inf, 1.0], 1.5)
    0.5
    """
    return sum(one <= factor for one in ratios) / len(ratios) if ratios else math.nan
