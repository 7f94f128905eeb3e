"""Structure of the network: phases, spectra, periodicity, and how analytic weights compare."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from grokbench.analysis import timing
from grokbench.measures.cells import SeedView
from grokbench.measures.reading import (
    Between,
    Measured,
    at_horizon,
    column,
    generalised,
    last_accuracy,
    one,
    onset,
    table_share,
)
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.training.record import Record

_LINES = ("share_2n", "share_2m", "share_difference")
_COLUMNS = ("share_sum", *_LINES, "share_rest")
Column = Literal["share_sum", "share_2n", "share_2m", "share_difference", "share_rest"]
Stretch = Literal["fit", "rise", "after", "end"]


def spectrum_share(view: SeedView, column: Column = "share_sum", horizon: float = 1.5, arm: int = 0) -> float:
    """Share of an output's spectral energy (probe "spectrum") on a line at horizon · T_gen; 0 is step 0."""
    if column not in _COLUMNS:
        raise UnknownNameError("spectrum column", column, _COLUMNS)
    return at_horizon(one(view, arm), "spectrum", column, horizon)


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


def strongest_line_share(view: SeedView, horizon: float = 1.5, arm: int = 0) -> float:
    """Share of an output's spectral energy on the strongest of the lines n + m, 2n, 2m, n − m at horizon · T_gen; 0 is step 0."""
    record = one(view, arm)
    return max(at_horizon(record, "spectrum", line, horizon) for line in ("share_sum", *_LINES))


def spurious_lines_over(view: SeedView, horizon: float = 1.5, first: int = 0, second: int = 1) -> float:
    """Energy of the lines 2n, 2m and n − m over that of n + m, of one arm over the same of another.

    Of each at horizon · T_gen; an analytic network, which is not trained, has one row.
    """
    ratios = []
    for arm in (first, second):
        record = one(view, arm)
        main = at_horizon(record, "spectrum", "share_sum", horizon)
        ratios.append(sum(at_horizon(record, "spectrum", line, horizon) for line in _LINES) / main)
    return ratios[0] / ratios[1]


def phase_shuffle_loss(view: SeedView, sums: Literal["free", "kept"] = "free", arm: int = 0) -> float:
    """Accuracy over the table that the last network loses when its neurons' phases are permuted (analysis "phase-shuffles").

    ``sums``: "free", φ1, φ2 and φ3 each on its own, or "kept", so that each φ1 + φ2 − φ3 stays.
    """
    names = {"free": "independent", "kept": "sum_kept"}
    if sums not in names:
        raise UnknownNameError("choice", sums, names)
    found = one(view, arm).analyses.get("phase-shuffles")
    if found is None:
        return math.nan
    return float(np.ravel(found["unshuffled"])[0] - np.ravel(found[names[sums]])[0])


def phase_resultant(view: SeedView, horizon: float = 1.5, arm: int = 0) -> float:
    """Length of the mean of exp(iψ) over all neurons, ψ = φ1 + φ2 − φ3, at horizon · T_gen."""
    return at_horizon(one(view, arm), "phases", "resultant", horizon)


def phase_share(view: SeedView, horizon: float = 1.5, arm: int = 0) -> float:
    """Share of all neurons with |ψ| < π/8 at horizon · T_gen."""
    return at_horizon(one(view, arm), "phases", "share_near_zero", horizon)


def phase_spread_difference(view: SeedView, horizon: float = 1.5) -> float:
    """Circular standard deviation of ψ (radians), first arm less second, each at horizon · its T_gen."""
    spread = [at_horizon(one(view, arm), "phases", "circular_std", horizon) for arm in (0, 1)]
    return spread[0] - spread[1]


def periodic_phase_spread_difference(view: SeedView, first: int = 0, second: int = 1) -> float:
    """Circular standard deviation of ψ (radians) over periodic neurons in the end, of one arm less that of another.

    Analysis "periodic-neurons": those with an inverse participation ratio of 0.5 or more in all three blocks of weights.
    """
    spreads = []
    for arm in (first, second):
        found = one(view, arm).analyses.get("periodic-neurons")
        spreads.append(math.nan if found is None else float(np.ravel(found["circular_std"])[0]))
    return spreads[0] - spreads[1]


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
    return {
        "fit": (0.0, fitted / 2),
        "rise": (onset(record), end),
        "after": (end, 2 * end),
        "end": (16 * end, 20 * end),
    }


def ipr_slope_ratio(view: SeedView, late: Stretch, early: Stretch, arm: int = 0) -> float:
    """Mean slope of the IPR over one stretch over that of another.

    Stretches: "fit" [0, T_mem/2], "rise" [onset, T_gen], "after" [T_gen, 2 T_gen], "end" the last fifth of 20 T_gen. inf
    where the IPR grows late but not early; nan without the landmarks.
    """
    record = one(view, arm)
    regimes = _regimes(record)
    slopes = []
    for name in (late, early):
        if name not in regimes:
            raise UnknownNameError("stretch of the IPR", name, regimes)
        begin, end = regimes[name]
        if not begin < end < math.inf:
            return math.nan
        first, last = _ipr(record, [begin, end])
        slopes.append((last - first) / (end - begin))
    if any(math.isnan(slope) for slope in slopes):
        return math.nan
    if slopes[1] <= 0:
        return math.inf if slopes[0] > 0 else math.nan
    return slopes[0] / slopes[1]


def ipr_bend_position(view: SeedView, horizon: float = 2, arm: int = 0) -> float:
    """Where the growth of the IPR turns fast, on the way from the onset (0) to T_gen (1).

    The first row of the probe up to horizon · T_gen after which the IPR grows at half or more of its largest slope there, slopes
    taken from row to row. nan without the landmarks, where the record ends before, and where the IPR never grows.
    """
    record = one(view, arm)
    series, start, end = column(record, "ipr", "ipr"), onset(record), generalised(record)
    if series is None or not start < end < math.inf or series[0][-1] < horizon * end:
        return math.nan
    steps, values = (row[series[0] <= horizon * end] for row in series)
    slopes = np.diff(values) / np.diff(steps)
    if not slopes.size or not slopes.max() > 0:
        return math.nan
    turn = float(steps[int(np.argmax(slopes >= slopes.max() / 2))])
    return (turn - start) / (end - start)


def ipr_share_at_t_gen(view: SeedView, final: float = 20, arm: int = 0) -> float:
    """IPR at T_gen over IPR at final · T_gen."""
    record = one(view, arm)
    reached = generalised(record)
    if math.isinf(reached):
        return math.nan
    early, late = _ipr(record, [reached, final * reached])
    return early / late


def ipr_gap_ratio(view: SeedView, early: float = 5, late: float = 20, arm: int = 0) -> float:
    """(1 − IPR) at late · T_gen over (1 − IPR) at early · T_gen; the analytic weights have IPR 1."""
    record = one(view, arm)
    reached = generalised(record)
    if math.isinf(reached):
        return math.nan
    before, after = _ipr(record, [early * reached, late * reached])
    return (1 - after) / (1 - before) if before < 1 else math.nan


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


def analytic_peak(view: SeedView, arm: int = 0) -> float:
    """Mean over the table of an analytic network's output at the right answer (fact of its record)."""
    return float(one(view, arm).facts.get("analytic_peak", math.nan))


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
