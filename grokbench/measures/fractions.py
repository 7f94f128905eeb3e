"""The training fraction: critical values, and how abruptly times rise there."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Literal

import numpy as np

from grokbench.analysis import thresholds
from grokbench.analysis.statistics import kendall_tau, theil_sen
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import T_GEN, T_MEM, of_arms, unfitted
from grokbench.measures.reading import (
    Between,
    Measured,
    ends,
    fitted,
    generalised,
    levels,
    narrowed,
    narrowed_on_a_grid,
    time_to_fit,
    time_to_generalise,
)
from grokbench.measures.requiring import Arguments, Arms, requires
from grokbench.specs.errors import UnknownNameError
from grokbench.training.record import Record


def _plateau(grid: list[tuple[float, Cell]]) -> float:
    """T_gen at the largest fraction."""
    return generalised(grid[-1][1].record) if grid else math.inf


def _threshold(view: SeedView, arm: int, budget_factor: float) -> Between | None:
    """Bracket of α50: the largest unsolved fraction (0 when all are solved) and the next one of the grid.

    None when the largest fraction is unsolved, or a run was too short to say.
    """
    grid = levels(view, arm)
    limit = budget_factor * _plateau(grid)
    if not math.isfinite(limit):
        return None
    row = [_within(ends(time_to_generalise(cell.record)), limit) for _, cell in grid]
    first, last = thresholds.span(row)
    if first != last or last == len(row):
        return None
    return Between(*thresholds.bracket(row, [alpha for alpha, _ in grid]))


def _within(time: Between, limit: float) -> bool | None:
    """Whether a time is at most ``limit``; None where it was censored before."""
    if time.high <= limit:
        return True
    return False if time.low > limit or (math.isinf(time.high) and time.low >= limit) else None


def _each_arm(met: Callable[[SeedView, Arguments], bool]) -> Callable[[Arms, Arguments], bool]:
    return lambda arms, chosen: all(met(SeedView(0, (arm,)), chosen) for arm in arms)


PLATEAU = of_arms(
    "a T_gen at the largest fraction", _each_arm(lambda own, _: math.isfinite(_plateau(levels(own, 0))))
)
THRESHOLD = of_arms(
    "a T_gen at the largest fraction, and runs of {budget_factor} times that",
    _each_arm(lambda own, chosen: _threshold(own, 0, chosen["budget_factor"]) is not None),
)


def _jump_seen(own: SeedView, chosen: Arguments) -> bool:
    bracket, grid = _threshold(own, 0, chosen["budget_factor"]), levels(own, 0)
    return bracket is not None and bracket.low > 0 and grid[-1][0] >= bracket.high + chosen["beyond"] - 1e-9


JUMP = of_arms("an unsolved fraction, and one at α50 + {beyond}", _each_arm(_jump_seen))


def _times_differ(own: SeedView, time: Callable[[Record], float]) -> bool:
    grid = levels(own, 0)
    return len({time(cell.record) for _, cell in grid}) > 1 and _fractions_differ(own)


def _fractions_differ(own: SeedView) -> bool:
    return len({alpha for alpha, _ in levels(own, 0)}) > 1


FITS_DIFFER = of_arms(
    "T_mem that differ, at fractions that differ",
    _each_arm(lambda own, _: _times_differ(own, fitted)),
    unfitted,
)
TIMES_DIFFER = of_arms(
    "T_gen that differ, at fractions that differ", _each_arm(lambda own, _: _times_differ(own, generalised))
)


def _most_generalise(own: SeedView, _: Arguments) -> bool:
    times = [generalised(cell.record) for _, cell in levels(own, 0)]
    return _fractions_differ(own) and sum(map(math.isinf, times)) <= len(times) / 5


@requires(PLATEAU)
def time_plateau(view: SeedView, factor: float = 1, arm: int = 0) -> float:
    """T_gen at the largest fraction of the arm's grid, times ``factor``, in steps; nan where it does not generalise there."""
    found = factor * _plateau(levels(view, arm))
    return found if math.isfinite(found) else math.nan


@requires(THRESHOLD)
def alpha_threshold(view: SeedView, budget_factor: float = 20, arm: int = 0) -> Measured:
    """α50: least fraction of the grid from which every larger one is solved, with the unsolved one below it.

    Solved: T_gen ≤ budget_factor · plateau, the plateau being T_gen at the largest fraction.
    """
    return _threshold(view, arm, budget_factor) or math.nan


