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
from grokbench.tasks.source import source
from grokbench.tasks.streams import stream
from grokbench.tasks.table import Table
from grokbench.tasks.tree import to_text

ROUNDINGS = ("floor", "half-even")


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of the training and of the test set, each ascending; none is in both.

    Together every row once, unless the table holds a test set of its own.
    """

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


def fraction(n_rows: int, alpha: float, rounding: str) -> tuple[float, int | None]:
    """α to the 10 digits that a trial keeps, and the number of training rows where those digits give another one.

    α counts its rows before it is rounded. One that is k / n_rows to the last bit stands for k rows.

    >>> fraction(9409, 3000 / 9409, "floor")  # ten digits of it give 2999
    (0.3188436603, 3000)
    >>> fraction(9409, 0.3, "floor")
    (0.3, None)

    Errors as in ``training_rows``.
    """
    kept = round(float(alpha), 10)
    if kept == alpha:
        training_rows(n_rows, kept, rounding)
        return kept, None
    nearest = round(float(alpha) * n_rows) if math.isfinite(alpha) else 0
    exact = 0 < nearest < n_rows and nearest / n_rows == alpha
    return rows_as_fraction(
        n_rows, nearest if exact else training_rows(n_rows, alpha, rounding), rounding, kept
    )


def rows_as_fraction(
    n_rows: int, rows: int, rounding: str, alpha: float | None = None
) -> tuple[float, int | None]:
    """A number of training rows as a trial keeps it: α to 10 digits, and ``rows`` where those digits give another number.

    >>> rows_as_fraction(9409, 3000, "floor"), rows_as_fraction(10000, 2500, "floor")
    ((0.3188436603, 3000), (0.25, None))

    Raises InputError when rows leave one side empty.
    """
    if not 0 < rows < n_rows:
        side = "training" if rows <= 0 else "test"
        raise InputError(f"rows = {rows} of {n_rows} leaves the {side} set empty")
    kept = round(rows / n_rows, 10) if alpha is None else alpha
    # Ten digits tell all counts of the largest table apart, but rounding may carry them below their own count.
    try:
        same = training_rows(n_rows, kept, rounding) == rows
    except InputError:
        same = False
    return kept, None if same else rows


def split(order: NDArray[np.int64], n_train: int) -> Split:
    """The first ``n_train`` rows of an order (n_rows,) of them, and the rest."""
    return Split(train=np.sort(order[:n_train]), test=np.sort(order[n_train:]))


def split_table(
    table: Table, task: TaskSpec, alpha: float, data: Mapping[str, Any], seed: int, rows: int | None = None
) -> Split:
    """The split of a task's table that belongs to this seed, by a recipe's ``data`` table (rounding and kind of split).

    rows: the number of training rows where α to 10 digits gives another one. Errors as in ``training_rows``;
    UnknownNameError for a kind that there is not; InputError for one that orders pairs where there are none.
    """
    kind = str(data["split"])
    if kind not in ORDERS:
        raise UnknownNameError("data.split", kind, ORDERS)
    if kind != "seed" and source(task).gives != "pairs":
        raise InputError(
            f"data.split {kind!r} orders pairs of elements, which {task.id!r} has none of; use 'seed'"
        )
    if rows is None:
        rows = training_rows(table.pool, alpha, data["rounding"])
    found = split(ORDERS[kind](table, task, seed), rows)
    if not table.held:
        return found
    return Split(found.train, np.arange(table.pool, len(table.rows), dtype=np.int64))


def by_seed(table: Table, task: TaskSpec, seed: int) -> NDArray[np.int64]:
    """A random order, from the stream ("split", task id)."""
    return stream(seed, "split", task.id).permutation(table.pool).astype(np.int64, copy=False)


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
