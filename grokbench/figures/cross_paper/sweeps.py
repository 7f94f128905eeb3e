"""x² + xy + y² network by network, and how the delay hangs on the training fraction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from grokbench.figures import layout, style
from grokbench.figures.cross_paper import stated
from grokbench.measures.cells import Cell
from grokbench.measures.reading import baseline, fitted, generalised
from grokbench.measures.rising import delay_peak_fraction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 2


def quadratic(cells: style.Cells) -> Figure | None:
    """Train and test accuracy on x² + xy + y², one panel a network and training fraction."""
    panels: dict[tuple[str, float], tuple[Cell, ...]] = {}
    for experiment, title in stated.QUADRATIC.items():
        group = layout.trained(cells, experiment)
        for alpha in sorted({float(record.trial.alpha) for _, _, record in group}):
            panels.setdefault((title, alpha), layout.at_alpha(group, alpha))
    if not panels:
        return None
    n = len(panels)
    figure, axes = layout.multiples(n, COLUMNS)
    for i, (ax, ((title, alpha), group)) in enumerate(zip(axes, panels.items(), strict=True)):
        for what, color in (("train", style.BLUE), ("test", style.VERMILION)):
            style.thin_and_bold(
                ax, style.curves_of(group, f"{what}_accuracy"), color, f"{what} (median of seeds)"
            )
        style.step_axis(ax, max(float(record.curves["step"][-1]) for _, _, record in group))
        height = style.median(baseline(record) for _, _, record in group)
        ax.axhline(
            height,
            color=style.BLACK,
            linewidth=1.0,
            linestyle="--",
            label="b, a memoriser that copies the mirror's answer",
        )
        ax.set_ylim(-0.03, 1.03)
        count = sum(math.isfinite(generalised(record)) for _, _, record in group)
        ax.set_title(f"{title}, α = {alpha:g}: {count}/{len(group)} generalise", fontsize=9, loc="left")
        ax.set_xlabel("")
        layout.label(ax, i, n, "step (optimizer updates)", "accuracy (share of rows)", COLUMNS)
    said = layout.seeds_said(c for group in panels.values() for c in group)
    layout.caption(
        figure,
        f"x² + xy + y²: accuracy of each network, and how many seeds have a T_gen within the budget. {said}",
    )
    style.one_legend(figure, axes)
    return figure


def fractions(cells: style.Cells) -> Figure | None:
    """T_gen / T_mem of each seed against the training fraction, one panel a network."""
    panels = [
        (title, group) for name, title in stated.FRACTIONS.items() if (group := layout.trained(cells, name))
    ]
    if not panels:
        return None
    figure, axes = style.canvas(1, len(panels), width=6.8 if len(panels) == 1 else 4.8, height=4.8)
    for ax, (title, group) in zip(axes, panels, strict=True):
        _delays(ax, group)
        ax.set_title(f"{title}, x + y", fontsize=9, loc="left")
        ax.set_xlabel("α, training fraction (share of the table)")
        ax.set_ylabel("T_gen / T_mem")
    text = (
        "Delay of generalisation against the training fraction. Of runs that do not generalise within the budget only a lower "
        "bound is known, and they have no part in the largest delay. "
        f"{layout.seeds_said(c for _, group in panels for c in group)}"
    )
    layout.caption(figure, text)
    style.one_legend(figure, axes)
    return figure


def _delays(ax: Axes, group: tuple[Cell, ...]) -> None:
    ax.axvspan(
        *stated.NEAR_HALF, color="0.9", zorder=0, linewidth=0, label="near half (Hu et al.): 0.45 to 0.6"
    )
    by_level: dict[float, list[tuple[float, float]]] = {}  # α → (delay, least that it may be)
    for seed in sorted({seed for seed, _, _ in group}):
        mine = sorted((c for c in group if c[0] == seed), key=lambda c: float(c[2].trial.alpha))
        line = {}
        for _, _, record in mine:
            fit = fitted(record)
            if not 0 < fit < math.inf:
                continue  # what never fits has no delay
            line[float(record.trial.alpha)] = delay = generalised(record) / fit
            by_level.setdefault(float(record.trial.alpha), []).append((delay, record.trial.budget / fit))
        reached = {alpha: delay if math.isfinite(delay) else math.nan for alpha, delay in line.items()}
        ax.plot(list(reached), list(reached.values()), "-", color=style.VERMILION, linewidth=0.7, alpha=0.4)
        largest = _largest(mine)
        if largest in reached:
            ax.plot(
                [largest],
                [reached[largest]],
                "o",
                color=style.BLACK,
                markersize=9,
                markerfacecolor="none",
                label="largest of a seed",
            )
    at = sorted(by_level)
    for alpha in at:
        bound = round(style.median(least for _, least in by_level[alpha]))
        found = [(delay, bound) for delay, _ in by_level[alpha]]
        style.dots(ax, alpha, found, style.VERMILION, "o", size=4.5, opacity=0.6)
    middles = [style.median(delay for delay, _ in by_level[alpha]) for alpha in at]
    ax.plot([], [], "o-", color=style.VERMILION, markersize=4.5, linewidth=0.7, alpha=0.6, label="seed")
    ax.plot(
        at,
        [m if math.isfinite(m) else math.nan for m in middles],
        "-",
        color=style.BLACK,
        linewidth=2,
        label="median of seeds",
    )
    if any(line.get_marker() == "^" for line in ax.lines):
        ax.plot([], [], "^", color="0.3", markersize=8, markerfacecolor="none", label=style.CENSORED)
    ax.margins(y=0.12)
    if at:
        layout.whole_steps(ax)


def _largest(mine: list[Cell]) -> float:
    """The fraction of a seed's largest delay, as the claims take it; nan where too few fractions generalise."""
    found = delay_peak_fraction(stated.view(*mine))
    assert isinstance(found, float)
    return found
