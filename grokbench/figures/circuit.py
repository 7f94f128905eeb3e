"""A trained one-layer Transformer, a panel a seed: spectra, neurons, logits, ablations (analysis "circuit")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grokbench.figures import layout, style
from grokbench.figures.data import usable
from grokbench.figures.fields import Fields
from grokbench.figures.kind import Kind
from grokbench.measures.cells import Cell, Cells

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Panel = Callable[[Axes, Cell], str]

MOST = 12  # seeds
KEY_SHARE = 0.25  # a frequency is key when its norm in W_L is at least this share of the largest
CLUSTERED = 0.85  # least FVE of a neuron that belongs to a cluster
LEAST_LOSS = 1e-12


@dataclass(frozen=True, kw_only=True)
class Spectra(Fields):
    """Norms of the Fourier components of W_E (up) and W_L (down), final and initial, a panel a seed."""


@dataclass(frozen=True, kw_only=True)
class Neurons(Fields):
    """Every neuron by the frequency that explains most of its variance, and how much that is, a panel a seed."""


@dataclass(frozen=True, kw_only=True)
class Logits(Fields):
    """Mean centred logit against z − x − y, and the formula fitted to it, a panel a seed."""


@dataclass(frozen=True, kw_only=True)
class Ablations(Fields):
    """Loss of the whole table without one frequency, for every frequency, a panel a seed."""


def values(cell: Cell, name: str) -> NDArray[Any]:
    """An array of the analysis."""
    return np.asarray(cell.record.analyses["circuit"][name])


def number(cell: Cell, name: str) -> float:
    """A single number of the analysis."""
    return float(np.ravel(values(cell, name))[0])


def is_key(cell: Cell, k: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of these frequencies are key."""
    return np.isin(k, np.ravel(values(cell, "key")).astype(int))


def kind(fields: type[Fields], fill: Panel, x: str, y: str, shared: bool = False) -> Kind:
    """A kind that draws one panel for each seed; ``fill`` gives what stands above it."""

    def draw(own: Fields, cells: Cells) -> Figure | None:
        runs = [cell for name in own.experiments for cell in usable(cells, name)]
        group = [cell for cell in runs if "circuit" in cell.record.analyses][:MOST]
        if not group:
            return None
        figure, axes = layout.multiples(len(group))
        for i, (ax, cell) in enumerate(zip(axes, group, strict=True)):
            said = fill(ax, cell)
            style.credit(ax, [cell.seed])
            ax.set_title(f"seed {cell.seed}{f': {said}' if said else ''}", fontsize=9, loc="left")
            layout.label(ax, i, len(group), x, y)
        if shared:
            layout.same_limits([ax for ax in axes if ax.get_yscale() == "log"])
        return layout.framed(figure, axes, own, cells, group)

    return Kind(fields, draw, panels=False)


def _spectrum(ax: Axes, cell: Cell) -> str:
    for name, sign in (("embedding", 1), ("logit", -1)):
        final, initial = (values(cell, f"{name}_spectrum{when}") for when in ("", "_initial"))
        k = np.arange(1, final.size + 1)
        key, shares = is_key(cell, k), sign * final / max(float(final.max()), 1e-300)
        ax.bar(k[~key], shares[~key], width=0.8, color=style.BLUE, label="final network")
        ax.bar(
            k[key],
            shares[key],
            width=0.8,
            color=style.VERMILION,
            hatch="///",
            label="final network, key frequency",
        )
        start = sign * initial / max(float(final.max()), 1e-300)
        ax.plot(k, start, "-", color=style.BLACK, linewidth=0.8, label="initial network")
    text = "key: at least a quarter of the largest in W_L"
    ax.axhline(-KEY_SHARE, color="0.35", linewidth=1.1, linestyle=":", label=text)
    ax.axhline(0, color=style.BLACK, linewidth=0.6)
    low, high = ax.get_ylim()
    ax.set_ylim(min(-1.1, low), max(1.1, high))
    ax.set_yticks([-1, -0.5, 0, 0.5, 1], ["1", "½", "0", "½", "1"])
    ax.set_xlim(0, None)
    named = sorted(np.ravel(values(cell, "key")).astype(int))
    return (
        f"key {', '.join(map(str, named)) or 'none'}" if len(named) < 8 else f"{len(named)} key frequencies"
    )


