"""Times over the runs of a grid: the longest delay, how far times lie apart, and how they go with the swept field."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from grokbench.analysis.statistics import kendall_tau, theil_sen
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import HALF_FIT, SOME_WHOLE, T_MEM, WHOLE, of_arms, without_landmarks
from grokbench.measures.reading import (
    Between,
    Measured,
    ends,
    fitted,
    half_rise_ratio,
    narrowed,
    time_to_generalise,
)
from grokbench.measures.requiring import Arguments, Arms, Requirement, requires


@requires(T_MEM)
def longest_delay_ratio(view: SeedView, arm: int = 0) -> Measured:
    """The largest T_gen / T_mem of an arm's runs; above the budget's where a T_gen is censored."""
    own = [(ends(time_to_generalise(cell.record)), fitted(cell.record)) for cell in view.arms[arm]]
    return narrowed(max(t.low / fit for t, fit in own), max(t.high / fit for t, fit in own))


@requires(T_MEM)
def fit_time_spread(view: SeedView, arm: int = 0) -> float:
    """The largest T_mem of an arm's runs over the smallest."""
    times = [fitted(cell.record) for cell in view.arms[arm]]
    return max(times) / min(times)


@requires(SOME_WHOLE)
def time_spread(view: SeedView, arm: int = 0) -> Measured:
    """The largest T_gen of an arm's runs over the smallest; bounds where one is censored."""
    times = [ends(time_to_generalise(cell.record)) for cell in view.arms[arm]]
    least = Between(min(t.low for t in times), min(t.high for t in times))
    return narrowed(
        max(t.low for t in times) / max(least.high, 1.0), max(t.high for t in times) / max(least.low, 1.0)
    )


def _inside(cells: tuple[Cell, ...], chosen: Arguments) -> list[Cell]:
    low, high = chosen.get("low", -math.inf), chosen.get("high", math.inf)
    return [c for c in cells if low <= c.settings.get(str(chosen["field"]), math.nan) <= high]


def _three(arms: Arms, chosen: Arguments) -> bool:
    field = str(chosen["field"])
    return all(len({c.settings[field] for c in _inside(arm, chosen)}) >= 3 for arm in arms)


def unvaried(arms: Arms) -> Arms:
    """The same runs, as if nothing but the training fraction was varied in an arm."""
    return tuple(tuple(map(_alike(arm), arm)) for arm in arms)


def _alike(arm: tuple[Cell, ...]) -> Callable[[Cell], Cell]:
    values: dict[str, set[str]] = {}
    for cell in arm:
        for field, value in cell.settings.items():
            values.setdefault(field, set()).add(repr(value))
    kept = {field for field, found in values.items() if field == "alpha" or len(found) == 1}
    return lambda cell: cell._replace(settings={k: v for k, v in cell.settings.items() if k in kept})


VARIED = Requirement("runs with three values of {field} or more", _three, unvaried)
THREE = Requirement(
    "runs with three values of {field} or more between {low} and {high}",
    _three,
    unvaried,
)
"""So many runs of a grid that a slope or a trend means something."""


@requires(WHOLE, THREE)
def time_power(
    view: SeedView, field: str = "optimizer.weight_decay", low: float = 1e-9, high: float = 1e9, arm: int = 0
) -> Measured:
    """Exponent of T_gen as a power of a swept field: Theil–Sen slope of log T_gen on its log, between ``low`` and ``high``.

    Bounds where a T_gen is censored.
    """
    cells = _inside(view.arms[arm], {"field": field, "low": low, "high": high})
    times = [ends(time_to_generalise(cell.record)) for cell in cells]
    with np.errstate(divide="ignore"):
        lows, highs = (np.log([getattr(t, end) for t in times]) for end in ("low", "high"))
        return narrowed(*theil_sen(np.log([cell.settings[field] for cell in cells]), lows, highs))


def _rises(arms: Arms, chosen: Arguments) -> bool:
    return all(len({half_rise_ratio(cell.record) for cell in arm}) > 1 for arm in arms)


RISES = of_arms("R½ that differ", _rises, lambda r: without_landmarks(Cell(0, {}, r)).record)


@requires(HALF_FIT, VARIED, RISES)
def half_rise_trend(view: SeedView, field: str = "training.initial_scale", arm: int = 0) -> float:
    """Kendall's τ_b between a swept field and R½. Runs that never rise half-way have an R½ above all others."""
    cells = view.arms[arm]
    return kendall_tau(
        [cell.settings[field] for cell in cells], [half_rise_ratio(cell.record) for cell in cells]
    )
