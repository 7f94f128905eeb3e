"""Fig. 6 and the tables: what becomes of the loss without a part, and how much of each part is explained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from grokbench.figures import layout, style
from grokbench.figures.nanda2023 import stated
from grokbench.figures.nanda2023.circuit import PAPER_CLUSTERED
from grokbench.measures.cells import Cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Losses of the whole table under each replacement or ablation, and what the paper reports for its mainline run.
INTERVENTIONS = (
    ("loss_all", "nothing changed", 2.41e-7),
    ("loss_polynomial", "clustered neurons → polynomials", 2.48e-7),
    ("loss_formula", "logits → Σ α cos(w(x + y − z))", 4.7e-8),
    ("loss_sum_only", "keep cos, sin of w(x + y) only", 5.54e-8),
    ("loss_key_components", "keep key frequencies only", 7.24e-8),
    ("loss_logit_directions", "MLP → directions W_L reads", 1.19e-7),
    ("loss_nullspace", "MLP → the rest", 5.27),
    ("loss_skip_mlp_mean", "skip past MLP → its mean", 7.25e-7),
    ("loss_skip_mlp_zero", "skip past MLP → 0", 9.12e-7),
    ("loss_heads_zero", "attention heads → 0", 24.3),
    ("loss_skip_attention_zero", "skip past attention → 0", 19.1),
)

# Shares of variance: column, name, and the paper's values for its mainline run.
FITS: tuple[tuple[str, str, tuple[float, ...]], ...] = (
    ("cluster_share", "neurons in a cluster\n(share)", (PAPER_CLUSTERED,)),
    ("readout_cos", "u_k·MLP by\ncos w_k(x + y)", (0.932, 0.968, 0.970, 0.964, 0.974)),
    ("readout_sin", "v_k·MLP by\nsin w_k(x + y)", (0.935, 0.965, 0.970, 0.964, 0.982)),
    ("logit_fve", "logits by\nthe formula", (0.95,)),
    ("attention_fve", "attention to x by\none frequency", (0.9903, 0.9849, 0.9907, 0.9791)),
    ("cluster_energy_share", "energy of W_L at\nthe own frequency", ()),
)


def ablations(cells: style.Cells, experiment: str = stated.MAIN) -> Figure | None:
    """Loss without one frequency, for every frequency, from the loss of the whole network upwards."""
    group = layout.runs(cells, experiment, "circuit")
    if not group:
        return None
    n = len(group)
    figure, axes = layout.multiples(n)
    for i, (ax, cell) in enumerate(zip(axes, group, strict=True)):
        loss = np.maximum(layout.values(cell, "circuit", "loss_without_frequency"), stated.LEAST_LOSS)
        whole = max(stated.number(cell, "loss_all"), stated.LEAST_LOSS)
        k = np.arange(1, loss.size + 1)
        is_key = np.isin(k, stated.keys(cell))
        for mask, color, label, size in (
            (~is_key, style.BLUE, "without this frequency", 2.5),
            (is_key, style.VERMILION, "without this key frequency", 4.5),
        ):
            ax.vlines(k[mask], whole, loss[mask], color=color, linewidth=1.6)
            ax.plot(k[mask], loss[mask], "o", color=color, markersize=size, label=label)
        ax.axhline(whole, color=style.BLACK, linewidth=1.0, linestyle="--", label="whole network")
        layout.logarithmic(ax)
        ax.set_xlim(0, loss.size + 1)
        ax.set_title(f"seed {cell[0]}", fontsize=9, loc="left")
        layout.label(ax, i, n, "frequency k removed", "loss, all rows (nats)")
    _same_limits(axes)
    layout.caption(
        figure,
        "Loss when one frequency is removed from every neuron (the paper's Fig. 6). "
        f"{stated.said(experiment, group)}",
    )
    style.one_legend(figure, axes)
    return figure


def interventions(cells: style.Cells, experiment: str = stated.MAIN) -> Figure | None:
    """Loss of the whole table under each replacement and ablation: a dot a seed, the paper's value as a star."""
    group = layout.runs(cells, experiment, "circuit")
    if not group:
        return None
    figure, axes = style.canvas(1, 1, width=8.4, height=5.2)
    ax = axes[0]
    for row, (name, _, paper) in enumerate(INTERVENTIONS):
        found = [max(stated.number(cell, name), stated.LEAST_LOSS) for cell in group]
        ax.plot(found, [row] * len(found), "o", color=style.BLUE, markersize=6, alpha=0.55, label="seed")
        middle = style.median([x for x in found if math.isfinite(x)] or [math.nan])
        ax.plot(
            [middle], [row], "|", color=style.BLACK, markersize=16, markeredgewidth=2, label="median of seeds"
        )
        ax.plot([paper], [row + 0.28], "*", color=style.VERMILION, markersize=11, label="paper, mainline run")
    p = int(group[0][2].facts["n_elements"])
    ax.axvline(math.log(p), color="0.35", linewidth=0.9, linestyle=":", label=f"ln {p}, a uniform guess")
    ax.set_xscale("log")
    ax.set_yticks(range(len(INTERVENTIONS)), [title for _, title, _ in INTERVENTIONS])
    ax.invert_yaxis()
    ax.set_xlabel("loss, all rows (nats)")
    ax.set_ylabel("what was changed")
    layout.caption(
        figure,
        "Loss after replacements and ablations (the paper's Sections 4.2 and 4.4, and Appendix A.1). "
        f"{stated.said(experiment, group)}",
    )
    style.one_legend(figure, axes)
    return figure


