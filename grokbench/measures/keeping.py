"""How many rows keep a network that generalises from losing it (Varma et al. 2023, section 4): runs over numbers of rows.

a′ is that of the end, the median of the last five evaluations. D50: the fewest rows from which every a′ is 0.5 or more.
"""

from __future__ import annotations

import math

from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.endings import normalised_end
from grokbench.measures.needed import of_arms
from grokbench.measures.reading import Measured, levels, narrowed
from grokbench.measures.requiring import Arguments, Arms, requires

Arm = tuple[Cell, ...]


def _ends(arm: Arm) -> list[tuple[float, float]]:
    """Rows trained on, ascending, and a′ at the end."""
    grid = levels(SeedView(0, (arm,)))
    return [(float(cell.record.facts["n_train"]), normalised_end(cell.record)) for _, cell in grid]


def _lost(arm: Arm, level: float) -> float:
    """The most rows up to which every a′ is ``level`` or less; 0 for none."""
    most = 0.0
    for rows, end in _ends(arm):
        if end > level:
            break
        most = rows
    return most


def _kept(arm: Arm, level: float) -> float:
    """The fewest rows from which every a′ is ``level`` or more; infinite for none."""
    fewest = math.inf
    for rows, end in reversed(_ends(arm)):
        if end < level:
            break
        fewest = rows
    return fewest


def _below(arm: Arm, level: float) -> float:
    """The most rows that are fewer than those; 0 for none."""
    kept = _kept(arm, level)
    return max((rows for rows, _ in _ends(arm) if rows < kept), default=0.0)


def _between(arms: Arms, chosen: Arguments) -> bool:
    level = float(chosen["level"])
    return all(_below(arm, level) > 0 and math.isfinite(_kept(arm, level)) for arm in arms)


def _spread(arms: Arms, chosen: Arguments) -> bool:
    return all(_lost(arm, chosen["low"]) > 0 and math.isfinite(_kept(arm, chosen["high"])) for arm in arms)


BOTH_SIDES = of_arms("runs on both sides of a′ = {level}", _between)
ENDS = of_arms("few rows with a′ of {low} at most, and many with {high} at least", _spread)


def rows_kept(view: SeedView, level: float = 0.5, arm: int = 0) -> Measured:
    """Rows from which every a′ at the end is ``level`` or more, as a bracket: the number before it in the grid, and that one."""
    return narrowed(_below(view.arms[arm], level), _kept(view.arms[arm], level))


def _middle(arm: Arm, level: float) -> float:
    """The geometric mean of that bracket."""
    return math.sqrt(_below(arm, level) * _kept(arm, level))


@requires(BOTH_SIDES)
def rows_kept_ratio(view: SeedView, level: float = 0.5, first: int = 0, second: int = 1) -> float:
    """Rows kept (geometric means of the brackets) of one arm over another's."""
    return _middle(view.arms[first], level) / _middle(view.arms[second], level)


@requires(BOTH_SIDES)
def rows_kept_distance(view: SeedView, level: float = 0.5, first: int = 0, second: int = 1) -> float:
    """How many doublings lie between the rows kept of two arms, whichever has more."""
    return abs(math.log2(rows_kept_ratio(view, level, first, second)))


@requires(ENDS)
def rows_spread(view: SeedView, low: float = 0.1, high: float = 0.9, arm: int = 0) -> float:
    """The fewest rows from which every a′ is ``high`` or more, over the most up to which every one is ``low`` or less."""
    return _kept(view.arms[arm], high) / _lost(view.arms[arm], low)
