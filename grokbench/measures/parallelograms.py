"""What embeddings of integers predict, and when they become a line, as Liu et al. 2022 (arXiv 2205.10343) have it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Literal

import numpy as np

from grokbench.analysis.statistics import kendall_tau
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.learning_phases import crossing
from grokbench.measures.needed import analysis, of_arms, probe
from grokbench.measures.reading import Between, Measured, column, levels, narrowed, one, table_share
from grokbench.measures.requiring import Arguments, Arms, requires
from grokbench.training.record import Record

Source = Literal["learned", "ideal", "shuffled"]
PERFECT = 0.95  # RQI above which it calls embeddings a line
PREDICTED = analysis("parallelograms", "rqi", "rqi_ideal", "learned", "ideal", "shuffled")
QUALITY = probe("parallelograms", "rqi")


def _aligned(record: Record) -> Between:
    """First RQI above 0.95; above the budget where there is none within it."""
    budget = float(record.trial.budget)
    steps, values = column(record, "parallelograms", "rqi") or (np.empty(0), np.empty(0))
    found = steps[(values > PERFECT) & (steps <= budget)]
    return Between(float(found[0]), float(found[0])) if found.size else Between(budget, math.inf)


def _number(record: Record, name: str) -> float:
    return float(record.analyses["parallelograms"][name][0])


# -- what embeddings predict -------------------------------------------------------------------------------


@requires(PREDICTED)
def predicted_accuracy(view: SeedView, by: Source = "learned", arm: int = 0) -> float:
    """The share of all samples that follows from the training rows by the parallelograms of one run.

    ``by``: those of the learned embeddings, of the ideal ones that the training rows imply, or of shuffled ones.
    """
    return _number(one(view, arm), by)


@requires(PREDICTED)
def predicted_accuracy_error(view: SeedView, by: Source = "learned", arm: int = 0) -> float:
    """How far the predicted accuracy lies from the accuracy on all samples, the mean over training set sizes.

    ``by``: parallelograms of the learned embeddings, of the ideal ones that the training rows imply, or of shuffled ones.
    """
    return float(np.mean([abs(table_share(c) - _number(c.record, by)) for c in view.arms[arm]]))


SIZES = of_arms(
    "three training set sizes, of which the accuracy is not on a line",
    lambda arms, _: all(_line_error(arm) > 0 for arm in arms),
    lambda r: dataclasses.replace(
        r, curves={**r.curves, "train_accuracy": 0 * r.curves["train_accuracy"]} | _untested(r)
    ),
)


def _untested(record: Record) -> dict[str, np.ndarray]:
    return {"test_accuracy": 0 * np.asarray(record.curves["test_accuracy"])}


def _line_error(arm: tuple[Cell, ...]) -> float:
    """Mean distance of accuracies on all samples from their best straight line in the number of training rows."""
    n = np.array([cell.record.facts["n_train"] for cell in arm], dtype=np.float64)
    if len(set(n.tolist())) < 3:
        return 0.0
    shares = np.array([table_share(cell) for cell in arm])
    error = float(np.abs(shares - np.polyval(np.polyfit(n, shares, 1), n)).mean())
    return error if error > 1e-9 else 0.0


@requires(PREDICTED, SIZES)
def predicted_accuracy_over_line(view: SeedView, by: Source = "learned", arm: int = 0) -> float:
    """Error of the predicted accuracy over that of the best straight line in the number of training rows."""
    return predicted_accuracy_error(view, by, arm) / _line_error(view.arms[arm])


def _differences(arms: Arms, of: Callable[[Record], float]) -> np.ndarray:
    """Differences between two seeds at each size of what a number is ``of`` their runs."""
    first, second = (
        {cell.record.facts["n_train"]: cell.record for cell in arm}
        for arm in (arms if len(arms) == 2 else ((), ()))
    )
    return np.array([of(first[n]) - of(second[n]) for n in sorted(first.keys() & second.keys())])


def _answered(record: Record) -> float:
    """The share of held-out samples that is answered rightly at the end."""
    return float(record.curves["test_accuracy"][-1])


def _foretold(by: str) -> Callable[[Record], float]:
    """What gives the predicted share of held-out samples."""

    def of(record: Record) -> float:
        n = record.facts["n_train"]
        total = n + record.facts["n_test"]
        return float((_number(record, by) * total - n) / (total - n))

    return of


def _flat(record: Record) -> Record:
    return dataclasses.replace(record, curves={**record.curves, **_untested(record)})


DIFFER = of_arms(
    "two seeds whose held-out accuracies differ at some size",
    lambda arms, _: bool(np.abs(_differences(arms, _answered)).max(initial=0) > 0),
    _flat,
)


@requires(PREDICTED, DIFFER)
def split_prediction(view: SeedView, by: Source = "learned") -> float:
    """Whether the prediction tells which of two seeds generalises: cosine of predicted and actual differences over sizes.

    Held-out samples alone count. At each number of training rows one seed is compared with the other; 0 for equal predictions.
    """
    own, actual = _differences(view.arms, _foretold(by)), _differences(view.arms, _answered)
    norm = float(np.linalg.norm(own) * np.linalg.norm(actual))
    return float(own @ actual) / norm if norm else 0.0


@requires(PREDICTED)
def ideal_excess(view: SeedView, what: Literal["rqi", "accuracy"] = "rqi", arm: int = 0) -> float:
    """How far a run exceeds what its training rows imply, the largest over sizes: in RQI, or in predicted accuracy."""
    pairs = {"rqi": ("rqi", "rqi_ideal"), "accuracy": ("learned", "ideal")}[what]
    return max(_number(cell.record, pairs[0]) - _number(cell.record, pairs[1]) for cell in view.arms[arm])


# -- when embeddings become a line -------------------------------------------------------------------------


def _either(record: Record) -> bool:
    return math.isfinite(crossing(record, "test").high) or math.isfinite(_aligned(record).high)


EITHER = of_arms(
    "an RQI above 0.95 or a test accuracy of 0.9",
    lambda arms, _: all(_either(cell.record) for arm in arms for cell in arm),
    lambda r: dataclasses.replace(_flat(r), probes={}),
)


@requires(QUALITY, EITHER)
def generalising_over_aligning(view: SeedView, arm: int = 0) -> Measured:
    """First test accuracy of 0.9 over first RQI above 0.95; bounds where one of them is not reached."""
    record = one(view, arm)
    test, line = crossing(record, "test"), _aligned(record)
    high = math.inf if math.isinf(test.high) else test.high / max(line.low, 1.0)
    return narrowed(0.0 if math.isinf(line.high) else test.low / max(line.high, 1.0), high)


@requires(QUALITY)
def aligning_step(view: SeedView, arm: int = 0) -> Measured:
    """First RQI above 0.95 of one run, in steps; above the budget where there is none."""
    return narrowed(*_aligned(one(view, arm)))


@requires(QUALITY)
def late_rqi(view: SeedView, arm: int = 0) -> float:
    """Least RQI of one run from half of its budget on."""
    record = one(view, arm)
    steps, values = column(record, "parallelograms", "rqi") or (np.empty(0), np.empty(0))
    return float(values[steps >= record.trial.budget / 2].min(initial=math.inf))


@requires(QUALITY)
def unaligned_accuracy(view: SeedView, most: float = 0.5, arm: int = 0) -> float:
    """Largest test accuracy of one run at a step at which its RQI is below ``most``; 0 where there is no such step."""
    record = one(view, arm)
    steps, values = column(record, "parallelograms", "rqi") or (np.empty(0), np.empty(0))
    known = np.isin(record.curves["step"], steps[values < most])
    return float(np.asarray(record.curves["test_accuracy"])[known].max(initial=0.0))


@requires(QUALITY)
def aligning_share(view: SeedView, arm: int = 0) -> Measured:
    """Least training fraction from which on every larger one of the grid reaches an RQI above 0.95 within the budget.

    As a bracket with the fraction below. Where the largest one does not, it lies above that.
    """
    grid = levels(view, arm)
    low, high = grid[-1][0], math.inf
    for at in range(len(grid) - 1, -1, -1):
        if math.isinf(_aligned(grid[at][1].record).high):
            break
        low, high = (grid[at - 1][0] if at else 0.0), grid[at][0]
    return Between(low, high)


def _times_differ(arms: Arms, chosen: Arguments) -> bool:
    grids = [[c for c in arm if float(c.settings["alpha"]) >= chosen["least"]] for arm in arms]
    return all(
        len({_aligned(cell.record).high for cell in grid}) > 1
        and len({cell.settings["alpha"] for cell in grid}) > 1
        for grid in grids
    )


ALIGN_DIFFER = of_arms(
    "times to an RQI above 0.95 that differ, at fractions from {least} on that differ",
    _times_differ,
    lambda r: dataclasses.replace(r, probes={}),
)


@requires(QUALITY, ALIGN_DIFFER)
def aligning_trend(view: SeedView, least: float = 0.6, arm: int = 0) -> float:
    """Kendall's τ_b between the training fraction, from ``least`` on, and the first RQI above 0.95.

    Times above the budget tie with one another above all others.
    """
    grid = [(alpha, cell) for alpha, cell in levels(view, arm) if alpha >= least]
    return kendall_tau([alpha for alpha, _ in grid], [_aligned(cell.record).high for _, cell in grid])
