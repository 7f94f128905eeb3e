"""Numerical stability: rows whose loss rounds to 0, and gradients along the weights (Prieto et al. 2025; analysis "collapse")."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from grokbench.analysis import timing
from grokbench.measures.cells import SeedView
from grokbench.measures.reading import Floats, baseline, fitted, one, within_budget
from grokbench.training.record import Record

Precision = Literal["float16", "float32", "float64"]


def _series(record: Record, name: str) -> tuple[Floats, Floats] | None:
    """Steps and values of a column of the analysis; None where the record lacks it."""
    found = record.analyses.get("collapse", {})
    if name not in found:
        return None
    return np.asarray(found["step"], dtype=np.float64), np.asarray(found[name], dtype=np.float64)


def _last(record: Record, name: str) -> float:
    series = _series(record, name)
    return math.nan if series is None else float(series[1][-1])


def collapsed_share(view: SeedView, precision: Precision = "float32", arm: int = 0) -> float:
    """Share of training rows whose right logit has gradient 0 under cross-entropy in this type, at the last step.

    Nothing is learned from these rows any more but by their wrong logits.
    """
    return _last(one(view, arm), f"share_{precision}")


def collapsed_share_rise(view: SeedView, precision: Precision = "float32", arm: int = 0) -> float:
    """That share at the last snapshot whose test accuracy is 0.01 or more above the best one before; nan without any rise.

    The accuracy is that of the last evaluation up to each snapshot.
    """
    record = one(view, arm)
    series = _series(record, f"share_{precision}")
    if series is None:
        return math.nan
    steps = np.asarray(record.curves["step"])
    where = np.searchsorted(steps, series[0], side="right") - 1
    accuracy = np.asarray(record.curves["test_accuracy"], dtype=np.float64)[where]
    best = np.concatenate([[np.inf], np.maximum.accumulate(accuracy)[:-1]])
    risen = np.flatnonzero(accuracy >= best + 0.01)
    return float(series[1][risen[-1]]) if risen.size else math.nan


def gradient_along_weights(view: SeedView, arm: int = 0) -> float:
    """cos(w, −∂L/∂w) at the last step, the least over the weight tensors: 1 where a step only scales the weights."""
    found = one(view, arm).analyses.get("collapse", {})
    return min((float(found[name][-1]) for name in found if name.startswith("cosine_")), default=math.nan)


def weight_norm_ratio(view: SeedView, arm: int = 0) -> float:
    """Norm of all weights at the last step, over that at the first snapshot from T_mem on; nan without either."""
    record = one(view, arm)
    series = _series(record, "norm")
    if series is None or math.isinf(fitted(record)):
        return math.nan
    later = np.flatnonzero(series[0] >= fitted(record))
    return float(series[1][-1] / series[1][later[0]]) if later.size else math.nan


def best_accuracy_lead(view: SeedView, first: int = 0, second: int = 1) -> float:
    """The largest test accuracy within the budget of one arm, less that of another."""
    best = [float(np.max(within_budget(one(view, arm), "test_accuracy"))) for arm in (first, second)]
    return best[0] - best[1]


def learned_after(
    view: SeedView, share: float = 0.5, precision: Precision = "float32", arm: int = 0
) -> float:
    """Largest a′ from the first snapshot with at least ``share`` of the rows collapsed on, less the largest up to there.

    nan where no snapshot has so many.
    """
    record = one(view, arm)
    series = _series(record, f"share_{precision}")
    if series is None:
        return math.nan
    reached = np.flatnonzero(series[1] >= share)
    if not reached.size:
        return math.nan
    steps = np.asarray(record.curves["step"])
    accuracy = timing.normalised(record.curves["test_accuracy"], baseline(record))
    before = accuracy[steps <= series[0][reached[0]]]
    after = accuracy[steps > series[0][reached[0]]]
    return float(np.max(after) - np.max(before)) if after.size and before.size else math.nan
