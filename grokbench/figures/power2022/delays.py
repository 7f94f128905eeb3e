"""When each seed fits and when it generalises: operations beside each other, and readings of the recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from grokbench.figures import layout, strips, style, times
from grokbench.figures.power2022 import stated

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def operations(cells: style.Cells) -> Figure | None:
    """T_mem and T_gen of division, subtraction and addition at half of their tables."""
    text = "Time to fit and to generalise"
    return _strip(cells, stated.AT_HALF, 1, text, "operation")


def readings(cells: style.Cells) -> Figure | None:
    """Time to fit and to generalise division under each reading of the recipe."""
    text = "Time to fit and to generalise division, where text and code differ,"
    return _strip(cells, stated.READINGS, 2, text, "reading of the recipe")


def _strip(cells: style.Cells, arms: Mapping[str, str], least: int, text: str, axis: str) -> Figure | None:
    shown = strips.shown(cells, arms)
    if len(shown) < least:
        return None
    figure, axes = style.canvas(1, 1, width=max(6.4, 2.0 * len(shown)), height=4.4)
    ax = axes[0]
    strips.times_of_arms(ax, shown, strips.delay_of)
    ax.set_xlabel(axis)
    every = [cell for _, group in shown for cell in group]
    return times.finish(
        figure,
        ax,
        f"{text} at {strips.at_fractions(every)}. ×: median over seeds of T_gen / T_mem. {layout.seeds_said(every)}",
    )
