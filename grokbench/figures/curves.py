"""Curves: numbers over the steps, a thin line a seed and a bold median."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from grokbench.figures import layout, marks, style
from grokbench.figures.data import Arm, Curve, arms, middle, numbers, series
from grokbench.figures.fields import ONE, SEVERAL, Fields, Panel, Quantity
from grokbench.figures.kind import Kind
from grokbench.measures.cells import Cell, Cells
from grokbench.measures.reading import ends
from grokbench.specs.fields import field as spec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST = 1e-12  # below it a float32 loss is rounding
BUCKETS = 400  # of a line; of each, its least and its largest value are drawn
LOW = 4  # rows that are drawn lower, so that a page holds them


@dataclass(frozen=True, kw_only=True)
class Curves(Fields):
    """Numbers over the steps; without ``y`` and ``panel``, accuracy and loss of train and test set."""

    rows: str = spec(
        "label",
        choices=("label", "seed", "none"),
        help="what has a row of panels of its own: a label, or a seed; none: all series in the same panels",
    )
    x: str = spec(
        "step",
        help="what the curves are drawn over: step, or a curve such as test_accuracy",
        schema=ONE["oneOf"][0],
    )
    over: Quantity | None = spec(None, help="a measure by which each run's steps are divided", schema=ONE)
    steps: str = spec("log", choices=("log", "linear"), help="the axis of steps; log keeps step 0")
    lines: str = spec(
        "median",
        choices=("median", "seeds"),
        help="median: bold over thin seeds; seeds: without it, where runs end apart",
    )
    until: float | None = spec(
        None, help="step at which the axis ends [default: the longest run's end]", above=0
    )
    dots: tuple[Quantity, ...] = spec(
        (),
        help="steps that are marked on each bold line, as medians: measures",
        schema=SEVERAL,
        optional=True,
    )
    same: bool = spec(False, help="whether all rows have the same steps")


def draw(own: Curves, cells: Cells, untrained: bool = False) -> Figure | None:
    """A row of panels for each label or seed that has runs; None where none has. ``untrained``: those of no step, too."""
    bare = tuple(replace(one, mark=(*own.mark, *one.mark)) for one in DEFAULT)
    panels = own.drawn if own.panel or own.y else bare
    shown = [_rows(own, arms(own, panel, cells, untrained)) for panel in panels]
    titles = list(dict.fromkeys(title for rows in shown for title in rows))
    if not titles:
        return None
    height = 2.6 if len(titles) == 1 else 2.1 if len(titles) < LOW else 1.7
    single = len(titles) > 1 == len(panels)
    grid = (2, 2) if len(titles) == 1 and len(panels) == 4 else (len(titles), len(panels))
    columns = (2 if len(titles) in (2, 4) else 3) if single else 1
    figure, axes = layout.multiples(len(titles), columns) if single else style.canvas(*grid, height=height)
    lasts = {title: own.until or max(_last(own, rows.get(title, ())) for rows in shown) for title in titles}
    for i, title in enumerate(titles):
        for j, (panel, rows) in enumerate(zip(panels, shown, strict=True)):
            ax, group = axes[i * len(panels) + j], rows.get(title, ())
            _fill(ax, own, panel, group, cells)
            _axes(ax, own, panel, max(lasts.values()) if own.same else lasts[title], cells, group)
            if i < len(titles) - columns:
                ax.set_xlabel("")
            if i % columns:
                ax.set_ylabel("")
            heading = panel.heading if own.rows != "label" or len(titles) == 1 else ""
            above = [text for text in (title if j == 0 else "", heading if i == 0 else "") if text]
            ax.set_title("\n".join(above), fontsize=9, loc="left")
    return layout.framed(
        figure, axes, own, cells, [c for rows in shown for g in rows.values() for a in g for c in a.cells]
    )


def _rows(own: Curves, found: Sequence[Arm]) -> dict[str, tuple[Arm, ...]]:
    if own.rows == "none":
        return {"": tuple(found)} if found else {}
    if own.rows == "label":
        return {arm.label: (arm,) for arm in found}
    return {
        f"seed {seed}" if len(found) == 1 else f"{arm.label}, seed {seed}": (Arm(arm.label, group),)
        for arm in found
        for seed, group in arm.seeds().items()
    }


def _fill(ax: Axes, own: Curves, panel: Panel, group: Sequence[Arm], cells: Cells) -> None:
    names = list(dict.fromkeys(one.name for each in (*own.drawn, panel) for one in each.y))  # a look each
    together = own.rows == "none" and len(group) > 1
    for k, arm in enumerate(group):
        for i, one in enumerate(panel.y):
            name = one.series.rpartition(".")[2]
            look = style.look(
                k * len(panel.y) + i if together else names.index(one.name), "" if together else name
            )
            called = one.label or {"train": "train", "test": "test"}.get(name.partition("_")[0], one.series)
            parts = [arm.label] if together else []
            parts += [called] if not together or len(panel.y) > 1 else []
            found = [(cell.seed, _line(own, one, cell, cells)) for cell in arm.cells]
            seeds = [seed for seed, line in found if line is not None]
            lines = [line for _, line in found if line is not None]
            _lines(ax, lines, seeds, look, ", ".join(parts), own.lines == "median" and own.x == "step")
            if lines:
                _dots(ax, own, arm, median_curve(lines), look, cells)
    marks.draw(ax, panel, group, cells, [cell.seed for arm in group for cell in arm.cells])
    if not ax.lines:
        ax.text(0.5, 0.5, "not recorded", ha="center", va="center", transform=ax.transAxes)


def _line(own: Curves, one: Quantity, cell: Cell, cells: Cells) -> Curve | None:
    found = series(cell.record, one.series)
    if found is None:
        return None
    steps, values = found
    if own.over is not None:
        unit = middle(numbers(own.over, (cell,), cells))
        return (steps / unit, values) if np.isfinite(unit) and unit > 0 else None
    if own.x != "step":
        across = series(cell.record, own.x)
        return None if across is None else (np.interp(steps, *across), values)
    return steps, values


def _lines(
    ax: Axes, lines: Sequence[Curve], seeds: Sequence[int], look: style.Look, label: str, median: bool
) -> None:
    bold = median and len(lines) > 1
    for seed, (steps, values) in zip(seeds, map(thinned, lines), strict=True):
        drawn = ax.plot(
            steps, values, color=look.color, linestyle="-" if bold else look.line,
            linewidth=0.7 if bold else 1.2 if len(lines) > 1 else 1.7,
            alpha=0.35 if bold else 0.85, label=None if bold else label if len(lines) == 1 else f"{label} (a line a seed)",
        )  # fmt: skip
        style.credit(drawn[0], [seed])
    if bold:
        steps, middle_line = thinned(median_curve(lines))
        text = f"{label} (bold: median of seeds)"
        ax.plot(steps, middle_line, color=look.color, linestyle=look.line, linewidth=2.0, label=text)


def _dots(ax: Axes, own: Curves, arm: Arm, line: Curve, look: style.Look, cells: Cells) -> None:
    for i, one in enumerate(own.dots):
        groups = arm.seeds().values()
        units = [1.0 if own.over is None else middle(numbers(own.over, group, cells)) for group in groups]
        at = middle(
            ends(v).high / unit
            for unit, g in zip(units, groups, strict=True)
            for v in numbers(one, g, cells)
            if unit > 0
        )
        if np.isfinite(at):
            marker = style.LOOKS[i].marker
            ax.plot(
                [at],
                [np.interp(at, *line)],
                marker,
                color=look.color,
                markersize=8,
                markeredgecolor="black",
                zorder=5,
            )
            style.named(
                ax, f"{one.name} (median)", marker, color="0.5", markersize=8, markeredgecolor="black"
            )


def _axes(ax: Axes, own: Curves, panel: Panel, last: float, cells: Cells, group: Sequence[Arm]) -> None:
    if own.over is not None:
        ax.set_xlim(0, last)
        ax.set_xlabel(f"step / {own.over.name}", fontsize=9)
    elif own.x == "step":
        layout.step_axis(ax, last, own.steps == "linear")
    else:
        ax.set_xlabel(own.x.replace("_", " "), fontsize=9)
    style.scaled(ax, panel.scale, panel.limits, LEAST)
    ax.set_ylabel(panel.axis or panel.y[0].name, fontsize=9)


def _last(own: Curves, group: Sequence[Arm]) -> float:
    if own.over is not None:
        return 3.0
    return max((float(cell.record.curves["step"][-1]) for arm in group for cell in arm.cells), default=0.0)


def thinned(curve: Curve, buckets: int = BUCKETS) -> Curve:
    """The least and the largest value of each of so many stretches: a probe may have more rows than a panel pixels."""
    steps, values = curve
    if len(steps) <= 2 * buckets:
        return curve
    kept, known = {0, len(steps) - 1}, np.isfinite(values)
    low, high = np.where(known, values, np.inf), np.where(known, values, -np.inf)
    for part in np.array_split(np.arange(len(steps)), buckets):
        if known[part].any():
            kept |= {int(part[low[part].argmin()]), int(part[high[part].argmax()])}
    index = np.array(sorted(kept))
    return steps[index], values[index]


def median_curve(curves: Sequence[Curve]) -> Curve:
    """The median over curves at every step that at least half of them reach, linearly interpolated."""
    grid = np.unique(np.concatenate([np.asarray(steps, dtype=float) for steps, _ in curves]))
    rows = np.full((len(curves), grid.size), np.nan)
    for row, (steps, values) in zip(rows, curves, strict=True):
        if len(steps):
            row[:] = np.interp(grid, steps, values, left=np.nan, right=np.nan)
    keep = np.isfinite(rows).sum(axis=0) >= max(1, (len(curves) + 1) // 2)
    return grid[keep], np.nanmedian(rows[:, keep], axis=0) if keep.any() else grid[keep]


DEFAULT = tuple(
    Panel(
        y=tuple(Quantity(series=f"{split}_{what}", label=split) for split in ("train", "test")),
        axis=axis,
        scale=scale,
        limits=(-0.03, 1.03) if what == "accuracy" else None,
    )
    for what, axis, scale in (("accuracy", "accuracy (share of rows)", "linear"), ("loss", "loss", "auto"))
)
KIND = Kind(Curves, draw, panels=False, bare="series")
