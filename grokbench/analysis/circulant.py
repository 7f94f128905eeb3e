"""Circulant structure of a kernel machine's features (Mallinar et al., "Emergence in non-neural models", arXiv 2407.20199).

M (2p, 2p) weighs two concatenated unit vectors; its block M[p:, :p] couples y (rows) with x (columns). Where a machine has
learned an operation, this block is constant along diagonals, up to an order of its rows and columns:

    add        block[l, j] = c(j − l)      multiply    the same of discrete logarithms, 0 left out
    subtract   block[l, j] = c(j + l)      divide      the same of discrete logarithms, 0 left out
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
OPERATIONS = ("add", "subtract", "multiply", "divide")
LOGARITHMIC = ("multiply", "divide")


@functools.cache
def _powers(p: int) -> tuple[int, ...]:
    for g in range(1, p):
        powers = tuple(pow(g, n, p) for n in range(p - 1))
        if len(set(powers)) == p - 1:
            return powers
    raise ValueError(f"{p} is not a prime")


def powers_of_the_least_root(p: int) -> NDArray[np.int64]:
    """g⁰ … g^(p−2) modulo a prime p, g the least primitive root: every residue but 0 once. Errors: ValueError for another p.

    >>> powers_of_the_least_root(7).tolist()
    [1, 3, 2, 6, 4, 5]
    """
    return np.array(_powers(p), dtype=np.int64)


def coupling(m: NDArray[np.floating]) -> Floats:
    """The block of M (2p, 2p) that couples y with x, (p, p)."""
    p = len(m) // 2
    return m[p:, :p].astype(np.float64)


def _places(operation: str, p: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows (q, q) and columns (q, q) of the block whose entries a structure has equal along the first axis."""
    order = powers_of_the_least_root(p) if operation in LOGARITHMIC else np.arange(p)
    row, shift = np.indices((len(order), len(order)))
    column = shift + row if operation in ("add", "multiply") else shift - row
    return order[row], order[column % len(order)]


def deviation(block: Floats, operation: str) -> float:
    """How far a block (p, p) is from the structure of an operation: 0 where it has it, about 1 for noise.

    Its rows are rolled until the structure would make them equal; the variances down the columns, summed over the columns, are
    divided by ‖block‖². The paper's figures fit the mean of squares as variance, which gives 1/p for noise; here that is
    multiplied by the number of rows. nan for a block of zeros. Errors: ValueError where the operation needs a prime p.
    """
    rolled = block[_places(operation, len(block))]
    total = float((rolled**2).sum())
    return float(len(rolled) * rolled.var(axis=0).sum() / total) if total > 0 else float("nan")


def random_features(structure: str, p: int, generator: np.random.Generator) -> Floats:
    """A random M (2p, 2p) with the structure of an operation, or "unstructured" (train_random_circulant_kernel.py:113-133).

    The real square root of [[I − 11ᵀ/p, Cᵀ], [C, I − 11ᵀ/p]]. C holds numbers of U[0, 1] less their mean, one for each diagonal
    of the structure, or one for each entry. Directions of negative eigenvalues are dropped, whose root is imaginary.
    """
    block = np.zeros((p, p))
    if structure == "unstructured":
        drawn = generator.uniform(size=(p, p))
        block += drawn - drawn.mean()
    else:
        rows, columns = _places(structure, p)
        drawn = generator.uniform(size=len(rows))
        block[rows, columns] = drawn - drawn.mean()
    own = np.eye(p) - 1 / p
    values, vectors = np.linalg.eigh(np.block([[own, block.T], [block, own]]))
    root: Floats = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root
