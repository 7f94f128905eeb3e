"""Which runs a figure shows, and what its caption says of them; shared by the modules beside this one."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grokbench.reports.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WHOLE = "end-state"  # the main recipe to the paper's own budget
MAIN = "mainline"  # the main recipe until it has generalised
MOST_SEEDS = 12
LEAST_LOSS = 1e-12


def runs(cells: style.Cells, experiment: str, analysis: str | None = None) -> tuple[style.Cell, ...]:
    """The trained cells of an experiment, only those with that analysis if one is named."""
    kept = [c for c in style.usable(cells, experiment) if len(c[2].curves["step"]) > 1]
    return tuple(c for c in kept if analysis is None or analysis in c[2].analyses)[:MOST_SEEDS]


def caption(figure: Figure, text: str) -> None:
    """A caption above the panels, wrapped to the width of the figure."""
    columns = int(figure.get_figwidth() / 0.082)
    figure.suptitle(textwrap.fill(text, columns), fontsize=10, x=0.01, ha="left")


def said(experiment: str, cells: tuple[style.Cell, ...]) -> str:
    """What the caption says of the runs: the experiment they come from, and how many steps they took."""
    steps = sorted({int(record.curves["step"][-1]) for _, _, record in cells})
    took = thousands(steps[0]) if len(steps) == 1 else f"{thousands(steps[0])} to {thousands(steps[-1])}"
    return f"Final networks of `{experiment}`, after {took} steps."


def multiples(n: int, columns: int = 3) -> tuple[Figure, list[Axes]]:
    """A small panel for each of n seeds, at most ``columns`` a row, at page width."""
    columns = min(columns, n)
    rows = -(-n // columns)
    height = 2.2 if rows > 1 else 3.0
    figure, axes = style.canvas(rows, columns, width=9.6 / columns if columns > 1 else 6.8, height=height)
    for ax in axes[n:]:
        ax.remove()
    figure.set_figheight(figure.get_figheight() + 0.9)  # caption and legend take this
    return figure, axes[:n]


def label(ax: Axes, i: int, n: int, x: str, y: str) -> None:
    """The x axis named below the last panel of each column, the y axis beside the first of each row."""
    ax.tick_params(labelsize=8)
    if _bottom(i, n):
        ax.set_xlabel(x)
    if _left(i, n):
        ax.set_ylabel(y)


def logarithmic(ax: Axes) -> None:
    """A logarithmic y axis; a panel without a number to draw stays linear, which alone can be drawn empty."""
    if any(np.any(np.asarray(line.get_ydata(), dtype=float) > 0) for line in ax.lines):
        ax.set_yscale("log")


def values(cell: style.Cell, analysis: str, name: str) -> NDArray[Any]:
    """An array of an analysis."""
    return np.asarray(cell[2].analyses[analysis][name])


def number(cell: style.Cell, name: str) -> float:
    """A single number of the analysis ``circuit``."""
    return float(np.ravel(values(cell, "circuit", name))[0])


def keys(cell: style.Cell) -> list[int]:
    """The key frequencies k of the final network."""
    return [int(k) for k in np.ravel(values(cell, "circuit", "key"))]


def thousands(step: float) -> str:
    """A count of steps with a space between thousands: 40 000."""
    return f"{step:,.0f}".replace(",", " ")


def _bottom(i: int, n: int, columns: int = 3) -> bool:
    """Whether no panel stands below the i-th of ``multiples``."""
    return i + min(columns, n) >= n


def _left(i: int, n: int, columns: int = 3) -> bool:
    """Whether the i-th of ``multiples`` is the first of its row."""
    return i % min(columns, n) == 0
