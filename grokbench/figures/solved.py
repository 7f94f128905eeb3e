"""Solved: the share of seeds that generalise within the budget over the training fraction, and α50."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grokbench.analysis.thresholds import Bracket, Threshold, firth_logistic, threshold
from grokbench.claims.phrases import half_open
from grokbench.figures import layout, marks, style
from grokbench.figures.data import Arm, arms, numbers
from grokbench.figures.fields import Fields, Quantity
from grokbench.figures.kind import Kind
from grokbench.figures.strips import Strip
from grokbench.measures.cells import Cell, Cells
from grokbench.measures.reading import ends

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Times = Mapping[float, Sequence[float]]  # α → T_gen of the trials that were trained there; inf is censored

RUG = 0.2  # height below share 0 in which the seeds' brackets lie
ALPHA = "α, training fraction (share of the table)"


@dataclass(frozen=True, kw_only=True)
class Solved(Fields):
    """The share of seeds that generalise within the budget, over α, with each seed's bracket, and means of y; a panel a label."""


def draw(own: Solved, cells: Cells) -> Figure | None:
    """A panel for each label that has runs; a single one has the times beside it. None where none has."""
    shown = arms(own, own, cells, whole=True)
    if not shown:
        return None
    single = len(shown) == 1
    figure, axes = layout.multiples(len(shown) + single, 2 if len(shown) in (1, 2, 4) else 3, height=2.2)
    for i, (ax, arm) in enumerate(zip(axes, shown, strict=False)):
        found, when, budget = of_cells(arm.cells)
        solved_share(ax, found, when)
        for line in ax.lines:
            if str(line.get_label()).startswith("α50"):
                line.set_label("α50")  # its number stands in the heading of the panel
        for one in own.y:
            _mean(ax, one, arm, cells)
        marks.draw(ax, own, [arm], cells)
        text = f"{arm.label}\n{alpha50(found)}, {layout.thousands(budget)} steps"
        ax.set_title(text, fontsize=9, loc="left")
        layout.label(ax, i, len(shown), ALPHA, "share of seeds solved", 2 if len(shown) == 4 else 3)
        if single:
            times_against_alpha(axes[1], when, budget)
            axes[1].set_xlim(ax.get_xlim())
    if not single:
        layout.same_limits(axes, "x")
    return layout.framed(figure, axes, own, cells, [cell for arm in shown for cell in arm.cells])


def _mean(ax: Axes, one: Quantity, arm: Arm, cells: Cells) -> None:
    levels: dict[float, list[float]] = {}
    for cell in arm.cells:
        levels.setdefault(float(cell.record.trial.alpha), []).extend(
            ends(v).high for v in numbers(one, (cell,), cells)
        )
    means = [float(np.mean(levels[at])) if levels[at] else math.nan for at in sorted(levels)]
    ax.plot(
        sorted(levels),
        means,
        "x-",
        color=style.PURPLE,
        linewidth=1.0,
        markersize=4,
        label=f"{one.name}, mean of seeds",
    )


def alpha50(found: Threshold) -> str:
    """α50, or what is known of it."""
    if found.alpha50 is not None and math.isfinite(found.alpha50) and found.bracket.low:
        return f"α50 = {found.alpha50:.4g}"
    if found.bracket == (0.0, math.inf):
        return "α50 not known"
    bound = half_open(found.bracket)
    return f"α50 {bound}" if bound[0] in "≤>" else f"α50 in {bound}"


def sweep(found: Threshold, times: Times, budget: int, title: str = "") -> Figure:
    """Share solved with its exact intervals, the seeds' brackets and α50; beside it T_gen against α."""
    figure, axes = style.canvas(1, 2, height=3.6)
    solved_share(axes[0], found, times)
    times_against_alpha(axes[1], times, budget)
    axes[1].set_xlim(axes[0].get_xlim())
    axes[0].set_title(title, fontsize=9, loc="left")
    axes[1].set_title(f"budget {layout.thousands(budget)} steps", fontsize=9, loc="left")
    style.one_legend(figure, axes)
    return figure


def of_cells(cells: Sequence[Cell]) -> tuple[Threshold, dict[float, list[float]], int]:
    """What ``sweep`` needs of trials that were all run, seed by α."""
    by_cell = {(seed, float(record.trial.alpha)): record.t_gen for seed, _, record in cells}
    alphas = sorted({alpha for _, alpha in by_cell})
    rows: dict[int, list[bool | None]] = {}
    for seed in sorted({seed for seed, _ in by_cell}):
        found = [by_cell.get((seed, alpha)) for alpha in alphas]
        rows[seed] = [None if time is None else math.isfinite(time) for time in found]
    times = {alpha: [time for (_, a), time in by_cell.items() if a == alpha] for alpha in alphas}
    return threshold(alphas, rows, monotone=False), times, max(r.trial.budget for _, _, r in cells)


