"""How often a fitted run loses its training set for a moment (Hu, Zhou and Yu 2024, section 3; Thilak et al. 2022)."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from grokbench.analysis import slingshots
from grokbench.measures.cells import SeedView
from grokbench.measures.needed import T_MEM, of_arms, unfitted
from grokbench.measures.reading import column, fitted, one, within_budget
from grokbench.measures.requiring import each, requires
from grokbench.training.record import Record


def _unfitted(record: Record) -> float:
    steps, accuracy = (within_budget(record, name) for name in ("step", "train_accuracy"))
    after = accuracy[steps > fitted(record)]
    return float(np.mean(after < record.levels.t_mem)) if after.size else math.nan


def _count(record: Record) -> float:
    series = column(record, "last-layer", "norm")
    steps = np.asarray(record.curves["step"], dtype=np.float64)
    steps = steps[steps <= record.trial.budget]
    if (
        series is None
        or len(steps) < 2
        or np.diff(steps).max() > FURTHEST
        or not np.isin(steps, series[0]).all()
    ):
        return math.nan
    n = len(steps)
    loss, accuracy = (np.asarray(record.curves[f"train_{name}"])[:n] for name in ("loss", "accuracy"))
    norm = series[1][np.searchsorted(series[0], steps)]
    return float(len(slingshots(steps, loss, accuracy, norm)))


FURTHEST = 10  # steps between evaluations; a slingshot lasts some fifty


COUNTED = each(
    "the probe last-layer at evaluations at most ten steps apart",
    lambda cell, _: not math.isnan(_count(cell.record)),
    lambda cell: cell._replace(record=dataclasses.replace(cell.record, probes={})),
)
WATCHED = of_arms(
    "evaluations after T_mem",
    lambda arms, _: not any(math.isnan(_unfitted(cell.record)) for arm in arms for cell in arm),
    unfitted,
)


@requires(COUNTED)
def slingshot_count(view: SeedView, arm: int = 0) -> float:
    """Number of slingshots of one run within its budget (probe "last-layer", evaluations at most ten steps apart).

    A slingshot: after T_mem the training loss is above 0.01 and above a hundred times its least value in the 200 steps before,
    a training row is wrong within 60 steps, the last layer grows at least twice as fast as before, and hardly any more after.
    nan where evaluations lie further apart or lack the probe.
    """
    return _count(one(view, arm))


@requires(COUNTED)
def slingshot_count_change(view: SeedView, first: int = 0, second: int = 1) -> float:
    """Slingshots of one arm less those of another, each within its budget; nan where either can't be counted."""
    return _count(one(view, first)) - _count(one(view, second))


@requires(T_MEM, WATCHED)
def unfitted_share_change(view: SeedView, first: int = 0, second: int = 1) -> float:
    """Share of the evaluations after T_mem with a train accuracy below 0.99, of one arm less that of another.

    Each within its budget. nan where either has no evaluation after T_mem.
    """
    return _unfitted(one(view, first)) - _unfitted(one(view, second))
