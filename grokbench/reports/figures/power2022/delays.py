"""When each seed fits and when it generalises: operations beside each other, and readings of the recipe."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from grokbench.measures.timing import generalised_at
from grokbench.reports.figures import layout, style, times
from grokbench.reports.figures.power2022 import source

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

APART = 0.17  # T_mem stands so far left of an arm's place, T_gen right of it
SPREAD = 0.13  # the seeds of one arm lie within so much of each other
SERIES = (
    ("T_mem, a mark a seed", style.BLUE, "s", -APART, times.t_mem),
    ("T_gen, a mark a seed", style.VERMILION, "o", APART, generalised_at),
)


def operations(cells: style.Cells) -> Figure | None:
    """T_mem and T_gen of division, subtraction and addition at half of their tables."""
    text = "Time to fit and to generalise"
    return _strip(cells, source.AT_HALF, 1, text, "operation")


def readings(cells: style.Cells) -> Figure | None:
    """The same of division under each reading of the recipe."""
    text = "Time to fit and to generalise division, where text and code differ,"
    return _strip(cells, source.READINGS, 2, text, "reading of the recipe")


def _strip(cells: style.Cells, arms: Mapping[str, str], least: int, text: str, axis: str) -> Figure | None:
    found = [(label, layout.runs(cells, name)) for name, label in arms.items()]
    shown = [(label, group) for label, group in found if group]
    if len(shown) < least:
        return None
    figure, axes = style.canvas(1, 1, width=max(6.4, 2.0 * len(shown)), height=4.4)
    ax = axes[0]
    for i, (_, group) in enumerate(shown):
        _arm(ax, i, group)
    ax.plot([], [], "-", color="0.6", linewidth=0.7, label="same seed")
    ax.plot([], [], "-", color=style.BLACK, linewidth=2, label="median")
    ax.set_xticks(range(len(shown)), [label for label, _ in shown])
    ax.set_xlim(-0.5, len(shown) - 0.5)
    ax.set_xlabel(axis)
    alphas = sorted({f"{record.trial.alpha:g}" for _, group in shown for _, _, record in group})
    said = source.seeds_said(c for _, group in shown for c in group)
    return times.finish(
        figure, ax, f"{text} at α = {', '.join(alphas)}. ×: median over seeds of T_gen / T_mem. {said}"
    )


def _arm(ax: Axes, at: int, group: Sequence[style.Cell]) -> None:
    both = []
    for label, color, marker, place, measure in SERIES:
        found = [(measure(record), record.trial.budget) for _, _, record in group]
        both.append([time for time, _ in found])
        style.dots(ax, at + place, found, color, marker, size=5.5, opacity=0.75, spread=SPREAD)
        ax.plot([], [], marker, color=color, markersize=5.5, label=label)
        middle = _drawn(style.median(both[-1]))
        ax.plot([at + place - 0.11, at + place + 0.11], [middle] * 2, "-", color=style.BLACK, linewidth=2)
    for shift, fit, rise in zip(style.beside(0, len(group), SPREAD), *both, strict=True):
        ends = [at - APART + shift, at + APART + shift]
        ax.plot(ends, [_drawn(fit), _drawn(rise)], "-", color="0.6", linewidth=0.7, zorder=1)
    ax.annotate(
        _delay(*both), (at, 1.0), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=9
    )


def _drawn(time: float) -> float:
    return time if math.isfinite(time) else math.nan


def _delay(fits: Sequence[float], rises: Sequence[float]) -> str:
    """The median of T_gen / T_mem over the seeds that fitted; runs that never generalise count as infinite."""
    ratios = [rise / fit for fit, rise in zip(fits, rises, strict=True) if 0 < fit < math.inf]
    if not ratios:
        return ""
    middle = style.median(ratios)
    return f"× {middle:.1f}" if math.isfinite(middle) else "× ∞"
