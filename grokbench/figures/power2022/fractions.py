"""Figs 1 center and 2: what a smaller share of the table costs, by operation, intervention and learning rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from grokbench.figures import layout, style, thresholds, times
from grokbench.figures.power2022 import stated
from grokbench.measures.cells import Cell
from grokbench.training.record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from grokbench.analysis.thresholds import Threshold

WORKS = 0.9  # least test accuracy of a learning rate that generalises


def small_fractions(cells: style.Cells) -> Figure | None:
    """T_gen and T_mem on the product of permutations against α, one panel an optimizer (Fig 1 center)."""
    panels = []
    for name, title in stated.SMALL_FRACTIONS.items():
        group = layout.trained(cells, name)
        if group:
            panels.append((title, group))
    if not panels:
        return None
    figure, axes = style.canvas(1, len(panels), width=6.8 if len(panels) == 1 else 5.2, height=4.6)
    for ax, (title, group) in zip(axes, panels, strict=True):
        levels: dict[float, list[Record]] = {}
        for _, _, record in group:
            levels.setdefault(float(record.trial.alpha), []).append(record)
        at = sorted(levels)
        ax.axhspan(*stated.FITS, color="0.9", zorder=0, linewidth=0, label="paper: T_mem from 10³ to 10⁴")
        times.series(ax, at, [levels[a] for a in at])
        _growth(ax, at, [style.median(record.t_gen for record in levels[a]) for a in at])
        if any(line.get_marker() == "^" for line in ax.lines):
            ax.plot([], [], "^", color="0.3", markersize=8, markerfacecolor="none", label=style.CENSORED)
        ax.set_yscale("log")
        ax.margins(y=0.12)
        ax.set_title(title, fontsize=9, loc="left")
        ax.set_xlabel("α, training fraction (share of the table)")
        ax.set_ylabel("step (optimizer updates)")
    limits = [ax.get_ylim() for ax in axes]
    for ax in axes:
        ax.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
        layout.whole_steps(ax)
    text = (
        "Time to generalise and to fit the product of permutations (S₅) against the training fraction (the paper's Fig 1 "
        f"center). {layout.seeds_said(c for _, group in panels for c in group)}"
    )
    layout.caption(figure, text)
    style.one_legend(figure, axes)
    return figure


def _growth(ax: Axes, at: list[float], medians: list[float]) -> None:
    """What the paper's growth of T_gen makes of the median at the largest fraction that has one."""
    known = [(a, t) for a, t in zip(at, medians, strict=True) if math.isfinite(t) and t > 0]
    if len(at) < 2 or not known:
        return
    start, time = known[-1]
    grid = np.linspace(at[0], start, 50)
    low, high = (time * factor ** (100 * (start - grid)) for factor in stated.GROWTH)
    text = "paper: 40 to 50 % later for each 1 % of the table less"
    ax.fill_between(grid, low, high, color=style.ORANGE, alpha=0.35, linewidth=0, label=text)


def operations(cells: style.Cells) -> Figure | None:
    """Share of seeds solved against α for each operation of the paper (Fig 2 right)."""
    text = (
        "Share of seeds that generalise within the budget against the training fraction, for each operation (the paper's "
        "Fig 2 right)."
    )
    return _shares(cells, stated.OPERATIONS, text)


def interventions(cells: style.Cells) -> Figure | None:
    """Share of seeds that generalise against α for each intervention, on the product of permutations (Fig 2 left)."""
    text = (
        "Share of seeds that generalise within the budget on the product of permutations (S₅), under each intervention (the "
        "paper's Fig 2 left)."
    )
    return _shares(cells, stated.INTERVENTIONS, text)


