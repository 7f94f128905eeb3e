"""The tables of a leaderboard: all workloads together, each one, its pairs, what differs, what was tried, and every run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from grokbench.analysis.statistics import median, median_interval
from grokbench.claims import phrases as w
from grokbench.claims.certificates import CERTIFIED, Certificate, certificate
from grokbench.claims.rules import rule_d
from grokbench.claims.verdict import REPRODUCED
from grokbench.figures.layout import thousands
from grokbench.plan import costs
from grokbench.plan.entries import Entry
from grokbench.plan.standings import GRADIENTS, Standings, share_within
from grokbench.reports.compare_rows import middle
from grokbench.reports.comparing import interval, p_value, ratio
from grokbench.specs.differences import short
from grokbench.training.record import Record

CLOSE = 1.5
"""Factor of the best within which the table of all workloads counts problems."""
OVERALL_HEAD = (
    "entry",
    "certified",
    "runs that kept T*",
    "T* over the baseline's",
    "fastest",
    f"within × {CLOSE:g} of the best",
    "did not finish",
    "gradients",
    "CPU time",
    "seeds from commit",
)
WORKLOAD_HEAD = (
    "entry",
    "T*",
    "kept",
    "certificate",
    "T_gen: median",
    "95 % interval",
    "F_0.99: median",
    "95 % interval of F_0.99",
    "T_gen / T_mem",
    "did not finish",
    "dip below 0.9",
    "below 0.99 after T_gen",
)
PAIRED_HEAD = (
    "entry",
    "workload",
    "baseline / entry, T_gen",
    "95 % interval",
    "faster by 3 %",
    "slower by 3 %",
    "the entry is",
    "sign test",
    "baseline / entry, F_0.99",
    "differs in",
)


def certificate_of(result: Standings, own: Entry, workload: str) -> Certificate:
    """What an entry's seeds say of its promise on a workload."""
    return certificate(result.said(own, workload), own.block.certifies)


def ordered(result: Standings) -> list[Entry]:
    """The entries as the first table ranks them: most certificates, then the smallest T*, then by name."""

    def rank(own: Entry) -> tuple[float, float, str]:
        found = [certificate_of(result, own, one.id).would == CERTIFIED for one in result.track.workloads]
        return -sum(found), _log_t_star(result, own), own.name

    return sorted(result.entries, key=rank)


def _log_t_star(result: Standings, own: Entry) -> float:
    """Mean of log T* over the workloads."""
    workloads = result.track.workloads
    return sum(math.log(own.t_star(one.id)) for one in workloads) / len(workloads)


def records_of(result: Standings, own: Entry, workload: str = "") -> list[Record]:
    """The certifying runs of an entry, of one workload or of all."""
    names = [workload] if workload else [one.id for one in result.track.workloads]
    return [one for name in names for one in result.runs(own, name) if one is not None]


def cpu_seconds(records: Sequence[Record]) -> float:
    """Seconds that their training took on one core, evaluations included."""
    return sum(float(one.cost.get("seconds", 0.0)) for one in records)


def gradients(records: Sequence[Record]) -> int:
    """Gradients that the training loop handed to the optimizer."""
    return GRADIENTS * sum(int(one.facts["steps"]) for one in records)


def unfinished(records: Sequence[Record]) -> str:
    """How many runs did not generalise within the budget."""
    return f"{sum(math.isinf(one.t_gen) for one in records)} of {len(records)}"


def overall_rows(result: Standings) -> list[tuple[str, ...]]:
    """A row for each entry, best first, under ``OVERALL_HEAD``."""
    profiles, base = result.profiles(), result.baseline
    rows: list[tuple[str, ...]] = []
    for own in ordered(result):
        found = [certificate_of(result, own, one.id) for one in result.track.workloads]
        records, ratios = records_of(result, own), profiles.get(own.name, [])
        times = math.exp(_log_t_star(result, own) - _log_t_star(result, base)) if base else math.nan
        certified = sum(one.verdict == CERTIFIED for one in found)
        rows.append(
            (
                own.submission.title,
                f"{certified} of {len(found)}" if own.block.certifies else "provisional",
                f"{sum(one.yes for one in found)} of {sum(one.n for one in found)}",
                "1" if own is base else f"{times:.2f}",
                _percent(share_within(ratios, 1.0)),
                _percent(share_within(ratios, CLOSE)),
                unfinished(records),
                thousands(gradients(records)),
                w.seconds(cpu_seconds(records)),
                f"`{own.block.commit[:12]}`" if own.block.certifies else w.DASH,
            )
        )
    return rows


