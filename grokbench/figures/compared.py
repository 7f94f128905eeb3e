"""A comparison: each arm's T_gen, the marks of one seed joined, and beside it the test accuracies of the two arms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from grokbench.figures import layout, style
from grokbench.figures.curves import median_curve, thinned
from grokbench.figures.strips import Strip, join
from grokbench.plan.compared import NAMES, CompareResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPREAD = 0.3  # of the marks of an arm, whose places are 1 apart


def draw(result: CompareResult, heading: str) -> Figure:
    """Two panels; ``heading``: what stands above them."""
    figure, axes = style.canvas(1, 2, height=3.6)
    times(axes[0], result)
    accuracies(axes[1], result)
    figure.suptitle(heading, fontsize=9.5, x=0.01, ha="left", weight="bold")
    style.one_legend(figure, axes)
    return figure


def times(ax: Axes, result: CompareResult) -> None:
    """T_gen of every arm, seed by seed; a censored one as an open triangle at the budget."""
    order = [0, *range(len(NAMES), len(result.arms)), 1]  # mixtures stand between the two
    columns = []
    for at, arm in enumerate(order):
        found = {
            seed: [time]
            for seed, time in zip(result.seeds, result.times(arm), strict=True)
            if not math.isnan(time)
        }
        strip = Strip(at, label(result, arm), style.look(arm), found, result.budget, SPREAD)
        columns.append(strip.draw(ax))
    join(ax, columns)
    ax.set_xticks(range(len(order)), [place(result, arm) for arm in order])
    ax.set_xlim(-0.5, len(order) - 0.5)
    ax.grid(axis="x", visible=False)
    style.scaled(ax, "auto", None)
    layout.whole_numbers(ax)
    ax.set_ylabel("T_gen, " + layout.STEP, fontsize=9)
    ax.set_title(f"time to generalise, budget {layout.thousands(result.budget)}", fontsize=9, loc="left")


def accuracies(ax: Axes, result: CompareResult) -> None:
    """Test accuracy of the two arms over the steps: a thin line a seed, their median bold."""
    last = 0.0
    for arm, _ in enumerate(NAMES):
        look, curves = style.look(arm), []
        for seed in result.seeds:
            record = result.records.get((arm, seed))
            if record is not None:
                curves.append((record.curves["step"], record.curves["test_accuracy"]))
        for steps, values in map(thinned, curves):
            ax.plot(steps, values, "-", color=look.color, linewidth=0.7, alpha=0.35)
        if curves:
            steps, values = thinned(median_curve(curves))
            ax.plot(steps, values, color=look.color, linestyle=look.line, linewidth=2.0)
            last = max(last, *(float(steps[-1]) for steps, _ in curves))
    layout.step_axis(ax, last)
    ax.set_ylim(-0.03, 1.03)
    ax.set_title("test accuracy (bold: median of seeds)", fontsize=9, loc="left")


def label(result: CompareResult, arm: int) -> str:
    """The arm as the legend has it."""
    name = result.arms[arm].name
    return f"{NAMES[arm]}, {name}" if arm < len(NAMES) and not name.startswith(f"{NAMES[arm]}:") else name


def place(result: CompareResult, arm: int) -> str:
    """The arm below its marks: A, B, or what the first one has of the second."""
    if arm < len(NAMES):
        return NAMES[arm]
    return (
        result.arms[arm].name.replace(" with ", " with\n").replace(", ", ",\n").replace(f" of {NAMES[1]}", "")
    )
