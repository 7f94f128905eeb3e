"""Arms beside each other: a mark a seed, medians bold, the marks of one seed joined, censored runs at the budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from grokbench.figures import layout, style
from grokbench.measures.cells import Cell
from grokbench.training.record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Arm = tuple[str, tuple[Cell, ...]]  # what stands below it, its cells

APART = 0.17  # the first series of an arm stands so far left of its place, the second right of it
SPREAD = 0.13  # the seeds of one series lie within so much of each other
BAR = 0.11  # half of the length of a median's bar


@dataclass(frozen=True)
class Series:
    """A column of marks: seed → (value, budget), infinite where a time is not reached within the budget."""

    label: str
    color: str
    marker: str
    found: Mapping[int, tuple[float, int]]

    @property
    def median(self) -> float:
        """The median; nan where the median seed does not get there, or where there is none."""
        return _drawn(style.median(time for time, _ in self.found.values())) if self.found else math.nan


def timed(
    label: str, color: str, marker: str, group: Sequence[Cell], measure: Callable[[Record], float]
) -> Series:
    """The series of a time of each cell's record."""
    found = {seed: (measure(record), record.trial.budget) for seed, _, record in group}
    return Series(label, color, marker, found)


def shown(cells: style.Cells, arms: Mapping[str, str]) -> list[Arm]:
    """The arms, experiment → label, that have been trained."""
    found = [(label, layout.runs(cells, name)) for name, label in arms.items()]
    return [(label, group) for label, group in found if group]


def times_of_arms(ax: Axes, arms: Sequence[Arm], head: Callable[[Sequence[Cell]], str]) -> None:
    """T_mem and T_gen of each seed of each arm; ``head`` gives what stands above an arm."""
    for at, (_, group) in enumerate(arms):
        fits = timed("T_mem, a mark a seed", style.BLUE, "s", group, attrgetter("t_mem"))
        rises = timed("T_gen, a mark a seed", style.VERMILION, "o", group, attrgetter("t_gen"))
        columns(ax, at, (fits, rises))
        above(ax, at, head(group))
    places(ax, [label for label, _ in arms])


def columns(ax: Axes, at: float, pair: tuple[Series, Series]) -> None:
    """Two series left and right of ``at``, a line between the marks of each seed; an empty one keeps its place."""
    drawn: list[dict[int, tuple[float, float]]] = []
    for series, place in zip(pair, (at - APART, at + APART), strict=True):
        seeds = list(series.found)
        beside = style.beside(place, len(seeds), SPREAD)
        drawn.append(
            {s: (x, _drawn(series.found[s][0])) for s, x in zip(seeds, beside, strict=True)},
        )
        if not seeds:
            continue
        found = list(series.found.values())
        style.dots(ax, place, found, series.color, series.marker, size=5.5, opacity=0.75, spread=SPREAD)
        ax.plot([], [], series.marker, color=series.color, markersize=5.5, label=series.label)
        ax.plot([place - BAR, place + BAR], [series.median] * 2, "-", color=style.BLACK, linewidth=2)
    left, right = drawn
    for seed in (seed for seed in left if seed in right):
        ends = zip(left[seed], right[seed], strict=True)
        ax.plot(*ends, "-", color="0.6", linewidth=0.7, zorder=1)


def above(ax: Axes, at: float, text: str) -> None:
    """A text above the panel at the place of an arm."""
    ax.annotate(text, (at, 1.0), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=9)


def places(ax: Axes, labels: Sequence[str]) -> None:
    """One place for each label; what the grey lines and the bars are, for the legend."""
    ax.plot([], [], "-", color="0.6", linewidth=0.7, label="same seed")
    ax.plot([], [], "-", color=style.BLACK, linewidth=2, label="median")
    ax.set_xticks(range(len(labels)), list(labels))
    ax.set_xlim(-0.5, len(labels) - 0.5)


def delay(earlier: Iterable[float], later: Iterable[float]) -> str:
    """The median of later / earlier over the seeds that have an earlier; what never comes counts as infinite."""
    ratios = [b / a for a, b in zip(earlier, later, strict=True) if 0 < a < math.inf]
    if not ratios:
        return ""
    middle = style.median(ratios)
    return f"× {middle:.1f}" if math.isfinite(middle) else "× ∞"


def delay_of(group: Sequence[Cell]) -> str:
    """The median T_gen / T_mem of the cells."""
    records = [record for _, _, record in group]
    return delay((r.t_mem for r in records), (r.t_gen for r in records))


def at_fractions(group: Iterable[Cell]) -> str:
    """The training fractions of the cells, in words."""
    return "α = " + ", ".join(sorted({f"{record.trial.alpha:g}" for _, _, record in group}))


def _drawn(time: float) -> float:
    return time if math.isfinite(time) else math.nan


def step_axis(ax: Axes) -> None:
    """A logarithmic axis of steps; what its triangles are, for the legend."""
    if any(line.get_marker() == "^" for line in ax.lines):
        ax.plot([], [], "^", color="0.3", markersize=8, markerfacecolor="none", label=style.CENSORED)
    layout.whole_steps(ax)
    ax.margins(y=0.12)
    ax.set_ylabel("step (optimizer updates)")
