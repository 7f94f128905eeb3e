"""A track of the leaderboard: T_gen of each entry with its T*, and how often each comes close to the best."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from grokbench.figures import layout, style
from grokbench.figures.strips import Strip
from grokbench.plan.standings import Standings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = {
    "times": "when each seed generalised, and by when the entry had promised it",
    "profiles": "share of workloads × seeds solved within τ of the best entry",
}
"""Figure → what stands above it, after the track's title."""
SPREAD = 0.5  # of the marks of an entry, whose places are 1 apart
HEADROOM = 1.15  # for the number of those that were not reached


def times(result: Standings, heading: str) -> Figure:
    """A panel for each workload: T_gen seed by seed, and a bar at T*; a censored one as an open triangle at the budget."""
    figure, axes = layout.multiples(len(result.track.workloads), columns=2, height=2.9)
    for ax, workload in zip(axes, result.track.workloads, strict=True):
        for at, own in enumerate(result.entries):
            found = dict(zip(own.block.seeds, result.times(own, workload.id), strict=True))
            known = {seed: [time] for seed, time in found.items() if not math.isnan(time)}
            strip = Strip(at, own.submission.title, style.look(at), known, workload.steps, SPREAD)
            strip.draw(ax, bar=False)
            t_star = own.t_star(workload.id)
            ax.plot(
                [at - 0.4, at + 0.4],
                [t_star, t_star],
                "-",
                color=style.BLACK,
                linewidth=2,
                label="T*, declared",
            )
        _entries(ax, result)
        style.scaled(ax, "auto", None)
        layout.whole_numbers(ax)
        low, high = ax.get_ylim()
        ax.set_ylim(low, high * HEADROOM)
        ax.set_ylabel("T_gen, " + layout.STEP, fontsize=8)
        ax.set_title(f"{workload.title}, budget {layout.thousands(workload.steps)}", fontsize=9, loc="left")
    _headed(figure, axes, heading)
    return figure


def _entries(ax: Axes, result: Standings) -> None:
    names = [own.name for own in result.entries]
    ax.set_xticks(range(len(names)), names, rotation=20 if len(names) > 3 else 0)
    ax.set_xlim(-0.6, len(names) - 0.4)
    ax.grid(axis="x", visible=False)


def profiles(result: Standings, heading: str) -> Figure:
    """One panel: the share of workloads × seeds that each entry solves within a factor τ of the best (Dolan and Moré 2002)."""
    figure, axes = style.canvas(1, 1, width=6.4, height=3.6)
    (ax,) = axes
    found = result.profiles()
    finite = [one for ratios in found.values() for one in ratios if math.isfinite(one)]
    last = 1.05 * max(finite, default=2.0)
    draw_profiles(ax, found, last, {own.name: own.submission.title for own in result.entries})
    _headed(figure, axes, heading)
    return figure


def draw_profiles(
    ax: Axes, found: Mapping[str, Sequence[float]], last: float, titles: Mapping[str, str]
) -> None:
    """Steps that rise to the share of problems that an entry solves within the budget at all."""
    for i, (name, ratios) in enumerate(found.items()):
        look, n = style.look(i), len(ratios)
        solved = sorted(one for one in ratios if math.isfinite(one))
        x = [1.0, *solved, max(last, 1.1)]
        y = [0.0, *((k + 1) / n for k in range(len(solved))), len(solved) / n if n else 0.0]
        ax.plot(
            x,
            y,
            color=look.color,
            linestyle=look.line,
            linewidth=1.8,
            drawstyle="steps-post",
            label=titles[name],
        )
    ax.set_xscale("log")
    ax.set_xlim(1.0, max(last, 1.1))
    ax.set_ylim(0.0, 1.03)
    layout.whole_numbers(ax, "x")
    ax.set_xlabel("τ: T_gen over the best of all entries", fontsize=9)
    ax.set_ylabel("share of workloads × seeds", fontsize=9)


def _headed(figure: Figure, axes: Sequence[Axes], heading: str) -> None:
    title = textwrap.fill(heading, int(figure.get_figwidth() / 0.08))
    figure.suptitle(title, fontsize=9.5, x=0.01, ha="left", weight="bold")
    style.one_legend(figure, axes)
