"""A measure: how far the test accuracy lies below the train accuracy when the training set is fitted."""

from __future__ import annotations

import math

import numpy as np

from grokbench.measures.cells import SeedView


def gap_at_fit(view: SeedView, arm: int = 0) -> float:
    """Train less test accuracy at T_mem, as shares of rows; nan where the training set is never fitted."""
    (cell,) = view.arms[arm]
    record = cell.record
    if math.isinf(record.t_mem):
        return math.nan
    curves = record.curves
    row = int(np.searchsorted(curves["step"], record.t_mem))
    return float(curves["train_accuracy"][row] - curves["test_accuracy"][row])
