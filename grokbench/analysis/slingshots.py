"""Slingshots: a run that has fitted its training set loses it for a moment as its last layer grows (Thilak et al. 2022).

The paper (arXiv 2206.04817) gives no number for it; these are ours. A run that is looked at every few steps shows them, one on a
cadence of a few per cent does not: they last some fifty steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from grokbench.analysis.timing import t_mem

SPIKE = 1e-2  # least loss of a spike
RISE = 100  # least ratio of a spike's loss to the least one of the steps before
FLOOR = 1e-12  # what a loss of 0 counts as
BEFORE = 200  # steps of that least loss, and least distance of two spikes
WRONG = 60  # steps within which a training row must be answered wrongly
GROWTH = 2  # least growth of the last layer at a spike, over that before
PLATEAU = 0.1  # largest growth of the last layer after it, over that at the spike

Floats = NDArray[np.float64]


def slingshots(steps: ArrayLike, loss: ArrayLike, accuracy: ArrayLike, norm: ArrayLike) -> tuple[float, ...]:
    """Steps at which slingshots begin: spikes of the training loss that end a spurt of the last layer and precede a plateau.

    All arrays (n,), over the same evaluations, at most ten steps apart: ``steps`` rising, ``loss`` and ``accuracy`` of the
    training set, ``norm`` ‖W‖_F of the last layer. After T_mem a spike begins where the loss is above 0.01 and above a
    hundred times its least value in the 200 steps before; 200 steps must pass until the next. It is a slingshot where a
    training row is wrong within 60 steps, where the norm's mean rise per step on [s − 100, s + 20] is at least twice that on
    [s − 400, s − 100], and where that on [s + 60, s + 200] is at most a tenth of it. A spike whose windows leave the record is
    none.
    """
    at, losses, right, size = (np.asarray(x, dtype=np.float64) for x in (steps, loss, accuracy, norm))
    found = []
    for spike in _spikes(at, losses, t_mem(at, right)):
        soon = (at >= spike) & (at <= spike + WRONG)
        grown, before, after = (
            _slope(at, size, spike + start, spike + end)
            for start, end in ((-100, 20), (-400, -100), (60, 200))
        )
        if right[soon].min() < 1 and grown >= GROWTH * before and after <= PLATEAU * grown:
            found.append(spike)
    return tuple(found)


def _spikes(at: Floats, losses: Floats, fitted: float) -> list[float]:
    """First step of each spike of the loss after ``fitted``."""
    found: list[float] = []
    raised = np.maximum(losses, FLOOR)
    for i, step in enumerate(at.tolist()):
        recent = (at >= step - BEFORE) & (at < step)
        apart = not found or step >= found[-1] + BEFORE
        if step > fitted and apart and losses[i] > SPIKE and losses[i] > RISE * raised[recent].min():
            found.append(step)
    return found


def _slope(at: Floats, values: Floats, start: float, end: float) -> float:
    """Mean rise per step between two steps, with straight lines between evaluations; nan where the record lacks one of them."""
    if start < at[0] or end > at[-1]:
        return float("nan")
    first, last = np.interp([start, end], at, values)
    return float((last - first) / (end - start))
