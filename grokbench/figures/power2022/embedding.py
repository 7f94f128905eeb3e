"""Fig 3 right, measured: the rows of the output layer as points on a circle, and the frequencies that they are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from grokbench.figures import layout, style
from grokbench.figures.power2022 import stated
from grokbench.measures.cells import Cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ANALYSIS = "circles"
BEST = 6  # frequencies whose shares the analysis adds up
HALF_OF_POWER = 0.5
NAMED = 8  # label every NAMED-th residue on the circle
SHARES = (
    ("best_share_initial", "before the\nfirst step", style.SKY),
    ("best_share", "in the end", style.VERMILION),
    ("permuted_share", "in the end,\nrows permuted", style.BLUE),
)
MEASURED_AS = (
    "The rows of the residues in the plane of their strongest frequency k; the colour is the residue's place k·n mod p on a "
    "circle, and a line leads to the next place. Each row is placed by the plane that the other rows span."
)


def embedding(cells: style.Cells) -> Figure | None:
    """One seed of addition: its circle before the first step and in the end, its spectrum; and the shares of all seeds."""
    group = layout.runs(cells, stated.ADDITION, ANALYSIS)
    if not group:
        return None
    figure, axes = style.canvas(2, 2, width=4.8, height=4.1)
    cell = group[0]
    _points(axes[0], cell, "plane_initial", f"seed {cell[0]}, before the first step")
    _points(axes[1], cell, "plane", f"seed {cell[0]}, in the end: {_ring(cell)}")
    _spectrum(axes[2], cell)
    _shares(axes[3], group)
    layout.caption(
        figure,
        f"The output layer of `{stated.ADDITION}`, which the paper shows as a t-SNE picture (Fig 3 right). {MEASURED_AS} "
        f"{layout.seeds_said(group)}",
    )
    style.one_legend(figure, axes)
    return figure


def decay(cells: style.Cells) -> Figure | None:
    """One seed of addition at 80 % of the table with weight decay and without, and the Gini coefficients of all seeds."""
    arms = [(label, layout.runs(cells, name, ANALYSIS)) for name, label in stated.DECAY.items()]
    if not all(group for _, group in arms):
        return None
    seed = arms[0][1][0][0]
    figure, axes = style.canvas(1, 3, width=4.0, height=4.4)
    for ax, (label, group) in zip(axes, arms, strict=False):
        cell = next((c for c in group if c[0] == seed), group[0])
        _points(ax, cell, "plane", f"{label}\nseed {cell[0]}: {_ring(cell)}".replace(",\n", ", "))
    ax = axes[2]
    by_seed: dict[int, list[tuple[int, float]]] = {}
    for i, (_, group) in enumerate(arms):
        for cell in group:
            by_seed.setdefault(cell[0], []).append((i, _number(cell, "gini")))
        middle = style.median(_number(cell, "gini") for cell in group)
        ax.plot([i - 0.15, i + 0.15], [middle] * 2, "-", color=style.BLACK, linewidth=2, label="median")
    for pairs in by_seed.values():
        ax.plot(
            *zip(*pairs, strict=True),
            "o-",
            color="0.5",
            markerfacecolor=style.BLUE,
            linewidth=0.7,
            label="seed",
        )
    ax.set_xticks(range(len(arms)), [label for label, _ in arms])
    ax.set_xlim(-0.5, len(arms) - 0.5)
    ax.set_ylim(0, 1)
    ax.set_xlabel("optimizer")
    ax.set_ylabel("Gini coefficient of the waves' norms")
    layout.caption(
        figure,
        f"The output layer with and without weight decay (the paper's Section 3.4). {MEASURED_AS} "
        f"{layout.seeds_said(c for _, group in arms for c in group)}",
    )
    style.one_legend(figure, axes)
    return figure


def _points(ax: Axes, cell: Cell, name: str, title: str) -> None:
    """Coordinates (p, 2) of the residues' rows; nothing where the analysis has none."""
    p = int(cell[2].facts["n_elements"])
    found = cell[2].analyses[ANALYSIS].get(name)
    at = np.full((p, 2), np.nan) if found is None else np.asarray(found, dtype=float)
    k = int(_number(cell, "frequency"))
    place = k * np.arange(p) % p
    order = np.argsort(place, kind="stable")
    ring = np.append(order, order[:1])
    circle = np.linspace(0, 2 * np.pi, 200)
    ax.plot(
        np.cos(circle),
        np.sin(circle),
        ":",
        color="0.35",
        linewidth=0.9,
        label="circle, some residues at their places",
    )
    ax.plot(at[ring, 0], at[ring, 1], "-", color="0.7", linewidth=0.6, zorder=1)
    ax.scatter(at[:, 0], at[:, 1], c=place, cmap="twilight_shifted", s=16, vmin=0, vmax=p, zorder=2)
    spread = float(np.max(np.abs(at[np.isfinite(at)]), initial=0.0))
    reach = 1.15 * max(1.4, spread)
    for n in order[: p - NAMED // 2 : NAMED]:
        angle = 2 * np.pi * place[n] / p
        outside = (0.93 * reach * np.cos(angle), 0.93 * reach * np.sin(angle))
        ax.annotate(str(n), outside, ha="center", va="center", fontsize=7, color="0.25")
    ax.set_xlim(-reach, reach)
    ax.set_ylim(-reach, reach)
    ax.set_aspect("equal")
    ax.set_title(title, fontsize=9, loc="left")
    ax.set_xlabel("along the cosine of frequency k")
    ax.set_ylabel("along the sine")


def _ring(cell: Cell) -> str:
    score = _number(cell, "ring_score")
    if not math.isfinite(score):
        return "no frequency"
    return f"k = {_number(cell, 'frequency'):.0f}, ring score {score:.2f}"


def _spectrum(ax: Axes, cell: Cell) -> None:
    """Share of the power at each frequency, the six strongest apart; at the start, and of permuted rows."""
    power = layout.values(cell, ANALYSIS, "power_share").astype(float)
    k = np.arange(1, power.size + 1)
    best = np.zeros(power.size, dtype=bool)
    best[np.argsort(power)[-BEST:]] = bool(np.isfinite(power).all())
    ax.bar(k[~best], power[~best], width=0.8, color=style.BLUE, label="in the end")
    ax.bar(k[best], power[best], width=0.8, color=style.VERMILION, label="in the end, six strongest")
    initial = layout.values(cell, ANALYSIS, "power_share_initial").astype(float)
    ax.plot(k, initial, "-", color=style.BLACK, linewidth=0.9, label="before the first step")
    permuted = _number(cell, "permuted_share") / BEST
    ax.axhline(
        permuted,
        color="0.35",
        linestyle="--",
        linewidth=1.0,
        label="mean of the six strongest, rows permuted",
    )
    ax.set_xlim(0, power.size + 1)
    ax.set_ylim(bottom=0)
    ax.set_title(f"seed {cell[0]}, spectrum over the residues", fontsize=9, loc="left")
    ax.set_xlabel("frequency k")
    ax.set_ylabel("share of the power")


def _shares(ax: Axes, group: Sequence[Cell]) -> None:
    """Share of the power in the six strongest frequencies: a dot a seed, its rows in order and permuted."""
    for cell in group:
        found = [_number(cell, name) for name, _, _ in SHARES]
        ax.plot(range(len(SHARES)), found, "-", color="0.7", linewidth=0.7, zorder=1)
    for i, (name, _, color) in enumerate(SHARES):
        ax.plot([i] * len(group), [_number(cell, name) for cell in group], "o", color=color, markersize=5)
    ax.axhline(HALF_OF_POWER, color="0.35", linestyle="-.", linewidth=0.9, label="half of the power")
    ax.set_xticks(range(len(SHARES)), [title for _, title, _ in SHARES])
    ax.set_xlim(-0.4, len(SHARES) - 0.6)
    ax.set_ylim(0, 1.02)
    ax.set_title("all seeds", fontsize=9, loc="left")
    ax.set_xlabel("rows of the output layer")
    ax.set_ylabel("power in the six strongest frequencies")


def _number(cell: Cell, name: str) -> float:
    return float(np.ravel(layout.values(cell, ANALYSIS, name))[0])
