"""Figs 1, 5 and 7: what the share of the table that is trained on changes, in either encoding and for each optimizer."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from grokbench.claims.phrases import half_open
from grokbench.figures import layout, style, thresholds, times
from grokbench.figures.hu2024 import stated
from grokbench.measures.cells import Cell
from grokbench.measures.reading import last_accuracy
from grokbench.measures.rising import best_above_guess, updates_per_epoch
from grokbench.training.record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Levels = Mapping[float, tuple[Cell, ...]]

ALPHA = "α, training fraction (share of the table)"
COLUMNS = 3


def encoding_b(cells: style.Cells) -> Figure | None:
    """T_gen and T_mem of encoding B against α (Fig 7)."""
    group = layout.trained(cells, stated.FRACTIONS)
    if not group:
        return None
    levels = stated.by_alpha(group)
    figure, axes = style.canvas(1, 1, width=6.8, height=4.6)
    _times(axes[0], levels)
    axes[0].set_xlabel(ALPHA)
    text = "Time to generalise and to fit in encoding B against the training fraction (the paper's Fig 7)."
    return times.finish(figure, axes[0], f"{text} {layout.seeds_said(group)}")


def official(cells: style.Cells) -> Figure | None:
    """T_gen and T_mem of encoding A against α, and its a′ at the best and when it fits; a column a weight decay (Fig 1)."""
    panels = [(title, levels) for title, names in stated.OFFICIAL.items() if (levels := _first(cells, names))]
    if not panels:
        return None
    n = len(panels)
    figure, axes = style.canvas(2, n, width=6.8 if n == 1 else 4.8, height=3.5)
    figure.set_figheight(figure.get_figheight() + 0.9)
    for upper, lower, (title, levels) in zip(axes[:n], axes[n:], panels, strict=True):
        _times(upper, levels)
        _epochs(upper, levels)
        upper.set_title(title, fontsize=9, loc="left")
        _above_guess(lower, levels)
        if any(line.get_marker() == "^" for line in upper.lines):
            upper.plot([], [], "^", color="0.3", markersize=8, markerfacecolor="none", label=style.CENSORED)
        upper.set_yscale("log")
        upper.margins(y=0.12)
        lower.set_xlabel(ALPHA)
    axes[0].set_ylabel("step (optimizer updates)")
    axes[n].set_ylabel("a′ (share above a memoriser)")
    _same(axes[:n], "y")
    _same(axes, "x")
    for ax in axes[:n]:
        layout.whole_steps(ax)
    runs = [cell for _, levels in panels for group in levels.values() for cell in group]
    budgets = sorted({int(record.trial.budget) for _, _, record in runs})
    layout.caption(
        figure,
        "Encoding A against the training fraction (the paper's Fig 1): time to generalise and to fit above; below, the largest "
        f"test accuracy above that of a memoriser, {stated.ABOVE}, and the same when the training set is fitted. Budget "
        f"{' or '.join(layout.thousands(b) for b in budgets)} updates. {layout.seeds_said(runs)}",
    )
    style.one_legend(figure, axes)
    return figure


def onset(cells: style.Cells) -> Figure | None:
    """Share of seeds solved within 20 000 updates against α, encoding A over encoding B, with and without weight decay."""
    shown = [(title, group) for name, title in stated.ONSET.items() if (group := layout.trained(cells, name))]
    if not shown:
        return None
    n, columns = len(shown), 2
    figure, axes = layout.multiples(n, columns)
    figure.set_figheight(figure.get_figheight() + 0.4 * (1 + n // columns))
    budgets = set()
    for i, (ax, (title, group)) in enumerate(zip(axes, shown, strict=True)):
        measured = thresholds.of_cells(group)
        assert measured is not None
        found, when, budget = measured
        budgets.add(budget)
        thresholds.solved_share(ax, found, when)
        named = [line for line in ax.lines if str(line.get_label()).startswith("α50")]
        bound = half_open(found.bracket)
        known = f"α50 {bound}" if bound[0] in "≤>" else f"α50 in {bound}"
        if named:
            known = str(named[0].get_label())
        for line in named:
            line.set_label("α50")  # its number stands in the title of the panel
        ax.set_title(f"{title}: {known}", fontsize=9, loc="left")
        ax.set_xlabel("")
        ax.set_ylabel("")
        layout.label(ax, i, n, ALPHA, "share of seeds solved", columns)
    _same(axes, "x")
    within = " or ".join(layout.thousands(b) for b in sorted(budgets))
    layout.caption(
        figure,
        f"Share of seeds that generalise within {within} updates against the training fraction (the paper's Section 4.1). "
        f"{layout.seeds_said(c for _, group in shown for c in group)}",
    )
    style.one_legend(figure, axes)
    return figure


def optimizers(cells: style.Cells) -> Figure | None:
    """Accuracies after 1800 steps against α, a panel an arm of Fig 5; and when each arm fits its training set."""
    shown = []
    for name, label in stated.GRID.items():
        levels = _first(cells, (name, stated.NINETY) if name == "adam-grid" else (name,))
        if levels:
            shown.append((label.replace("\n", " "), levels))
    if not shown:
        return None
    n = len(shown) + 1
    figure, axes = layout.multiples(n, COLUMNS)
    for i, (ax, (label, levels)) in enumerate(zip(axes, shown, strict=False)):
        _ended(ax, levels)
        title = f"{string.ascii_lowercase[i]}  {label}: {_mean(levels):.2f}"
        ax.set_title(title, fontsize=9, loc="left")
        layout.label(ax, i, n, "α, training fraction", "accuracy", COLUMNS)
    _same(axes[:-1], "x")
    _fits(axes[-1], [levels for _, levels in shown])
    runs = [cell for _, levels in shown for group in levels.values() for cell in group]
    budgets = sorted({int(record.trial.budget) for _, _, record in runs})
    layout.caption(
        figure,
        f"Accuracies after {' or '.join(layout.thousands(b) for b in budgets)} updates against the training fraction, for each "
        "arm of the paper's Fig 5; in the titles the median over seeds of the test accuracy averaged over the fractions. Last "
        f"panel: time to fit of every run, by arm. {layout.seeds_said(runs)}",
    )
    style.one_legend(figure, axes)
    return figure


def _first(cells: style.Cells, names: Sequence[str]) -> Levels:
    """Trained cells by α; the first experiment that has a fraction gives it."""
    out: dict[float, tuple[Cell, ...]] = {}
    for name in names:
        for alpha, group in stated.by_alpha(layout.trained(cells, name)).items():
            out.setdefault(alpha, group)
    return {alpha: out[alpha] for alpha in sorted(out)}


def _times(ax: Axes, levels: Levels) -> None:
    times.series(ax, list(levels), [[record for _, _, record in group] for group in levels.values()])


def _epochs(ax: Axes, levels: Levels) -> None:
    """The 6000 epochs of the text at the fractions it names, once as updates and once as passes over the training set."""
    at = [(alpha, group) for alpha, group in levels.items() if round(alpha, 9) in stated.EPOCHS_ALPHAS]
    readings: tuple[tuple[str, str, Callable[[Record], int]], ...] = (
        ("paper: 6000 epochs, read as updates", style.GREEN, lambda record: 1),
        ("paper: 6000 epochs, read as passes", style.PURPLE, updates_per_epoch),
    )
    for label, color, per in readings:
        for alpha, group in at:
            height = stated.EPOCHS * per(group[0][2])
            ax.plot([alpha - 0.035, alpha + 0.035], [height] * 2, "-", color=color, linewidth=3, label=label)


def _above_guess(ax: Axes, levels: Levels) -> None:
    at = list(levels)
    drawn: tuple[tuple[str, str, str, Callable[[Cell], float]], ...] = (
        ("best a′ (median of seeds)", style.VERMILION, "o", lambda cell: best_above_guess(cell[2])),
        ("a′ at T_mem (median of seeds)", style.BLUE, "s", lambda cell: stated.measured("test-at-fit", cell)),
    )
    for label, color, marker, value in drawn:
        middle = []
        for alpha, group in levels.items():
            found = [number for cell in group if math.isfinite(number := value(cell))]
            ax.plot([alpha] * len(found), found, marker, color=color, markersize=4, alpha=0.5)
            middle.append(style.median(found) if found else math.nan)
        ax.plot(at, middle, "-", marker=marker, color=color, markersize=6, linewidth=1.6, label=label)
    ax.axhline(0, color=style.BLACK, linewidth=1.0, linestyle="--", label="a′ = 0, a memoriser")
    ax.set_ylim(min(-0.05, ax.get_ylim()[0]), 1.05)


def _ended(ax: Axes, levels: Levels) -> None:
    """Test accuracy after the last step of every seed and its median; train accuracy; the memoriser's baseline."""
    at = list(levels)
    middle = []
    for alpha, group in levels.items():
        found = [last_accuracy(record) for _, _, record in group]
        ax.plot([alpha] * len(found), found, "o", color=style.VERMILION, markersize=3.5, alpha=0.5)
        fits = [stated.measured("final-train-accuracy", cell) for cell in group]
        ax.plot(
            [alpha] * len(fits),
            fits,
            "s",
            color=style.BLUE,
            markersize=3,
            markerfacecolor="none",
            label="train, a seed",
        )
        middle.append(style.median(found))
    ax.plot(at, middle, "-", color=style.VERMILION, linewidth=2, label="test (median of seeds)")
    ax.plot([], [], "o", color=style.VERMILION, markersize=3.5, alpha=0.5, label="test, a seed")
    heights = [stated.memoriser(group) for group in levels.values()]
    mark = "x" if len(at) == 1 else ""
    ax.plot(at, heights, "--", marker=mark, color=style.BLACK, linewidth=1.0, label="b, a memoriser")
    ax.set_ylim(-0.03, 1.05)


