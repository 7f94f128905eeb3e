"""Numerical stability: rows whose loss rounds to 0, and gradients along the weights (Prieto et al. 2025; analysis "collapse")."""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

import numpy as np

from grokbench.analysis import timing
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import analysis, unfitted, without_landmarks
from grokbench.measures.reading import Floats, baseline, fitted, one, within_budget
from grokbench.measures.requiring import Arguments, each, requires
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


SHARE = analysis("collapse", "share_{precision}")


def _rises(record: Record, precision: str) -> tuple[Floats, Floats]:
    """Shares at the snapshots, and which of them have a test accuracy 0.01 or more above the best one before."""
    series = _series(record, f"share_{precision}")
    if series is None:
        return np.empty(0), np.empty(0)
    where = np.searchsorted(np.asarray(record.curves["step"]), series[0], side="right") - 1
    accuracy = np.asarray(record.curves["test_accuracy"], dtype=np.float64)[where]
    best = np.concatenate([[np.inf], np.maximum.accumulate(accuracy)[:-1]])
    return series[1], (accuracy >= best + 0.01).astype(np.float64)


def _first(record: Record, name: str, least: float) -> float:
    """Step of the first snapshot at which this column is at least ``least``; inf where there is none."""
    series = _series(record, name)
    reached = np.flatnonzero(series[1] >= least) if series is not None else np.empty(0, dtype=np.int64)
    return float(series[0][reached[0]]) if series is not None and reached.size else math.inf


def _uncollapsed(cell: Cell) -> Cell:
    found = cell.record.analyses.get("collapse", {})
    shares = {name: 0 * np.asarray(found[name]) for name in found if name.startswith("share_")}
    analyses = {**cell.record.analyses, "collapse": {**found, **shares}}
    return cell._replace(record=dataclasses.replace(cell.record, analyses=analyses))


def _later_snapshot(cell: Cell, chosen: Arguments) -> bool:
    series = _series(cell.record, "norm")
    return series is not None and bool((series[0] >= fitted(cell.record)).any())


def _goes_on(cell: Cell, chosen: Arguments) -> bool:
    first = _first(cell.record, f"share_{chosen['precision']}", float(chosen["share"]))
    return first < float(cell.record.curves["step"][-1])


RISING = each(
    "a snapshot whose test accuracy is 0.01 above the best one before",
    lambda cell, chosen: bool(_rises(cell.record, chosen["precision"])[1].any()),
    without_landmarks,
)
FITTED = each(
    "a snapshot from T_mem on", _later_snapshot, lambda cell: cell._replace(record=unfitted(cell.record))
)
COLLAPSED = each(
    "a snapshot with {share} of the rows collapsed, and an evaluation after it", _goes_on, _uncollapsed
)


@requires(SHARE)
def collapsed_share(view: SeedView, precision: Precision = "float32", arm: int = 0) -> float:
    """Share of training rows whose right logit has gradient 0 under cross-entropy in this type, at the last step.

    Nothing is learned from these rows any more but by their wrong logits.
    """
    return _last(one(view, arm), f"share_{precision}")


@requires(SHARE, RISING)
def collapsed_share_rise(view: SeedView, precision: Precision = "float32", arm: int = 0) -> float:
    """That share at the last snapshot whose test accuracy is 0.01 or more above the best one before.

    The accuracy is that of the last evaluation up to each snapshot.
    """
    shares, rises = _rises(one(view, arm), precision)
    return float(shares[np.flatnonzero(rises)[-1]])


@requires(analysis("collapse", "cosine_1"))
def gradient_along_weights(view: SeedView, arm: int = 0) -> float:
    """cos(w, −∂L/∂w) at the last step, the least over the weight tensors: 1 where a step only scales the weights."""
    found = one(view, arm).analyses["collapse"]
    return min(float(found[name][-1]) for name in found if name.startswith("cosine_"))


@requires(analysis("collapse", "norm"), FITTED)
def weight_norm_ratio(view: SeedView, arm: int = 0) -> float:
    """Norm of all weights at the last step, over that at the first snapshot from T_mem on."""
    record = one(view, arm)
    series = _series(record, "norm")
    assert series is not None
    return float(series[1][-1] / series[1][series[0] >= fitted(record)][0])


def best_accuracy_lead(view: SeedView, first: int = 0, second: int = 1) -> float:
    """The largest test accuracy within the budget of one arm, less that of another."""
    best = [float(np.max(within_budget(one(view, arm), "test_accuracy"))) for arm in (first, second)]
    return best[0] - best[1]


@requires(SHARE, COLLAPSED)
def learned_after(
    view: SeedView, share: float = 0.5, precision: Precision = "float32", arm: int = 0
) -> float:
    """Largest a′ after the first snapshot with at least ``share`` of the rows collapsed, less the largest up to there."""
    record = one(view, arm)
    since = np.asarray(record.curves["step"]) > _first(record, f"share_{precision}", share)
    accuracy = timing.normalised(record.curves["test_accuracy"], baseline(record))
    return float(np.max(accuracy[since]) - np.max(accuracy[~since]))
