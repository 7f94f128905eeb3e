"""Gromov's weights in closed form: no training (arXiv 2301.02679, Eqs 6, 7, 12 and 19).

Neuron k has one frequency f_k and random phases φ1_k, φ2_k; its third phase is their sum (Eq 12):

    W1[k, n]     = A cos(2π f_k n / p + φ1_k)        Eq 6
    W1[k, p + m] = A cos(2π f_k m / p + φ2_k)
    W2[q, k]     = A cos(2π f_k q / p + φ3_k)        Eq 7 (cosine is even),   φ3_k = φ1_k + φ2_k

In f_q every product of cosines keeps a random phase, and averages out as 1/√N, except the one in n + m − q. With
A = (2D)^(1/3), D = 2p, that one sums to 1 at q = n + m.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grokbench.networks.architecture import Architecture, Size
from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Recipe, Section, TaskSpec
from grokbench.tasks.domain import modulus
from grokbench.tasks.streams import stream

INPUTS = ("identity", "square")
COVERS = ("even", "random")
READOUTS = ("plain", "one-root", "forward")


@dataclass(frozen=True)
class Fields:
    """cosine weights with random phases (Gromov 2023, Eqs 6, 7, 12, 19), not trained"""

    width: int = field(500, help="hidden units N", least=1)
    cover: str = field("even", choices=COVERS, help="how frequencies are given to neurons")
    inputs: str = field("identity", choices=INPUTS, help="function applied to each operand before its cosine")
    readout: str = field("plain", choices=READOUTS, help="how the sum's class becomes the answer's")


def size(model: Section, n: int) -> Size:
    """Multiply-adds of a row, and weights."""
    return Size(model["width"] * n, 3 * n * model["width"])


def fits(task: TaskSpec, recipe: Recipe) -> None:
    """There is at least one frequency. Errors: InputError."""
    p = modulus(task)
    if p is not None and p < 3:
        raise InputError(f"{recipe.id}: an analytic network needs p >= 3, not p = {p}")


_HERE = "grokbench.networks.analytic_mlp"
ARCHITECTURE = Architecture(
    "analytic-quadratic-mlp",
    Fields,
    build=f"{_HERE}:analytic_mlp",
    restore=f"{_HERE}:restored",
    size=size,
    fast={"mse": "grokbench.networks.fast.quadratic_mlp:step"},
    fits=fits,
    facts=f"{_HERE}:peaks",
)

# ---- from here on with torch

import torch
from torch import Tensor

from grokbench.networks.base import TableRows
from grokbench.networks.quadratic_mlp import QuadraticMLP

Array = NDArray[np.float64]


def restored(model: Section, weights: Mapping[str, Tensor]) -> QuadraticMLP:
    """The network with these weights."""
    return QuadraticMLP(weights["W1"], weights["W2"], "mean-field")


def analytic_mlp(model: Section, n_elements: int, seed: int) -> QuadraticMLP:
    """The constructed network, in the paper's (mean-field) convention.

    ``inputs``: what W1 reads, n itself or n² (the paper's "sum of functions"). ``cover``: frequencies 1 … (p−1)/2 dealt out as
    evenly as N allows, or drawn. ``readout``: the network answers t = f1(n) + f2(m) ("plain"), or t² from the rows of W2 at one
    square root of each q (Eq 19, "one-root"), or t² with the row of every t added into row t² ("forward").
    """
    p, width = n_elements, int(model["width"])
    inputs, cover, readout = model["inputs"], model["cover"], model["readout"]
    if p < 3:
        raise InputError(f"an analytic network needs p >= 3; got p {p}")

    frequency = _frequencies(cover, width, p, stream(seed, "init", "frequencies"))  # (N,)
    phase1, phase2 = stream(seed, "init", "phases").uniform(-np.pi, np.pi, (2, width))  # (N,) each
    amplitude = (4 * p) ** (1 / 3)  # (2D)^(1/3)

    elements = np.arange(p)
    read = elements**2 % p if inputs == "square" else elements
    w1 = np.concatenate(
        [_waves(frequency, read, phase1, p), _waves(frequency, read, phase2, p)], axis=1
    )  # (N, 2p)
    w2 = _waves(frequency, elements, phase1 + phase2, p).T  # (p, N): the row of t
    w2 = _read_out(w2, readout)
    return QuadraticMLP(torch.from_numpy(amplitude * w1), torch.from_numpy(amplitude * w2), "mean-field")


def _waves(frequency: NDArray[np.int64], positions: NDArray[np.int64], phase: Array, p: int) -> Array:
    """cos(2π f_k n / p + φ_k), (N, len(positions)); the product f·n is reduced mod p first, so it stays exact."""
    return np.cos(2 * np.pi * (np.outer(frequency, positions) % p) / p + phase[:, None])


def _frequencies(cover: str, width: int, p: int, rng: np.random.Generator) -> NDArray[np.int64]:
    highest = (p - 1) // 2
    if cover == "random":
        return rng.integers(1, highest + 1, width)
    dealt = 1 + np.arange(width) % highest
    short = width % highest  # the frequencies that get one neuron more are drawn too
    dealt[width - short :] = 1 + rng.permutation(highest)[:short]
    return rng.permutation(dealt)


def _read_out(w2: Array, readout: str) -> Array:
    """Rows of t -> rows of q, where q = t² for the two readouts of a square; w2 is (p, N)."""
    if readout == "plain":
        return w2
    p = len(w2)
    square = np.arange(p) ** 2 % p
    rows = np.zeros_like(w2)
    if readout == "forward":
        np.add.at(rows, square, w2)
    else:
        roots = np.arange(p // 2 + 1)  # 0 … (p−1)/2: one root of every quadratic residue
        rows[square[roots]] = w2[roots]
    return rows


def peaks(network: QuadraticMLP, weights: Mapping[str, Tensor], rows: TableRows) -> dict[str, float]:
    """Mean and standard deviation of the output at the correct class over the table: 1 and 0 for a perfect construction."""
    found = outputs_at_target(weights, network.output_scale, rows)
    return {"analytic_peak": float(found.mean()), "analytic_peak_std": float(found.std())}


def outputs_at_target(weights: Mapping[str, torch.Tensor], scale: float, rows: TableRows) -> Array:
    """The output at the correct class of each row of the table, (n,): 1 for a perfect construction."""
    w1, w2 = (weights[name].numpy().astype(np.float64) for name in ("W1", "W2"))
    u, v = (
        np.ascontiguousarray(half.T) for half in np.split(w1, 2, axis=1)
    )  # (p, N) each: whole rows are read
    found = []
    for x, y, z in (part.T for part in np.array_split(rows, 64)):  # parts that stay in the CPU's cache
        h = u[x]
        h += v[y]
        h *= h
        h *= w2[z]
        found.append(h.sum(axis=1))
    return scale * np.concatenate(found)
