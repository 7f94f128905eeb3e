"""Pruning: what a layer of neurons still answers once some of them are out, without retraining (Doshi et al. 2023, Fig 6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
PARTS = 20  # a fraction of the neurons rises by 1/20


def fractions() -> Array:
    """Fractions of the neurons that are taken out, (PARTS + 1,): 0, 0.05, … 1."""
    return np.arange(PARTS + 1) / PARTS


def counts(n_neurons: int) -> list[int]:
    """How many of the neurons each of the ``fractions`` is, rounded to the nearest.

    >>> counts(500)[:4]
    [0, 25, 50, 75]
    """
    return [round(part * n_neurons / PARTS) for part in range(PARTS + 1)]


def pruned_outputs(
    hidden: Array, readout: Array, order: Array, removed: Sequence[int]
) -> Iterator[tuple[int, Array]]:
    """(k, outputs (n, p)) after the first k neurons of ``order`` (N,) are out, for each k of ``removed``, which rises.

    hidden: (n, N), what is read of the neurons. readout: (N, p), what each adds to the outputs. The array that is given is
    changed in place for the next k.

    >>> hidden, readout = np.array([[1.0, 2.0]]), np.array([[1.0], [10.0]])
    >>> [(k, outputs.tolist()) for k, outputs in pruned_outputs(hidden, readout, np.array([1, 0]), [0, 1, 2])]
    [(0, [[21.0]]), (1, [[1.0]]), (2, [[0.0]])]
    """
    outputs, out = hidden @ readout, 0
    for k in removed:
        if k > out:
            # What is left is summed anew where it is little, so that rounding does not decide which class is first.
            gone, left = order[out:k], order[k:]
            if len(left) <= len(order) // 2:
                outputs = hidden[:, left] @ readout[left]
            else:
                outputs -= hidden[:, gone] @ readout[gone]
            out = k
        yield k, outputs


def answered(outputs: Array, labels: Array) -> Array:
    """Which rows (n,) have their largest output (n, p) at the label, the first of several; none where all outputs are 0."""
    found: Array = (outputs.argmax(axis=1) == labels) & outputs.any(axis=1)
    return found
