"""From lazy to rich: delays over a swept field, delays in the loss, tangent kernels, and terms of a risk (Kumar et al. 2023).

The analyses are tangent-kernel (``alignment``, ``moved``, ``weights``) and risk-split (``linear`` and other terms). Between two
snapshots a number is linear in the logarithm of the step.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

import numpy as np

from grokbench.analysis.statistics import kendall_tau
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.landscapes import NORM, end_of_loss, norm_at
from grokbench.measures.needed import T_GEN, T_MEM, WHOLE, analysis, of_arms
from grokbench.measures.reading import (
    Floats,
    Measured,
    fitted,
    generalised,
    narrowed,
    one,
    smooth_test_loss,
)
from grokbench.measures.requiring import Arguments, Arms, each, requires
from grokbench.measures.swept_times import VARIED
from grokbench.training.record import Record

Number = Literal["alignment", "moved"]
Of = Literal["value", "start"]
Trend = Literal["delay-ratio", "delay-steps", "test-time", "final"]
Spread = Literal["final-loss", "weights-moved"]


def trend(values: list[float], numbers: list[float]) -> float:
    """Kendall's τ_b; 0 where all numbers are equal, infinite ones included."""
    found = kendall_tau(values, numbers)
    return 0.0 if math.isnan(found) else found


# -- delays in accuracy ------------------------------------------------------------------------------------


@requires(T_MEM, VARIED)
def delay_trend(view: SeedView, field: str = "training.output_scale", arm: int = 0) -> float:
    """Kendall's τ_b between a swept field and T_gen / T_mem; 0 where all are equal.

    A run without T_gen stands above all others.
    """
    cells = view.arms[arm]
    delays = [generalised(cell.record) / fitted(cell.record) for cell in cells]
    return trend([cell.settings[field] for cell in cells], delays)


@requires(NORM, T_GEN)
def norm_to_t_gen(view: SeedView, arm: int = 0) -> float:
    """Norm of all weights at T_gen over that before the first step."""
    record = one(view, arm)
    return norm_at(record, generalised(record)) / norm_at(record, 0)


# -- delays in the loss ------------------------------------------------------------------------------------


def loss_time(record: Record, split: str, level: float, of: str) -> float:
    """First evaluation with a loss below ``level``, or below ``level`` times the first one; inf where there is none."""
    loss = np.asarray(record.curves[f"{split}_loss"], dtype=np.float64)
    border = level * (float(loss[0]) if of == "start" else 1.0)
    below = np.flatnonzero(loss < border)
    return float(record.curves["step"][below[0]]) if below.size else math.inf


def _never_falls(cell: Cell) -> Cell:
    n = len(cell.record.curves["step"])
    curves = {**cell.record.curves, "train_loss": np.full(n, 1e3), "test_loss": np.full(n, 1e3)}
    return cell._replace(record=dataclasses.replace(cell.record, curves=curves))


def _falls(cell: Cell, chosen: Arguments) -> bool:
    return (
        0 < loss_time(cell.record, "train", float(chosen["level"]), str(chosen.get("of", "value"))) < math.inf
    )


FALLS = each("a train loss that falls below {level} after the first evaluation", _falls, _never_falls)


@requires(FALLS)
def loss_delay(view: SeedView, level: float = 0.1, of: Of = "value", arm: int = 0) -> Measured:
    """First evaluation with a test loss below ``level``, over the first one with such a train loss; bounds where censored.

    of: "value", or "start" for ``level`` times each curve's own first loss.
    """
    record = one(view, arm)
    early, late = (loss_time(record, split, level, of) for split in ("train", "test"))
    if math.isfinite(late) or record.ended == "diverged":
        return late / early
    return narrowed(float(record.trial.budget) / early, math.inf)


@requires(VARIED, WHOLE, FALLS)
def loss_trend(
    view: SeedView, number: Trend, field: str, level: float = 0.1, of: Of = "value", arm: int = 0
) -> float:
    """Kendall's τ_b between a swept field and a number of the losses; 0 where all are equal, infinite where never reached.

    "delay-ratio", "delay-steps": first evaluation with a test loss below ``level`` over that of the train loss, or less it.
    "test-time": that of the test loss. "final": test loss at the end.
    """
    cells, numbers = view.arms[arm], []
    for cell in cells:
        early, late = (loss_time(cell.record, split, level, of) for split in ("train", "test"))
        numbers.append(
            {
                "delay-ratio": late / early,
                "delay-steps": late - early,
                "test-time": late,
                "final": end_of_loss(cell.record, "test-loss"),
            }[number]
        )
    return trend([cell.settings[field] for cell in cells], numbers)


