"""Against: a quantity over a swept field, a mark a seed, medians joined."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grokbench.figures import layout, marks, style
from grokbench.figures.data import Arm, arms, budget_of, censored, drawn, middle, numbers, value_of
from grokbench.figures.fields import DOTTED, Fields, Panel, Quantity
from grokbench.figures.kind import Kind
from grokbench.figures.strips import Strip, join
from grokbench.measures.cells import Cell, Cells
from grokbench.measures.reading import Measured
from grokbench.specs.fields import TEXT
from grokbench.specs.fields import field as spec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MANY = 25  # seeds of which quartiles are drawn in place of marks
MANY_PANELS = 9  # that stand four in a row
ALPHA = "α, training fraction (share of the table)"


@dataclass(frozen=True, kw_only=True)
class Against(Fields):
    """Measures over a swept field, a mark a seed, medians joined; quartiles where there are many seeds."""

    x: str = spec(help="dotted field of the recipe or task that is swept, or alpha", schema=DOTTED)
    x_axis: str = spec("", help="what that axis is called", schema=TEXT, optional=True)
    x_scale: str = spec("linear", choices=("linear", "log"), help="of that axis")
    joined: bool = spec(False, help="whether the marks of one seed are joined, too")


def draw(own: Against, cells: Cells) -> Figure | None:
    """A panel each; None where no series has runs at two places."""
    shown = [(panel, arms(own, panel, cells, untrained=True, whole=True)) for panel in own.drawn]
    shown = [(panel, found) for panel, found in shown if any(len(_levels(own, arm)) > 1 for arm in found)]
    if not shown:
        return None
    columns = min(len(shown), 2 if len(shown) < MANY_PANELS else 4)
    figure, axes = style.canvas(-(-len(shown) // columns), columns, height=3.4 if len(shown) < 3 else 2.6)
    for ax in axes[len(shown) :]:
        ax.remove()
    for ax, (panel, found) in zip(axes, shown, strict=False):
        _panel(ax, own, panel, found, cells)
    kept = axes[: len(shown)]
    names = [panel.axis or panel.y[0].name for panel, _ in shown]
    for name in set(names):
        layout.same_limits([ax for ax, its in zip(kept, names, strict=True) if its == name])
    for ax in kept:
        layout.whole_numbers(ax)
        layout.whole_numbers(ax, "x")
    return layout.framed(figure, kept, own, cells, [c for _, found in shown for a in found for c in a.cells])


def _levels(own: Against, arm: Arm) -> Mapping[float, Mapping[int, list[Cell]]]:
    """Place → seed → its runs there."""
    found: dict[float, dict[int, list[Cell]]] = {}
    for cell in arm.cells:
        at = float(value_of(cell.record.trial, own.x))
        found.setdefault(at, {}).setdefault(cell.seed, [cell])
    return {at: found[at] for at in sorted(found)}


def points(own: Against, arm: Arm, one: Quantity, cells: Cells) -> dict[float, dict[int, list[Measured]]]:
    """Place → seed → what the quantity says of its run."""
    return {
        at: {seed: found for seed, group in seeds.items() if (found := numbers(one, group, cells))}
        for at, seeds in _levels(own, arm).items()
    }


def _panel(ax: Axes, own: Against, panel: Panel, found: Sequence[Arm], cells: Cells) -> None:
    budget = float(budget_of(cell for arm in found for cell in arm.cells))
    every = sorted({at for arm in found for at in _levels(own, arm)})
    step = min(np.diff(every), default=1.0)
    n = len(found) * len(panel.y)
    counts: Counter[tuple[float, float]] = Counter()
    for k, arm in enumerate(found):
        for i, one in enumerate(panel.y):
            place = k * len(panel.y) + i
            levels = {at: seeds for at, seeds in points(own, arm, one, cells).items() if seeds}
            shift = 0.06 * step * (place - (n - 1) / 2) if n > 1 and own.x_scale == "linear" else 0.0
            name = ", ".join(
                text
                for text in (arm.label if len(found) > 1 else "", one.name if len(panel.y) > 1 else "")
                if text
            )
            look = style.look(1 - i if len(panel.y) == 2 and len(found) == 1 else place)
            _series(
                ax,
                own,
                levels,
                look,
                " ".join((name or (not panel.heading and arm.label) or one.name).split()),
                shift,
                budget,
                counts,
            )
            if i == 0 and k == 0:
                marks.rates(
                    ax,
                    panel,
                    list(levels),
                    [middle(v for s in levels[a].values() for v in s) for a in levels],
                )
    place_of = lambda _, cell: float(value_of(cell.record.trial, own.x))  # noqa: E731
    marks.draw(ax, panel, found, cells, at=place_of, half=0.4 * step)
    if own.x_scale == "log":
        ax.set_xscale("log")
    if not panel.limits:
        ax.margins(y=0.12 + 0.03 * max(0, max(counts.values(), default=0) - 1))
    style.scaled(ax, panel.scale, panel.limits)
    ax.set_xlabel(own.x_axis or (ALPHA if own.x == "alpha" else own.x), fontsize=9)
    text = panel.axis or (layout.STEP if panel.y[0].measure in ("t-gen", "t-mem") else panel.y[0].name)
    ax.set_ylabel(text, fontsize=9)
    ax.set_title(panel.heading, fontsize=9, loc="left")


def _series(
    ax: Axes,
    own: Against,
    levels: Mapping[float, Mapping[int, list[Measured]]],
    look: style.Look,
    label: str,
    shift: float,
    budget: float,
    counts: Counter[tuple[float, float]],  # place and bound → counts that stand there, of earlier series
) -> None:
    medians = [middle(value for values in seeds.values() for value in values) for seeds in levels.values()]
    at = [place + shift for place in levels]
    many = any(len(seeds) >= MANY for seeds in levels.values())
    text = f"{label} ({'median, quartiles of draws' if many else 'a mark a seed, line: median'})"
    known = [value if math.isfinite(value) else math.nan for value in medians]
    look_of = {
        "color": look.color,
        "linestyle": look.line,
        "marker": look.marker,
        "markersize": 6,
        "linewidth": 1.7,
    }
    line = ax.plot(at, known, label=text)
    line[0].set(**look_of)
    if many:
        quartiles = [
            np.quantile([drawn(v, budget) for s in seeds.values() for v in s], (0.25, 0.75))
            for seeds in levels.values()
        ]
        low, high = zip(*quartiles, strict=True)
        ax.fill_between(at, low, high, color=look.color, alpha=0.2, linewidth=0)
        return
    bounds = {
        place: max((drawn(v, budget) for own in seeds.values() for v in own if censored(v)), default=math.nan)
        for place, seeds in levels.items()
    }
    drawn_at = [
        Strip(place + shift, label, look, seeds, budget, 0.0, above=counts[place, bounds[place]]).draw(
            ax, bar=False
        )
        for place, seeds in levels.items()
    ]
    counts.update(spot for spot in bounds.items() if math.isfinite(spot[1]))
    if own.joined:
        join(ax, drawn_at)


KIND = Kind(Against, draw)
