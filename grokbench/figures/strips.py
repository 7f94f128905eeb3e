"""Marks of seeds beside each other at one place: medians bold, the marks of one seed joined, censored ones at their bound."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grokbench.figures import style
from grokbench.figures.data import censored, drawn, middle
from grokbench.measures.reading import Measured

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

Place = tuple[float, float]  # on the axis of places, on the axis of numbers


@dataclass(frozen=True)
class Strip:
    """One column of marks: where it stands, seed → its numbers, and the budget at which what has no bound is drawn."""

    at: float
    label: str
    look: style.Look
    found: Mapping[int, Sequence[Measured]]
    budget: float
    spread: float
    paper: Sequence[float] = ()
    seeded: bool = True  # whether ``found`` is by seed, not merely by number
    above: int = 0  # counts of other strips that stand at the same place already, under this one's

    def draw(self, ax: Axes, sideways: bool = False, bar: bool = True) -> dict[int, list[Place]]:
        """Draw the marks; seed → their places, of those that are no bounds."""
        spots = dict(
            zip(self.found, style.beside(self.at, max(1, len(self.found)), self.spread), strict=False)
        )
        places: dict[int, list[Place]] = {}
        reached: list[Place] = []
        bounds: list[float] = []
        for seed, values in self.found.items():
            for value in values:
                if censored(value):
                    bounds.append(drawn(value, self.budget))
                else:
                    places.setdefault(seed, []).append((spots[seed], drawn(value, self.budget)))
        reached = [place for own in places.values() for place in own]
        shown = _plot(ax, reached, sideways, self.look.marker, color=self.look.color, markersize=5, alpha=0.7)
        if shown is not None and self.seeded:
            style.credit(shown, [seed for seed, own in places.items() for _ in own])
        if bar:
            style.named(
                ax, f"{self.label}, a mark a seed", self.look.marker, color=self.look.color, markersize=5
            )
        if bounds:
            self._bounds(ax, bounds, sideways)
        centre = middle(value for values in self.found.values() for value in values)
        if bar and math.isfinite(centre):
            half = 0.75 * max(self.spread, 0.12)
            ends = [(self.at - half, centre), (self.at + half, centre)]
            _plot(ax, ends, sideways, "-", color=style.BLACK, linewidth=2, label="median")
        if len(self.paper):
            beside = self.at + 0.75 * self.spread + 0.06
            stars = [(beside, number) for number in self.paper]
            _plot(
                ax,
                stars,
                sideways,
                "*",
                color=style.BLACK,
                markersize=9,
                label="the paper's number",
                zorder=4,
            )
        return places

    def _bounds(self, ax: Axes, bounds: Sequence[float], sideways: bool) -> None:
        """One open triangle at the largest bound, with the count beside it."""
        top, n = max(bounds), sum(map(len, self.found.values()))
        spot = (top, self.at) if sideways else (self.at, top)
        marker = ">" if sideways else "^"
        ax.plot(*[[x] for x in spot], marker, color=self.look.color, markersize=8, markerfacecolor="none")
        off = (11 + 18 * self.above, -3) if sideways else (0, 7 + 8 * self.above)
        ax.annotate(
            f"{len(bounds)}/{n}", spot, textcoords="offset points", xytext=off,
            ha="left" if sideways else "center", fontsize=7, color=self.look.color,
        )  # fmt: skip
        style.named(ax, style.CENSORED, "^", color="0.3", markersize=8, markerfacecolor="none")


def _plot(ax: Axes, places: Sequence[Place], sideways: bool, *style_: str, **more: object) -> Line2D | None:
    across, up = [place for place, _ in places], [number for _, number in places]
    if not places:
        return None
    (line,) = ax.plot(*((up, across) if sideways else (across, up)), *style_, **more)  # type: ignore[arg-type]
    return line


def join(ax: Axes, columns: Sequence[Mapping[int, Sequence[Place]]], sideways: bool = False) -> None:
    """A thin line through the marks of each seed that has one mark in a column."""
    for seed in dict.fromkeys(seed for column in columns for seed in column):
        line = [column[seed][0] for column in columns if len(column.get(seed, ())) == 1]
        if len(line) > 1:
            joined = _plot(ax, line, sideways, "-", color="0.6", linewidth=0.7, zorder=1, label="same seed")
            if joined is not None:
                style.credit(joined, [seed])
