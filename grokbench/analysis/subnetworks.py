"""Which neurons of a one-output ReLU network f = u·ReLU(W x + b) decide: Merrill, Tsilivis and Shukla (arXiv 2303.11873).

A part of the network keeps some neurons and leaves the others out. Neurons go in by the norm of their incoming weights, without
the bias, largest first. Parts are compared by the sign of their output, which is the answer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Order = NDArray[np.int64]
BLOCK = 1000  # rows whose hidden layer is held at a time


class ReluNetwork(NamedTuple):
    """W (m, width), b (m), u (m), float64."""

    W: Array
    b: Array
    u: Array

    @property
    def norms(self) -> Array:
        """‖w_j‖ of the incoming weights of each neuron, (m,)."""
        return np.asarray(np.linalg.norm(self.W, axis=1))

    def contributions(self, x: Array) -> Array:
        """What each neuron adds to the output, (n, m), for inputs (n, width)."""
        return np.maximum(x @ self.W.T + self.b, 0) * self.u


class Agreement(NamedTuple):
    """Of the parts with the 1, 2, …, m largest neurons, counted over ``n`` rows, each (m,).

    same: rows answered as by the whole network; right: rows answered by their class; rest: rows that the other neurons
    alone answer as the whole network does.
    """

    same: Order
    right: Order
    rest: Order
    n: int

    @property
    def smallest(self) -> int:
        """How many neurons the smallest part has that answers every row as the whole network does."""
        return int(np.argmax(self.same == self.n)) + 1

    @property
    def smallest_as_right(self) -> int:
        """How many neurons the smallest part has that answers as many rows rightly as the whole network does."""
        return int(np.argmax(self.right == self.right[-1])) + 1


def by_norm(network: ReluNetwork) -> Order:
    """The neurons by falling norm of their incoming weights, (m,)."""
    return np.argsort(-network.norms, kind="stable")


def agreement(network: ReluNetwork, rows: Array, order: Order) -> Agreement:
    """How the first neurons of ``order`` answer ``rows`` (n, width + 1), whose last number is the class, 0 or 1."""
    m = len(order)
    same, right, rest = (np.zeros(m, dtype=np.int64) for _ in range(3))
    for some in range(0, len(rows), BLOCK):
        part = rows[some : some + BLOCK]
        sums = np.cumsum(network.contributions(part[:, :-1])[:, order], axis=1)  # (block, m)
        answers, whole = sums > 0, sums[:, -1:]
        same += (answers == answers[:, -1:]).sum(axis=0)
        right += (answers == (part[:, -1:] > 0.5)).sum(axis=0)
        rest += ((whole - sums > 0) == answers[:, -1:]).sum(axis=0)
    return Agreement(same, right, rest, len(rows))


def faithfulness(network: ReluNetwork, rows: Array, neurons: Order) -> tuple[float, float]:
    """Share of rows that these neurons alone answer as the whole network does, and the share that all others do."""
    same = rest = 0
    for some in range(0, len(rows), BLOCK):
        every = network.contributions(rows[some : some + BLOCK, :-1])
        own, whole = every[:, neurons].sum(axis=1), every.sum(axis=1)
        same += int(((own > 0) == (whole > 0)).sum())
        rest += int(((np.delete(every, neurons, axis=1).sum(axis=1) > 0) == (whole > 0)).sum())
    return same / len(rows), rest / len(rows)


def largest_share(norms: Array, count: int) -> float:
    """Σ of the ``count`` largest ‖w_j‖² over that of all; nan where all are 0.

    >>> largest_share(np.array([2.0, 1.0, 1.0]), 1)
    0.6666666666666666
    """
    squares = np.sort(norms**2)[::-1]
    total = float(squares.sum())
    return float(squares[:count].sum()) / total if total > 0 else float("nan")