def _mean(levels: Levels) -> float:
    """Median over seeds of the test accuracy averaged over the fractions, of the seeds that have them all."""
    by_seed: dict[int, list[float]] = {}
    for group in levels.values():
        for seed, _, record in group:
            by_seed.setdefault(seed, []).append(last_accuracy(record))
    whole = [float(np.mean(found)) for found in by_seed.values() if len(found) == len(levels)]
    return style.median(whole) if whole else math.nan


def _fits(ax: Axes, arms: Sequence[Levels]) -> None:
    """T_mem of every run against the arm's letter, over the span that the paper states."""
    paper = "paper: fitted after 100 to 200 updates"
    ax.axhspan(*stated.FITS, color=style.GREEN, alpha=0.2, linewidth=0, label=paper)
    for i, levels in enumerate(arms):
        runs = [(record.t_mem, record.trial.budget) for group in levels.values() for _, _, record in group]
        style.dots(ax, i, runs, style.BLUE, "D", size=3, opacity=0.4, spread=0.6, above=5)
    ax.plot([], [], "D", color=style.BLUE, markersize=3, alpha=0.6, label="T_mem of a run")
    if any(line.get_marker() == "^" for line in ax.lines):
        censored = style.CENSORED.replace("seeds", "runs")
        ax.plot([], [], "^", color="0.3", markersize=8, markerfacecolor="none", label=censored)
    ax.set_xticks(range(len(arms)), list(string.ascii_lowercase[: len(arms)]))
    ax.set_xlim(-0.6, len(arms) - 0.4)
    ax.margins(y=0.15)
    layout.whole_steps(ax)
    ax.tick_params(labelsize=8)
    ax.set_title("time to fit", fontsize=9, loc="left")
    ax.set_xlabel("panel of the arm")
    ax.set_ylabel("T_mem (updates)")


def _same(axes: Sequence[Axes], which: str) -> None:
    """Give all of these panels the same limits along x or y."""
    limits = [getattr(ax, f"get_{which}lim")() for ax in axes]
    for ax in axes:
        getattr(ax, f"set_{which}lim")(min(low for low, _ in limits), max(high for _, high in limits))
