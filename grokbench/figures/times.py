"""When runs fit and when they generalise, against the level of a sweep: a dot a seed, medians, censored runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from grokbench.figures import layout, style
from grokbench.training.record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def levels(
    cells: style.Cells, experiments: Iterable[str], key: Callable[[Record], Any]
) -> dict[Any, list[Record]]:
    """Records by level, each seed once: the first experiment that has it there gives it."""
    out: dict[Any, dict[int, Record]] = {}
    for name in experiments:
        for seed, _, record in style.usable(cells, name):
            out.setdefault(key(record), {}).setdefault(seed, record)
    return {level: list(found.values()) for level, found in out.items()}


def series(ax: Axes, at: Sequence[float], groups: Sequence[Sequence[Record]], joined: bool = True) -> None:
    """T_gen (dots, triangles) and T_mem (small squares) of each level, medians marked and, if ordered, joined."""
    line = "-" if joined else "None"
    drawn = (
        ("T_gen (median of seeds)", style.VERMILION, "o", attrgetter("t_gen")),
        ("T_mem (median of seeds)", style.BLUE, "s", attrgetter("t_mem")),
    )
    for label, color, marker, measure in drawn:
        middle = []
        for x, group in zip(at, groups, strict=True):
            found = [(measure(record), record.trial.budget) for record in group]
            style.dots(ax, x, found, color, marker, size=4)
            median = style.median(t for t, _ in found)
            middle.append(median if math.isfinite(median) else math.nan)
        ax.plot(
            at, middle, linestyle=line, color=color, marker=marker, markersize=6, linewidth=1.6, label=label
        )


def finish(figure: Figure, ax: Axes, text: str) -> Figure:
    """Name censored runs in the legend; logarithmic steps, caption and legend."""
    if any(line.get_marker() == "^" for line in ax.lines):
        ax.plot([], [], "^", color="0.3", markersize=8, markerfacecolor="none", label=style.CENSORED)
    layout.whole_steps(ax)
    ax.margins(y=0.12)
    ax.set_ylabel("step (optimizer updates)")
    layout.caption(figure, text)
    style.one_legend(figure, [ax])
    return figure
