"""Fig. 3, clusters and logits: what the trained networks have become, one small panel a seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grokbench.figures import layout, style
from grokbench.figures.nanda2023 import stated

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KEY_SHARE = 0.25  # a frequency is key when its norm in W_L is at least this share of the largest
CLUSTERED = 0.85  # least FVE of a neuron that belongs to a cluster
PAPER_CLUSTERED = 0.846


def spectra(cells: style.Cells, experiment: str = stated.MAIN) -> Figure | None:
    """Norms of the Fourier components of W_E (up) and W_L (down) of every seed, against those at the start."""
    group = layout.runs(cells, experiment, "circuit")
    if not group:
        return None
    n = len(group)
    figure, axes = layout.multiples(n)
    for i, (ax, cell) in enumerate(zip(axes, group, strict=True)):
        key = np.array(stated.keys(cell), dtype=int)
        for name, sign in (("embedding", 1), ("logit", -1)):
            final = layout.values(cell, "circuit", f"{name}_spectrum")
            initial = layout.values(cell, "circuit", f"{name}_spectrum_initial")
            k = np.arange(1, final.size + 1)
            top = max(float(final.max()), 1e-300)
            is_key = np.isin(k, key)
            ax.bar(
                k[~is_key], sign * final[~is_key] / top, width=0.8, color=style.BLUE, label="final network"
            )
            ax.bar(
                k[is_key],
                sign * final[is_key] / top,
                width=0.8,
                color=style.VERMILION,
                label="final network, key frequency",
            )
            ax.plot(
                k,
                sign * initial / top,
                "-",
                color=style.BLACK,
                linewidth=0.8,
                label="initial network",
            )
        ax.axhline(
            -KEY_SHARE,
            color="0.35",
            linewidth=1.1,
            linestyle=":",
            label="key: at least a quarter of the largest in W_L",
        )
        ax.axhline(0, color=style.BLACK, linewidth=0.6)
        low, high = ax.get_ylim()
        ax.set_ylim(min(-1.1, low), max(1.1, high))
        ax.set_yticks([-1, -0.5, 0, 0.5, 1], ["1", "½", "0", "½", "1"])
        ax.set_xlim(0, None)
        named = f"key {', '.join(map(str, key)) or 'none'}" if key.size < 8 else f"{key.size} key frequencies"
        ax.set_title(f"seed {cell[0]}: {named}", fontsize=9, loc="left")
        layout.label(ax, i, n, "frequency k", "← W_L    norm    W_E →")
    layout.caption(
        figure,
        "Fourier components of the embedding W_E (upwards) and of the neuron-logit map W_L (downwards), as shares of "
        f"the largest of the final network (the paper's Fig. 3). {stated.said(experiment, group)}",
    )
    style.one_legend(figure, axes)
    return figure


def neurons(cells: style.Cells, experiment: str = stated.MAIN) -> Figure | None:
    """Every neuron by the frequency that explains most of its variance, and how much that is."""
    group = layout.runs(cells, experiment, "circuit")
    if not group:
        return None
    n = len(group)
    figure, axes = layout.multiples(n)
    for i, (ax, cell) in enumerate(zip(axes, group, strict=True)):
        frequency = layout.values(cell, "circuit", "neuron_frequency")
        fve = layout.values(cell, "circuit", "neuron_fve")
        initial = layout.values(cell, "circuit", "neuron_fve_initial")
        inside = fve > CLUSTERED
        initial = initial[np.isfinite(initial)]
        low, high = np.quantile(initial, [0.05, 0.95]) if initial.size else (0.0, 0.0)
        ax.axhspan(
            low, high, color="0.85", linewidth=0, zorder=0, label="initial network, 5 to 95 % of neurons"
        )
        ax.plot(
            _spread(frequency, ~inside),
            fve[~inside],
            "o",
            color=style.BLUE,
            markersize=2.5,
            alpha=0.35,
            label="neuron",
        )
        ax.plot(
            _spread(frequency, inside),
            fve[inside],
            "o",
            color=style.VERMILION,
            markersize=2.5,
            alpha=0.35,
            label="neuron of a cluster (FVE > 0.85)",
        )
        ax.axhline(CLUSTERED, color="0.35", linewidth=0.8, linestyle=":")
        clusters = {int(k): int(np.sum(frequency[inside] == k)) for k in np.unique(frequency[inside])}
        named = [(k, m) for k, m in clusters.items() if k in stated.keys(cell)]
        for (k, m), y in zip(named, _heights([k for k, _ in named]), strict=True):
            ax.annotate(str(m), (k, y), ha="center", va="bottom", fontsize=8, color=style.VERMILION)
        ax.set_ylim(0, 1.32)
        ax.set_yticks([0, 0.5, 1])
        ax.set_xlim(0, layout.values(cell, "circuit", "embedding_spectrum").size + 1)
        share = stated.number(cell, "cluster_share")
        ax.set_title(f"seed {cell[0]}: {100 * share:.0f} % in clusters", fontsize=9, loc="left")
        layout.label(ax, i, n, "frequency k of the neuron", "FVE by one frequency")
    layout.caption(
        figure,
        "Neurons as degree-2 polynomials of the sines and cosines of one frequency (the paper's Section 4.3: "
        f"{100 * PAPER_CLUSTERED:g} % in clusters); numbers: neurons in the cluster of a key frequency. "
        f"{stated.said(experiment, group)}",
    )
    style.one_legend(figure, axes)
    return figure


def logits(cells: style.Cells, experiment: str = stated.MAIN) -> Figure | None:
    """Mean centred logit against z − x − y, and the formula fitted to it."""
    group = layout.runs(cells, experiment, "circuit")
    if not group:
        return None
    n = len(group)
    figure, axes = layout.multiples(n)
    for i, (ax, cell) in enumerate(zip(axes, group, strict=True)):
        network = layout.values(cell, "circuit", "logit_by_difference")
        formula = layout.values(cell, "circuit", "formula_by_difference")
        p = network.size
        difference = np.arange(p) - p // 2  # −(p−1)/2 … (p−1)/2; index d mod p
        ax.plot(
            difference,
            network[difference % p],
            "o",
            color=style.BLUE,
            markersize=3,
            alpha=0.7,
            label="network",
        )
        ax.plot(
            difference,
            formula[difference % p],
            "-",
            color=style.VERMILION,
            linewidth=1.2,
            label="Σ α_k cos(w_k(x + y − z)), fitted",
        )
        ax.set_title(f"seed {cell[0]}: FVE {stated.number(cell, 'logit_fve'):.3f}", fontsize=9, loc="left")
        layout.label(ax, i, n, "z − x − y (mod p)", "mean logit, centred")
    layout.caption(
        figure,
        "Logits against the formula of the paper's Section 4.2, as functions of the distance from the right answer; "
        f"FVE: over all single logits. {stated.said(experiment, group)}",
    )
    style.one_legend(figure, axes)
    return figure


def _spread(frequency: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[Any]:
    """Frequencies of those neurons, moved by less than a half in their order so that they do not hide each other."""
    within = np.flatnonzero(mask)
    moved: NDArray[Any] = frequency[within] + 0.8 * ((within * 0.6180339887) % 1 - 0.5)
    return moved


def _heights(frequencies: Sequence[int], low: float = 1.03, high: float = 1.17, near: int = 5) -> list[float]:
    """Two heights in turn where neighbours are nearer than a label is wide."""
    out: list[float] = []
    for i in range(len(frequencies)):
        close = i > 0 and frequencies[i] - frequencies[i - 1] < near
        out.append(high if close and out[-1] == low else low)
    return out
