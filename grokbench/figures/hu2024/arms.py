"""Figs 3, 4 and 5 at a glance: arms side by side, a mark a seed, medians bold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from grokbench.figures import layout, strips, style
from grokbench.figures.hu2024 import stated
from grokbench.measures.cells import Cell
from grokbench.measures.reading import last_accuracy
from grokbench.measures.rising import best_above_guess

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Shown = Sequence[tuple[str, tuple[Cell, ...]]]  # label and cells of each arm

SPREAD = 0.44  # the seeds of one arm lie within so much of each other
WIDE = 0.3  # half the width of a bar, and of the line of a median
TRAIN = "train accuracy of a seed"
BASELINE = "b, a memoriser that copies the mirror's answer"


def encodings(cells: style.Cells) -> Figure | None:
    """Best train accuracy and best a′ of every network at 30 % of the table: who fits, and who generalises."""
    shown = _shown(cells, stated.AT_30)
    if not any(name != stated.MAIN and layout.trained(cells, name) for name in stated.AT_30):
        return None
    figure, axes = style.canvas(2, 1, width=max(6.4, 1.2 * len(shown)), height=3.0)
    figure.set_figheight(figure.get_figheight() + 0.9)
    fit, rise = axes
    _strip(fit, shown, lambda cell: stated.measured("best-train-accuracy", cell), style.BLUE)
    _strip(rise, shown, lambda cell: best_above_guess(cell[2]), style.VERMILION)
    fit.axhline(
        1, color="0.35", linestyle=":", linewidth=1.0, label="100 %, which the paper's MLP stays below"
    )
    rise.axhline(0, color=style.BLACK, linewidth=1.0, linestyle="--", label="a′ = 0, a memoriser")
    fit.set_ylabel("best train accuracy")
    rise.set_ylabel("best a′")
    fit.set_ylim(-0.03, 1.05)
    rise.set_ylim(min(-0.05, rise.get_ylim()[0]), 1.05)
    for ax, name in ((fit, ""), (rise, "network, and how x and y enter it")):
        _name(ax, shown, name)
    fit.tick_params(axis="x", labelbottom=False)
    layout.caption(
        figure,
        "The largest train accuracy of any evaluation (above) and the largest test accuracy above that of a memoriser, "
        f"{stated.ABOVE} (below), {_fractions(shown)}. Budgets in updates: "
        f"{_budgets(shown)}. {_seeds(shown)}",
    )
    style.one_legend(figure, axes)
    return figure


def at_half(cells: style.Cells) -> Figure | None:
    """Accuracies after the last step of AdamW and Adam at half of the table, each pair side by side."""
    shown = _shown(cells, stated.HALF)
    if not shown:
        return None
    figure, axes = style.canvas(1, 1, width=max(6.4, 1.55 * len(shown)), height=4.6)
    ax = axes[0]
    _bars(ax, shown)
    _pairs(ax, [layout.trained(cells, name) for name in stated.HALF])
    _name(ax, shown)
    text = f"Accuracies after {_updates(shown)} updates at {_fractions(shown)} (the paper's Fig 5, at one fraction)."
    layout.caption(figure, f"{text} {_seeds(shown)}")
    style.one_legend(figure, axes)
    return figure


def two(cells: style.Cells) -> Figure | None:
    """The eight arms of Fig 5 at each of two fractions, and when each of them fits its training set; None for a single arm."""
    arms = _shown(cells, stated.TWO)
    if len(arms) < 2:
        return None
    alphas = sorted({alpha for _, group in arms for alpha in stated.by_alpha(group)})
    figure, axes = style.canvas(len(alphas) + 1, 1, width=max(6.4, 1.2 * len(arms)), height=2.9)
    figure.set_figheight(figure.get_figheight() + 0.9)
    for ax, alpha in zip(axes, alphas, strict=False):
        shown = [(label, layout.at_alpha(group, alpha)) for label, group in arms]
        _bars(ax, shown)
        _name(ax, shown, "")
        ax.set_title(f"α = {alpha:g}", fontsize=9, loc="left")
    _fits(axes[-1], [(label, stated.by_alpha(group)) for label, group in arms], alphas)
    _name(axes[-1], arms)
    layout.caption(
        figure,
        f"Accuracies after {_updates(arms)} updates, and time to fit, of the arms of the paper's Fig 5 at {_fractions(arms)}. "
        f"{_seeds(arms)}",
    )
    style.one_legend(figure, axes)
    return figure


def _shown(cells: style.Cells, arms: Mapping[str, str]) -> Shown:
    return [(label, group) for name, label in arms.items() if (group := layout.trained(cells, name))]


def _strip(ax: Axes, shown: Shown, value: Callable[[Cell], float], color: str) -> None:
    for i, (_, group) in enumerate(shown):
        found = [value(cell) for cell in group]
        middle, ends = style.median(found), [i - WIDE, i + WIDE]
        ax.plot(ends, [middle] * 2, "-", color=style.BLACK, linewidth=2, label="median")
        ax.plot(style.beside(i, len(found), SPREAD), found, "o", color=color, markersize=5.5, alpha=0.75)
    ax.plot([], [], "o", color="0.35", markersize=5.5, label="seed")


def _bars(ax: Axes, shown: Shown) -> None:
    """Test accuracy at the end: bar and dots, vermilion with weight decay; train accuracy; the memoriser's line."""
    for i, (_, group) in enumerate(shown):
        if not group:
            continue
        found = [last_accuracy(record) for _, _, record in group]
        decayed = any(float(record.trial.recipe.optimizer["weight_decay"]) > 0 for _, _, record in group)
        color, said = (style.VERMILION, "AdamW") if decayed else (style.BLUE, "Adam")
        middle = style.median(found)
        label = f"test accuracy, median of seeds, {said}"
        ax.bar([i], [middle], width=2 * WIDE, color=color, alpha=0.4, label=label)
        ax.plot([i - WIDE, i + WIDE], [middle] * 2, "-", color=color, linewidth=2.2)
        places = style.beside(i, len(found), SPREAD)
        ax.plot(places, found, "o", color=color, markersize=4)
        fits = [stated.measured("final-train-accuracy", cell) for cell in group]
        ax.plot(places, fits, "s", color="0.25", markersize=5, markerfacecolor="none", label=TRAIN)
    ax.plot([], [], "o", color="0.35", markersize=4, label="test accuracy of a seed")
    height = stated.memoriser(cell for _, group in shown for cell in group)
    ax.axhline(height, color=style.BLACK, linewidth=1.0, linestyle="--", label=BASELINE)
    ax.set_ylim(0, 1.05)
    ax.set_ylabel("accuracy (share of rows)")