def _neurons(ax: Axes, cell: Cell) -> str:
    frequency, fve, initial = (values(cell, f"neuron_{name}") for name in ("frequency", "fve", "fve_initial"))
    initial = initial[np.isfinite(initial)]
    low, high = np.quantile(initial, [0.05, 0.95]) if initial.size else (0.0, 0.0)
    ax.axhspan(low, high, color="0.85", linewidth=0, zorder=0, label="initial network, 5 to 95 % of neurons")
    inside = fve > CLUSTERED
    for mask, look, label in (
        (~inside, style.LOOKS[0], "neuron"),
        (inside, style.LOOKS[1], f"neuron of a cluster (FVE > {CLUSTERED})"),
    ):
        within = np.flatnonzero(mask)
        moved = frequency[within] + 0.8 * (
            (within * 0.6180339887) % 1 - 0.5
        )  # apart, so that none hides another
        (marks,) = ax.plot(moved, fve[within], look.marker, color=look.color, alpha=0.4, label=label)
        marks.set(markersize=2.5, rasterized=True)  # there are hundreds
    ax.axhline(CLUSTERED, color="0.35", linewidth=0.8, linestyle=":")
    counts = {int(k): int(np.sum(frequency[inside] == k)) for k in np.unique(frequency[inside])}
    last, y = -np.inf, 1.03
    for k in (k for k in counts if is_key(cell, np.array([k]))[0]):
        y = 1.17 if k - last < 5 and y == 1.03 else 1.03  # two heights in turn where labels would touch
        ax.annotate(str(counts[k]), (k, y), ha="center", va="bottom", fontsize=8, color=style.VERMILION)
        last = k
    ax.set_ylim(0, 1.32)
    ax.set_yticks([0, 0.5, 1])
    ax.set_xlim(0, values(cell, "embedding_spectrum").size + 1)
    return f"{100 * number(cell, 'cluster_share'):.0f} % in clusters"


def _logits(ax: Axes, cell: Cell) -> str:
    network, formula = values(cell, "logit_by_difference"), values(cell, "formula_by_difference")
    p = network.size
    d = np.arange(p) - p // 2  # −(p−1)/2 … (p−1)/2; index d mod p
    ax.plot(d, network[d % p], "o", color=style.BLUE, markersize=3, alpha=0.7, label="network")
    text = "Σ α_k cos(w_k(x + y − z)), fitted"
    ax.plot(d, formula[d % p], "-", color=style.VERMILION, linewidth=1.2, label=text)
    return f"FVE {number(cell, 'logit_fve'):.3f}"


def _ablation(ax: Axes, cell: Cell) -> str:
    loss = np.maximum(values(cell, "loss_without_frequency"), LEAST_LOSS)
    whole = max(number(cell, "loss_all"), LEAST_LOSS)
    k = np.arange(1, loss.size + 1)
    key = is_key(cell, k)
    for mask, look, label in ((~key, style.LOOKS[0], ""), (key, style.LOOKS[1], "key ")):
        ax.vlines(k[mask], whole, loss[mask], color=look.color, linewidth=1.6)
        ax.plot(
            k[mask],
            loss[mask],
            look.marker,
            color=look.color,
            markersize=4.5 if label else 2.0,
            label=f"without this {label}frequency",
        )
    ax.axhline(whole, color=style.BLACK, linewidth=1.0, linestyle="--", label="whole network")
    if np.isfinite(loss).any() and np.isfinite(whole):
        ax.set_yscale("log")
    ax.set_xlim(0, loss.size + 1)
    return ""


SPECTRA = kind(Spectra, _spectrum, "frequency k", "← W_L    norm    W_E →")
NEURONS = kind(Neurons, _neurons, "frequency k of the neuron", "FVE by one frequency")
LOGITS = kind(Logits, _logits, "z − x − y (mod p)", "mean logit, centred")
ABLATIONS = kind(Ablations, _ablation, "frequency k removed", "loss, all rows (nats)", shared=True)
