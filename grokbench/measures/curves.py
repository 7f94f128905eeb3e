"""Shapes of the loss and accuracy curves."""

from __future__ import annotations

import math

import numpy as np

from grokbench.analysis.statistics import running_median
from grokbench.measures.cells import SeedView
from grokbench.measures.needed import ONSET, RISE, T_GEN, probe
from grokbench.measures.reading import (
    column,
    generalised,
    one,
    onset,
    rise,
    smooth_test_loss,
    table_share,
)
from grokbench.measures.requiring import requires
from grokbench.training.record import Record


def peak_step(record: Record) -> float:
    """Step of the largest test loss (running median of 5) before the first a′ ≥ 0.5; nan without one."""
    before = record.curves["step"] < rise(record)
    if math.isinf(rise(record)) or not before.any():
        return math.nan
    smooth = running_median(record.curves["test_loss"], 5)[before]
    return float(record.curves["step"][before][int(np.argmax(smooth))])


@requires(RISE)
def loss_peak(view: SeedView, arm: int = 0) -> float:
    """Step of the largest test loss (running median of 5) before the first a′ ≥ 0.5; nan without one."""
    return peak_step(one(view, arm))


@requires(ONSET)
def loss_peak_position(view: SeedView, arm: int = 0) -> float:
    """Step of the test loss's peak over the onset step; nan when the run never gets half-way."""
    record = one(view, arm)
    start = onset(record)
    if not math.isfinite(start) or start == 0:
        return math.nan
    return peak_step(record) / start


@requires(T_GEN, probe("trace", "loss"))
def rising_train_steps(view: SeedView, arm: int = 0) -> float:
    """Share of the steps up to T_gen at which the training loss rises (probe "trace"); nan without T_gen."""
    record = one(view, arm)
    series, end = column(record, "trace", "loss"), generalised(record)
    if series is None or math.isinf(end):
        return math.nan
    loss = series[1][series[0] <= end]
    return float(np.mean(np.diff(loss) > 0)) if loss.size > 1 else math.nan


def best_test_accuracy(view: SeedView, arm: int = 0) -> float:
    """The largest test accuracy of any evaluation of any of the arm's runs."""
    return max(float(np.max(cell.record.curves["test_accuracy"])) for cell in view.arms[arm])


def table_accuracy(view: SeedView, arm: int = 0) -> float:
    """Share of the whole table, train and test rows, answered rightly at the last evaluation."""
    one(view, arm)
    return table_share(view.arms[arm][0])


def initial_loss(view: SeedView, arm: int = 0) -> float:
    """Loss over the whole table at step 0 (a mean over rows, train and test weighted by their sizes)."""
    record = one(view, arm)
    n_train, n_test = int(record.facts["n_train"]), int(record.facts["n_test"])
    train, test = float(record.curves["train_loss"][0]), float(record.curves["test_loss"][0])
    return (train * n_train + test * n_test) / (n_train + n_test)


def loss_rise(view: SeedView, arm: int = 0) -> float:
    """Largest test loss (running median of 5) over the test loss before the first step."""
    record = one(view, arm)
    return float(np.max(smooth_test_loss(record))) / float(record.curves["test_loss"][0])


def loss_second_descent(view: SeedView, arm: int = 0) -> float:
    """Test loss at the end over its largest value (running median of 5 for both)."""
    smooth = smooth_test_loss(one(view, arm))
    return float(smooth[-1] / np.max(smooth))


@requires(RISE)
def loss_peak_before_rise(view: SeedView, arm: int = 0) -> float:
    """Step of the largest test loss (running median of 5) over the first evaluation with a′ ≥ 0.5; nan without one."""
    record = one(view, arm)
    peak = float(record.curves["step"][int(np.argmax(smooth_test_loss(record)))])
    risen = rise(record)
    return peak / risen if 0 < risen < math.inf else math.nan
