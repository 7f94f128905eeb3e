"""Whether an MLP groks, and what decides it: when each arm fits and generalises, under what it is made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from grokbench.figures import layout, strips, style
from grokbench.figures.cross_paper import stated
from grokbench.measures.cells import Cell
from grokbench.measures.times import grokking, half_rise_ratio

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def who_groks(cells: style.Cells) -> Figure | None:
    """T_mem and T_gen of each seed of each MLP, one panel a learning rate; above each arm how many of its seeds grok."""
    panels = [arms for names in ((*stated.SQUARES, *stated.RELU), stated.HU) if (arms := _arms(cells, names))]
    if not panels:
        return None
    widest = max(map(len, panels))
    figure, axes = style.canvas(len(panels), 1, width=min(9.6, max(6.8, 1.6 * widest)), height=4.3)
    figure.set_figheight(figure.get_figheight() + 0.9)  # caption and legend take this
    for ax, arms in zip(axes, panels, strict=True):
        strips.times_of_arms(ax, arms, _head)
        strips.step_axis(ax)
        ax.tick_params(axis="x", labelsize=8)
        ax.set_title(_title(arms), fontsize=10, loc="left", pad=32)
    every = [cell for arms in panels for _, group in arms for cell in group]
    text = (
        "Time to fit and to generalise of networks with one hidden layer. Above an arm: how many of its seeds grok (T_gen within "
        "the budget, not half-way when nine tenths of the training set were fitted, and R½ at least 1.5); R½, the time of half "
        "the rise over that of half the fit, median over seeds. "
        f"{layout.seeds_said(every)}"
    )
    layout.caption(figure, text)
    style.one_legend(figure, axes)
    return figure


def _arms(cells: style.Cells, names: Iterable[str]) -> list[strips.Arm]:
    """The arms that are there, named by what they are made of, and by their fraction where arms differ in it."""
    found = [group for name in names if (group := layout.runs(cells, name))]
    fractions = {strips.at_fractions(group) for group in found}
    return [
        (
            stated.network(group[0][2].trial.recipe)
            + (f"\n{strips.at_fractions(group)}" if len(fractions) > 1 else ""),
            group,
        )
        for group in found
    ]


def _title(arms: Sequence[strips.Arm]) -> str:
    """What all arms of a panel have in common."""
    recipes = [group[0][2].trial.recipe for _, group in arms]
    rates = " or ".join(sorted({f"{float(r.optimizer['lr']):g}" for r in recipes}))
    widths = " or ".join(sorted({f"{int(r.model['width'])}" for r in recipes}))
    fractions = sorted({strips.at_fractions(group) for _, group in arms})
    common = f", {fractions[0]}" if len(fractions) == 1 else ""
    return f"Learning rate {rates}, width {widths}{common}"


def _head(group: Sequence[Cell]) -> str:
    count = sum(grokking(stated.view(cell)) == 1 for cell in group)
    ratios = [ratio for cell in group if not math.isnan(ratio := half_rise_ratio(stated.view(cell)))]
    return f"groks {count}/{len(group)}\n{_said(style.median(ratios)) if ratios else ''}".rstrip()


def _said(ratio: float) -> str:
    return f"R½ {ratio:.1f}" if math.isfinite(ratio) else "R½ ∞"