def _pairs(ax: Axes, arms: Sequence[Sequence[Cell]]) -> None:
    """A line between the two arms of a pair for every seed that both have; arms without cells take no place."""
    places: dict[int, int] = {}
    for i, group in enumerate(arms):
        if group:
            places[i] = len(places)
    for left in range(0, len(arms), 2):
        if not {left, left + 1} <= set(places):
            continue
        ends = []
        for i in (left, left + 1):
            at = style.beside(places[i], len(arms[i]), SPREAD)
            ends.append({seed: (x, last_accuracy(r)) for x, (seed, _, r) in zip(at, arms[i], strict=True)})
        for seed in ends[0].keys() & ends[1].keys():
            line = zip(ends[0][seed], ends[1][seed], strict=True)
            ax.plot(*line, "-", color="0.5", linewidth=0.7, label="same seed")


def _name(ax: Axes, shown: Shown, axis: str = "optimizer") -> None:
    ax.set_xticks(range(len(shown)), [label for label, _ in shown])
    ax.set_xlim(-0.5, len(shown) - 0.5)
    ax.tick_params(axis="x", labelsize=8)
    ax.grid(axis="x", visible=False)
    ax.set_xlabel(axis)


def _fits(
    ax: Axes, arms: Sequence[tuple[str, Mapping[float, tuple[Cell, ...]]]], alphas: Sequence[float]
) -> None:
    """T_mem of every run, the fractions beside each other, over the span that the paper states."""
    paper = "paper: training set fitted after 100 to 200 updates"
    ax.axhspan(*stated.FITS, color=style.GREEN, alpha=0.2, linewidth=0, label=paper)
    room = 0.8 / max(1, len(alphas))
    for j, alpha in enumerate(alphas):
        color, marker = (style.PURPLE, style.ORANGE)[j % 2], ("D", "v")[j % 2]
        for i, (_, levels) in enumerate(arms):
            runs = [(record.t_mem, record.trial.budget) for _, _, record in levels.get(alpha, ())]
            if not runs:
                continue
            at = i + room * (j - (len(alphas) - 1) / 2)
            style.dots(ax, at, runs, color, marker, size=4.5, opacity=0.8, spread=0.7 * room)
            middle = style.median(t for t, _ in runs)
            if math.isfinite(middle):
                ends = [at - 0.42 * room, at + 0.42 * room]
                ax.plot(ends, [middle] * 2, "-", color=style.BLACK, linewidth=1.8, label="median T_mem")
        ax.plot([], [], marker, color=color, markersize=4.5, label=f"T_mem of a seed, α = {alpha:g}")
    if any(line.get_marker() == "^" for line in ax.lines):
        ax.plot([], [], "^", color="0.3", markersize=8, markerfacecolor="none", label=style.CENSORED)
    ax.margins(y=0.15)
    layout.whole_steps(ax)
    ax.set_title("time to fit", fontsize=9, loc="left")
    ax.set_ylabel("T_mem (optimizer updates)")


def _fractions(shown: Shown) -> str:
    return strips.at_fractions(cell for _, group in shown for cell in group)


def _updates(shown: Shown) -> str:
    budgets = sorted({int(record.trial.budget) for _, group in shown for _, _, record in group})
    return " or ".join(layout.thousands(budget) for budget in budgets)


def _budgets(shown: Shown) -> str:
    """The budget of each network, by the first word of its label."""
    found: dict[str, set[int]] = {}
    for label, group in shown:
        network = label.split(",")[0]
        found.setdefault(network, set()).update(int(record.trial.budget) for _, _, record in group)
    return ", ".join(
        f"{network} {' or '.join(layout.thousands(b) for b in sorted(budgets))}"
        for network, budgets in found.items()
    )


def _seeds(shown: Shown) -> str:
    return layout.seeds_said(cell for _, group in shown for cell in group)
