"""Map: a quantity over two swept fields, as colour, with the number in each place where there are few."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from grokbench.figures import layout, style
from grokbench.figures.data import Arm, arms, middle, numbers, value_of
from grokbench.figures.fields import DOTTED, Fields
from grokbench.figures.kind import Kind
from grokbench.measures.cells import Cell, Cells
from grokbench.specs.fields import TEXT
from grokbench.specs.fields import field as spec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEW = 60  # places in which the number is written


@dataclass(frozen=True, kw_only=True)
class Map(Fields):
    """The median over seeds of one measure, as colour over two swept fields; crosses where it is censored."""

    x: str = spec(help="dotted field along the level axis, or alpha", schema=DOTTED)
    down: str = spec(help="dotted field along the upright axis", schema=DOTTED)
    x_axis: str = spec("", help="what the level axis is called", schema=TEXT, optional=True)
    down_axis: str = spec("", help="what the upright axis is called", schema=TEXT, optional=True)


def draw(own: Map, cells: Cells) -> Figure | None:
    """A panel for each label that has runs; None where none has."""
    shown = arms(own, own, cells, untrained=True, whole=True)
    if not shown:
        return None
    figure, axes = layout.multiples(len(shown), 2, height=3.4)
    grids = [_grid(own, arm, cells) for arm in shown]
    known = np.concatenate([values[np.isfinite(values)] for _, _, values in grids])
    for i, (ax, arm, (xs, ys, values)) in enumerate(zip(axes, shown, grids, strict=True)):
        image = _panel(ax, own, xs, ys, values, known)
        ax.set_title(arm.label if len(shown) > 1 else own.heading, fontsize=9, loc="left")
        layout.label(ax, i, len(shown), own.x_axis or own.x, own.down_axis or own.down, 2)
    figure.colorbar(image, ax=axes, label=own.axis or own.y[0].name, shrink=0.9)
    return layout.framed(figure, axes, own, cells, [cell for arm in shown for cell in arm.cells])


def _grid(own: Map, arm: Arm, cells: Cells) -> tuple[list[Any], list[Any], Any]:
    """Values of both fields, ascending, and the medians there, (rows, columns); nan where nothing was run."""
    found: dict[tuple[Any, Any], list[Cell]] = {}
    for cell in arm.cells:
        place = (value_of(cell.record.trial, own.x), value_of(cell.record.trial, own.down))
        found.setdefault(place, []).append(cell)
    xs, ys = (sorted({place[i] for place in found}) for i in (0, 1))
    values = np.full((len(ys), len(xs)), np.nan)
    for (x, y), group in found.items():
        values[ys.index(y), xs.index(x)] = middle(
            v for cell in group for v in numbers(own.y[0], (cell,), cells)
        )
    return xs, ys, values


def _panel(ax: Axes, own: Map, xs: Sequence[Any], ys: Sequence[Any], values: Any, known: Any) -> Any:
    from matplotlib.colors import LogNorm, Normalize

    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    log = own.scale == "log" or (own.scale == "auto" and low > 0 and high > 3 * low)
    norm = (LogNorm if log else Normalize)(low, high if high > low else low + 1)
    shown = np.where(np.isfinite(values), values, np.nan)
    image = ax.imshow(shown, origin="lower", aspect="auto", cmap="cividis", norm=norm)
    ax.grid(visible=False)
    for row, column in np.argwhere(np.isinf(values)):
        ax.plot(
            [column],
            [row],
            "x",
            color=style.VERMILION,
            markersize=9,
            label=style.CENSORED.replace(" (k/n seeds)", ""),
        )
    if values.size <= FEW:
        for (row, column), value in np.ndenumerate(shown):
            if math.isfinite(value):
                light = norm(value) < 0.6
                color = "white" if light else "black"
                ax.text(column, row, f"{value:.3g}", ha="center", va="center", fontsize=7, color=color)
    ax.set_xticks(range(len(xs)), [f"{x:g}" if isinstance(x, float) else str(x) for x in xs])
    ax.set_yticks(range(len(ys)), [f"{y:g}" if isinstance(y, float) else str(y) for y in ys])
    return image


KIND = Kind(Map, draw)
