"""Which rows of a table are trained on.

One permutation per (task, seed), of which the training set is a prefix: smaller fractions nest in larger
ones, and two arms that share a seed share their split.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.tasks.streams import stream
from grokbench.tasks.table import Table

ROUNDINGS = ("floor", "half-even")


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of the training and of the test set, each ascending; together every row once."""

    train: NDArray[np.int64]  # (n_train,)
    test: NDArray[np.int64]  # (n_test,)


def training_rows(n_rows: int, alpha: float, rounding: str) -> int:
    """How many rows a training fraction stands for, by the recipe's own rounding of the float product.

    >>> training_rows(12769, 0.3, "floor")  # int(0.3 * 113**2)
    3830
    >>> training_rows(9409, 0.5, "half-even")  # round(0.5 * 97**2)
    4704

    Raises InputError when alpha lies outside (0, 1) or leaves one side empty.
    """
    if rounding not in ROUNDINGS:
        raise UnknownNameError("rounding", str(rounding), ROUNDINGS)
    if not 0 < alpha < 1:  # also refuses nan
        raise InputError(f"the training fraction alpha must lie strictly between 0 and 1, not {alpha!r}")
    product = float(alpha) * n_rows
    n_train = math.floor(product) if rounding == "floor" else round(product)
    if not 0 < n_train < n_rows:
        side = "training" if n_train <= 0 else "test"
        raise InputError(f"alpha = {alpha!r} of {n_rows} rows leaves the {side} set empty")
    return n_train


def split(n_rows: int, alpha: float, rounding: str, permutation_rng: np.random.Generator) -> Split:
    """The first ``training_rows(...)`` rows of one random permutation, and the rest.

    Errors as in ``training_rows``.
    """
    n_train = training_rows(n_rows, alpha, rounding)
    order = permutation_rng.permutation(n_rows).astype(np.int64, copy=False)
    return Split(train=np.sort(order[:n_train]), test=np.sort(order[n_train:]))


def split_table(table: Table, task_id: str, alpha: float, rounding: str, seed: int) -> Split:
    """The split of a task's table that belongs to this seed: the stream ("split", task_id)."""
    return split(len(table.rows), alpha, rounding, stream(seed, "split", task_id))