# -- tangent kernels ---------------------------------------------------------------------------------------


def series(record: Record, name: str, column: str) -> tuple[Floats, Floats]:
    """Steps and numbers of an analysis."""
    found = record.analyses[name]
    return np.asarray(found["step"], dtype=np.float64), np.asarray(found[column], dtype=np.float64)


def at_step(record: Record, name: str, column: str, step: float) -> float:
    """A number of an analysis at a step."""
    steps, values = series(record, name, column)
    return float(np.interp(math.log1p(step), np.log1p(steps), values))


def _late_share(record: Record, number: str, since: float, until: float) -> float:
    first, middle, last = (at_step(record, "tangent-kernel", number, step) for step in (0.0, since, until))
    return (last - middle) / (last - first) if last != first else 0.0


KERNEL = analysis("tangent-kernel", "{number}")
LATER = each(
    "a T_gen after its T_mem",
    lambda cell, _: 0 < fitted(cell.record) < generalised(cell.record) < math.inf,
    lambda cell: cell._replace(
        record=dataclasses.replace(
            cell.record,
            curves={**cell.record.curves, "test_accuracy": np.zeros(len(cell.record.curves["step"]))},
        )
    ),
)


@requires(KERNEL, LATER)
def kernel_after_fit(view: SeedView, number: Number = "alignment", arm: int = 0) -> float:
    """Share of a kernel's change from the first step to T_gen that comes after T_mem.

    number: "alignment" with the labels, or "moved", 1 − cos with the first kernel. Below 0 where it goes back.
    """
    record = one(view, arm)
    return _late_share(record, number, fitted(record), generalised(record))


@requires(KERNEL, FALLS)
def kernel_after_loss(
    view: SeedView, number: Number = "alignment", level: float = 0.1, of: Of = "value", arm: int = 0
) -> float:
    """Share of a kernel's change from the first step to the last that comes after the train loss has fallen below ``level``."""
    record = one(view, arm)
    return _late_share(record, number, loss_time(record, "train", level, of), float(record.facts["steps"]))


# -- terms of the risk -------------------------------------------------------------------------------------

LINEAR = analysis("risk-split", "linear")


def _peak(record: Record) -> float:
    return float(record.curves["step"][int(np.argmax(smooth_test_loss(record)))])


PEAK = each(
    "a test loss that is largest after the first evaluation",
    lambda cell, _: _peak(cell.record) > 0,
    _never_falls,
)


@requires(LINEAR, PEAK)
def linear_peak_position(view: SeedView, arm: int = 0) -> float:
    """Step at which the power in linear functions is largest, over that of the largest test loss (running median of 5)."""
    record = one(view, arm)
    steps, values = series(record, "risk-split", "linear")
    return float(steps[int(np.nanargmax(values))]) / _peak(record)


@requires(LINEAR)
def linear_fall(view: SeedView, arm: int = 0) -> float:
    """Power in linear functions at the end over its largest value."""
    values = series(one(view, arm), "risk-split", "linear")[1]
    return float(values[-1] / np.nanmax(values))


@requires(LINEAR)
def linear_rise(view: SeedView, arm: int = 0) -> float:
    """Largest power in linear functions over the expected test loss before the first step."""
    record = one(view, arm)
    return float(np.nanmax(series(record, "risk-split", "linear")[1])) / at_step(
        record, "risk-split", "all", 0
    )


# -- arms that should be alike -----------------------------------------------------------------------------


def _several(arms: Arms, chosen: Arguments) -> bool:
    own = [cell.record for arm in arms for cell in arm]
    kept = chosen["number"] == "final-loss" or all("tangent-kernel" in r.analyses for r in own)
    return len(own) > 1 and all(r.ended != "diverged" for r in own) and kept


SEVERAL = of_arms(
    "two runs or more, none of which diverged, with the numbers of {number}",
    _several,
    lambda r: dataclasses.replace(r, ended="diverged"),
)


@requires(SEVERAL)
def spread_over_runs(view: SeedView, number: Spread = "final-loss") -> float:
    """The largest of a number over the smallest, over all runs of all arms of a seed.

    "final-loss": test loss at the end. "weights-moved": ‖θ − θ₀‖ / ‖θ₀‖ at the end.
    """
    numbers = [
        end_of_loss(cell.record, "test-loss")
        if number == "final-loss"
        else float(series(cell.record, "tangent-kernel", "weights")[1][-1])
        for arm in view.arms
        for cell in arm
    ]
    return max(numbers) / min(numbers) if min(numbers) > 0 else math.inf
