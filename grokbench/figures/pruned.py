"""Pruned: what a network still answers once a growing share of its neurons is out, by their IPR or drawn (analysis "pruning")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grokbench.figures import layout, style
from grokbench.figures.data import Arm, arms
from grokbench.figures.fields import Fields
from grokbench.figures.kind import Kind
from grokbench.measures.cells import Cells

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENDS = {"low": "lowest IPR first", "high": "highest IPR first", "random": "drawn at random"}
ROWS = {"test": "test", "clean": "clean", "corrupted": "corrupted", "corrected": "corrupted, by truth"}


@dataclass(frozen=True, kw_only=True)
class Pruned(Fields):
    """Accuracies over the share of neurons that is out: a row a label, a column an order, a thin line a seed."""


def draw(own: Pruned, cells: Cells) -> Figure | None:
    """A row of three panels for each label that has runs; None where none has."""
    shown = [
        Arm(arm.label, tuple(c for c in arm.cells if "pruning" in c.record.analyses))
        for arm in arms(own, own, cells)
    ]
    shown = [arm for arm in shown if arm.cells]
    if not shown:
        return None
    figure, axes = style.canvas(len(shown), len(ENDS), height=2.0 if len(shown) > 1 else 2.6)
    for i, arm in enumerate(shown):
        for j, (end, words) in enumerate(ENDS.items()):
            ax = axes[i * len(ENDS) + j]
            _panel(ax, arm, end)
            above = [arm.label if j == 0 else "", words if i == 0 else ""]
            ax.set_title("\n".join(text for text in above if text), fontsize=9, loc="left")
            ax.set_xlabel("share of the neurons that is out" if i == len(shown) - 1 else "", fontsize=9)
            ax.set_ylabel("accuracy" if j == 0 else "", fontsize=9)
    return layout.framed(figure, axes, own, cells, [cell for arm in shown for cell in arm.cells])


def _panel(ax: Axes, arm: Arm, end: str) -> None:
    for k, (rows, words) in enumerate(ROWS.items()):
        look, lines = style.look(k), []
        for cell in arm.cells:
            found = cell.record.analyses["pruning"]
            line = np.asarray(found.get(f"{end}_{rows}", ()), dtype=float)
            if line.size:
                lines.append(line)
                drawn = ax.plot(found["fraction"], line, color=look.color, linewidth=0.7, alpha=0.35)
                style.credit(drawn[0], [cell.seed])
        if lines:
            text = f"{words} (bold: median of seeds)"
            middle = np.median(lines, axis=0)
            at = arm.cells[0].record.analyses["pruning"]["fraction"]
            ax.plot(at, middle, color=look.color, linestyle=look.line, linewidth=2.0, label=text)
    ax.set_xlim(0, 1)
    ax.set_ylim(-0.03, 1.03)


KIND = Kind(Pruned, draw, panels=False)
