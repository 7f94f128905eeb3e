"""One look for every figure: the Okabe–Ito palette, which colour-blind readers can tell apart; quiet axes."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grokbench.measures.cells import Cell
from grokbench.measures.cells import Cells as Cells
from grokbench.training.record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
    "#000000",
)
PALETTE = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, BLACK)
MARKERS = ("o", "s", "D", "^", "v", "P", "X")

CENSORED = "not within the budget (k/n seeds)"

Curve = tuple[NDArray[Any], NDArray[Any]]  # steps, values


@contextmanager
def own_look() -> Iterator[None]:
    """Draw and save as matplotlib does of itself, whatever the caller's backend, rc file or style is; both stay theirs.

    ``import matplotlib`` fails where MPLBACKEND names a backend that is not installed, so it is imported without one.
    """
    named, first = os.environ.pop("MPLBACKEND", None), "matplotlib" not in sys.modules
    try:
        import matplotlib
        from matplotlib import style
    finally:
        if named is not None:
            os.environ["MPLBACKEND"] = named
    if first and named:  # what the import itself would have done
        with suppress(ValueError):  # there is none of that name: the caller learns so when they draw
            matplotlib.rcParams["backend"] = named
    with style.context("default"), matplotlib.rc_context({"svg.hashsalt": "grokbench"}):
        yield


def canvas(rows: int, columns: int, width: float = 4.6, height: float = 3.3) -> tuple[Figure, list[Axes]]:
    """A figure of rows × columns panels of that size in inches, and its axes row by row."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes = [figure.add_subplot(rows, columns, i + 1) for i in range(rows * columns)]
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.25, linewidth=0.6)
    return figure, axes


def usable(cells: Cells, experiment: str) -> tuple[Cell, ...]:
    """The experiment's cells with a record that did not fail, by seed."""
    kept = [c for c in cells.get(experiment, ()) if c[2].ended != "failed"]
    return tuple(sorted(kept, key=lambda c: c[0]))


def thin_and_bold(ax: Axes, curves: Sequence[Curve], color: str, label: str, dashed: bool = False) -> None:
    """Thin line per seed, bold median over the seeds still running; non-finite values leave a gap."""
    style = "--" if dashed else "-"
    for steps, values in curves:
        ax.plot(steps, _finite(values), style, color=color, linewidth=0.7, alpha=0.4)
    if not curves:
        return
    steps, middle = median_curve(curves)
    ax.plot(steps, middle, style, color=color, linewidth=2.0, label=label)


def median_curve(curves: Sequence[Curve]) -> Curve:
    """The median over curves at every step that at least half of them reach, linearly interpolated."""
    grid = np.unique(np.concatenate([np.asarray(steps, dtype=float) for steps, _ in curves]))
    rows = np.full((len(curves), grid.size), np.nan)
    for row, (steps, values) in zip(rows, curves, strict=True):
        if len(steps):
            row[:] = np.interp(grid, steps, _finite(values), left=np.nan, right=np.nan)
    reached = np.isfinite(rows).sum(axis=0)
    keep = reached >= max(1, (len(curves) + 1) // 2)
    return grid[keep], np.nanmedian(rows[:, keep], axis=0) if keep.any() else grid[keep]


def column(record: Record, probe: str, name: str) -> Curve | None:
    """(steps, values) of a probe's column, or None when the record does not carry it."""
    series = record.probes.get(probe)
    if series is None or name not in series:
        return None
    return np.asarray(series["step"]), np.asarray(series[name], dtype=float)


def columns(cells: Iterable[Cell], probe: str, name: str) -> list[Curve]:
    """The column of every record that carries it."""
    found = (column(record, probe, name) for _, _, record in cells)
    return [curve for curve in found if curve is not None]


def curves_of(cells: Iterable[Cell], name: str) -> list[Curve]:
    """(steps, values) of an evaluation curve for every cell."""
    return [(record.curves["step"], np.asarray(record.curves[name], dtype=float)) for _, _, record in cells]


def one_legend(figure: Figure, axes: Sequence[Axes]) -> None:
    """One legend below all panels, each label once."""
    seen: dict[str, Any] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            seen.setdefault(label, handle)
    if seen:
        # A column takes its longest label (about 0.08 inch a character) and 0.6 inch of line and gap.
        fit = int(figure.get_figwidth() / (0.6 + 0.08 * max(map(len, seen))))
        columns = max(1, min(len(seen), fit, 4))
        figure.legend(
            list(seen.values()), list(seen), loc="outside lower center", ncols=columns, frameon=False
        )


def step_axis(ax: Axes, last: float) -> None:
    """Steps on a logarithmic axis that keeps step 0, when the run is long enough for one."""
    if last > 200:
        ax.set_xscale("symlog", linthresh=10, linscale=0.4)
        decades = [0.0] + [10.0**k for k in range(1, 9) if 10**k <= last * 1.05]
        ax.set_xticks(decades)
        ax.set_xlim(left=0)
    ax.set_xlabel("step (optimizer updates)")


def log_if_wide(ax: Axes, least: float = 0.0) -> None:
    """A logarithmic y axis where the curves span more than a factor of three; nothing below ``least`` is shown."""
    found = [np.asarray(line.get_ydata(), dtype=float) for line in ax.lines]
    values = np.concatenate(found) if found else np.empty(0)
    values = values[np.isfinite(values) & (values > least)]
    if values.size and values.max() > 3 * values.min():
        ax.set_yscale("log")
        ax.set_ylim(bottom=max(ax.get_ylim()[0], least))


def dots(
    ax: Axes,
    at: float,
    found: Sequence[tuple[float, int]],
    color: str,
    marker: str,
    above: float = 7,
    size: float = 4,
    opacity: float = 0.5,
    spread: float = 0.0,
) -> None:
    """(T_gen, budget) of each seed: a dot, or for all that are censored one triangle at the budget with k/n over it.

    ``above``: points between the triangle and its text, so that two series do not write over each other. ``spread``:
    width over which the seeds are set beside each other.
    """
    reached = [
        (x, t) for x, (t, _) in zip(beside(at, len(found), spread), found, strict=True) if math.isfinite(t)
    ]
    ax.plot(
        [x for x, _ in reached], [t for _, t in reached], marker, color=color, markersize=size, alpha=opacity
    )
    censored = [budget for t, budget in found if math.isinf(t)]
    if not censored:
        return
    top = max(censored)
    ax.plot([at], [top], "^", color=color, markersize=8, markerfacecolor="none")
    text = f"{len(censored)}/{len(found)}"
    ax.annotate(
        text, (at, top), textcoords="offset points", xytext=(0, above), ha="center", fontsize=7, color=color
    )


def beside(at: float, n: int, spread: float) -> list[float]:
    """n places around ``at``, within ``spread`` of each other."""
    return [at + spread * ((i + 0.5) / n - 0.5) for i in range(n)]


def median(values: Iterable[float]) -> float:
    """The median where ∞ is a value like any other (numpy's would mix ∞ − ∞)."""
    ordered = sorted(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return high if math.isinf(high) else (low + high) / 2


def _finite(values: Any) -> NDArray[Any]:
    array = np.asarray(values, dtype=float)
    return np.where(np.isfinite(array), array, np.nan)
