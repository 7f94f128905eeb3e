"""What a network's loss owes to parts of its hidden activations (Nanda et al. 2023, arXiv 2301.05217, §4.4, App. A).

``mlp`` are activations (p, p, n) at the answer position for every pair (a, b), ``W_L`` the logit map (C, n), and ``skip`` what
reaches the logits around the neurons, (p, p, C) or anything that broadcasts to it: logits = mlp @ W_L.T + skip. The keep_… and
remove_… functions are projections of each channel by itself, so they may be applied to ``mlp`` or, equally, to ``mlp @ W_L.T``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from grokbench.analysis.circuit import CLUSTER_FVE, Clusters
from grokbench.analysis.progress import cross_entropy, pairs, sum_projection
from grokbench.analysis.spectra import (
    Array,
    block,
    checked_frequencies,
    fourier_basis,
    from_block,
    n_frequencies,
    sums,
    table,
)
from grokbench.specs.errors import InputError

_NEURONS = 16  # replaced at a time, which needs a few times their share of the memory


def mlp_loss(mlp: ArrayLike, W_L: ArrayLike, skip: ArrayLike = 0.0, rows: ArrayLike | None = None) -> float:
    """Mean cross-entropy of mlp @ W_L.T + skip against (a + b) mod p, on ``rows`` (see ``progress``) or the whole table."""
    values, matrix = table(mlp), np.asarray(W_L, dtype=np.float64)
    p = len(values)
    if matrix.shape[1:] != values.shape[2:] or len(matrix) < p:
        raise InputError(f"mlp (p, p, n) and W_L (C ≥ p, n) do not fit: {values.shape} and {matrix.shape}")
    around = np.broadcast_to(np.asarray(skip, dtype=np.float64), (p, p, len(matrix)))
    label = sums(p)
    if rows is not None:
        a, b = pairs(rows, p)
        if not len(a):
            return math.nan
        return float(cross_entropy(values[a, b] @ matrix.T + around[a, b], label[a, b]).mean())
    # One value of a at a time, so that the logits of a large table need never exist at once.
    return float(
        np.mean([cross_entropy(values[a] @ matrix.T + around[a], label[a]).mean() for a in range(p)])
    )


def keep_frequencies(grid: ArrayLike, frequencies: ArrayLike) -> Array:
    """Constant and 3×3 blocks of these frequencies alone, of each channel (p, p, m) -> (p, p, m) (Fig 6).

    "Ablating all non-key components" keeps eight non-constant components a key frequency.
    """
    values = table(grid)
    p = len(values)
    kept = np.empty_like(values)
    kept[:] = values.mean(axis=(0, 1))
    for k in checked_frequencies(frequencies, p):
        kept += from_block(_varying(values, int(k)), int(k), p)
    return kept


def remove_frequency(grid: ArrayLike, frequency: int) -> Array:
    """Each channel without the eight non-constant components of one frequency's 3×3 block (Fig 6)."""
    values = table(grid)
    return np.asarray(values - from_block(_varying(values, frequency), frequency, len(values)))


def keep_sum(grid: ArrayLike, frequencies: ArrayLike) -> Array:
    """Constant and the parts along cos and sin of w_k(a + b) of these frequencies, of each channel (§4.4)."""
    values = table(grid)
    return np.asarray(values.mean(axis=(0, 1)) + sum_projection(values, frequencies)[sums(len(values))])


def polynomial_activations(mlp: ArrayLike, clusters: Clusters, threshold: float = CLUSTER_FVE) -> Array:
    """``mlp`` with each clustered neuron replaced by its best polynomial of degree 2 in its own frequency (§4.4)."""
    return _in_clusters(mlp, clusters, threshold, keep_frequencies)


def sum_activations(mlp: ArrayLike, clusters: Clusters, threshold: float = CLUSTER_FVE) -> Array:
    """``mlp`` with each clustered neuron cut to its constant and its cos and sin of w(a + b) (§4.4)."""
    return _in_clusters(mlp, clusters, threshold, keep_sum)


def split_directions(mlp: ArrayLike, directions: ArrayLike) -> tuple[Array, Array]:
    """``mlp`` projected on orthonormal directions (n, r), and what that leaves; the two add up to ``mlp`` (§4.4).

    With ``circuit.key_directions`` the first is what W_L can read as key frequencies and the second lies in their null space.
    """
    values, along = table(mlp), np.asarray(directions, dtype=np.float64)
    inside = (values @ along) @ along.T
    return inside, values - inside


def frequency_ablation_losses(mlp_logits: ArrayLike, skip: ArrayLike = 0.0) -> Array:
    """Loss over the table when one frequency is removed from every neuron, for each frequency -> (h,) (Fig 6).

    ``mlp_logits`` = mlp @ W_L.T (p, p, C): removing a frequency from all neurons removes it from these.
    """
    read = table(mlp_logits)
    p = len(read)
    logits = read + np.asarray(skip, dtype=np.float64)
    basis, label = fourier_basis(p), sums(p)
    losses = np.empty(n_frequencies(p))
    for k in range(1, len(losses) + 1):
        waves = basis[[0, 2 * k - 1, 2 * k]]  # (3, p)
        over_b = np.einsum("jb,ijc->ibc", waves, _varying(read, k)).reshape(3, -1)  # (3, p·C)
        # One value of a at a time, as in mlp_loss.
        losses[k - 1] = np.mean(
            [
                cross_entropy(logits[a] - (waves[:, a] @ over_b).reshape(p, -1), label[a]).mean()
                for a in range(p)
            ]
        )
    return losses


def _in_clusters(
    mlp: ArrayLike, clusters: Clusters, threshold: float, keep: Callable[[ArrayLike, ArrayLike], Array]
) -> Array:
    replaced = table(mlp).copy()
    member = clusters.members(threshold)
    if member.shape != replaced.shape[2:]:
        raise InputError(f"clusters of {member.size} neurons do not fit mlp {replaced.shape}")
    for k in np.unique(clusters.frequency[member]):
        chosen = np.flatnonzero(member & (clusters.frequency == k))
        for some in np.array_split(chosen, -(-len(chosen) // _NEURONS)):
            replaced[:, :, some] = keep(replaced[:, :, some], [k])
    return replaced


def _varying(grid: Array, frequency: int) -> Array:
    """The 3×3 components of one frequency with the constant's set to 0."""
    components = block(grid, frequency)
    components[0, 0] = 0.0
    return components