def fits(cells: style.Cells, experiment: str = stated.MAIN) -> Figure | None:
    """How much of neurons, read-outs, logits and attention the algorithm explains, beside the paper's values."""
    group = layout.runs(cells, experiment, "circuit")
    if not group:
        return None
    figure, axes = style.canvas(1, 1, width=9.2, height=4.4)
    ax = axes[0]
    for at, (name, _, paper) in enumerate(FITS):
        for j, cell in enumerate(group):
            found = _fit(cell, name)
            shift = (j - (len(group) - 1) / 2) * min(0.07, 0.5 / len(group))
            ax.plot(
                [at - 0.08 + shift] * len(found),
                found,
                "o",
                color=style.BLUE,
                markersize=4.5,
                alpha=0.55,
                label="seed",
            )
        ax.plot(
            [at + 0.36] * len(paper),
            paper,
            "*",
            color=style.VERMILION,
            markersize=9,
            label="paper, mainline run",
        )
    ax.set_xticks(range(len(FITS)), [title for _, title, _ in FITS], fontsize=8)
    ax.set_xlim(-0.5, len(FITS) - 0.4)
    ax.set_ylim(min(0.0, ax.get_ylim()[0]), 1.03)
    ax.set_xlabel("what is explained")
    ax.set_ylabel("share of the variance")
    layout.caption(
        figure,
        "How well the Fourier multiplication algorithm describes the network, a column of dots a seed, a dot a key frequency or "
        "head (the paper's Sections 4.2, 4.3 and "
        f"Appendix C.1). {stated.said(experiment, group)}",
    )
    style.one_legend(figure, axes)
    return figure


def _fit(cell: Cell, name: str) -> list[float]:
    if name.startswith("readout"):
        column = layout.values(cell, "circuit", "readout_fve")[:, 0 if name.endswith("cos") else 1]
    else:
        column = layout.values(cell, "circuit", name)
    return [float(x) for x in np.ravel(column) if np.isfinite(x)]


def _same_limits(axes: Sequence[Axes]) -> None:
    limits = [ax.get_ylim() for ax in axes if ax.get_yscale() == "log"]  # not of a panel without a number
    for ax in axes if limits else ():
        ax.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
