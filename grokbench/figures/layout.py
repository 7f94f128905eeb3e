"""What surrounds the panels: which runs are shown, one small panel a seed, captions, axis names."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grokbench.figures import style
from grokbench.measures.cells import Cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_SEEDS = 12


def trained(cells: style.Cells, experiment: str) -> tuple[Cell, ...]:
    """The cells of an experiment that were trained, all of its settings."""
    return tuple(c for c in style.usable(cells, experiment) if len(c[2].curves["step"]) > 1)


def runs(cells: style.Cells, experiment: str, analysis: str | None = None) -> tuple[Cell, ...]:
    """The first trained cells of an experiment with one setting, only those with that analysis if one is named."""
    kept = trained(cells, experiment)
    return tuple(c for c in kept if analysis is None or analysis in c[2].analyses)[:MOST_SEEDS]


def at_alpha(cells: Iterable[Cell], alpha: float) -> tuple[Cell, ...]:
    """The cells trained on that fraction of the table."""
    return tuple(cell for cell in cells if abs(float(cell[2].trial.alpha) - alpha) < 1e-9)


def values(cell: Cell, analysis: str, name: str) -> NDArray[Any]:
    """An array of an analysis."""
    return np.asarray(cell[2].analyses[analysis][name])


def caption(figure: Figure, text: str) -> None:
    """A caption above the panels, wrapped to the width of the figure."""
    columns = int(figure.get_figwidth() / 0.082)
    figure.suptitle(textwrap.fill(text, columns), fontsize=10, x=0.01, ha="left")


def seeds_said(cells: Iterable[Cell]) -> str:
    """What a caption says of the seeds it shows."""
    seeds = sorted({seed for seed, _, _ in cells})
    blocks: list[list[int]] = []  # of seeds that follow each other
    for seed in seeds:
        if blocks and seed == blocks[-1][-1] + 1:
            blocks[-1].append(seed)
        else:
            blocks.append([seed])
    least = 2 if len(blocks) == 1 else 3  # seeds of a block that is named by its ends
    said = [
        f"{block[0]} to {block[-1]}" if len(block) >= least else ", ".join(map(str, block))
        for block in blocks
    ]
    return f"Seed{'s' if len(seeds) > 1 else ''} {', '.join(said)}."


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


def label(ax: Axes, i: int, n: int, x: str, y: str, columns: int = 3) -> None:
    """The x axis named below the last panel of each column, the y axis beside the first of each row."""
    ax.tick_params(labelsize=8)
    columns = min(columns, n)
    if i + columns >= n:
        ax.set_xlabel(x)
    if i % columns == 0:
        ax.set_ylabel(y)


def logarithmic(ax: Axes) -> None:
    """A logarithmic y axis; a panel without a number to draw stays linear, which alone can be drawn empty."""
    if any(np.any(np.asarray(line.get_ydata(), dtype=float) > 0) for line in ax.lines):
        ax.set_yscale("log")


def whole_steps(ax: Axes) -> None:
    """A logarithmic y axis of steps, as whole numbers; at 1, 2 and 4 of each decade where it spans less than two."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ax.set_yscale("log")
    ax.yaxis.set_minor_formatter(NullFormatter())
    low, high = ax.get_ylim()
    if high < 100 * low:
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 4)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda t, _: thousands(t)))


def thousands(step: float) -> str:
    """A count of steps with a space between thousands: 40 000."""
    return f"{step:,.0f}".replace(",", " ")