def _shares(cells: style.Cells, arms: Mapping[str, str], text: str) -> Figure | None:
    shown = [(title, group) for name, title in arms.items() if (group := layout.trained(cells, name))]
    if not shown:
        return None
    n = len(shown)
    figure, axes = layout.multiples(n)
    budgets = set()
    for i, (ax, (title, group)) in enumerate(zip(axes, shown, strict=True)):
        measured = thresholds.of_cells(group)
        assert measured is not None
        found, when, budget = measured
        budgets.add(budget)
        thresholds.solved_share(ax, found, when)
        for line in ax.lines:
            if str(line.get_label()).startswith("α50"):
                line.set_label("α50")  # its number stands in the title of the panel
        _best_accuracy(ax, group)
        ax.set_title(f"{title}: {_alpha50(found)}", fontsize=9, loc="left")
        ax.set_xlabel("")
        ax.set_ylabel("")
        layout.label(ax, i, n, "α, training fraction", "share solved")
    _same_limits(axes)
    absent = [title for name, title in arms.items() if not layout.trained(cells, name)]
    if absent:
        text += f" Without records: {'; '.join(absent)}."
    within = " or ".join(layout.thousands(b) for b in sorted(budgets))
    layout.caption(
        figure, f"{text} Budget {within} updates. {layout.seeds_said(c for _, g in shown for c in g)}"
    )
    style.one_legend(figure, axes)
    return figure


def _best_accuracy(ax: Axes, group: tuple[Cell, ...]) -> None:
    """What the paper's figure shows: the best test accuracy within the budget, averaged over the seeds."""
    best: dict[float, list[float]] = {}
    for _, _, record in group:
        within = record.curves["step"] <= record.trial.budget
        best.setdefault(float(record.trial.alpha), []).append(
            float(np.max(record.curves["test_accuracy"][within]))
        )
    at = sorted(best)
    means = [float(np.mean(best[a])) for a in at]
    ax.plot(
        at, means, "x-", color=style.PURPLE, linewidth=1.0, markersize=4, label="best test accuracy, mean"
    )


def _alpha50(found: Threshold) -> str:
    from grokbench.claims.phrases import half_open

    if found.alpha50 is not None and math.isfinite(found.alpha50) and found.bracket.low:
        return f"α50 = {found.alpha50:.4g}"
    if found.bracket == (0.0, math.inf):
        return "α50 not known"
    bound = half_open(found.bracket)
    return f"α50 {bound}" if bound[0] in "≤>" else f"α50 in {bound}"


def _same_limits(axes: list[Axes]) -> None:
    limits = [ax.get_xlim() for ax in axes]
    for ax in axes:
        ax.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))


def learning_rates(cells: style.Cells) -> Figure | None:
    """Best test accuracy of each seed against the learning rate."""
    group = layout.trained(cells, stated.LEARNING_RATES)
    if not group:
        return None
    figure, axes = style.canvas(1, 1, width=6.4, height=4.2)
    ax = axes[0]
    rates: dict[float, list[float]] = {}
    by_seed: dict[int, list[tuple[float, float]]] = {}
    for seed, _, record in group:
        within = record.curves["step"] <= record.trial.budget
        rate = float(record.trial.recipe.optimizer["lr"])
        best = float(np.max(record.curves["test_accuracy"][within]))
        rates.setdefault(rate, []).append(best)
        by_seed.setdefault(seed, []).append((rate, best))
    for pairs in by_seed.values():
        line = sorted(pairs)
        ax.plot(*zip(*line, strict=True), "o-", color=style.BLUE, linewidth=0.7, markersize=4, alpha=0.45)
    at = sorted(rates)
    ax.plot([], [], "o-", color=style.BLUE, linewidth=0.7, markersize=4, alpha=0.45, label="seed")
    ax.plot(
        at, [style.median(rates[r]) for r in at], "-", color=style.BLACK, linewidth=2, label="median of seeds"
    )
    ax.axhline(WORKS, color="0.35", linewidth=0.9, linestyle=":", label=f"a rate that works: {WORKS:g}")
    ax.set_xscale("log")
    ax.set_ylim(-0.03, 1.03)
    ax.set_xlabel("learning rate")
    ax.set_ylabel("best test accuracy (share of rows)")
    alphas = sorted({float(record.trial.alpha) for _, _, record in group})
    text = (
        f"The product of permutations (S₅) at α = {', '.join(f'{a:g}' for a in alphas)}, Adam over learning rates (the paper's "
        f"Section 3.3). {layout.seeds_said(group)}"
    )
    layout.caption(figure, text)
    style.one_legend(figure, [ax])
    return figure
