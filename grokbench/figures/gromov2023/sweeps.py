"""Fig. 4: time to generalise against α, and accuracy against width."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from grokbench.figures import style
from grokbench.training.record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OPTIMIZERS = ("gd-alphas", "gd-momentum-alphas", "adamw-alphas")
PRIMES = ("gd-p23-alphas", "gd-p53-alphas", "gd-alphas")
HALVES = {
    "gd-half": "GD\nlr 5e5",
    "gd-momentum-half": "momentum 0.9\nlr 5e5",
    "gd-momentum-slow-half": "momentum 0.9\nlr 1e5",
    "gd-ten-times-lr-half": "GD\nlr 1e6",
}
WIDTHS = {
    "analytic, even frequencies": ("analytic-widths", "analytic-small-widths"),
    "analytic, random frequencies": ("analytic-widths-random-cover",),
    "AdamW": ("adamw-widths",),
    "GD": tuple(f"gd-width-{n}" for n in (20, 40, 60, 80, 100)),
}
NAMES = {"gd-alphas": "GD", "gd-momentum-alphas": "GD with momentum", "adamw-alphas": "AdamW"}


def alpha(cells: style.Cells) -> Figure | None:
    """T_gen against α for each optimizer; see ``_times_against_alpha``."""
    return _times_against_alpha(cells, OPTIMIZERS, NAMES, paper=0.29)


def primes(cells: style.Cells) -> Figure | None:
    """T_gen against α under GD for each prime; None unless two primes were run."""
    names = {}
    for experiment in PRIMES:
        for _, _, record in style.usable(cells, experiment)[:1]:
            names[experiment] = f"p = {record.trial.task.domain['p']}"
    return _times_against_alpha(cells, tuple(names), names) if len(names) > 1 else None


def _times_against_alpha(
    cells: style.Cells, experiments: Iterable[str], names: dict[str, str], paper: float | None = None
) -> Figure | None:
    """A dot a seed, a line through the medians, a triangle at the budget for seeds that did not get there.

    ``paper``: the critical fraction that can be read off the paper's figure.
    """
    series: list[tuple[str, dict[float, list[tuple[float, int]]]]] = []
    for experiment in experiments:
        by_alpha: dict[float, list[tuple[float, int]]] = {}
        for _, _, record in style.usable(cells, experiment):
            by_alpha.setdefault(float(record.trial.alpha), []).append((record.t_gen, record.trial.budget))
        if len(by_alpha) >= 2:
            series.append((names[experiment], by_alpha))
    if not series:
        return None
    figure, axes = style.canvas(1, 1, width=6.4, height=4.3)
    ax = axes[0]
    for i, (name, levels) in enumerate(series):
        color, marker = style.PALETTE[i], style.MARKERS[i]
        shift = (i - (len(series) - 1) / 2) * 0.004
        middle = []
        for level, found in sorted(levels.items()):
            style.dots(ax, level + shift, found, color, marker, above=7 + 9 * i)
            median = style.median(t for t, _ in found)
            middle.append((level + shift, median if math.isfinite(median) else math.nan))
        at, medians = zip(*middle, strict=True)
        ax.plot(at, medians, "-", color=color, marker=marker, linewidth=1.8, markersize=5, label=name)
    ax.plot([], [], "^", color="0.3", markersize=8, markerfacecolor="none", label=style.CENSORED)
    if paper is not None:
        ax.axvline(
            paper, color="0.35", linestyle="-.", linewidth=1.0, label=f"paper, read off: α ≈ {paper:g}"
        )
    ax.set_yscale("log")
    ax.margins(y=0.15)
    ax.set_xlabel("α, training fraction (share of the table)")
    ax.set_ylabel("T_gen (optimizer updates)")
    style.one_legend(figure, axes)
    return figure


def momentum(cells: style.Cells) -> Figure | None:
    """T_gen of the arms at α = 0.5 side by side; thin lines join runs of the same split and initial weights."""
    arms = [(name, style.usable(cells, experiment)) for experiment, name in HALVES.items()]
    arms = [(name, group) for name, group in arms if group]
    if len(arms) < 2:
        return None
    figure, axes = style.canvas(1, 1, width=5.6, height=3.9)
    ax = axes[0]
    order = list(HALVES.values())
    by_seed: dict[tuple[int, int], list[tuple[float, float]]] = {}  # (seed, which of the two comparisons)
    for i, (name, group) in enumerate(arms):
        found = [(record.t_gen, record.trial.budget) for _, _, record in group]
        style.dots(ax, float(i), found, style.PALETTE[i], "o", size=6, opacity=0.9)
        for (seed, _, _), (when, _) in zip(group, found, strict=True):
            by_seed.setdefault((seed, order.index(name) // 2), []).append(
                (i, when if math.isfinite(when) else math.nan)
            )
    for pairs in by_seed.values():
        ax.plot(*zip(*pairs, strict=True), "-", color="0.6", linewidth=0.7, zorder=0)
    ax.plot([], [], "-", color="0.6", linewidth=0.7, label="same split and initial weights")
    if any(line.get_marker() == "^" for line in ax.lines):
        ax.plot([], [], "^", color="0.3", markersize=8, markerfacecolor="none", label=style.CENSORED)
    ax.set_xticks(range(len(arms)), [name for name, _ in arms])
    ax.set_xlim(-0.5, len(arms) - 0.5)
    ax.set_yscale("log")
    ax.set_xlabel("arm, at α = 0.5")
    ax.set_ylabel("T_gen (optimizer updates)")
    style.one_legend(figure, axes)
    return figure


def width(cells: style.Cells) -> Figure | None:
    """Accuracy against width: trained (dots, median of seeds) and analytic (median and quartiles of draws)."""
    figure, axes = style.canvas(1, 1, width=6.4, height=4.5)
    ax = axes[0]
    drawn = 0
    for i, (name, experiments) in enumerate(WIDTHS.items()):
        values, analytic = _accuracies(cells, experiments)
        if len(values) < 2:
            continue
        drawn += 1
        color, marker = style.PALETTE[i], style.MARKERS[i]
        widths = sorted(values)
        middle = [float(np.median(values[w])) for w in widths]
        if analytic:
            low, high = ([float(np.quantile(values[w], q)) for w in widths] for q in (0.25, 0.75))
            ax.fill_between(widths, low, high, color=color, alpha=0.2, linewidth=0)
            label = f"{name} (whole table; median, quartiles of draws)"
            ax.plot(
                widths, middle, "--", color=color, marker=marker, linewidth=1.6, markersize=4, label=label
            )
        else:
            for w in widths:
                ax.plot([w] * len(values[w]), values[w], marker, color=color, markersize=3.5, alpha=0.45)
            label = f"{name} (trained; test accuracy, median of seeds)"
            ax.plot(widths, middle, "-", color=color, marker=marker, linewidth=1.8, markersize=5, label=label)
    if not drawn:
        return None
    ax.axvspan(90, 100, color="0.85", zorder=0, label="paper: the analytic solution needs 90 to 100")
    ax.axhline(0.99, color=style.BLACK, linestyle=":", linewidth=0.9, label="0.99")
    ax.set_ylim(0, 1.03)
    ax.set_xlabel("width N (neurons)")
    ax.set_ylabel("accuracy (share of rows)")
    style.one_legend(figure, axes)
    return figure


def _accuracies(cells: style.Cells, experiments: Iterable[str]) -> tuple[dict[int, list[float]], bool]:
    """Width → accuracies, and whether they are analytic. Where two experiments share a width, the larger counts."""
    best: dict[int, list[float]] = {}
    analytic = False
    for experiment in experiments:
        by_width: dict[int, list[float]] = {}
        for _, _, record in style.usable(cells, experiment):
            model = record.trial.recipe.model
            analytic = model.get("kind") == "analytic-quadratic-mlp"
            by_width.setdefault(int(model["width"]), []).append(_accuracy(record, analytic))
        for w, values in by_width.items():
            if len(values) > len(best.get(w, ())):
                best[w] = values
    return best, analytic


def _accuracy(record: Record, analytic: bool) -> float:
    """Of a trained net: median test accuracy of its last five evaluations; of analytic weights: on all rows."""
    curves, facts = record.curves, record.facts
    test = np.asarray(curves["test_accuracy"], dtype=float)
    if not analytic:
        return float(np.median(test[-5:]))
    train = float(np.asarray(curves["train_accuracy"], dtype=float)[-1])
    n_train, n_test = float(facts["n_train"]), float(facts["n_test"])
    return (train * n_train + float(test[-1]) * n_test) / (n_train + n_test)
