"""Probes: series of numbers read off the weights while a run goes on. They only look.

``trace`` has a row for every step; the others have one on the probe cadence and at the last step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from grokbench.analysis import fourier
from grokbench.analysis.fourier import Array
from grokbench.specs.errors import UnknownNameError

SPECTRUM_CLASS = 6  # the class q whose preactivation Gromov's Fig 2 shows


def blocks(weights: Mapping[str, Tensor]) -> tuple[Array, Array, Array]:
    """U (N, p) from x, V (N, p) from y, W (N, p) to the classes: the rows of W1's halves and the columns of W2."""
    w1, w2 = (weights[name].numpy().astype(np.float64) for name in ("W1", "W2"))
    p = w1.shape[1] // 2
    return w1[:, :p], w1[:, p:], w2.T


def ipr(u: Array, v: Array, w: Array) -> dict[str, object]:
    """Mean inverse participation ratio of the neurons, over the three blocks and in each."""
    means = [float(fourier.ipr(block).mean()) for block in (u, v, w)]
    return {"ipr": sum(means) / 3, "ipr_u": means[0], "ipr_v": means[1], "ipr_w": means[2]}


def phases(u: Array, v: Array, w: Array) -> dict[str, object]:
    """How far ψ = φ1 + φ2 − φ3 gathers at 0, over all neurons."""
    psi = fourier.neuron_phases(u, v, w).sum
    return {
        "resultant": fourier.resultant(psi),
        "share_near_zero": fourier.share_near_zero(psi),
        "circular_std": fourier.circular_std(psi),
        "histogram": fourier.phase_histogram(psi),
    }


def _spectrum_grid(u: Array, v: Array, w: Array) -> Array:
    return fourier.preactivation(u, v, w, min(SPECTRUM_CLASS, w.shape[1] - 1))


def spectrum(u: Array, v: Array, w: Array) -> dict[str, object]:
    """Energy shares of the preactivation of class 6 (of the last class where there are fewer)."""
    shares = fourier.preactivation_spectrum(_spectrum_grid(u, v, w))
    return {
        "share_sum": shares.sum,
        "share_2n": shares.from_n,
        "share_2m": shares.from_m,
        "share_difference": shares.difference,
        "share_rest": shares.rest,
    }


PROBES: dict[str, Callable[[Array, Array, Array], dict[str, object]]] = {
    "ipr": ipr,
    "phases": phases,
    "spectrum": spectrum,
}
PORTRAITS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "spectrum": lambda u, v, w: fourier.power_spectrum(_spectrum_grid(u, v, w)).astype(np.float32),  # (p, p)
    "phases": lambda u, v, w: fourier.neuron_phases(u, v, w).sum.astype(np.float32),  # (N,)
}
TRACE = ("step", "loss", "weight_norm_1", "weight_norm_2", "gradient_norm_1", "gradient_norm_2")


class Observer:
    """Collects the probes and portraits that a trial names.

    Raises UnknownNameError for a name that is neither.
    """

    def __init__(self, probes: Sequence[str], portraits: Sequence[str]) -> None:
        for what, names, known in (
            ("probe", probes, (*PROBES, "trace")),
            ("portrait", portraits, tuple(PORTRAITS)),
        ):
            for name in names:
                if name not in known:
                    raise UnknownNameError(what, name, known)
        self.traces = "trace" in probes
        self._probes = [name for name in probes if name != "trace"]
        self._rows: dict[str, list[dict[str, object]]] = {name: [] for name in self._probes}
        self._trace: list[tuple[float, ...]] = []
        self._portraits: dict[str, dict[str, Array]] = {name: {} for name in portraits}
        self._last_step = -1

    def trace(
        self, step: int, loss: float, parameters: Sequence[Tensor], gradients: Sequence[Tensor]
    ) -> None:
        """One row: the loss before the update, ‖W‖_F / √entries and ‖∂L/∂W‖_F, summed in float64."""
        weight_norms = [_norm(p) / p.numel() ** 0.5 for p in parameters]
        self._trace.append((step, loss, *weight_norms, *map(_norm, gradients)))

    def look(self, step: int, weights: Callable[[], Mapping[str, Tensor]]) -> None:
        """One row of each probe; a step that was looked at is not looked at again."""
        if step == self._last_step or not self._probes:
            return
        self._last_step = step
        uvw = blocks(weights())
        with np.errstate(all="ignore"):  # weights of a run that diverged are what they are
            for name in self._probes:
                self._rows[name].append({"step": step, **PROBES[name](*uvw)})

    def portray(self, when: str, weights: Callable[[], Mapping[str, Tensor]]) -> None:
        """``when`` is "initial" or "final"."""
        if self._portraits:
            uvw = blocks(weights())
            with np.errstate(all="ignore"):
                for name, arrays in self._portraits.items():
                    arrays[when] = PORTRAITS[name](*uvw)

    def portraits(self) -> dict[str, dict[str, Array]]:
        """Arrays ``initial`` and ``final`` of each portrait."""
        return self._portraits

    def probes(self) -> dict[str, dict[str, Array]]:
        """Columns of each probe; ``step`` is int64, the rest float64 (the histogram int64)."""
        found = {
            name: {key: np.array([row[key] for row in rows]) for key in rows[0]}
            for name, rows in self._rows.items()
        }
        if self.traces:
            columns = np.array(self._trace, dtype=np.float64).T
            found["trace"] = dict(zip(TRACE, columns, strict=True))
            found["trace"]["step"] = columns[0].astype(np.int64)
        return found


def _norm(tensor: Tensor) -> float:
    return float(torch.linalg.vector_norm(tensor, dtype=torch.float64))
