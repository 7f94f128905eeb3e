"""Histogram: how a quantity is distributed over the runs, or over the neurons, heads or frequencies of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grokbench.figures import layout, marks, style
from grokbench.figures.data import arms, censored, drawn, numbers
from grokbench.figures.fields import Fields
from grokbench.figures.kind import Kind
from grokbench.measures.cells import Cells
from grokbench.specs.fields import field as spec

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Histogram(Fields):
    """The share of the numbers that fall into each bin, an outline a label, over the runs of all seeds."""

    bins: int = spec(32, help="number of bins", least=2)
    range: tuple[float, float] | None = spec(
        None,
        help="ends of the bins [default: those of the numbers]",
        schema={"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    )


def draw(own: Histogram, cells: Cells) -> Figure | None:
    """One panel; None where no label has a number. What is censored is left out, and counted in the legend."""
    one, shown = own.y[0], arms(own, own, cells, untrained=True, whole=True)
    found = {arm.label: [v for cell in arm.cells for v in numbers(one, (cell,), cells)] for arm in shown}
    known = {label: [drawn(v, 0) for v in values if not censored(v)] for label, values in found.items()}
    known = {label: values for label, values in known.items() if values}
    if not known:
        return None
    every = np.concatenate([np.asarray(values) for values in known.values()])
    edges = np.histogram_bin_edges(every, own.bins, own.range)
    figure, axes = style.canvas(1, 1, width=6.4, height=3.4)
    for i, (label, values) in enumerate(known.items()):
        counts, _ = np.histogram(values, edges)
        missing = len(found[label]) - len(values)
        text = f"{label}, {len(values)} numbers" + (f", {missing} {style.CENSORED}" if missing else "")
        outline(axes[0], counts, edges, style.look(i), text)
    marks.draw(axes[0], own, shown, cells)
    axes[0].set_xlabel(own.axis or one.name, fontsize=9)
    axes[0].set_ylabel("density", fontsize=9)
    return layout.framed(figure, axes, own, cells, [cell for arm in shown for cell in arm.cells])


def outline(ax, counts, edges, look: style.Look, label: str) -> None:  # type: ignore[no-untyped-def]
    """Counts (bins,) between edges (bins + 1,) as a density, an outline over a tint."""
    density = counts / max(1.0, float(counts.sum())) / (edges[1] - edges[0])
    ax.stairs(density, edges, color=look.color, linewidth=1.6, linestyle=look.line, fill=False, label=label)
    ax.stairs(density, edges, color=look.color, alpha=0.15, fill=True)


KIND = Kind(Histogram, draw)
