"""Figs 2 and 7: what happens while the network trains, and its three phases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from grokbench.figures import layout, style
from grokbench.figures.nanda2023 import stated
from grokbench.measures.cells import Cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PUBLISHED = (8_000, 14_000)  # epochs within which the paper and its re-runs grok
PHASES = {  # the mainline run of the paper, read off its Fig. 7
    "m": ("end of memorization", 1_400),
    "c": ("start of cleanup", 9_400),
    "d": ("end of cleanup", 14_000),
}
BOUNDED_BY = ("step", "excluded_train", "test_loss", "sum_squares")
TINTS = (("memorization", "#E1EFF9"), ("circuit formation", "#FDF2D6"), ("cleanup", "#DDF2E8"))
PANELS = (
    ("train and test loss", (("train_loss", style.BLUE, "train"), ("test_loss", style.VERMILION, "test"))),
    (
        "restricted, excluded loss",
        (
            ("restricted_all", style.GREEN, "restricted, all rows"),
            ("excluded_train", style.PURPLE, "excluded, training rows"),
        ),
    ),
    (
        "Gini coefficient",
        (("gini_embedding", style.BLACK, "Gini of W_E"), ("gini_logit_map", style.ORANGE, "Gini of W_L")),
    ),
    ("sum of squared weights", (("sum_squares", style.SKY, "Σw²"),)),
)


def losses(cells: style.Cells) -> Figure | None:
    """Loss and accuracy on train and test rows, a thin line a seed; below, the same of the control.

    The published times of grokking are shaded in the main run.
    """
    rows = [(name, group) for name in (stated.MAIN, stated.CONTROL) if (group := layout.runs(cells, name))]
    if not rows:
        return None
    figure, axes = style.canvas(len(rows), 2, height=4.0 if len(rows) == 1 else 3.0)
    figure.set_figheight(figure.get_figheight() + 0.8 * (len(rows) - 1))  # caption and legend take this
    for i, (name, group) in enumerate(rows):
        _losses(axes[2 * i : 2 * i + 2], name, group)
    names = " and of its control ".join(f"`{name}`" for name, _ in rows)
    seeds = layout.seeds_said(cell for _, group in rows for cell in group)
    layout.caption(figure, f"Train and test loss of {names} (the paper's Fig. 2). {seeds}")
    style.one_legend(figure, axes)
    return figure


def _losses(pair: Sequence[Axes], name: str, group: Sequence[Cell]) -> None:
    loss, accuracy = pair
    last = max(float(record.curves["step"][-1]) for _, _, record in group)
    for ax, what in ((loss, "loss"), (accuracy, "accuracy")):
        if name == stated.MAIN:
            published(ax, upright=True)
        # No median: where runs end at different steps it would jump.
        for part, color in (("train", style.BLUE), ("test", style.VERMILION)):
            for steps, values in style.curves_of(group, f"{part}_{what}"):
                shown = np.where(np.isfinite(values), values, np.nan)
                ax.plot(
                    steps, shown, "-", color=color, linewidth=1.1, alpha=0.7, label=f"{part} (a line a seed)"
                )
        _thousand_steps(ax, last)
    p = int(group[0][2].facts["n_elements"])
    loss.axhline(
        math.log(p), color=style.BLACK, linewidth=0.9, linestyle=":", label=f"ln {p}, a uniform guess"
    )
    loss.set_ylabel("cross-entropy (nats)")
    style.log_if_wide(loss, stated.LEAST_LOSS)
    accuracy.set_ylabel("accuracy (share of rows)")
    accuracy.set_ylim(-0.03, 1.03)
    loss.set_title(f"`{name}`, α = {group[0][2].trial.alpha:g}", fontsize=9, loc="left")


def progress(cells: style.Cells, experiment: str = stated.MAIN) -> Figure | None:
    """Fig. 7, one row a seed: losses, restricted and excluded loss, Gini, Σw²; the phases tinted."""
    group = layout.runs(cells, experiment, "progress")
    if not group:
        return None
    rows = len(group)
    figure, axes = style.canvas(rows, len(PANELS), width=2.55, height=1.5)
    figure.set_figheight(figure.get_figheight() + 1.5)  # caption and legend take this
    last = max(float(layout.values(cell, "progress", "step")[-1]) for cell in group)
    for i, cell in enumerate(group):
        row = axes[i * len(PANELS) : (i + 1) * len(PANELS)]
        step = layout.values(cell, "progress", "step")
        bounds = boundaries(cell)
        for ax, (title, lines) in zip(row, PANELS, strict=True):
            _tint(ax, bounds, last)
            for name, color, label in lines:
                curve = layout.values(cell, "progress", name)
                ax.plot(step, curve, "-", color=color, linewidth=1.4, label=label)
            if title.endswith("loss"):
                layout.logarithmic(ax)
                _few_decades(ax)
            elif title == "Gini coefficient":
                ax.set_ylim(0, 1)
            else:
                ax.set_ylim(bottom=0)
            _thousand_steps(ax, last, short=True)
            ax.tick_params(labelsize=8)
            if i == 0:
                ax.set_title(title, fontsize=10, loc="left", pad=14)
            if i < rows - 1:
                ax.set_xlabel("")
                ax.tick_params(labelbottom=False)
        row[0].set_ylabel(f"seed {cell[0]}", fontsize=10)
    layout.caption(
        figure,
        f"Progress measures of `{experiment}`, one row a seed (the paper's Fig. 7), to step {layout.thousands(last)}, the end "
        "of the longest run. Upright lines: m, the least excluded loss; c, the test loss falls below ln p; d, Σw² stays "
        "within 5 % of its end.",
    )
    style.one_legend(figure, axes)
    return figure


def phases(cells: style.Cells, experiment: str = stated.MAIN) -> Figure | None:
    """The boundaries m, c, d of every seed beside those of the paper's mainline run."""
    group = layout.runs(cells, experiment, "progress")
    if not group:
        return None
    figure, axes = style.canvas(1, 1, width=6.6, height=4.4)
    ax = axes[0]
    found = [boundaries(cell) for cell in group]
    for times in found:
        finite = [t if math.isfinite(t) else math.nan for t in times]
        ax.plot(range(3), finite, "-", color="0.6", linewidth=0.7, zorder=1)
    for i, (_, paper) in enumerate(PHASES.values()):
        reached = [times[i] for times in found if math.isfinite(times[i])]
        ax.plot(
            [i] * len(reached), reached, style.MARKERS[i], color=style.PALETTE[i], markersize=6, alpha=0.8
        )
        ax.plot([i + 0.16], [paper], "*", color=style.BLACK, markersize=11, label="paper, mainline run")
        if reached and len(reached) == len(found):
            text = f"median {layout.thousands(float(np.median(reached)))}"
        else:
            text = f"{len(reached)} of {len(found)} seeds"
        ax.annotate(text, (i, 1.0), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=9)
    ax.set_xticks(range(3), [f"{name}: {title}" for name, (title, _) in PHASES.items()])
    ax.set_xlim(-0.5, 2.5)
    ax.set_yscale("log")
    ax.set_xlabel("boundary of two phases")
    ax.set_ylabel("step (optimizer updates)")
    ax.plot([], [], "-", color="0.6", linewidth=0.7, label="same seed")
    layout.caption(figure, f"Phase boundaries of `{experiment}` (the paper's Section 5.2 and Fig. 7).")
    style.one_legend(figure, axes)
    return figure