@requires(THRESHOLD, JUMP)
def alpha_jump(view: SeedView, budget_factor: float = 20, beyond: float = 0.1, arm: int = 0) -> Measured:
    """T_gen at the first fraction of the grid ≥ α50 + beyond, over the plateau.

    nan when all fractions are solved (no jump was seen) or the grid ends before α50 + beyond.
    """
    bracket, grid = _threshold(view, arm, budget_factor), levels(view, arm)
    if bracket is None or bracket.low == 0:
        return math.nan
    later = [cell for alpha, cell in grid if alpha >= bracket.high + beyond - 1e-9]
    return generalised(later[0].record) / _plateau(grid) if later else math.nan


def _critical(view: SeedView, arm: int, budget_factor: float) -> Between:
    """α50 as the upper end of its bracket; anywhere below it when all fractions are solved."""
    bracket = _threshold(view, arm, budget_factor)
    if bracket is None:
        return Between(math.nan, math.nan)
    return Between(0.0 if bracket.low == 0 else bracket.high, bracket.high)


@requires(THRESHOLD)
def alpha_threshold_change(view: SeedView, budget_factor: float = 20) -> Measured:
    """α50 of the first arm less that of the second, on the grid; 0 when they lie between the same levels."""
    first, second = (_critical(view, arm, budget_factor) for arm in (0, 1))
    return narrowed_on_a_grid(first.low - second.high, first.high - second.low)


@requires(THRESHOLD)
def alpha_threshold_steps(view: SeedView, budget_factor: float = 20) -> Measured:
    """The smallest decrease of α50 from one arm to the next, in the order of the claim's experiments."""
    critical = [_critical(view, arm, budget_factor) for arm in range(len(view.arms))]
    pairs = list(itertools.pairwise(critical))
    lows, highs = [a.low - b.high for a, b in pairs], [a.high - b.low for a, b in pairs]
    if any(math.isnan(value) for value in lows + highs):
        return math.nan
    return narrowed_on_a_grid(min(lows), min(highs))


@requires(TIMES_DIFFER)
def time_trend_over_alpha(view: SeedView, arm: int = 0) -> float:
    """Kendall's τ_b between the fraction and T_gen; censored times tie with one another above all others."""
    grid = levels(view, arm)
    return kendall_tau([a for a, _ in grid], [generalised(c.record) for _, c in grid])


@requires(FITS_DIFFER)
def fit_trend_over_alpha(view: SeedView, arm: int = 0) -> float:
    """Kendall's τ_b between the fraction and T_mem; censored times tie with one another above all others."""
    grid = levels(view, arm)
    return kendall_tau([a for a, _ in grid], [fitted(c.record) for _, c in grid])


def fit_extreme(view: SeedView, which: Literal["least", "largest"]) -> Measured:
    """The "least" or "largest" T_mem over all runs of all arms, in steps; above the budget where one is censored."""
    choose = {"least": min, "largest": max}
    if which not in choose:
        raise UnknownNameError("choice", which, choose)
    times = [ends(time_to_fit(cell.record)) for cell in view.cells]
    return narrowed(choose[which](t.low for t in times), choose[which](t.high for t in times))


@requires(T_MEM, T_GEN, TIMES_DIFFER)
def fit_spread_share(view: SeedView, arm: int = 0) -> float:
    """Range of log T_mem over the fractions, over that of log T_gen; nan where a time is censored or T_gen is everywhere one."""
    grid = levels(view, arm)
    spreads = []
    for times in ([fitted(c.record) for _, c in grid], [generalised(c.record) for _, c in grid]):
        if not all(0 < time < math.inf for time in times):
            return math.nan
        spreads.append(math.log(max(times) / min(times)))
    return spreads[0] / spreads[1] if spreads[1] > 0 else math.nan


@requires(of_arms("several fractions, and a T_gen at four fifths of them", _each_arm(_most_generalise)))
def time_factor_per_percent(view: SeedView, arm: int = 0) -> Measured:
    """Factor by which T_gen grows when the fraction falls by 0.01: exp of the Theil-Sen slope of its logarithm.

    A censored time leaves the bounds that its budget gives. nan when more than a fifth are censored.
    """
    grid = levels(view, arm)
    times = [ends(time_to_generalise(cell.record)) for _, cell in grid]
    if sum(math.isinf(time.high) for time in times) > len(times) / 5:
        return math.nan
    low, high = (np.log(np.maximum([t[end] for t in times], 1.0)) for end in (0, 1))
    steepest, flattest = theil_sen([alpha for alpha, _ in grid], low, high)  # it falls with α
    return narrowed(math.exp(-flattest / 100), math.exp(-steepest / 100))