def solved_share(ax: Axes, found: Threshold, times: Times, color: str = style.BLUE) -> None:
    """k/n with Clopper–Pearson bars; below it a line per seed from the unsolved fraction to the solved one."""
    alphas = [level.alpha for level in found.levels]
    left, right = _edges(alphas)
    inferred = False
    for level in found.levels:
        n = level.solved + level.unsolved + level.unknown
        low, high = level.solved / n, (level.solved + level.unknown) / n
        ax.plot([level.alpha] * 2, level.interval, "-", color=color, linewidth=1.4, alpha=0.8)
        if level.unknown:
            ax.plot([level.alpha] * 2, [low, high], "-", color=color, linewidth=5, alpha=0.4)
        else:
            whole = len(times.get(level.alpha, ())) == n
            face = color if whole else "white"
            ax.plot([level.alpha], [low], "o", color=color, markerfacecolor=face, markersize=6)
            inferred = inferred or not whole
    ax.plot([], [], "o-", color=color, label="solved share, exact 95 % interval")
    if inferred:
        ax.plot(
            [], [], "o", color=color, markerfacecolor="white", label="the same, in part inferred from other α"
        )
    if any(level.unknown for level in found.levels):
        ax.plot([], [], "-", color=color, linewidth=5, alpha=0.4, label="some seeds not known")
    _draw_interval(ax, found, left, right)
    _draw_brackets(ax, found.brackets, left, right)
    points = [(alpha, math.isfinite(time)) for alpha, group in times.items() for time in group]
    fit = firth_logistic([a for a, _ in points], [hit for _, hit in points]) if points else None
    if fit is not None:
        grid = np.linspace(left, right, 200)
        curve = 1 / (1 + np.exp(-np.clip(fit[1] * (grid - fit[0]), -50, 50)))
        ax.plot(grid, curve, ":", color="0.35", linewidth=1.2, label="logistic curve (Firth), for the eye")
    ax.axhline(0.5, color="0.6", linewidth=0.7)
    ax.axhline(0, color="0.6", linewidth=0.7)
    ax.set_xlim(left, right)
    ax.set_ylim(-RUG, 1.04)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
    ax.set_xlabel(ALPHA, fontsize=9)
    ax.set_ylabel("share of seeds solved", fontsize=9)


def _edges(alphas: Sequence[float]) -> tuple[float, float]:
    """Ends of the axis: most of a grid step beyond the grid, where brackets that leave it end."""
    room = 0.7 * min(np.diff(alphas), default=0.1)
    return alphas[0] - room, alphas[-1] + room


def _draw_interval(ax: Axes, found: Threshold, left: float, right: float) -> None:
    what = "α50, 95 % interval" if found.confidence else "span of the seeds' brackets"
    low, high = max(found.interval.low, left), min(found.interval.high, right)
    ax.axvspan(low, high, color=style.ORANGE, alpha=0.18, linewidth=0, label=what)
    if found.alpha50 is not None and math.isfinite(found.alpha50):
        name = f"α50 = {found.alpha50:.4g}" if found.bracket.low else f"α50 ≤ {found.alpha50:.4g}"
        ax.axvline(found.alpha50, color=style.VERMILION, linestyle="--", linewidth=1.4, label=name)


def _draw_brackets(ax: Axes, brackets: Mapping[int, Bracket], left: float, right: float) -> None:
    rows = np.linspace(-0.03, -RUG + 0.02, len(brackets) + 2)[1:-1]
    for y, (seed, one) in zip(rows, sorted(brackets.items(), key=lambda own: own[1]), strict=True):
        ends = [max(one.low, left), min(one.high, right)]
        width = min(2.2, 20 / len(brackets))
        (line,) = ax.plot(ends, [y, y], "-", color=style.GREEN, linewidth=width, solid_capstyle="butt")
        style.credit(line, [seed])
    ax.plot([], [], "-", color=style.GREEN, linewidth=2.2, label="bracket of a seed's threshold")


def times_against_alpha(ax: Axes, times: Times, budget: int) -> None:
    """A mark a trial; trials that did not get there are one open triangle at the budget with their number."""
    for alpha, group in times.items():
        if group:
            found = {i: [time] for i, time in enumerate(group)}
            Strip(alpha, "T_gen", style.LOOKS[1], found, budget, 0.0, seeded=False).draw(ax, bar=False)
    style.named(ax, "T_gen of a trial", style.LOOKS[1].marker, color=style.LOOKS[1].color, markersize=5)
    ax.axhline(budget, color="0.6", linewidth=0.7)
    least = min(
        (time for group in times.values() for time in group if 0 < time < budget), default=budget / 10
    )
    ax.set_ylim(0.7 * least, 1.5 * budget)
    ax.set_yscale("log")
    ax.set_xlabel(ALPHA, fontsize=9)
    ax.set_ylabel("T_gen (optimizer updates)", fontsize=9)


KIND = Kind(Solved, draw, panels=False)
