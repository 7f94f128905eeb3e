"""A kind of figure: train less test accuracy over the steps, a line a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grokbench import FigureFields, FigureKind, field
from grokbench.figures import layout, style
from grokbench.figures.data import arms
from grokbench.measures.cells import Cells

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Fields(FigureFields):
    """train less test accuracy over the steps, a line a run"""

    opacity: float = field(0.7, help="of a line, from 0 to 1", above=0, most=1)


def draw(own: Fields, cells: Cells) -> Figure | None:
    """One panel; None where no run is there. cells: experiment → its runs."""
    shown = arms(own, own, cells)
    if not shown:
        return None
    figure, axes = style.canvas(1, 1)
    for i, arm in enumerate(shown):
        color = style.look(i).color
        style.named(axes[0], arm.label, color=color)
        for cell in arm.cells:
            curves = cell.record.curves
            gap = curves["train_accuracy"] - curves["test_accuracy"]
            axes[0].plot(curves["step"], gap, color=color, alpha=own.opacity)
    axes[0].set_xscale("symlog")  # from step 0
    layout.label(axes[0], 0, 1, layout.STEP, "train less test accuracy (share of rows)")
    return layout.framed(figure, axes, own, cells, [cell for arm in shown for cell in arm.cells])


KIND = FigureKind(Fields, draw, panels=False)
