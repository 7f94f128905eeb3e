"""The tables of a leaderboard: all workloads together, each one, its pairs, what differs, what was tried, and every run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from grokbench.analysis.statistics import median, median_interval
from grokbench.claims import phrases as w
from grokbench.claims.certificates import CERTIFIED, Certificate, certificate
from grokbench.figures.layout import thousands
from grokbench.plan import costs
from grokbench.plan.compared import TIMES
from grokbench.plan.entries import Entry
from grokbench.plan.leaderboard import chosen
from grokbench.plan.standings import GRADIENTS, Standings, Tried, share_within, success
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
    "sign test",
    "baseline / entry, F_0.99",
    "differs in",
)
TUNING_HEAD = ("entry", "workload", "setting", "T_gen", "stays", "best test accuracy", "proposed T*", "")
COUNTS_HEAD = (
    "entry",
    "workload",
    "weights",
    "steps",
    "gradients a step",
    "gradients",
    "CPU time",
    "ms a step",
)
RUNS_HEAD = ("entry", "seed", "T_mem", "T_gen", "F_0.99", "dips", "ended", "kept")


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
    rows = []
    for own in ordered(result):
        found = [certificate_of(result, own, one.id) for one in result.track.workloads]
        records, ratios = records_of(result, own), profiles.get(own.name, [])
        times = math.exp(_log_t_star(result, own) - _log_t_star(result, base)) if base else math.nan
        certified = sum(one.verdict == CERTIFIED for one in found)
        if not own.block.certifies:
            certified_text = "provisional"
        else:
            certified_text = f"{certified} of {len(found)}"
        rows.append(
            (
                own.submission.title,
                certified_text,
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
    return w.DASH if found is None or math.isinf(found) else f"{found:.2g}"


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
                    p_value(found),
                    ratio(first.ratio),
                    ", ".join(short(name, names) for name in names),
                )
            )
    return rows


def setting_text(settings: object) -> str:
    """A setting in words.

    >>> setting_text({"optimizer.lr": 0.01, "optimizer.wrapper.alpha": 0.98})
    'lr 0.01, alpha 0.98'
    """
    assert hasattr(settings, "items")
    return ", ".join(f"{name.rpartition('.')[2]} {w.value(value)}" for name, value in settings.items())


def tuning_rows(result: Standings) -> list[tuple[str, ...]]:
    """Every setting that was tried, under ``TUNING_HEAD``."""
    rows = []
    for own in ordered(result):
        for workload in result.track.workloads:
            tried = result.tuning.get((own.name, workload.id), ())
            best = chosen(tried) if any(any(one.runs) for one in tried) else None
            for one in tried:
                declared = own.submission.workloads[workload.id].set
                marks = ["chosen"] if one is best else []
                marks += ["declared"] if dict(one.settings) == dict(declared) else []
                rows.append(
                    (own.submission.title, workload.id, *tried_cells(one, workload.steps), ", ".join(marks))
                )
    return rows


def tried_cells(one: Tried, budget: int) -> tuple[str, ...]:
    """A setting that was tried, under the middle of ``TUNING_HEAD``."""
    if not any(one.runs):
        return setting_text(one.settings), "not run", w.DASH, w.DASH, w.DASH
    reached = math.isfinite(one.t_gen)
    return (
        setting_text(one.settings),
        w.number(one.t_gen) if reached else f"> {budget}",
        ("yes" if one.stays else "no") if reached else w.DASH,
        f"{one.accuracy:.3f}",
        w.number(one.t_star) if reached else w.DASH,
    )


def count_rows(result: Standings) -> list[tuple[str, ...]]:
    """What the harness counted, under ``COUNTS_HEAD``."""
    rows = []
    for own in ordered(result):
        for workload in result.track.workloads:
            records = records_of(result, own, workload.id)
            pace = median([float(one.cost.get("ms_per_step", math.nan)) for one in records])
            rows.append(
                (
                    own.submission.title,
                    workload.id,
                    thousands(weights(own, workload.id)),
                    thousands(sum(int(one.facts["steps"]) for one in records)),
                    str(GRADIENTS),
                    thousands(gradients(records)),
                    w.seconds(cpu_seconds(records)),
                    w.DASH if pace is None else f"{pace:.2g}",
                )
            )
    return rows


def weights(own: Entry, workload: str) -> int:
    """Numbers that the optimizer may move."""
    return int(costs.size(own.trials[workload]).weights)


def run_rows(result: Standings, workload: str) -> list[tuple[str, ...]]:
    """Every certifying run on a workload, under ``RUNS_HEAD``."""
    rows = []
    for own in ordered(result):
        for seed, one in zip(own.block.seeds, result.runs(own, workload), strict=True):
            if one is None:
                rows.append((own.submission.title, str(seed), *["—"] * 5, "failed or absent"))
                continue
            times = (one.t_mem, one.t_gen, TIMES["f_99"](one))
            rows.append(
                (
                    own.submission.title,
                    str(seed),
                    *("not reached" if math.isinf(time) else w.number(time) for time in times),
                    str(one.dips()[0]) if math.isfinite(one.t_gen) else w.DASH,
                    one.ended,
                    "yes" if success(one, own.t_star(workload)) else "no",
                )
            )
    return rows
