"""Gromov's network from inside: the phases of its neurons, and the spectrum of one preactivation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grokbench.figures import layout, marks, style
from grokbench.figures.data import Arm, arms, usable
from grokbench.figures.fields import Fields
from grokbench.figures.histogram import outline
from grokbench.figures.kind import Kind
from grokbench.measures.cells import Cell, Cells
from grokbench.specs.fields import field as spec

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FLOOR = 1e-7  # share of the energy below which a heat map shows nothing
BINS = 32
STAGES = 16  # steps at which the histogram is shown one after the other


@dataclass(frozen=True, kw_only=True)
class Phases(Fields):
    """Histogram of ψ = φ₁ + φ₂ − φ₃ over the neurons of all seeds at ``horizon`` · T_gen."""

    horizon: float = spec(1.5, help="multiple of T_gen at which the phases are read", least=0)


@dataclass(frozen=True, kw_only=True)
class Preactivations(Fields):
    """|FFT₂|² of one preactivation over (n, m), of the least seed: initial, trained, and of analytic weights."""


def draw_phases(own: Phases, cells: Cells) -> Figure | None:
    """One panel, an outline a label; None where no run has phases."""
    shown = arms(own, own, cells)
    found = [(arm, counts) for arm in shown if (counts := histogram(arm.cells, own.horizon)) is not None]
    if not found:
        return None
    return _outlines(own, cells, found)


def phase_stages(own: Phases, cells: Cells) -> list[tuple[str, Figure]]:
    """The same histogram at steps of the probe, log-spaced; of a run that ended before, at its last one."""
    probed = [
        (arm, [p for cell in arm.cells if len((p := cell.record.probes.get("phases", {})).get("step", ()))])
        for arm in arms(own, own, cells)
    ]
    probed = [(arm, probes) for arm, probes in probed if probes]
    steps = {int(step) for _, probes in probed for probe in probes for step in probe["step"]}
    wanted = np.unique(np.geomspace(1, max(steps, default=1) + 1, STAGES).round()) - 1
    kept = sorted({max(s for s in steps if s <= at) for at in wanted if min(steps, default=math.inf) <= at})
    out = []
    for step in kept:
        found = [
            (arm, sum((_until(probe, step) for probe in probes), np.zeros(BINS))) for arm, probes in probed
        ]
        out.append((f"step {layout.thousands(step)}", _outlines(own, cells, found)))
    return out if len(out) > 1 else []


def _until(probe: Mapping[str, Any], step: int) -> NDArray[Any]:
    """The counts of the last row at or before a step."""
    at = np.flatnonzero(np.asarray(probe["step"]) <= step)
    return np.asarray(probe["histogram"][at[-1] if at.size else 0], dtype=float)


def _outlines(own: Phases, cells: Cells, found: Sequence[tuple[Arm, NDArray[Any]]]) -> Figure:
    """An outline for each label and its counts."""
    figure, axes = style.canvas(1, 1, width=6.4, height=3.4)
    ax, edges = axes[0], np.linspace(-np.pi, np.pi, BINS + 1)
    for i, (arm, counts) in enumerate(found):
        outline(ax, counts, edges, style.look(i), arm.label)
    text = "uniform: random phases"
    ax.axhline(1 / (2 * np.pi), color=style.BLACK, linestyle=":", linewidth=1.0, label=text)
    marks.draw(ax, own, [arm for arm, _ in found], cells)
    ax.set_xlim(-np.pi, np.pi)
    ax.set_xticks([-np.pi, -np.pi / 2, 0, np.pi / 2, np.pi], ["−π", "−π/2", "0", "π/2", "π"])
    ax.set_xlabel("ψ = φ₁ + φ₂ − φ₃ (radians)", fontsize=9)
    ax.set_ylabel("density of neurons (per radian)", fontsize=9)
    return layout.framed(figure, axes, own, cells, [cell for arm, _ in found for cell in arm.cells])


def histogram(group: Sequence[Cell], horizon: float) -> NDArray[Any] | None:
    """Counts over (−π, π] summed over seeds, each at the first probe at or after horizon · T_gen, else at its last.

    A record without the probe gives the final phases of its analysis. Seeds that never generalise count too.
    """
    total = np.zeros(BINS)
    for _, _, record in group:
        probe, last = record.probes.get("phases", {}), record.analyses.get("neuron-phases", {})
        if len(probe.get("histogram", ())):
            late = np.flatnonzero(np.asarray(probe["step"]) >= horizon * record.t_gen)
            total += np.asarray(probe["histogram"][late[0] if late.size else -1], dtype=float)
        elif "final" in last:
            total += np.histogram(np.asarray(last["final"]), bins=BINS, range=(-np.pi, np.pi))[0]
    return total if total.any() else None


def draw_preactivations(own: Preactivations, cells: Cells) -> Figure | None:
    """A heat map for each label, a trained network's before and after; None where no run has the spectrum."""
    maps: list[tuple[str, Any]] = []
    shown = []
    for experiment, label in own.experiments.items():
        for cell in usable(cells, experiment):
            found = cell.record.analyses.get("preactivation-power")
            if found:
                trained = len(cell.record.curves["step"]) > 1
                maps += [(f"{label}: initial weights", found["initial"])] if trained else []
                maps.append((f"{label}, seed {cell.seed}", found["final"]))
                shown.append(cell)
                break
    if not maps:
        return None
    from matplotlib.colors import LogNorm

    figure, axes = style.canvas(1, len(maps), width=3.2, height=3.2)
    for i, (ax, (title, energy)) in enumerate(zip(axes, maps, strict=True)):
        ax.grid(visible=False)
        shares = np.clip(_centred(energy), FLOOR, None).T
        half = shares.shape[0] / 2
        box = (-half, half, -half, half)
        image = ax.imshow(shares, origin="lower", cmap="cividis", norm=LogNorm(FLOOR, 0.1), extent=box)
        ax.set_title(title, fontsize=9, loc="left")
        layout.label(ax, i, len(maps), "frequency in n (cycles per p)", "frequency in m (cycles per p)")
    figure.colorbar(image, ax=axes, label="share of the energy", extend="both", shrink=0.8)
    return layout.framed(figure, axes, own, cells, shown)


def _centred(energy: Any) -> NDArray[Any]:
    """Frequency 0 in the middle; shares of the energy without the constant term, which says nothing."""
    shares = np.array(energy, dtype=float)
    shares[0, 0] = 0.0
    return np.fft.fftshift(shares / max(float(shares.sum()), 1e-300))


PHASES = Kind(Phases, draw_phases, panels=False, stages=phase_stages)
PREACTIVATIONS = Kind(Preactivations, draw_preactivations, panels=False)
