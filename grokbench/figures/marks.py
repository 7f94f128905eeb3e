"""Lines and bands across a panel: what a paper says, what a memoriser reaches, when the runs fit and generalise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grokbench.figures import style
from grokbench.figures.data import Arm, middle, numbers
from grokbench.figures.fields import Mark, Panel, Quantity, ends_of
from grokbench.measures.cells import Cell, Cells

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SWEPT = 2  # a mark of more places than these goes through from the first to the last


def draw(
    ax: Axes,
    panel: Panel,
    arms: Sequence[Arm],
    cells: Cells,
    seeds: Sequence[int] = (),
    at: Callable[[int, Cell], float] | None = None,
    half: float = 0.0,
) -> None:
    """Every mark of the panel that has a place; ``seeds``: only these count where a mark is a measure.

    A level mark with experiments is drawn only within ``half`` of where they stand, by ``at``: arm and cell → x.
    """
    names = [mark.label for mark in panel.mark]
    for mark in panel.mark:
        i = names.index(mark.label)  # marks of one name look the same
        own = _own(arms, mark.experiments, cells)
        if mark.experiments and not own:
            continue
        for axis in ("x", "y"):
            place = getattr(mark, axis)
            if place is not None:
                read = [arms[k] for k in sorted({k for k, _ in own})] if mark.experiments else arms
                found = [_where(end, read, cells, seeds) for end in ends_of(place)]
                xs = (
                    sorted({at(k, cell) for k, cell in own})
                    if mark.experiments and at and axis == "y"
                    else []
                )
                spans = [(xs[0], xs[-1])] if len(xs) > SWEPT else [(x, x) for x in xs]
                for low, high in spans:
                    _draw(ax, axis, mark, found, i, (low - half, high + half))
                if not spans:
                    _draw(ax, axis, mark, found, i, None)


def _own(arms: Sequence[Arm], experiments: Sequence[str], cells: Cells) -> list[tuple[int, Cell]]:
    known = {id(cell.record) for name in experiments for cell in cells.get(name, ())}
    return [(k, cell) for k, arm in enumerate(arms) for cell in arm.cells if id(cell.record) in known]


def _where(end: float | Quantity, arms: Sequence[Arm], cells: Cells, seeds: Sequence[int]) -> float:
    if not isinstance(end, Quantity):
        return float(end)
    groups = [g for arm in arms for seed, g in arm.seeds().items() if not seeds or seed in seeds]
    found = [value for group in groups for value in numbers(end, group, cells)]
    return middle(found)


def _draw(
    ax: Axes, axis: str, mark: Mark, ends: Sequence[float], i: int, near: tuple[float, float] | None
) -> None:
    if not all(map(math.isfinite, ends)) or (len(ends) == 2 and ends[0] >= ends[1]):
        return
    if near and len(ends) == 2:
        color = style.BANDS[i % len(style.BANDS)]
        ax.fill_between(near, ends[0], ends[1], color=color, linewidth=0, zorder=0, label=mark.label)
        return
    if len(ends) == 2:
        span = ax.axvspan if axis == "x" else ax.axhspan
        span(*ends, color=style.BANDS[i % len(style.BANDS)], linewidth=0, zorder=0, label=mark.label)
        return
    line = ax.axvline if axis == "x" else ax.axhline
    look: dict[str, Any] = {
        "color": "0.3",
        "linewidth": 1.1,
        "linestyle": style.LINES[i % len(style.LINES)],
        "gid": "mark",
    }
    if near:
        ax.plot(near, [ends[0]] * 2, label=mark.label, zorder=1, **look)
        return
    line(ends[0], label=mark.label, zorder=1, **look)


def rates(ax: Axes, panel: Panel, at: Sequence[float], medians: Sequence[float]) -> None:
    """Bands of growth towards smaller x, from the last median that is known."""
    known = [(x, y) for x, y in zip(at, medians, strict=True) if math.isfinite(y) and y > 0]
    for i, mark in enumerate(panel.mark):
        if mark.rate is None or len(at) < 2 or not known:
            continue
        start, value = known[-1]
        grid = np.linspace(at[0], start, 50)
        low, high = (value * factor ** (100 * (start - grid)) for factor in mark.rate)
        color = style.BANDS[(i + 2) % len(style.BANDS)]
        ax.fill_between(grid, low, high, color=color, linewidth=0, zorder=0, label=mark.label)
