"""What a step costs against p, width, α or the trials of a batch: a panel for each, a line for each network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from grokbench.figures import style
from grokbench.figures.layout import multiples
from grokbench.plan.growth import Point

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(points: Sequence[Point]) -> Figure:
    """Milliseconds of a step, of one trial, on logarithmic axes. A thin line grows as the operations do, from the last point."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    names = list(dict.fromkeys(one.axis for one in points))
    cases = list(dict.fromkeys(one.case for one in points))
    figure, axes = multiples(len(names), columns=2, height=2.6)
    for ax, name in zip(axes, names, strict=True):
        for i, case in enumerate(cases):
            own = [one for one in points if (one.axis, one.case) == (name, case) and math.isfinite(one.ms)]
            if not own:
                continue
            look = style.look(i)
            values = [one.value for one in own]
            ax.plot(
                values,
                [one.ms for one in own],
                color=look.color,
                marker=look.marker,
                linestyle=look.line,
                label=case,
            )
            last = own[-1]
            ideal = [last.ms * one.operations / last.operations for one in own]
            if name != "trials in a batch":
                ax.plot(values, ideal, color=look.color, linewidth=0.7, alpha=0.6)
        ax.set(xscale="log", yscale="log")
        ax.set_xlabel(name, fontsize=9)
        ax.set_ylabel("ms a step of one trial", fontsize=9)
        ticks = sorted({one.value for one in points if one.axis == name})
        ax.set_xticks(ticks, [f"{value:g}" for value in ticks])
        ax.minorticks_off()
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:g}"))
    style.named(axes[0], "as the operations grow", color="0.4", linewidth=0.7)
    style.one_legend(figure, axes)
    return figure
