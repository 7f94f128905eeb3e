"""How much data an arm needs within its budget, and how well it does over a grid of fractions (Power et al. 2022, Fig 2).

A fraction is solved when T_gen lies within the trial's budget. α50 of one seed is the least fraction of the grid from which every
larger one is solved.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from grokbench.analysis import thresholds
from grokbench.analysis.statistics import kendall_tau
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import SAME_FRACTIONS, of_arms
from grokbench.measures.reading import (
    Between,
    Measured,
    generalised,
    last_accuracy,
    levels,
    narrowed,
    narrowed_on_a_grid,
)
from grokbench.measures.requiring import Arguments, Arms, requires
from grokbench.specs.errors import InputError, UnknownNameError


def _solved(cell: Cell) -> bool:
    return math.isfinite(generalised(cell.record))


def _threshold(view: SeedView, arm: int) -> Between:
    """Bracket of α50: (largest unsolved fraction, next one of the grid]; from 0 where all are solved, up to 1 where none is."""
    grid = levels(view, arm)
    low, high = thresholds.bracket([_solved(cell) for _, cell in grid], [alpha for alpha, _ in grid])
    return Between(low, min(high, 1.0))


def alpha_solved(view: SeedView, arm: int = 0) -> Measured:
    """α50 at the budget, with the unsolved fraction below it."""
    return _threshold(view, arm)


def alpha_solved_change(view: SeedView, first: int = 0, second: int = 1) -> Measured:
    """α50 of one arm less that of another, on the grid; 0 when they lie between the same levels.

    An arm that is solved everywhere, or unsolved at the largest fraction, has its α50 anywhere beyond the grid.
    """
    a, b = (_on_the_grid(_threshold(view, arm)) for arm in (first, second))
    return narrowed_on_a_grid(a.low - b.high, a.high - b.low)


def _on_the_grid(bracket: Between) -> Between:
    inside = bracket.low > 0 and bracket.high < 1
    return Between(bracket.high, bracket.high) if inside else bracket


def alpha_solved_ratio(view: SeedView) -> Measured:
    """α50 of the other arms over that of the first: the ratio that more than half of them reach or exceed.

    With n others, the ⌊n/2⌋ + 1-th largest, its ends from the brackets' ends.
    """
    ours = _threshold(view, 0)
    others = [_threshold(view, arm) for arm in range(1, len(view.arms))]
    if not others:
        raise InputError("this measure compares the first arm with others; there is one arm")
    most = (len(others) - 1) // 2
    lows = sorted(other.low / ours.high for other in others)
    highs = sorted(other.high / ours.low if ours.low > 0 else math.inf for other in others)
    return narrowed(lows[most], highs[most])


def every_arm_generalises(view: SeedView) -> float:
    """1 when each arm has a run with a T_gen within its budget, else 0."""
    return float(all(any(_solved(cell) for cell in arm) for arm in view.arms))


def _orders(arms: Arms, _: Arguments) -> bool:
    view = SeedView(0, arms)
    common = set.intersection(*(set(_grid(view, arm)) for arm in range(len(arms))))
    shared = SeedView(0, tuple(tuple(c for c in arm if float(c.settings["alpha"]) in common) for arm in arms))
    return len({_threshold(shared, arm).high for arm in range(len(arms))}) > 1


@requires(of_arms("α50 that differ", _orders))
def alpha_solved_order(view: SeedView) -> float:
    """Kendall's τ_b between the order of the claim's experiments and their α50 at the budget, on the fractions that all have.

    α50: the upper end of its bracket. Arms with the same one tie, and so do those that are not solved at the largest fraction,
    above all others.
    """
    arms = range(len(view.arms))
    common = set.intersection(*(set(_grid(view, arm)) for arm in arms))
    shared = SeedView(
        view.seed, tuple(tuple(c for c in arm if float(c.settings["alpha"]) in common) for arm in view.arms)
    )
    return kendall_tau(list(arms), [_threshold(shared, arm).high for arm in arms])


def _best(cell: Cell) -> float:
    return float(np.max(cell.record.curves["test_accuracy"]))


def _mean_best(cells: Sequence[Cell]) -> float:
    """Best test accuracy of each run, averaged over the arm's runs."""
    return float(np.mean([float(np.max(cell.record.curves["test_accuracy"])) for cell in cells]))


def _step(view: SeedView, better: int, worse: int) -> float:
    if _grid(view, better) != _grid(view, worse):
        return math.nan
    return _mean_best(view.arms[better]) - _mean_best(view.arms[worse])


@requires(SAME_FRACTIONS)
def accuracy_step(view: SeedView, better: int = 0, worse: int = 1) -> float:
    """Best test accuracy, averaged over the grid, of one arm less that of another; nan where their grids differ."""
    return _step(view, better, worse)


@requires(SAME_FRACTIONS)
def accuracy_gain(view: SeedView, rank: Literal["least", "second"] = "least") -> float:
    """The best mean test accuracy of each other arm less that of the last: the "least" difference, or the "second" largest."""
    if rank not in ("least", "second"):
        raise UnknownNameError("rank", rank, ("least", "second"))
    last = len(view.arms) - 1
    gains = sorted(_step(view, arm, last) for arm in range(last))
    if any(math.isnan(gain) for gain in gains) or len(gains) < (1 if rank == "least" else 2):
        return math.nan
    return gains[0] if rank == "least" else gains[-2]


def _grid(view: SeedView, arm: int) -> list[float]:
    return [alpha for alpha, _ in levels(view, arm)]


def _has_one_above(arms: Arms, _: Arguments) -> bool:
    views = [SeedView(0, (arm,)) for arm in arms]
    return all(any(alpha > _threshold(own, 0).high for alpha, _ in levels(own, 0)) for own in views)


@requires(of_arms("a fraction above α50", _has_one_above))
def converged_accuracy(view: SeedView, arm: int = 0) -> float:
    """Least test accuracy at the end (median of the last five evaluations) over the fractions above α50 on the grid.

    nan where no fraction lies above it.
    """
    bracket = _threshold(view, arm)
    above = [last_accuracy(cell.record) for alpha, cell in levels(view, arm) if alpha > bracket.high]
    return min(above) if above else math.nan


def _works(arms: Arms, chosen: Arguments) -> bool:
    around, accuracy = chosen["around"], chosen["accuracy"]
    return all(
        any(_best(cell) >= accuracy for cell in arm if cell.record.trial.recipe.optimizer["lr"] == around)
        for arm in arms
    )


@requires(of_arms("a best test accuracy of {accuracy} at the learning rate {around}", _works))
def learning_rate_window(view: SeedView, around: float = 1e-3, accuracy: float = 0.9, arm: int = 0) -> float:
    """Ratio of the two failing learning rates between which ``around`` lies: the window of those that work is narrower.

    One works when its best test accuracy is at least ``accuracy``. inf where no rate above, or none below, fails, or where one
    works beyond a failing one, so that the rates that work are no window; nan where ``around`` itself fails.
    """
    works = {
        float(cell.record.trial.recipe.optimizer["lr"]): float(np.max(cell.record.curves["test_accuracy"]))
        >= accuracy
        for cell in view.arms[arm]
    }
    if not works.get(around, False):
        return math.nan
    failing = [rate for rate, works_here in works.items() if not works_here]
    below = max((rate for rate in failing if rate < around), default=0.0)
    above = min((rate for rate in failing if rate > around), default=math.inf)
    beyond = any(works_here and not below < rate < above for rate, works_here in works.items())
    return math.inf if beyond or below == 0 else above / below
