"""How rows are memorised and each key frequency is learned (analysis "each-frequency", one row a snapshot)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from grokbench.analysis.statistics import valley_depth
from grokbench.measures.cells import SeedView
from grokbench.measures.needed import HALF_FIT, RISE, T_MEM, analysis
from grokbench.measures.reading import Floats, fitted, one, rise
from grokbench.measures.requiring import requires
from grokbench.training.record import Record


def _column(record: Record, name: str) -> Floats:
    return np.asarray(record.analyses["each-frequency"][name], dtype=np.float64)


@requires(RISE, analysis("each-frequency", "excluded"))
def each_excluded_rise(view: SeedView, which: Literal["least", "median"] = "median", arm: int = 0) -> float:
    """How far the training loss without one key frequency rises before the test accuracy does, in nats.

    The loss in the last row at or before the first a′ ≥ 0.5, less the least one up to there. ``which``: the "least" or the
    "median" over the key frequencies.
    """
    record = one(view, arm)
    before = _column(record, "excluded")[_column(record, "step") <= rise(record)]  # (rows, K)
    rises = before[-1] - before.min(axis=0)
    return float(np.min(rises) if which == "least" else np.median(rises))


@requires(HALF_FIT, analysis("each-frequency", "train_quantiles", "train_accuracy"))
def loss_valley_at_half_fit(view: SeedView, arm: int = 0) -> float:
    """How deep a valley parts the training rows by their losses, in the snapshot whose train accuracy is nearest one half.

    From 20 equal shares of the rows: 1 − density / the lower of the highest densities on both sides, where that is largest.
    Near 0 for one mode, near 1 for two modes apart.
    """
    record = one(view, arm)
    at = int(np.argmin(np.abs(_column(record, "train_accuracy") - 0.5)))
    return valley_depth(_column(record, "train_quantiles")[at])


@requires(T_MEM, analysis("each-frequency", "table_quantiles"))
def loss_valley_of_table_at_fit(view: SeedView, arm: int = 0) -> float:
    """How deep a valley parts all rows of the table by their losses, in the first snapshot at or after T_mem.

    As ``loss_valley_at_half_fit`` measures it; some rows are memorised there, and some were never seen.
    """
    record = one(view, arm)
    at = int(np.flatnonzero(_column(record, "step") >= fitted(record))[0])
    return valley_depth(_column(record, "table_quantiles")[at])
