"""The tables of a comparison: its times, its arms, fields one at a time, each run, and what was tried in tuning."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from grokbench.analysis.statistics import median
from grokbench.claims import phrases as w
from grokbench.plan.compared import NAMES, TIMES, CompareResult, Contrast
from grokbench.reports.comparing import CALLED, interval, log_ratio, logs, named, p_value, ratio
from grokbench.reports.runs import HEAD as RUN_HEAD
from grokbench.reports.runs import Run, run
from grokbench.specs.differences import short

TIMES_HEAD = (
    "time",
    "A: median",
    "B: median",
    "A / B: median",
    "95 % interval",
    "B faster",
    "A faster",
    "sign test",
)
ARMS_HEAD = ("arm", "T_mem", "did not finish", "diverged", "dip below 0.9", "evaluations below 0.99", "stay")
CONTRASTS_HEAD = (
    "field",
    "the others",
    "T_gen with A's value / with B's",
    "95 % interval",
    "B's faster",
    "sign test",
)
INTERACTIONS_HEAD = (
    "fields",
    "the others",
    "time",
    "interaction: log of the ratio of ratios",
    "95 % interval",
    "above 0",
    "below 0",
    "sign test",
)


def time_rows(result: CompareResult) -> list[tuple[str, ...]]:
    """A row for each of ``TIMES``, under ``TIMES_HEAD``."""
    rows = []
    for name in TIMES:
        found = result.paired(name)
        rows.append(
            (
                CALLED[name],
                *(middle(result.times(arm, name), result.budget) for arm in (0, 1)),
                ratio(found.ratio),
                interval(found),
                f"{found.second_faster} of {found.n}",
                f"{found.first_faster} of {found.n}",
                p_value(found),
            )
        )
    return rows


def middle(times: Sequence[float], budget: int) -> str:
    """The median time; above the budget where it falls on a censored one.

    >>> middle([10.0, math.inf, math.inf], 500), middle([math.nan], 500)
    ('> 500', '—')
    """
    found = median(times)
    return w.DASH if found is None else f"> {budget}" if math.isinf(found) else w.number(found)


def runs_of(result: CompareResult, arm: int) -> list[Run]:
    """The runs of an arm that were trained, by seed."""
    name = NAMES[arm] if arm < len(NAMES) else result.arms[arm].name
    return [
        run(seed, name, result.records[arm, seed]) for seed in result.seeds if (arm, seed) in result.records
    ]


def dips_of(result: CompareResult, arm: int, seed: int) -> tuple[int, float] | None:
    """Excursions below 0.9 and the share of evaluations below 0.99 from T_gen on; None where the run has none."""
    record = result.records[arm, seed]
    if not math.isfinite(record.t_gen):
        return None
    return record.dips()


def arm_rows(result: CompareResult) -> list[tuple[str, ...]]:
    """A row for each arm, under ``ARMS_HEAD``."""
    rows: list[tuple[str, ...]] = []
    for arm, one in enumerate(result.arms):
        found = runs_of(result, arm)
        dips = [both for run_ in found if (both := dips_of(result, arm, run_.seed)) is not None]
        share = median([low for _, low in dips])
        stays = [run_.stays for run_ in found if not math.isnan(run_.stays)]
        ended = [result.records[arm, run_.seed].ended for run_ in found]
        rows.append(
            (
                named(one.name, arm),
                middle([run_.t_mem for run_ in found], result.budget),
                f"{sum(math.isinf(run_.t_gen) for run_ in found)} of {len(found)}",
                f"{ended.count('diverged')} of {len(found)}",
                f"{sum(count > 0 for count, _ in dips)} of {len(dips)}",
                w.DASH if share is None else f"{100 * share:.2g} %",
                f"{sum(map(int, stays))} of {len(stays)}",
            )
        )
    return rows


def contrast_row(result: CompareResult, one: Contrast) -> tuple[str, ...]:
    """One field changed alone, under ``CONTRASTS_HEAD``."""
    found, names = result.paired(arms=one.arms), [own.field for own in result.differences]
    held = ", ".join(f"{short(name, names)} of {whose}" for name, whose in one.held.items())
    return (
        short(one.field, names),
        held,
        ratio(found.ratio),
        interval(found),
        f"{found.second_faster} of {found.n}",
        p_value(found),
    )


def interaction_rows(result: CompareResult) -> list[tuple[str, ...]]:
    """What two fields do together, a row for each of ``TIMES``, under ``INTERACTIONS_HEAD``."""
    names = [own.field for own in result.differences]
    rows: list[tuple[str, ...]] = []
    for one, time in itertools.product(result.squares(), TIMES):
        found = result.interaction(one, time)
        held = ", ".join(f"{short(name, names)} of {whose}" for name, whose in one.held.items())
        rows.append(
            (
                " and ".join(short(name, names) for name in one.fields),
                held or w.DASH,
                CALLED[time],
                log_ratio(found.log_ratio),
                logs(found.interval),
                f"{found.positive} of {found.n}",
                f"{found.negative} of {found.n}",
                p_value(found),
            )
        )
    return rows


SEEDS_HEAD = ("seed", "arm", *RUN_HEAD, "dips")


def seed_rows(result: CompareResult) -> list[tuple[str, ...]]:
    """A row for each run, seed by seed."""
    rows = []
    for seed in result.seeds:
        for arm, _ in enumerate(result.arms):
            for one in runs_of(result, arm):
                if one.seed == seed:
                    dips = dips_of(result, arm, seed)
                    rows.append(
                        (str(seed), one.experiment, *one.cells(), w.DASH if dips is None else str(dips[0]))
                    )
    return rows


def tuning_rows(result: CompareResult) -> list[tuple[str, ...]]:
    """A row for each value that was tried: the median T_gen of both arms, the chosen one marked."""
    rows = []
    for i, value in enumerate(result.tuning.values if result.tuning else ()):
        cells = []
        for one in result.tuned:
            time = middle([one.tried[i][1]], result.budget)
            cells.append(f"{time} (chosen)" if value == one.chosen else time)
        rows.append((w.value(value), *cells))
    return rows
