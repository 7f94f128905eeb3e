"""The training fraction: critical values, and how abruptly times rise there."""

from __future__ import annotations

import itertools
import math

from grokbench.claims.measures.registry import (
    Between,
    Measured,
    ends,
    generalised,
    named,
    narrowed,
    time_to_generalise,
)
from grokbench.claims.views import Cell, SeedView
from grokbench.measures.statistics import kendall_tau


def _levels(view: SeedView, arm: int) -> list[tuple[float, Cell]]:
    return sorted(((float(c.settings["alpha"]), c) for c in view.arms[arm]), key=lambda pair: pair[0])


def _plateau(levels: list[tuple[float, Cell]]) -> float:
    """T_gen at the largest fraction."""
    return generalised(levels[-1][1].record) if levels else math.inf


def _threshold(view: SeedView, arm: int, budget_factor: float) -> Between | None:
    """Bracket of α50: the largest unsolved fraction (0 when all are solved) and the next one of the grid.

    None when the largest fraction is unsolved, or a run was too short to say.
    """
    levels = _levels(view, arm)
    limit = budget_factor * _plateau(levels)
    if not math.isfinite(limit):
        return None
    above = levels[-1][0]
    for alpha, cell in reversed(levels):
        time = ends(time_to_generalise(cell.record))
        if time.low > limit or (math.isinf(time.high) and time.low >= limit):
            return Between(alpha, above)
        if time.high > limit:  # censored before 20 plateaus had passed
            return None
        above = alpha
    return Between(0.0, above)


@named("alpha-threshold")
def alpha_threshold(view: SeedView, budget_factor: float = 20, arm: int = 0) -> Measured:
    """α50: least fraction of the grid from which every larger one is solved, with the unsolved one below it.

    Solved: T_gen ≤ budget_factor · plateau, the plateau being T_gen at the largest fraction.
    """
    return _threshold(view, arm, budget_factor) or math.nan


@named("alpha-jump")
def alpha_jump(view: SeedView, budget_factor: float = 20, beyond: float = 0.1, arm: int = 0) -> Measured:
    """T_gen at the first fraction of the grid ≥ α50 + beyond, over the plateau.

    nan when all fractions are solved (no jump was seen) or the grid ends before α50 + beyond.
    """
    bracket, levels = _threshold(view, arm, budget_factor), _levels(view, arm)
    if bracket is None or bracket.low == 0:
        return math.nan
    later = [cell for alpha, cell in levels if alpha >= bracket.high + beyond - 1e-9]
    return generalised(later[0].record) / _plateau(levels) if later else math.nan


def _critical(view: SeedView, arm: int, budget_factor: float) -> Between:
    """α50 as the upper end of its bracket; anywhere below it when all fractions are solved."""
    bracket = _threshold(view, arm, budget_factor)
    if bracket is None:
        return Between(math.nan, math.nan)
    return Between(0.0 if bracket.low == 0 else bracket.high, bracket.high)


@named("alpha-threshold-change")
def alpha_threshold_change(view: SeedView, budget_factor: float = 20) -> Measured:
    """α50 of the first arm less that of the second, on the grid; 0 when they lie between the same levels."""
    first, second = (_critical(view, arm, budget_factor) for arm in (0, 1))
    return narrowed(first.low - second.high, first.high - second.low)


@named("alpha-threshold-steps")
def alpha_threshold_steps(view: SeedView, budget_factor: float = 20) -> Measured:
    """The smallest decrease of α50 from one arm to the next, in the order of the claim's experiments."""
    critical = [_critical(view, arm, budget_factor) for arm in range(len(view.arms))]
    pairs = list(itertools.pairwise(critical))
    lows, highs = [a.low - b.high for a, b in pairs], [a.high - b.low for a, b in pairs]
    if any(math.isnan(value) for value in lows + highs):
        return math.nan
    return narrowed(min(lows), min(highs))


@named("time-trend-over-alpha")
def time_trend_over_alpha(view: SeedView, arm: int = 0) -> float:
    """Kendall's τ_b between the fraction and T_gen; censored times tie with one another above all others."""
    levels = _levels(view, arm)
    return kendall_tau([a for a, _ in levels], [generalised(c.record) for _, c in levels])
