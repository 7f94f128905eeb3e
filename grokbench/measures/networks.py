"""Structure of the network: phases, spectra, periodicity, and how analytic weights compare."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import numpy as np

from grokbench.analysis import timing
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import T_GEN, fact, probe, row_at_horizon, without_landmarks
from grokbench.measures.reading import (
    Between,
    Measured,
    at_horizon,
    column,
    generalised,
    last_accuracy,
    one,
    table_share,
)
from grokbench.measures.requiring import Arguments, Arms, Requirement, each, requires
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.training.record import Record

_LINES = ("share_2n", "share_2m", "share_difference")
_COLUMNS = ("share_sum", *_LINES, "share_rest")
Column = Literal["share_sum", "share_2n", "share_2m", "share_difference", "share_rest"]
Stretch = Literal["fit", "after", "end"]


@requires(row_at_horizon("spectrum", "{column}"))
def spectrum_share(view: SeedView, column: Column = "share_sum", horizon: float = 1.5, arm: int = 0) -> float:
    """Share of an output's spectral energy (probe "spectrum") on a line at horizon · T_gen; 0 is step 0."""
    if column not in _COLUMNS:
        raise UnknownNameError("spectrum column", column, _COLUMNS)
    return at_horizon(one(view, arm), "spectrum", column, horizon)


@requires(probe("spectrum", "share_sum", *_LINES))
def spectrum_line_ratio(
    view: SeedView, which: Literal["strongest", "weakest"] = "strongest", arm: int = 0
) -> float:
    """Energy of one of the lines 2n, 2m, n − m over that of n + m, in the first row of the probe.

    ``which``: the "strongest" or the "weakest" of the three.
    """
    choose = {"strongest": max, "weakest": min}
    if which not in choose:
        raise UnknownNameError("line", which, choose)
    record = one(view, arm)
    shares = [at_horizon(record, "spectrum", line, 0) for line in _LINES]
    main = at_horizon(record, "spectrum", "share_sum", 0)
    return choose[which](shares) / main if main > 0 else math.nan


@requires(row_at_horizon("phases", "resultant"))
def phase_resultant(view: SeedView, horizon: float = 1.5, arm: int = 0) -> float:
    """Length of the mean of exp(iψ) over all neurons, ψ = φ1 + φ2 − φ3, at horizon · T_gen."""
    return at_horizon(one(view, arm), "phases", "resultant", horizon)


@requires(row_at_horizon("phases", "share_near_zero"))
def phase_share(view: SeedView, horizon: float = 1.5, arm: int = 0) -> float:
    """Share of all neurons with |ψ| < π/8 at horizon · T_gen."""
    return at_horizon(one(view, arm), "phases", "share_near_zero", horizon)


@requires(row_at_horizon("phases", "circular_std"))
def phase_spread_difference(view: SeedView, horizon: float = 1.5) -> float:
    """Circular standard deviation of ψ (radians), first arm less second, each at horizon · its T_gen."""
    spread = [at_horizon(one(view, arm), "phases", "circular_std", horizon) for arm in (0, 1)]
    return spread[0] - spread[1]


def _ipr(record: Record, steps: list[float]) -> list[float]:
    """IPR at the given steps, linear between rows; nan beyond the last one."""
    series = column(record, "ipr", "ipr")
    if series is None:
        return [math.nan] * len(steps)
    return [float(v) for v in np.interp(steps, *series, right=math.nan)]


def _regimes(record: Record) -> dict[str, tuple[float, float]]:
    """The stretches over which slopes of the IPR are taken, in steps."""
    fitted = timing.t_mem(record.curves["step"], record.curves["train_accuracy"])
    end = generalised(record)
    return {"fit": (0.0, fitted / 2), "after": (end, 2 * end), "end": (16 * end, 20 * end)}


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

    Stretches: "fit" [0, T_mem/2], "after" [T_gen, 2 T_gen], "end" the last fifth of 20 T_gen. inf where
    the IPR grows late but not early.
    """
    slopes = _slopes(one(view, arm), (late, early))
    return slopes[0] / slopes[1] if slopes[1] > 0 else math.inf


def _ipr_up_to(argument: str) -> Requirement:
    def met(cell: Cell, chosen: Arguments) -> bool:
        return not math.isnan(_ipr(cell.record, [chosen[argument] * generalised(cell.record)])[0])

    return each(f"the probe ipr up to {{{argument}}} T_gen", met, without_landmarks)


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


@requires(fact("analytic_peak"))
def analytic_peak(view: SeedView, arm: int = 0) -> float:
    """Mean over the table of an analytic network's output at the right answer (fact of its record)."""
    return float(one(view, arm).facts.get("analytic_peak", math.nan))


@requires(fact("analytic_peak_std"))
def analytic_peak_spread(view: SeedView, arm: int = 0) -> float:
    """Standard deviation over the table of an analytic network's output at the right answer (fact of its record)."""
    return float(one(view, arm).facts.get("analytic_peak_std", math.nan))


def width_threshold(view: SeedView, accuracy: float = 0.99, arm: int = 0) -> Measured:
    """Least width of the grid from which every larger one reaches ``accuracy`` on the table.

    As a bracket with the width below, 0 when there is none.
    """
    widths = sorted((int(c.settings["model.width"]), table_share(c)) for c in view.arms[arm])
    short = [i for i, (_, share) in enumerate(widths) if share < accuracy]
    if not short:
        return Between(0.0, float(widths[0][0]))
    last = short[-1]
    above = float(widths[last + 1][0]) if last + 1 < len(widths) else math.inf
    return Between(float(widths[last][0]), above)


def accuracy_above_analytic(view: SeedView, rank: Literal["least", "second"] = "least") -> float:
    """Test accuracy of trained networks less the analytic accuracy on the table, width by width.

    The last arm is the analytic one. ``rank``: "least", or "second" for the second largest difference. nan
    when a width has no counterpart.
    """
    analytic = {int(c.record.trial.recipe.model["width"]): table_share(c) for c in view.arms[-1]}
    gains = []
    for cell in (cell for arm in view.arms[:-1] for cell in arm):
        width = int(cell.record.trial.recipe.model["width"])
        gains.append(last_accuracy(cell.record) - analytic.get(width, math.nan))
    gains.sort()
    if not gains or any(math.isnan(gain) for gain in gains):
        return math.nan
    if rank == "least":
        return gains[0]
    if rank == "second":
        return gains[-2] if len(gains) > 1 else math.nan
    raise InputError(f'rank must be "least" or "second"; got {rank!r}')
