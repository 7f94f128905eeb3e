"""When the test loss peaks: its place on the way to the onset, arm by arm, and one curve of each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from grokbench.figures import layout, strips, style
from grokbench.figures.cross_paper import stated
from grokbench.measures.cells import Cell
from grokbench.measures.curves import peak_step
from grokbench.measures.reading import fitted, generalised, onset, smooth_test_loss

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
NEAREST, FARTHEST = (
    1.4,
    3.0,
)  # onsets: the axes end there at the earliest and at the latest, else just past T_gen
BEYOND = 1.08


def peaks(cells: style.Cells) -> Figure | None:
    """Step of the test loss's peak over the onset step, a mark a seed, above the test loss of one seed of each arm."""
    arms = strips.shown(cells, stated.PEAKS)
    if not arms:
        return None
    arms = [(f"{label}, {strips.at_fractions(group)}", group) for label, group in arms]
    examples = [(label, cell) for label, group in arms if (cell := _first(group)) is not None]
    rows = -(-len(examples) // COLUMNS)
    high = 0.75 + 0.42 * len(arms)
    figure, axes = style.canvas(1 + rows, COLUMNS)
    figure.set_size_inches(9.6, high + 2.3 * rows + 1.3)
    grid = axes[0].get_gridspec()
    assert grid is not None
    grid.set_height_ratios([high, *[2.3] * rows])
    axes[0].set_subplotspec(grid[0, :])
    for ax in (*axes[1:COLUMNS], *axes[COLUMNS + len(examples) :]):
        ax.remove()
    places, panels = axes[0], axes[COLUMNS : COLUMNS + len(examples)]
    last = _last([cell for _, cell in examples])
    _places(places, arms)
    places.set_xlim(0, last)
    for i, (ax, (label, cell)) in enumerate(zip(panels, examples, strict=True)):
        _example(ax, cell)
        ax.set_title(f"{label}, seed {cell[0]}", fontsize=8, loc="left")
        ax.set_xlim(0, last)
        layout.label(ax, i, len(examples), "step / onset step", "test loss / its peak", COLUMNS)
    text = (
        "Where the test loss (running median of 5) is largest before the test accuracy is half-way up, over the onset step of "
        "its rise; below, one seed of each arm. Mean-field, folded: the network's scale beside its weights, or in them. "
        f"{layout.seeds_said(c for _, group in arms for c in group)}"
    )
    layout.caption(figure, text)
    style.one_legend(figure, [places, *panels])
    return figure


def _first(group: tuple[Cell, ...]) -> Cell | None:
    return next((cell for cell in group if math.isfinite(stated.peak_place(cell))), None)


def _last(shown: list[Cell]) -> float:
    """The end of all axes, in onsets."""
    ends = [BEYOND * generalised(record) / onset(record) for _, _, record in shown]
    return min(FARTHEST, max([NEAREST, *(end for end in ends if math.isfinite(end))]))


def _places(ax: Axes, arms: list[strips.Arm]) -> None:
    ax.axvspan(stated.LATE, 1, color=style.SKY, alpha=0.18, linewidth=0, label="Gromov: at 0.75 or later")
    ax.axvspan(0, stated.EARLY, color=style.ORANGE, alpha=0.14, linewidth=0, label="Nanda: at 0.5 or earlier")
    for row, (label, group) in enumerate(arms):
        found = [place for cell in group if math.isfinite(place := stated.peak_place(cell))]
        ax.plot(
            found,
            style.beside(row, len(found), 0.45),
            "o",
            color=style.VERMILION,
            markersize=5.5,
            alpha=0.75,
            label="peak of the test loss, a mark a seed",
        )
        if found:
            middle = float(np.median(found))
            ax.plot(
                [middle] * 2, [row - 0.32, row + 0.32], "-", color=style.BLACK, linewidth=2.2, label="median"
            )
        without = (
            f"\n{len(group) - len(found)}/{len(group)} seeds without an onset"
            if len(found) < len(group)
            else ""
        )
        ax.annotate(
            label + without,
            (0.995, row),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="center",
            fontsize=8,
        )
    ax.axvline(1, color="0.35", linewidth=1.1, label="onset")
    ax.set_yticks(range(len(arms)), [""] * len(arms))
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(arms) - 0.5, -0.5)
    ax.tick_params(axis="x", labelsize=8)
    ax.set_xlabel("step of the peak / onset step")


def _example(ax: Axes, cell: Cell) -> None:
    record = cell[2]
    start = onset(record)
    steps, loss, peak = record.curves["step"], smooth_test_loss(record), peak_step(record)
    height = float(loss[steps == peak][0])
    ax.plot(
        steps / start, loss / height, "-", color=style.VERMILION, linewidth=1.6, label="test loss of one seed"
    )
    ax.plot([peak / start], [1.0], "o", color=style.VERMILION, markersize=5.5, alpha=0.75)
    for when, line, label in (
        (fitted(record), ":", "T_mem"),
        (start, "-", "onset"),
        (generalised(record), "--", "T_gen"),
    ):
        if math.isfinite(when):
            ax.axvline(when / start, color="0.35", linewidth=1.1, linestyle=line, label=label, zorder=0)
    ax.set_ylim(0, 1.12)
