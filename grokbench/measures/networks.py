"""Structure of the network: phases, spectra, periodicity, and how analytic weights compare."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from grokbench.measures.cells import SeedView
from grokbench.measures.needed import analysis, fact, probe, row_at_horizon
from grokbench.measures.reading import (
    Between,
    Measured,
    at_horizon,
    last_accuracy,
    one,
    table_share,
)
from grokbench.measures.requiring import requires
from grokbench.specs.errors import InputError, UnknownNameError

_LINES = ("share_2n", "share_2m", "share_difference")
_COLUMNS = ("share_sum", *_LINES, "share_rest")
Column = Literal["share_sum", "share_2n", "share_2m", "share_difference", "share_rest"]


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


@requires(*(row_at_horizon("spectrum", line) for line in ("share_sum", *_LINES)))
def strongest_line_share(view: SeedView, horizon: float = 1.5, arm: int = 0) -> float:
    """Share of an output's spectral energy on the strongest of the lines n + m, 2n, 2m, n − m at horizon · T_gen; 0 is step 0."""
    record = one(view, arm)
    return max(at_horizon(record, "spectrum", line, horizon) for line in ("share_sum", *_LINES))


@requires(*(row_at_horizon("spectrum", line) for line in ("share_sum", *_LINES)))
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


@requires(analysis("phase-shuffles", "unshuffled", "independent", "sum_kept"))
def phase_shuffle_loss(view: SeedView, sums: Literal["free", "kept"] = "free", arm: int = 0) -> float:
    """Accuracy over the table that the last network loses when its neurons' phases are permuted (analysis "phase-shuffles").

    ``sums``: "free", φ1, φ2 and φ3 each on its own, or "kept", so that each φ1 + φ2 − φ3 stays.
    """
    found = one(view, arm).analyses["phase-shuffles"]
    shuffled = found[{"free": "independent", "kept": "sum_kept"}[sums]]
    return float(np.ravel(found["unshuffled"])[0] - np.ravel(shuffled)[0])


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


@requires(analysis("periodic-neurons", "circular_std"))
def periodic_phase_spread_difference(view: SeedView, first: int = 0, second: int = 1) -> float:
    """Circular standard deviation of ψ (radians) over periodic neurons in the end, of one arm less that of another.

    Analysis "periodic-neurons": those with an inverse participation ratio of 0.5 or more in all three blocks of weights.
    """
    found = [one(view, arm).analyses["periodic-neurons"] for arm in (first, second)]
    spreads = [float(np.ravel(numbers["circular_std"])[0]) for numbers in found]
    return spreads[0] - spreads[1]


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
