"""What a table can be answered by without arithmetic: the baseline b that test accuracy is measured from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grokbench.tasks.splits import Split
from grokbench.tasks.table import Table

Elements = NDArray[np.int64]


def memoriser_baseline(
    table: Table,
    split: Split,
    labels: Elements | None = None,
    right: Callable[[Any, Any], Any] | None = None,
) -> float:
    """The best test accuracy of a memoriser that saw this very training set, in [0, 1].

    The largest of four: always the commonest training answer; the commonest training answer of the row's x;
    of its y; and the answer of the mirror (y, x) where that was trained on (elsewhere counted wrong). Ties go
    to the smallest element; an x or y never trained on gets the commonest answer overall.
    On addition at alpha = 0.5 the mirror gives about 0.50, not 1/97. Rows that are no pairs (x, y) have the first alone.

    labels: what the memoriser saw of the training rows (n_train,), where that is not their true class.
    right: (guesses, answers), both (n_test, k), → which are right; it is needed where answers are k real numbers. A memoriser
    then guesses the mean of the training answers in place of the commonest: overall, and where rows are pairs of x and of y.
    """
    if table.real:
        assert right is not None
        return _of_real(table, split, right)
    train, test, n = table.rows[split.train], table.rows[split.test], table.n_elements
    if labels is not None:
        train[:, -1] = labels
    answers = test[:, -1]
    commonest = int(np.bincount(train[:, -1].astype(np.int64), minlength=table.classes).argmax())
    if train.dtype.kind != "i":
        return float(np.mean(answers == commonest))
    guesses = [
        np.full(len(test), commonest),
        _commonest_by(train[:, 0], train[:, 2], (n, table.classes), commonest)[test[:, 0]],
        _commonest_by(train[:, 1], train[:, 2], (n, table.classes), commonest)[test[:, 1]],
        _mirrored(train, test, n),
    ]
    return max(float(np.mean(guess == answers)) for guess in guesses)


def _commonest_by(operand: Elements, answer: Elements, shape: tuple[int, int], otherwise: int) -> Elements:
    """The commonest answer for each value of one operand, (n,); shape: n, and the number of answers."""
    counts = np.bincount(operand * shape[1] + answer, minlength=shape[0] * shape[1]).reshape(shape)
    return np.where(counts.any(axis=1), counts.argmax(axis=1), otherwise)


def _mirrored(train: Elements, test: Elements, n: int) -> Elements:
    """The trained answer of (y, x) for each test row (x, y), -1 where there is none, (n_test,)."""
    known = np.full(n * n, -1, dtype=np.int64)
    known[train[:, 0] * n + train[:, 1]] = train[:, 2]
    mirrors: Elements = known[test[:, 1] * n + test[:, 0]]
    return mirrors


def _of_real(table: Table, split: Split, right: Callable[[Any, Any], Any]) -> float:
    train, test, k, n = table.rows[split.train], table.rows[split.test], table.real, table.n_elements
    seen, answers = train[:, -k:], test[:, -k:]
    everywhere = seen.mean(axis=0)
    guesses = [np.broadcast_to(everywhere, answers.shape)]
    if table.pairs:
        x, y = train[:, 0].astype(np.int64), train[:, 1].astype(np.int64)
        at_x, at_y = test[:, 0].astype(np.int64), test[:, 1].astype(np.int64)
        guesses += [_mean_by(x, seen, n, everywhere)[at_x], _mean_by(y, seen, n, everywhere)[at_y]]
        known = np.full((n * n, k), np.nan)  # of which nothing is right
        known[x * n + y] = seen
        guesses.append(known[at_y * n + at_x])
    return max(float(np.mean(right(guess, answers))) for guess in guesses)


def _mean_by(operand: Elements, answers: NDArray[Any], n: int, otherwise: NDArray[Any]) -> NDArray[Any]:
    """The mean answer for each value of one operand, (n, k)."""
    sums, counts = np.zeros((n, answers.shape[1])), np.bincount(operand, minlength=n)[:, None]
    np.add.at(sums, operand, answers)
    found: NDArray[Any] = np.where(counts, sums / np.maximum(counts, 1), otherwise)
    return found
