"""Figs 1 and 5: what happens while the network trains."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from grokbench.figures import style
from grokbench.measures.cells import Cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IPR_ARMS = {
    "adamw-addition": "AdamW",
    "adamw-wd5-addition": "AdamW, weight decay 5",
    "adamw-fractions": "AdamW, 2000 steps",
}


def training(cells: style.Cells) -> Figure | None:
    """Loss, weight norms, accuracy and gradient norms against the step; T_mem and T_gen as upright lines."""
    group = _first_setting(style.usable(cells, "gd-addition"))
    if not group:
        return None
    figure, axes = style.canvas(2, 2)
    loss, norms, accuracy, gradients = axes
    train, test = "train (median of seeds)", "test (median of seeds)"
    for ax, what in ((loss, "loss"), (accuracy, "accuracy")):
        style.thin_and_bold(ax, style.curves_of(group, f"train_{what}"), style.BLUE, train)
        style.thin_and_bold(ax, style.curves_of(group, f"test_{what}"), style.VERMILION, test)
    for ax, what in ((norms, "weight_norm"), (gradients, "gradient_norm")):
        for layer, color in ((1, style.GREEN), (2, style.PURPLE)):
            lines = [_thinned(c) for c in style.columns(group, "trace", f"{what}_{layer}")]
            style.thin_and_bold(ax, lines, color, f"layer {layer}")
    loss.axhline(
        1 / _elements(group), color=style.BLACK, linewidth=0.9, linestyle=":", label="1/p, the loss of f = 0"
    )
    loss.set_ylabel("mean squared error")
    style.log_if_wide(loss)
    norms.set_ylabel("weight norm ‖W‖ / √entries")
    accuracy.set_ylabel("accuracy (share of rows)")
    accuracy.set_ylim(-0.03, 1.03)
    gradients.set_ylabel("gradient norm ‖∂L/∂W‖")
    style.log_if_wide(gradients)
    t_mem, t_gen = _times(group)
    last = max(float(record.curves["step"][-1]) for _, _, record in group)
    for ax, title in zip(
        axes, ("(a) loss", "(b) weight norms", "(c) accuracy", "(d) gradient norms"), strict=True
    ):
        for when, linestyle, label in (
            (t_mem, "--", "T_mem (median)"),
            (style.median(_peaks(group)), ":", "peak of the test loss (median)"),
            (t_gen, "-", "T_gen (median)"),
        ):
            if math.isfinite(when):
                ax.axvline(when, color="0.35", linewidth=1.1, linestyle=linestyle, label=label, zorder=0)
        ax.set_title(title, fontsize=10, loc="left")
        ax.set_xlabel("step (optimizer updates)")
        ax.set_xlim(0, last)
        if ax in (norms, gradients) and not ax.lines:
            ax.text(0.5, 0.5, "not recorded", ha="center", va="center", transform=ax.transAxes)
    style.one_legend(figure, axes)
    return figure


def ipr(cells: style.Cells) -> Figure | None:
    """IPR of the AdamW arms against step and test accuracy; the analytic solution's as a dashed line."""
    arms: list[tuple[str, tuple[Cell, ...]]] = []
    for experiment, name in IPR_ARMS.items():
        kept = [c for c in style.usable(cells, experiment) if style.column(c[2], "ipr", "ipr") is not None]
        for level in sorted({c[2].trial.alpha for c in kept}):
            part = tuple(c for c in kept if c[2].trial.alpha == level)
            arms.append((f"{name}, α = {level:g}", part))
    if not arms:
        return None
    figure, axes = style.canvas(1, 2, height=3.8)
    against_step, against_accuracy = axes
    for i, (name, group) in enumerate(arms[: len(style.PALETTE)]):
        color = style.PALETTE[i % len(style.PALETTE)]
        lines = style.columns(group, "ipr", "ipr")
        style.thin_and_bold(against_step, lines, color, name)
        for _, _, record in group:
            found = style.column(record, "ipr", "ipr")
            if found is not None:
                steps, values = found
                reached = np.interp(steps, record.curves["step"], record.curves["test_accuracy"])
                against_accuracy.plot(reached, values, "-", color=color, linewidth=0.8, alpha=0.6, label=name)
        when = style.median(_t_gen(group))
        if math.isfinite(when):
            against_step.axvline(when, color=color, linewidth=1.0, linestyle=":")
    against_step.plot([], [], ":", color="0.35", linewidth=1.0, label="T_gen of the arm (median)")
    ideal = _analytic_ipr(cells)
    for ax in axes:
        if ideal is None:
            break
        ax.axhline(ideal, color=style.BLACK, linewidth=1.2, linestyle="--", label="analytic solution")
    last = max(float(record.curves["step"][-1]) for _, part in arms for _, _, record in part)
    style.step_axis(against_step, last)
    against_accuracy.set_xlabel("test accuracy (share of rows)")
    against_accuracy.set_xlim(-0.03, 1.03)
    for ax in axes:
        ax.set_ylabel("inverse participation ratio")
        ax.set_ylim(0, 1.05)
    style.one_legend(figure, axes)
    return figure


def _first_setting(group: tuple[Cell, ...]) -> tuple[Cell, ...]:
    trained = tuple(c for c in group if len(c[2].curves["step"]) > 1)
    return tuple(c for c in trained if c[1] == trained[0][1])


def _thinned(curve: style.Curve, most: int = 1500) -> style.Curve:
    """Every-step probes hold far more rows than a panel has pixels."""
    stride = max(1, len(curve[0]) // most)
    return curve[0][::stride], curve[1][::stride]


def _elements(group: tuple[Cell, ...]) -> int:
    return int(group[0][2].facts.get("n_elements", group[0][2].trial.task.domain.get("p", 1)))


def _t_gen(group: tuple[Cell, ...]) -> list[float]:
    return [record.t_gen for _, _, record in group]


def _times(group: tuple[Cell, ...]) -> tuple[float, float]:
    """Median T_mem and T_gen over seeds, in steps; infinite when the median seed does not get there."""
    from grokbench.analysis import timing

    mem = [timing.t_mem(r.curves["step"], r.curves["train_accuracy"]) for _, _, r in group]
    return style.median(mem), style.median(_t_gen(group))


def _peaks(group: tuple[Cell, ...]) -> list[float]:
    """Step at which the test loss peaks before the first a′ ≥ 0.5, for each seed; infinite where that is not reached."""
    from grokbench.analysis import timing

    found = []
    for _, _, record in group:
        steps, loss = record.curves["step"], record.curves["test_loss"]
        rise = timing.half_rise(
            steps, record.curves["test_accuracy"], float(record.facts["memoriser_baseline"])
        )
        before = loss[steps < rise]
        found.append(float(steps[int(before.argmax())]) if math.isfinite(rise) and before.size else math.inf)
    return found


def _analytic_ipr(cells: style.Cells) -> float | None:
    """Median IPR of the analytic solution's draws; None when there are none."""
    found = [style.column(record, "ipr", "ipr") for _, _, record in style.usable(cells, "analytic-addition")]
    values = [curve[1][-1] for curve in found if curve is not None]
    return float(np.median(values)) if values else None
