"""Which rows of a table are trained on.

One order of the rows per (task, seed), of which the training set is a prefix: smaller fractions nest in larger
ones, and two arms that share a seed share their split.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.expression import parse
from grokbench.tasks.streams import stream
from grokbench.tasks.table import Table
from grokbench.tasks.tree import to_text

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


def split(order: NDArray[np.int64], alpha: float, rounding: str) -> Split:
    """The first ``training_rows(...)`` rows of an order (n_rows,) of them, and the rest.

    Errors as in ``training_rows``.
    """
    n_train = training_rows(len(order), alpha, rounding)
    return Split(train=np.sort(order[:n_train]), test=np.sort(order[n_train:]))


def split_table(table: Table, task: TaskSpec, alpha: float, data: Mapping[str, Any], seed: int) -> Split:
    """The split of a task's table that belongs to this seed, by a recipe's ``data`` table (rounding and kind of split).

    Errors as in ``training_rows``; UnknownNameError for a kind that there is not.
    """
    kind = str(data.get("split", "seed"))
    if kind not in ORDERS:
        raise UnknownNameError("data.split", kind, ORDERS)
    return split(ORDERS[kind](table, task, seed), alpha, data["rounding"])


def by_seed(table: Table, task: TaskSpec, seed: int) -> NDArray[np.int64]:
    """A random order, from the stream ("split", task id)."""
    return stream(seed, "split", task.id).permutation(len(table.rows)).astype(np.int64, copy=False)


def openai_grok(table: Table, task: TaskSpec, seed: int) -> NDArray[np.int64]:
    """The one order that openai/grok has for an operation, whatever the seed (``data.py``: RandomState(0) shuffles its list).

    Its list of equations runs over (x, y), that of division over (x / y, y).
    """
    listed = np.arange(len(table.rows), dtype=np.int64)
    if to_text(parse(task.operation)) == to_text(parse("x / y")):
        listed = np.lexsort((table.rows[:, 1], table.rows[:, 2])).astype(np.int64, copy=False)
    np.random.RandomState(seed=0).shuffle(listed)
    return listed


def mirrored(table: Table, task: TaskSpec, seed: int) -> NDArray[np.int64]:
    """A random order in which (x, y) and (y, x) are neighbours, so that no split parts more than one such pair.

    A memoriser that answers (y, x) with what it saw at (x, y) gains nothing on it.
    """
    pairs = np.sort(table.rows[:, :2], axis=1)  # (n_rows, 2)
    _, which = np.unique(pairs, axis=0, return_inverse=True)
    which = which.reshape(-1)
    rank = stream(seed, "split", task.id).permutation(int(which.max()) + 1)
    return np.argsort(rank[which], kind="stable").astype(np.int64, copy=False)


ORDERS = {"seed": by_seed, "openai-grok": openai_grok, "mirrored": mirrored}
"""How a recipe's rows are put in order."""
