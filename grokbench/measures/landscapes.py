"""The reduced landscape over the norm of the weights, and where on it a free run generalises (Liu, Michaud and Tegmark 2022).

The landscape is f̃(w) = f(argmin of the training loss at ‖θ‖ = w): an arm over ``training.initial_scale``, whose runs hold the
norm that they start with (the wrapper held-norm). Its values are losses at the end: medians of the last five evaluations.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.decay import DECAY, rate
from grokbench.measures.needed import WHOLE, of_arms, probe, without_landmarks
from grokbench.measures.reading import column, fitted, generalised, last_accuracy, one, within_budget
from grokbench.measures.requiring import Arms, Requirement, each, requires
from grokbench.measures.swept_times import unvaried
from grokbench.training.record import Record

SCALE = "training.initial_scale"
Curve = Literal["test-loss", "train-loss"]
Side = Literal["small", "large", "least"]


def end_of_loss(record: Record, curve: str) -> float:
    """Median of the last five losses within the budget; inf where one of them is no number."""
    last = within_budget(record, curve.replace("-", "_"))[-5:]
    return float(np.median(last)) if np.isfinite(last).all() else math.inf


def landscape(cells: tuple[Cell, ...], curve: str) -> list[tuple[float, float]]:
    """(scale of the start, loss at the end) of each run, by scale."""
    return sorted((float(cell.settings[SCALE]), end_of_loss(cell.record, curve)) for cell in cells)


SCALES = Requirement(
    "runs from three scales of the start or more",
    lambda arms, _: all(len({c.settings[SCALE] for c in arm if SCALE in c.settings}) >= 3 for arm in arms),
    unvaried,
)


def final_loss(view: SeedView, curve: Curve = "test-loss", arm: int = 0) -> float:
    """Loss at the end of the budget, the median of the last five evaluations; inf where one of them is no number."""
    return end_of_loss(one(view, arm), curve)


@requires(WHOLE, SCALES)
def landscape_minimum(view: SeedView, curve: Curve = "test-loss", arm: int = 0) -> float:
    """The scale of the start, in units of the network's own, at which the loss at the end is least."""
    return min(landscape(view.arms[arm], curve), key=lambda pair: pair[1])[0]


@requires(WHOLE, SCALES)
def landscape_rise(view: SeedView, side: Side = "least", curve: Curve = "test-loss", arm: int = 0) -> float:
    """Loss at the end of the "small"est or the "large"st scale, or the "least" of both, over the least of all scales."""
    found = [loss for _, loss in landscape(view.arms[arm], curve)]
    value = {"small": found[0], "large": found[-1], "least": min(found[0], found[-1])}[side]
    return value / min(found)


@requires(WHOLE, SCALES)
def landscape_floor(view: SeedView, least: float = 1.0, curve: Curve = "train-loss", arm: int = 0) -> float:
    """The largest loss at the end of any scale from ``least`` on."""
    return max(loss for scale, loss in landscape(view.arms[arm], curve) if scale >= least)


# -- norms of a free run ------------------------------------------------------------------------------------

NORM = probe("norm", "all")


def norm_at(record: Record, step: float) -> float:
    """Norm of all weights at a step; between two rows of the probe its logarithm is linear in the step."""
    series = column(record, "norm", "all")
    assert series is not None
    return float(np.exp(np.interp(step, series[0], np.log(series[1]))))


def zone(cells: tuple[Cell, ...]) -> float:
    """The largest held norm whose run ends with the test accuracy of T_gen; nan where none does."""
    norms = []
    for cell in cells:
        record, series = cell.record, column(cell.record, "norm", "all")
        if series is not None and last_accuracy(record) >= float(record.trial.task.thresholds["t_gen"]):
            norms.append(float(series[1][-1]))
    return max(norms, default=math.nan)


def _lands(arms: Arms) -> bool:
    """Whether the free run, the first of the arms that are read, fits and generalises."""
    return all(0 < step(cell.record) < math.inf for cell in arms[0] for step in (fitted, generalised))


FREE = of_arms(
    "a T_mem and a T_gen of the free run, and one held run or more that generalises",
    lambda arms, _: _lands(arms) and not math.isnan(zone(arms[-1])),
    lambda r: without_landmarks(Cell(0, {}, r)).record,
)


@requires(NORM, FREE)
def norm_over_zone(
    view: SeedView, at: Literal["t-mem", "t-gen"] = "t-gen", run: int = 0, held: int = 1
) -> float:
    """Norm of a free run at T_mem or T_gen, over the largest norm of the landscape ``held`` whose run generalises."""
    record = one(view, run)
    step = fitted(record) if at == "t-mem" else generalised(record)
    return norm_at(record, step) / zone(view.arms[held])


LATER = each(
    "a T_gen after its T_mem",
    lambda cell, _: 0 < fitted(cell.record) < generalised(cell.record) < math.inf,
    without_landmarks,
)


@requires(DECAY, NORM, LATER)
def norm_fall_over_decay(view: SeedView, arm: int = 0) -> float:
    """Fall of the logarithm of the norm from T_mem to T_gen, over ηγ times the steps between: 1 where decay alone moves it."""
    record = one(view, arm)
    begin, end = fitted(record), generalised(record)
    return math.log(norm_at(record, begin) / norm_at(record, end)) / (rate(record) * (end - begin))
