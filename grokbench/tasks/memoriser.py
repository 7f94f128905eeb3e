"""What a table can be answered by without arithmetic: the baseline b that test accuracy is measured from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grokbench.tasks.splits import Split
from grokbench.tasks.table import Table

Elements = NDArray[np.int64]


def memoriser_baseline(table: Table, split: Split, labels: Elements | None = None) -> float:
    """The best test accuracy of a memoriser that saw this very training set, in [0, 1].

    The largest of four: always the commonest training answer; the commonest training answer of the row's x;
    of its y; and the answer of the mirror (y, x) where that was trained on (elsewhere counted wrong). Ties go
    to the smallest element; an x or y never trained on gets the commonest answer overall.
    On addition at alpha = 0.5 the mirror gives about 0.50, not 1/97. Rows that are no pairs (x, y) have the first alone.

    labels: what the memoriser saw of the training rows (n_train,), where that is not their true class.
    """
    train, test, n = table.rows[split.train], table.rows[split.test], table.n_elements
    if labels is not None:
        train[:, -1] = labels
    answers = test[:, -1]
    commonest = int(np.bincount(train[:, -1].astype(np.int64), minlength=n).argmax())
    if train.dtype.kind != "i":
        return float(np.mean(answers == commonest))
    guesses = [
        np.full(len(test), commonest),
        _commonest_by(train[:, 0], train[:, 2], n, commonest)[test[:, 0]],
        _commonest_by(train[:, 1], train[:, 2], n, commonest)[test[:, 1]],
        _mirrored(train, test, n),
    ]
    return max(float(np.mean(guess == answers)) for guess in guesses)


def _commonest_by(operand: Elements, answer: Elements, n: int, otherwise: int) -> Elements:
    """The commonest answer for each value of one operand, (n,)."""
    counts = np.bincount(operand * n + answer, minlength=n * n).reshape(n, n)
    return np.where(counts.any(axis=1), counts.argmax(axis=1), otherwise)


def _mirrored(train: Elements, test: Elements, n: int) -> Elements:
    """The trained answer of (y, x) for each test row (x, y), -1 where there is none, (n_test,)."""
    known = np.full(n * n, -1, dtype=np.int64)
    known[train[:, 0] * n + train[:, 1]] = train[:, 2]
    mirrors: Elements = known[test[:, 1] * n + test[:, 0]]
    return mirrors
