"""The rows of an output layer as points on a circle, and the frequencies that they are made of (analysis "circles")."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grokbench.figures import layout, marks, style
from grokbench.figures.arms import strips
from grokbench.figures.data import arms
from grokbench.figures.fields import Fields
from grokbench.figures.kind import Kind
from grokbench.figures.strips import join
from grokbench.measures.cells import Cell, Cells
from grokbench.specs.fields import field as spec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BEST = 6  # frequencies whose shares the analysis adds up
NAMED = 8  # every NAMED-th residue is named on the circle


@dataclass(frozen=True, kw_only=True)
class Circles(Fields):
    """The rows of the residues in the plane of their strongest frequency, for the least seed; beside it y, a mark a seed."""

    start: bool = spec(False, help="whether the plane before the first step and the spectrum are drawn, too")


def draw(own: Circles, cells: Cells) -> Figure | None:
    """Planes of one seed and a strip of all seeds; None unless every experiment has such a run."""
    shown = arms(own, own, cells)
    shown = [
        type(arm)(arm.label, tuple(c for c in arm.cells if "circles" in c.record.analyses)) for arm in shown
    ]
    shown = [arm for arm in shown if arm.cells]
    if len(shown) < len(own.experiments):
        return None
    first = [arm.cells[0] for arm in shown]
    planes = [
        (cell, name) for cell in first for name in (("plane_initial", "plane") if own.start else ("plane",))
    ]
    n = len(planes) + own.start + bool(own.y)
    figure, axes = layout.multiples(n, 2 if own.start else 3, height=3.6)
    for ax, (cell, name) in zip(axes, planes, strict=False):
        when = "before the first step" if name == "plane_initial" else _ring(cell)
        when = f"in the end, {when}" if own.start and name == "plane" else when
        label = " ".join(shown[first.index(cell)].label.split())
        _plane(ax, cell, name, f"{label}\nseed {cell.seed}: {when}")
    if own.start:
        _spectrum(axes[len(planes)], first[0])
    if own.y:
        _strip(axes[-1], own, shown, cells)
    return layout.framed(figure, axes, own, cells, [cell for arm in shown for cell in arm.cells])


def stages(own: Circles, cells: Cells) -> list[tuple[str, Figure]]:
    """The planes of the least seed of each label before the first step and in the end, which is all that records keep."""
    first = {
        arm.label: cell
        for arm in arms(own, own, cells)
        for cell in arm.cells[:1]
        if {"plane", "plane_initial"} <= set(cell.record.analyses.get("circles", ()))
    }
    out = []
    for name, when in (("plane_initial", "before the first step"), ("plane", "in the end")) if first else ():
        figure, axes = layout.multiples(len(first), 2, height=3.6)
        for ax, (label, cell) in zip(axes, first.items(), strict=True):
            _plane(ax, cell, name, f"{' '.join(label.split())}, seed {cell.seed}")
        out.append((when, layout.framed(figure, axes, own, cells, first.values())))
    return out


def _strip(ax: Axes, own: Circles, shown: list, cells: Cells) -> None:  # type: ignore[type-arg]
    by = "y" if len(shown) == 1 else "label"
    columns = strips(own, own, shown, cells, by)
    names = [one.name for one in own.y] if by == "y" else [arm.label for arm in shown]
    join(ax, [strip.draw(ax) for column in columns for strip in column])
    marks.draw(ax, own, shown, cells)
    ax.set_xticks(range(len(names)), names)
    ax.set_xlim(-0.5, len(names) - 0.5)
    ax.set_ylim(*(own.limits or (0, 1.02)))
    ax.set_title("all seeds", fontsize=9, loc="left")
    ax.set_xlabel("rows of the output layer" if by == "y" else "arm", fontsize=9)
    ax.set_ylabel(own.axis or own.y[0].name, fontsize=9)


def _number(cell: Cell, name: str) -> float:
    return float(np.ravel(cell.record.analyses["circles"][name])[0])


def _ring(cell: Cell) -> str:
    score = _number(cell, "ring_score")
    return (
        f"k = {_number(cell, 'frequency'):.0f}, ring score {score:.2f}"
        if math.isfinite(score)
        else "no frequency"
    )


def _plane(ax: Axes, cell: Cell, name: str, title: str) -> None:
    """Coordinates (p, 2) of the residues' rows; nothing where the analysis has none."""
    p = int(cell.record.facts["n_elements"])
    found = cell.record.analyses["circles"].get(name)
    at = np.full((p, 2), np.nan) if found is None else np.asarray(found, dtype=float)
    frequency = _number(cell, "frequency")
    place = int(frequency if math.isfinite(frequency) else 1) * np.arange(p) % p
    order = np.argsort(place, kind="stable")
    circle = np.linspace(0, 2 * np.pi, 200)
    text = "circle, some residues at their places"
    ax.plot(np.cos(circle), np.sin(circle), ":", color="0.35", linewidth=0.9, label=text)
    ring = np.append(order, order[:1])
    ax.plot(at[ring, 0], at[ring, 1], "-", color="0.7", linewidth=0.6, zorder=1)
    ax.scatter(at[:, 0], at[:, 1], c=place, cmap="twilight_shifted", s=16, vmin=0, vmax=p, zorder=2)
    reach = 1.15 * max(1.4, float(np.max(np.abs(at[np.isfinite(at)]), initial=0.0)))
    for n in order[: p - NAMED // 2 : NAMED]:
        angle = 2 * np.pi * place[n] / p
        outside = (0.93 * reach * np.cos(angle), 0.93 * reach * np.sin(angle))
        ax.annotate(str(n), outside, ha="center", va="center", fontsize=7, color="0.25")
    ax.set_xlim(-reach, reach)
    ax.set_ylim(-reach, reach)
    ax.set_aspect("equal")
    ax.set_title(title, fontsize=9, loc="left")
    ax.set_xlabel("along the cosine of frequency k", fontsize=9)
    ax.set_ylabel("along the sine", fontsize=9)


def _spectrum(ax: Axes, cell: Cell) -> None:
    """Share of the power at each frequency, the six strongest apart; at the start, and of permuted rows."""
    found = cell.record.analyses["circles"]
    power, initial = (np.asarray(found[f"power_share{when}"], dtype=float) for when in ("", "_initial"))
    k = np.arange(1, power.size + 1)
    best = np.zeros(power.size, dtype=bool)
    best[np.argsort(power)[-BEST:]] = bool(np.isfinite(power).all())
    ax.bar(k[~best], power[~best], width=0.8, color=style.BLUE, label="in the end")
    ax.bar(
        k[best], power[best], width=0.8, color=style.VERMILION, hatch="///", label="in the end, six strongest"
    )
    ax.plot(k, initial, "-", color=style.BLACK, linewidth=0.9, label="before the first step")
    permuted = _number(cell, "permuted_share") / BEST
    text = "mean of the six strongest, rows permuted"
    ax.axhline(permuted, color="0.35", linestyle="--", linewidth=1.0, label=text)
    ax.set_xlim(0, power.size + 1)
    ax.set_ylim(bottom=0)
    ax.set_title(f"seed {cell.seed}, spectrum over the residues", fontsize=9, loc="left")
    ax.set_xlabel("frequency k", fontsize=9)
    ax.set_ylabel("share of the power", fontsize=9)


KIND = Kind(Circles, draw, panels=False, stages=stages)
