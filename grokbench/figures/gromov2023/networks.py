"""Figs 2 and 3: what the trained networks have become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grokbench.figures import style
from grokbench.measures.cells import Cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "gd-addition": ("GD", style.BLUE, "-"),
    "adamw-addition": ("AdamW", style.VERMILION, "--"),
    "adamw-wd5-addition": ("AdamW, weight decay 5", style.GREEN, "-"),
}
FLOOR = 1e-7  # share of the energy below which a heat map shows nothing


def spectrum(cells: style.Cells) -> Figure | None:
    """|FFT₂|² of one preactivation over (n, m), as shares of its energy: initial, trained, analytic."""
    trained, built = _power(cells, analytic=False), _power(cells, analytic=True)
    maps: list[tuple[str, NDArray[Any]]] = []
    if trained is not None:
        maps += [("initial weights", trained["initial"]), ("trained by GD", trained["final"])]
    if built is not None:
        maps.append(("analytic weights", built["final"]))
    if not maps:
        return None
    from matplotlib.colors import LogNorm

    figure, axes = style.canvas(1, len(maps), width=4.0, height=3.9)
    image = None
    for ax, (title, energy) in zip(axes, maps, strict=True):
        ax.grid(visible=False)
        shares = np.clip(_centred(energy), FLOOR, None)
        half = shares.shape[0] / 2
        image = ax.imshow(
            shares.T,
            origin="lower",
            cmap="cividis",
            norm=LogNorm(FLOOR, 0.1),
            extent=(-half, half, -half, half),
        )
        ax.set_title(title, fontsize=10, loc="left")
        ax.set_xlabel("frequency in n (cycles per p)")
    axes[0].set_ylabel("frequency in m (cycles per p)")
    if image is not None:
        figure.colorbar(image, ax=axes, label="share of the energy", extend="both", shrink=0.85)
    return figure


def phases(cells: style.Cells) -> Figure | None:
    """Histograms of ψ = φ₁ + φ₂ − φ₃ over the neurons of all seeds at 1.5 T_gen, GD and AdamW."""
    arms = [(name, _histogram(style.usable(cells, name))) for name in LABELS]
    drawn = [(name, counts) for name, counts in arms if counts is not None]
    if not drawn:
        return None
    figure, axes = style.canvas(1, 1, width=6.0, height=3.9)
    ax = axes[0]
    for name, counts in drawn:
        label, color, line = LABELS[name]
        edges = np.linspace(-np.pi, np.pi, counts.size + 1)
        density = counts / max(1.0, float(counts.sum())) / (edges[1] - edges[0])
        ax.stairs(density, edges, color=color, linewidth=1.6, linestyle=line, fill=False, label=label)
        ax.stairs(density, edges, color=color, alpha=0.2, fill=True)
    ax.axhline(
        1 / (2 * np.pi), color=style.BLACK, linestyle=":", linewidth=1.0, label="uniform: random phases"
    )
    ax.axvline(0, color="0.35", linestyle="-.", linewidth=1.0, label="analytic solution: 0")
    ax.set_xlim(-np.pi, np.pi)
    ax.set_xticks([-np.pi, -np.pi / 2, 0, np.pi / 2, np.pi], ["−π", "−π/2", "0", "π/2", "π"])
    ax.set_xlabel("ψ = φ₁ + φ₂ − φ₃ (radians)")
    ax.set_ylabel("density of neurons (per radian)")
    ax.set_title("neurons of all seeds, at 1.5 T_gen", fontsize=10, loc="left")
    style.one_legend(figure, axes)
    return figure


def _power(cells: style.Cells, analytic: bool) -> dict[str, NDArray[Any]] | None:
    """The power spectra of the lowest seed that has them: of the network trained by GD, or of the analytic one."""
    for experiment in ("analytic-addition",) if analytic else ("gd-addition",):
        for _, _, record in style.usable(cells, experiment):
            found = record.analyses.get("preactivation-power")
            if found:
                return {k: np.asarray(v, dtype=float) for k, v in found.items()}
    return None


def _centred(energy: NDArray[Any]) -> NDArray[Any]:
    """Frequency 0 in the middle; shares of the energy without the constant term, which says nothing."""
    shares = np.array(energy, dtype=float)
    shares[0, 0] = 0.0
    return np.fft.fftshift(shares / max(float(shares.sum()), 1e-300))


def _histogram(group: tuple[Cell, ...], bins: int = 32) -> NDArray[Any] | None:
    """Counts over (−π, π] summed over seeds, each at the first probe at or after 1.5 T_gen, else at its last.

    A record without the probe gives the final phases of its analysis. Seeds that never generalise count too.
    """
    from grokbench.analysis import timing

    total = np.zeros(bins)
    for _, _, record in group:
        probe, ends = record.probes.get("phases", {}), record.analyses.get("neuron-phases", {})
        if len(probe.get("histogram", ())):
            t_gen = timing.t_gen(record.curves["step"], record.curves["test_accuracy"], record.trial.budget)
            late = np.flatnonzero(np.asarray(probe["step"]) >= 1.5 * t_gen)
            total += np.asarray(probe["histogram"][late[0] if late.size else -1], dtype=float)
        elif "final" in ends:
            total += np.histogram(np.asarray(ends["final"]), bins=bins, range=(-np.pi, np.pi))[0]
    return total if total.any() else None
