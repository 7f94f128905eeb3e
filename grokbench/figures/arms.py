"""Arms: what was run stands side by side, a mark a seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grokbench.figures import layout, marks, style
from grokbench.figures.data import Arm, arms, budget_of, middle, numbers
from grokbench.figures.fields import SEVERAL, Fields, Panel, Quantity
from grokbench.figures.kind import Kind
from grokbench.figures.strips import Place, Strip, join
from grokbench.measures.cells import Cells
from grokbench.specs.fields import TEXT
from grokbench.specs.fields import field as spec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STEPS = ("t-gen", "t-mem")


@dataclass(frozen=True, kw_only=True)
class Arms(Fields):
    """Arms side by side, a mark a seed, the marks of one seed joined, medians bold."""

    places: str = spec(
        "label", choices=("label", "y"), help="what has a place on the axis: a label, or a quantity of y"
    )
    places_axis: str = spec("", help="what the axis of places is called", schema=TEXT, optional=True)
    sideways: bool = spec(False, help="whether the places stand below each other, where their names are long")
    joined: tuple[tuple[str, ...], ...] = spec(
        (),
        help="labels whose marks of one seed are joined, list by list [default: the quantities of a label; or all places]",
        schema={"type": "array", "items": {"type": "array", "items": TEXT, "minItems": 2}},
        optional=True,
    )
    above: tuple[Quantity, ...] = spec(
        (),
        help="what stands above a place: the median, or k/n of what is 0 or 1",
        schema=SEVERAL,
        optional=True,
    )
    untrained: bool = spec(False, help="whether runs that were evaluated only once are shown, too")
    least: int = spec(1, help="labels that must have runs for the figure to be drawn", least=1)


def draw(own: Arms, cells: Cells) -> Figure | None:
    """A panel of strips; None where fewer than ``least`` labels have runs."""
    shown = [(panel, arms(own, panel, cells, own.untrained)) for panel in own.drawn]
    shown = [(panel, found) for panel, found in shown if found]
    if not shown or max(len({arm.label for arm in found}) for _, found in shown) < own.least:
        return None
    figure, axes = _canvas(own, [(panel, found) for panel, found in shown])
    for ax, (panel, found) in zip(axes, shown, strict=True):
        _panel(ax, own, panel, found, cells)
        ax.set_title(panel.heading, fontsize=9, loc="left", pad=6 + 11 * len(own.above))
    return layout.framed(figure, axes, own, cells, [c for _, found in shown for a in found for c in a.cells])


def _canvas(own: Arms, shown: Sequence[tuple[Panel, list[Arm]]]) -> tuple[Figure, list[Axes]]:
    """Panels beside each other where their places fit a page's width, else below each other."""
    counts = [len(panel.y) if own.places == "y" else len(found) for panel, found in shown]
    if own.sideways:
        return style.canvas(len(shown), 1, width=8.4, height=0.6 + 0.4 * max(counts))
    if len(shown) > 1 and sum(counts) <= 7:
        figure, axes = style.canvas(1, len(shown), height=3.2)
        axes[0].get_gridspec().set_width_ratios([count + 0.6 for count in counts])  # type: ignore[union-attr]
        return figure, axes
    return style.canvas(
        len(shown), 1, width=max(6.4, 1.35 * max(counts)), height=3.4 if len(shown) == 1 else 2.5
    )


def strips(
    own: Fields, panel: Panel, found: Sequence[Arm], cells: Cells, by: str = "label"
) -> list[list[Strip]]:
    """The strips of each place: of a label one for each quantity, or of a quantity one for each label."""
    budget = float(budget_of(cell for arm in found for cell in arm.cells))
    columns = [[(arm, one) for one in panel.y] for arm in found]
    if by == "y":
        columns = [[(arm, one) for arm in found] for one in panel.y]
    out = []
    for at, column in enumerate(columns):
        n = len(column)
        apart = 0.0 if n == 1 else min(0.34, 0.8 / n)
        places = [at + apart * (j - (n - 1) / 2) for j in range(n)]
        spread = 0.3 if n == 1 else 0.7 * apart
        strip = []
        for j, (arm, one) in enumerate(column):
            value = {seed: numbers(one, group, cells) for seed, group in arm.seeds().items()}
            label = (arm.label if len(found) > 1 else "here") if by == "y" else one.name
            own_look = style.look(j if n > 1 else 1)
            kept = {seed: values for seed, values in value.items() if values}
            strip.append(
                Strip(
                    places[j],
                    " ".join(label.split()),
                    own_look,
                    kept,
                    budget,
                    spread,
                    one.paper if j == n - 1 else (),
                )
            )
        out.append(strip)
    return out


def _panel(ax: Axes, own: Arms, panel: Panel, found: Sequence[Arm], cells: Cells) -> None:
    by = own.places
    names = [one.name for one in panel.y] if by == "y" else [arm.label for arm in found]
    drawn: list[list[Mapping[int, list[Place]]]] = []
    for column in strips(own, panel, found, cells, by):
        drawn.append([strip.draw(ax, own.sideways) for strip in column])
    if own.joined:
        for labels in own.joined:
            for j in range(len(panel.y)):
                join(
                    ax,
                    [column[j] for name, column in zip(names, drawn, strict=True) if name in labels],
                    own.sideways,
                )
    elif by == "label" and len(panel.y) > 1:
        for own_marks in drawn:
            join(ax, own_marks, own.sideways)
    elif not any(one.array for one in panel.y):
        for j in range(len(drawn[0])):
            join(ax, [column[j] for column in drawn], own.sideways)
    if own.sideways or by == "y":
        marks.draw(ax, panel, found, cells)
    else:
        marks.draw(ax, panel, found, cells, at=lambda k, _: float(k), half=0.42)
    _places(ax, own, names)
    axis = "x" if own.sideways else "y"
    if not panel.limits:
        ax.margins(x=0.15) if own.sideways else ax.margins(y=0.15)
    style.scaled(ax, panel.scale, panel.limits, axis=axis)
    layout.whole_numbers(ax, axis)
    text = panel.axis or (layout.STEP if panel.y[0].measure in STEPS else panel.y[0].name)
    (ax.set_xlabel if own.sideways else ax.set_ylabel)(text, fontsize=9)
    if by == "label" and not own.sideways:
        for at, arm in enumerate(found):
            said = [text for one in own.above if (text := _said(one, arm, cells))]
            ax.annotate(
                "\n".join(said),
                (at, 1.0),
                xycoords=("data", "axes fraction"),
                ha="center",
                va="bottom",
                fontsize=8,
            )


def _places(ax: Axes, own: Arms, names: Sequence[str]) -> None:
    if own.sideways:
        ax.set_yticks(range(len(names)), list(names))
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.set_ylabel(own.places_axis, fontsize=9)
        return
    ax.set_xticks(range(len(names)), [layout.wrapped(ax, name, 1 / len(names)) for name in names])
    ax.set_xlim(-0.5, len(names) - 0.5)
    ax.grid(axis="x", visible=False)
    ax.set_xlabel(own.places_axis, fontsize=9)


def _said(one: Quantity, arm: Arm, cells: Cells) -> str:
    """A median, or k/n where every seed has 0 or 1."""
    values = [value for group in arm.seeds().values() for value in numbers(one, group, cells)]
    if not values:
        return ""
    if all(value in (0.0, 1.0) for value in values):
        return f"{one.name} {sum(value == 1.0 for value in values)}/{len(values)}"
    centre = middle(values)
    return f"{one.name} {centre:.3g}" if math.isfinite(centre) else f"{one.name} ∞"


KIND = Kind(Arms, draw)
