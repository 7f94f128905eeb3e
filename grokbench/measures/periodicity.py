"""Periodicity of the weights: the inverse participation ratio (IPR) along a run."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Literal

import numpy as np

from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import ONSET, T_GEN, probe, without_landmarks
from grokbench.measures.reading import column, generalised, one, onset
from grokbench.measures.requiring import Arguments, Arms, Requirement, each, requires
from grokbench.training.record import Record

Stretch = Literal["fit", "rise", "after", "end"]


def _ipr(record: Record, steps: list[float]) -> list[float]:
    """IPR at the given steps, linear between rows; nan beyond the last one."""
    series = column(record, "ipr", "ipr")
    if series is None:
        return [math.nan] * len(steps)
    return [float(v) for v in np.interp(steps, *series, right=math.nan)]


def _regimes(record: Record) -> dict[str, tuple[float, float]]:
    """The stretches over which slopes of the IPR are taken, in steps."""
    fitted = record.fitted()
    end = generalised(record)
    return {
        "fit": (0.0, fitted / 2),
        "rise": (onset(record), end),
        "after": (end, 2 * end),
        "end": (16 * end, 20 * end),
    }


def _slopes(record: Record, names: Iterable[str]) -> list[float]:
    """Mean slope of the IPR over each of the stretches; nan where the record does not hold one whole."""
    slopes, regimes = [], _regimes(record)
    for name in names:
        begin, end = regimes[name]
        first, last = _ipr(record, [begin, end]) if begin < end < math.inf else (math.nan, math.nan)
        slopes.append((last - first) / (end - begin) if begin < end else math.nan)
    return slopes


def _has_slopes(cell: Cell, chosen: Arguments) -> bool:
    late, early = _slopes(cell.record, (chosen["late"], chosen["early"]))
    return not math.isnan(late + early) and (late > 0 or early > 0)


@requires(
    probe("ipr", "ipr"),
    each("an IPR that grows over {late} or {early}, both reached", _has_slopes, without_landmarks),
)
def ipr_slope_ratio(view: SeedView, late: Stretch, early: Stretch, arm: int = 0) -> float:
    """Mean slope of the IPR over one stretch over that of another.

    Stretches: "fit" [0, T_mem/2], "rise" [onset, T_gen], "after" [T_gen, 2 T_gen], "end" the last fifth of 20 T_gen. inf
    where the IPR grows late but not early.
    """
    slopes = _slopes(one(view, arm), (late, early))
    return slopes[0] / slopes[1] if slopes[1] > 0 else math.inf


def _ipr_up_to(argument: str) -> Requirement:
    def met(cell: Cell, chosen: Arguments) -> bool:
        return not math.isnan(_ipr(cell.record, [chosen[argument] * generalised(cell.record)])[0])

    return each(f"the probe ipr up to {{{argument}}} T_gen", met, without_landmarks)


def _slopes_up_to(record: Record, end: float) -> tuple[np.ndarray, np.ndarray]:
    """The probe's steps up to one of them, and the IPR's slopes from row to row."""
    series = column(record, "ipr", "ipr")
    if series is None:
        return np.zeros(0), np.zeros(0)
    steps, values = (row[series[0] <= end] for row in series)
    return steps, np.diff(values) / np.diff(steps)


def _grows(cell: Cell, chosen: Arguments) -> bool:
    slopes = _slopes_up_to(cell.record, chosen["horizon"] * generalised(cell.record))[1]
    return bool(slopes.size and slopes.max() > 0)


def _flat(cell: Cell) -> Cell:
    """The same run with an IPR that stays."""
    rows = cell.record.probes.get("ipr", {"step": np.zeros(0)})
    probes = {**cell.record.probes, "ipr": {**rows, "ipr": np.full(len(rows["step"]), 0.5)}}
    return cell._replace(record=dataclasses.replace(cell.record, probes=probes))


@requires(
    ONSET,
    T_GEN,
    probe("ipr", "ipr"),
    _ipr_up_to("horizon"),
    each("an IPR that grows on the way", _grows, _flat),
)
def ipr_bend_position(view: SeedView, horizon: float = 2, arm: int = 0) -> float:
    """Where the growth of the IPR turns fast, on the way from the onset (0) to T_gen (1).

    The first row of the probe up to horizon · T_gen after which the IPR grows at half or more of its largest slope there, slopes
    taken from row to row.
    """
    record = one(view, arm)
    start, end = onset(record), generalised(record)
    steps, slopes = _slopes_up_to(record, horizon * end)
    turn = float(steps[int(np.argmax(slopes >= slopes.max() / 2))])
    return (turn - start) / (end - start)


@requires(T_GEN, probe("ipr", "ipr"), _ipr_up_to("final"))
def ipr_share_at_t_gen(view: SeedView, final: float = 20, arm: int = 0) -> float:
    """IPR at T_gen over IPR at final · T_gen."""
    record = one(view, arm)
    reached = generalised(record)
    if math.isinf(reached):
        return math.nan
    early, late = _ipr(record, [reached, final * reached])
    return early / late


@requires(T_GEN, probe("ipr", "ipr"), _ipr_up_to("late"))
def ipr_gap_ratio(view: SeedView, early: float = 5, late: float = 20, arm: int = 0) -> float:
    """(1 − IPR) at late · T_gen over (1 − IPR) at early · T_gen; the analytic weights have IPR 1."""
    record = one(view, arm)
    reached = generalised(record)
    if math.isinf(reached):
        return math.nan
    before, after = _ipr(record, [early * reached, late * reached])
    return (1 - after) / (1 - before) if before < 1 else math.nan


def _fraction(cell: Cell) -> float:
    return round(float(cell.settings["alpha"]), 10)


def _same_end(arms: Arms, chosen: Arguments) -> bool:
    ends = {_fraction(c): c.record.curves["step"][-1] for arm in arms for c in arm}
    return bool(ends.get(chosen["more"], -1) == ends.get(chosen["less"], -2))


EQUALLY_LONG = Requirement(
    "equally long runs at α = {more} and {less}",
    _same_end,
    lambda arms: tuple(
        tuple(cell._replace(settings={**cell.settings, "alpha": -1.0}) for cell in arm) for arm in arms
    ),
)


@requires(probe("ipr", "ipr"), EQUALLY_LONG)
def ipr_gap_ratio_of_fractions(view: SeedView, more: float, less: float, arm: int = 0) -> float:
    """(1 − IPR) at α = more over (1 − IPR) at α = less, at the last row, after equally many steps."""
    gaps = {}
    for cell in view.arms[arm]:
        series = column(cell.record, "ipr", "ipr")
        if series is not None:
            gaps[round(float(cell.settings["alpha"]), 10)] = (series[0][-1], 1 - series[1][-1])
    if more not in gaps or less not in gaps:
        return math.nan
    (steps, gap), (others, other) = gaps[more], gaps[less]
    return float(gap / other) if steps == others and other > 0 else math.nan
