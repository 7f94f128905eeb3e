"""Slingshots: a run that has fitted its training set loses it for a moment as its last layer grows (Thilak et al. 2022).

The paper (arXiv 2206.04817) gives no number for it; these are ours. A run that is looked at every few steps shows them, one on a
cadence of a few per cent does not: they last some fifty steps.
"""

from __future__ import annotations

from typing import NamedTuple

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
WINDOWS = (
    (-100, 20),
    (-400, -100),
    (60, 200),
)  # steps from a spike: of the growth, of that before and of that after

Floats = NDArray[np.float64]


class Spike(NamedTuple):
    """A spike of the training loss at ``step``, and how the last layer grew around it, in norm per step.

    wrong: a training row is answered wrongly within 60 steps. growth: mean rise of the norm on [s − 100, s + 20], before: on
    [s − 400, s − 100], after: on [s + 60, s + 200]; nan where the record lacks one of the ends.
    """

    step: float
    wrong: bool
    growth: float
    before: float
    after: float

    @property
    def slingshot(self) -> bool:
        """Whether it loses a row, ends a spurt of the last layer and precedes a plateau."""
        spurt = self.growth >= GROWTH * self.before
        return self.wrong and spurt and self.after <= PLATEAU * self.growth


def slingshots(steps: ArrayLike, loss: ArrayLike, accuracy: ArrayLike, norm: ArrayLike) -> tuple[float, ...]:
    """Steps at which slingshots begin: spikes of the training loss that end a spurt of the last layer and precede a plateau.

    A slingshot is a spike (see ``spikes``) where a training row is wrong within 60 steps, where the norm's mean rise per step on
    [s − 100, s + 20] is at least twice that on [s − 400, s − 100], and where that on [s + 60, s + 200] is at most a tenth of it.
    A spike whose windows leave the record is none.
    """
    return tuple(one.step for one in spikes(steps, loss, accuracy, norm) if one.slingshot)


def spikes(steps: ArrayLike, loss: ArrayLike, accuracy: ArrayLike, norm: ArrayLike) -> tuple[Spike, ...]:
    """Spikes of the training loss after T_mem, with what the last layer does around them.

    All arrays (n,), over the same evaluations, at most ten steps apart: ``steps`` rising, ``loss`` and ``accuracy`` of the
    training set, ``norm`` ‖W‖_F of the last layer. A spike begins where the loss is above 0.01 and above a hundred times its
    least value in the 200 steps before; 200 steps must pass until the next.
    """
    at, losses, right, size = (np.asarray(x, dtype=np.float64) for x in (steps, loss, accuracy, norm))
    found: list[Spike] = []
    fitted, raised = t_mem(at, right), np.maximum(losses, FLOOR)
    for i in np.flatnonzero((losses > SPIKE) & (at > fitted)).tolist():
        step = float(at[i])
        if found and step < found[-1].step + BEFORE:
            continue
        recent = raised[np.searchsorted(at, step - BEFORE) : i]
        if losses[i] > RISE * recent.min():
            soon = right[i : np.searchsorted(at, step + WRONG, side="right")]
            slopes = (_slope(at, size, step + start, step + end) for start, end in WINDOWS)
            found.append(Spike(step, bool(soon.min() < 1), *slopes))
    return tuple(found)


def largest_rise(steps: ArrayLike, loss: ArrayLike, since: float) -> float:
    """Largest ratio of a loss to its least value in the 200 steps before, over the steps after ``since``; nan without any.

    A loss of 0 counts as 1e-12. Both arrays (n,), over the same steps, rising.
    """
    at, raised = np.asarray(steps, dtype=np.float64), np.maximum(np.asarray(loss, dtype=np.float64), FLOOR)
    first = np.searchsorted(at, at - BEFORE)
    ratios = [raised[i] / raised[first[i] : i].min() for i in np.flatnonzero(at > since) if first[i] < i]
    return float(max(ratios, default=np.nan))


def _slope(at: Floats, values: Floats, start: float, end: float) -> float:
    """Mean rise per step between two steps, with straight lines between evaluations; nan where the record lacks one of them."""
    if start < at[0] or end > at[-1]:
        return float("nan")
    first, last = np.interp([start, end], at, values)
    return float((last - first) / (end - start))
