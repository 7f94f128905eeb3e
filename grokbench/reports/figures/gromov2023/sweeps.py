"""Fig. 4: grokking time against α, and accuracy against width."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from grokbench.reports.figures import style
from grokbench.specs.types import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = "model.width"


def alpha(cells: style.Cells) -> Figure | None:
    """T_gen against α: one dot a seed, a line through the medians, a triangle at the budget for a seed that never did."""
    from grokbench.measures import timing

    series: list[tuple[str, dict[float, list[tuple[float, int]]]]] = []
    for experiment in cells:
        by_alpha: dict[float, list[tuple[float, int]]] = {}
        for _, settings, record in style.usable(cells, experiment):
            if record.trial.budget == 0:
                continue
            when = timing.t_gen(record.curves["step"], record.curves["test_accuracy"], record.trial.budget)
            by_alpha.setdefault(float(settings.get("alpha", record.trial.alpha)), []).append(
                (when, record.trial.budget)
            )
        if len(by_alpha) >= 2:
            series.append((experiment, by_alpha))
    if not series:
        return None
    figure, axes = style.canvas(1, 1, width=6.4, height=4.3)
    ax = axes[0]
    for i, (name, by_alpha) in enumerate(series):
        color, marker = style.PALETTE[i % len(style.PALETTE)], style.MARKERS[i % len(style.MARKERS)]
        shift = (i - (len(series) - 1) / 2) * 0.003
        levels, medians = [], []
        for level in sorted(by_alpha):
            reached = [t for t, _ in by_alpha[level] if math.isfinite(t)]
            ax.plot([level + shift] * len(reached), reached, marker, color=color, markersize=4, alpha=0.5)
            censored = [budget for t, budget in by_alpha[level] if math.isinf(t)]
            if censored:
                ax.plot(
                    [level + shift], [max(censored)], "^", color=color, markersize=8, markerfacecolor="none"
                )
                text = f"{len(censored)}/{len(by_alpha[level])}"
                ax.annotate(
                    text,
                    (level + shift, max(censored)),
                    textcoords="offset points",
                    xytext=(0, 6 + 9 * i),
                    ha="center",
                    fontsize=7,
                    color=color,
                )
            if len(reached) * 2 > len(by_alpha[level]):
                times = sorted(t for t, _ in by_alpha[level])
                middle = (times[(len(times) - 1) // 2] + times[len(times) // 2]) / 2
                if math.isfinite(middle):
                    levels.append(level + shift)
                    medians.append(middle)
        ax.plot(levels, medians, "-", color=color, marker=marker, linewidth=1.8, markersize=5, label=name)
    ax.plot(
        [],
        [],
        "^",
        color="0.3",
        markersize=8,
        markerfacecolor="none",
        label="not within the budget (k/n seeds)",
    )
    ax.set_yscale("log")
    ax.margins(y=0.12)
    ax.set_xlabel("α, training fraction (share of the table)")
    ax.set_ylabel("T_gen (optimizer updates)")
    style.one_legend(figure, axes)
    return figure


def width(cells: style.Cells) -> Figure | None:
    """Test accuracy against width: trained nets (dots and median), analytic weights (median, quartile band over draws)."""
    series: list[tuple[str, bool, dict[int, list[float]]]] = []
    for experiment in cells:
        by_width: dict[int, list[float]] = {}
        analytic = False
        for _, settings, record in style.usable(cells, experiment):
            if WIDTH not in settings:
                continue
            analytic = record.trial.recipe.model.get("kind") == "analytic-quadratic-mlp"
            by_width.setdefault(int(settings[WIDTH]), []).append(_accuracy(record, analytic))
        if len(by_width) >= 2:
            series.append((experiment, analytic, by_width))
    if not series:
        return None
    figure, axes = style.canvas(1, 1, width=6.4, height=4.3)
    ax = axes[0]
    for i, (name, analytic, by_width) in enumerate(series):
        color, marker = style.PALETTE[i % len(style.PALETTE)], style.MARKERS[i % len(style.MARKERS)]
        widths = sorted(by_width)
        middle = [float(np.median(by_width[w])) for w in widths]
        if analytic:
            low = [float(np.quantile(by_width[w], 0.25)) for w in widths]
            high = [float(np.quantile(by_width[w], 0.75)) for w in widths]
            ax.fill_between(widths, low, high, color=color, alpha=0.2, linewidth=0)
            label = f"{name} (median, quartiles of draws)"
            ax.plot(
                widths, middle, "--", color=color, marker=marker, linewidth=1.6, markersize=4, label=label
            )
            continue
        for w in widths:
            ax.plot([w] * len(by_width[w]), by_width[w], marker, color=color, markersize=3.5, alpha=0.45)
        label = f"{name} (trained, median of seeds)"
        ax.plot(widths, middle, "-", color=color, marker=marker, linewidth=1.8, markersize=5, label=label)
    ax.axhline(0.99, color=style.BLACK, linestyle=":", linewidth=0.9, label="0.99")
    ax.set_ylim(0, 1.03)
    ax.set_xlabel("width N (neurons)")
    ax.set_ylabel("accuracy (share of rows)")
    style.one_legend(figure, axes)
    return figure


def _accuracy(record: Record, analytic: bool) -> float:
    """Best test accuracy of a trained net; of an analytic one, which saw no data, the accuracy on the whole table."""
    curves, facts = record.curves, record.facts
    test = np.asarray(curves["test_accuracy"], dtype=float)
    if not analytic:
        return float(np.nanmax(test))
    train = float(np.asarray(curves["train_accuracy"], dtype=float)[-1])
    n_train, n_test = float(facts["n_train"]), float(facts["n_test"])
    return (train * n_train + float(test[-1]) * n_test) / (n_train + n_test)