def _percent(share: float) -> str:
    return w.DASH if math.isnan(share) else f"{100 * share:.0f} %"


def workload_rows(result: Standings, workload: str) -> list[tuple[str, ...]]:
    """A row for each entry on a workload, under ``WORKLOAD_HEAD``."""
    budget, rows = result.track.workload(workload).steps, []
    for own in ordered(result):
        found, records = certificate_of(result, own, workload), records_of(result, own, workload)
        dips = [one.dips() for one in records if math.isfinite(one.t_gen)]
        share = median([low for _, low in dips])
        delays = [one.t_gen / one.t_mem for one in records if 0 < one.t_mem < math.inf]
        cells = [
            text
            for name in ("t_gen", "f_99")
            for text in (
                middle(result.times(own, workload, name), budget),
                exact(result.times(own, workload, name), budget),
            )
        ]
        rows.append(
            (
                own.submission.title,
                w.number(own.t_star(workload)),
                f"{found.yes} of {found.n}",
                found.words,
                *cells,
                _delay(delays),
                unfinished(records),
                f"{sum(count > 0 for count, _ in dips)} of {len(dips)}",
                w.DASH if share is None else f"{100 * share:.2g} %",
            )
        )
    return rows


def _delay(delays: Sequence[float]) -> str:
    found = median(delays)
    return w.DASH if found is None or math.isinf(found) else w.number(float(f"{found:.2g}"))


def exact(times: Sequence[float], budget: int) -> str:
    """The exact 95 % interval of the median by order statistics; what is not reached lies above the budget.

    >>> exact([10.0, 20.0, 30.0, 40.0, 50.0, math.inf], 100), exact([1.0], 100)
    ('10 to > 100', '—')
    """
    found = median_interval(times)
    if found is None:
        return w.DASH
    return " to ".join(f"> {budget}" if math.isinf(end) else w.number(end) for end in found)


def paired_rows(result: Standings) -> list[tuple[str, ...]]:
    """A row for each entry but the baseline on each workload, under ``PAIRED_HEAD``."""
    rows: list[tuple[str, ...]] = []
    for own in ordered(result):
        for workload in result.track.workloads:
            found, first = result.paired(own, workload.id), result.paired(own, workload.id, "f_99")
            beats = result.beats(own, workload.id)
            if found is None or first is None or beats is None:
                continue
            n, faster, slower = beats
            apart = result.differences(own, workload.id)
            names = [one.field for one in apart]
            rows.append(
                (
                    own.submission.title,
                    workload.id,
                    ratio(found.ratio),
                    interval(found),
                    f"{faster} of {n}",
                    f"{slower} of {n}",
                    verdict_of(n, faster, slower),
                    p_value(found),
                    ratio(first.ratio),
                    ", ".join(short(name, names) for name in names),
                )
            )
    return rows


def verdict_of(n: int, faster: int, slower: int) -> str:
    """What rule D says of an entry against the baseline.

    >>> verdict_of(12, 10, 1), verdict_of(12, 0, 12), verdict_of(12, 9, 3)
    ('faster', 'slower', 'undecided')
    """
    said = {"faster": rule_d(faster, n), "slower": rule_d(slower, n)}
    return next((name for name, verdict in said.items() if verdict == REPRODUCED), "undecided")


def weights(own: Entry, workload: str) -> int:
    """Numbers that the optimizer may move."""
    return int(costs.size(own.trials[workload]).weights)