def boundaries(cell: Cell) -> tuple[float, float, float]:
    """(m, c, d) in steps of one seed, by the rule of ``measures``; NaN where not to be seen."""
    from grokbench.analysis.progress import phase_boundaries

    step, excluded, test, norm = (layout.values(cell, "progress", name) for name in BOUNDED_BY)
    found = phase_boundaries(step, excluded, test, norm, int(cell[2].facts["n_elements"]))
    return found.memorization_end, found.circuit_formation_end, found.cleanup_end


def published(ax: Axes, upright: bool) -> None:
    """The published times of grokking as a grey band."""
    span = ax.axvspan if upright else ax.axhspan
    low, high = (layout.thousands(t) for t in PUBLISHED)
    span(*PUBLISHED, color="0.88", zorder=0, linewidth=0, label=f"published: {low} to {high}")


def _tint(ax: Axes, bounds: tuple[float, float, float], last: float) -> None:
    """Tint each phase whose two ends are to be seen, and name the boundaries above the panel."""
    for (name, color), start, end in zip(TINTS, (0.0, *bounds[:2]), bounds, strict=True):
        if start < end:
            ax.axvspan(start, min(end, last), color=color, zorder=0, linewidth=0, label=name)
    for letter, at in zip(PHASES, bounds, strict=True):
        if math.isfinite(at):
            ax.axvline(at, color="0.35", linewidth=0.8, zorder=1)
            ax.annotate(
                letter, (at, 1.01), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=8
            )


def _few_decades(ax: Axes) -> None:
    """At most five ticks, on whole decades, where a logarithmic axis spans at least three."""
    from matplotlib.ticker import LogLocator, NullFormatter

    low, high = ax.get_ylim()
    if ax.get_yscale() != "log" or high < 1000 * low:
        return
    ax.yaxis.set_major_locator(LogLocator(numticks=5))
    ax.yaxis.set_minor_formatter(NullFormatter())


def _thousand_steps(ax: Axes, last: float, short: bool = False) -> None:
    """Steps on a linear axis, as the paper draws them."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.set_xlim(0, last)
    ax.xaxis.set_major_locator(MaxNLocator(4 if short else 6, integer=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: layout.thousands(x)))
    ax.set_xlabel("step" if short else "step (optimizer updates)")
