"""How often a fitted run loses its training set for a moment (Hu, Zhou and Yu 2024, section 3; Thilak et al. 2022)."""

from __future__ import annotations

import dataclasses
import math
from typing import Literal, NamedTuple

import numpy as np

from grokbench.analysis import slingshots
from grokbench.analysis.slingshots import BEFORE, largest_rise
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import RISE, T_MEM, of_arms, unfitted
from grokbench.measures.reading import Floats, column, fitted, one, rise, within_budget
from grokbench.measures.requiring import each, requires
from grokbench.training.record import Record


def _unfitted(record: Record) -> float:
    steps, accuracy = (within_budget(record, name) for name in ("step", "train_accuracy"))
    after = accuracy[steps > fitted(record)]
    return float(np.mean(after < record.levels.t_mem)) if after.size else math.nan


class Watched(NamedTuple):
    """A run looked at closely, within its budget, all (n,): loss and accuracy are the training set's, norm the last layer's."""

    steps: Floats
    loss: Floats
    accuracy: Floats
    norm: Floats


def _watched(record: Record) -> Watched | None:
    """By the probe "every-step", or else by evaluations at most ten steps apart with the probe "last-layer"; None without."""
    probe = record.probes.get("every-step", {})
    if len(probe.get("step", ())):
        own = (np.asarray(probe[name], dtype=np.float64) for name in ("step", "loss", "accuracy", "norm"))
        steps, *rest = own
        inside = steps <= record.trial.budget
        return Watched(steps[inside], *(values[inside] for values in rest))
    series = column(record, "last-layer", "norm")
    steps = within_budget(record, "step")
    close = len(steps) > 1 and np.diff(steps).max() <= FURTHEST
    if series is None or not close or not np.isin(steps, series[0]).all():
        return None
    loss, accuracy = (within_budget(record, f"train_{name}") for name in ("loss", "accuracy"))
    return Watched(steps, loss, accuracy, series[1][np.searchsorted(series[0], steps)])


def _slingshots(record: Record) -> tuple[float, ...]:
    own = _watched(record)
    return () if own is None else slingshots(*own)


FURTHEST = 10  # steps between evaluations; a slingshot lasts some fifty
WINDOW = 50  # steps of a piece of the last layer's growth
FASTEST = 0.2  # share of those pieces that grow most


def _unwatched(cell: Cell) -> Cell:
    return cell._replace(record=dataclasses.replace(cell.record, probes={}))


WATCHED = each(
    "the probe every-step, or last-layer at evaluations at most ten steps apart",
    lambda cell, _: _watched(cell.record) is not None,
    _unwatched,
)
AFTER_FIT = of_arms(
    "evaluations after T_mem",
    lambda arms, _: not any(math.isnan(_unfitted(cell.record)) for arm in arms for cell in arm),
    unfitted,
)


@requires(WATCHED)
def slingshot_count(view: SeedView, arm: int = 0) -> float:
    """Number of slingshots of one run within its budget.

    A slingshot: after T_mem the training loss is above 0.01 and above a hundred times its least value in the 200 steps before,
    a training row is wrong within 60 steps, the last layer grows at least twice as fast as before, and hardly any more after.
    """
    return float(len(_slingshots(one(view, arm))))


@requires(WATCHED)
def slingshot_count_change(view: SeedView, first: int = 0, second: int = 1) -> float:
    """Slingshots of one arm less those of another, each within its budget; nan where either can't be counted."""
    return slingshot_count(view, first) - slingshot_count(view, second)


@requires(WATCHED)
def slingshots_after_zero_loss(view: SeedView, arm: int = 0) -> float:
    """Number of slingshots in whose 200 steps before the training loss was exactly 0 at some step, in float32."""
    own = _watched(one(view, arm))
    assert own is not None
    zeros = own.steps[own.loss == 0]
    return float(sum(((zeros >= at - BEFORE) & (zeros < at)).any() for at in slingshots(*own)))


NEAR = (-50, 500)  # steps from a slingshot at which generalising counts as its work


@requires(WATCHED, RISE)
def rise_at_slingshot(view: SeedView, arm: int = 0) -> float:
    """1 where the first evaluation with a′ ≥ 0.5 lies between 50 steps before a slingshot and 500 after it, else 0."""
    record = one(view, arm)
    return float(any(at + NEAR[0] <= rise(record) <= at + NEAR[1] for at in _slingshots(record)))


@requires(WATCHED, T_MEM, RISE)
def slingshot_cover(view: SeedView, arm: int = 0) -> float:
    """Share of the steps from T_mem to the first a′ ≥ 0.5 that lie so near a slingshot: how often chance would say yes."""
    record = one(view, arm)
    steps = np.arange(fitted(record), max(rise(record), fitted(record)) + 1)
    near = np.zeros(len(steps), dtype=np.bool_)
    for at in _slingshots(record):
        near |= (steps >= at + NEAR[0]) & (steps <= at + NEAR[1])
    return float(near.mean())


def _growth(record: Record) -> Floats:
    """Growth of the last layer's norm in each piece of 50 steps of the second half of the budget; empty where it falls."""
    own = _watched(record)
    if own is None:
        return np.empty(0)
    at = np.arange(record.trial.budget // 2, own.steps[-1] + 1, WINDOW)
    found = np.diff(np.interp(at, own.steps, own.norm))
    return found if found.size >= 1 / FASTEST and found.sum() > 0 else np.empty(0)


GROWS = each(
    "a last layer that grows in the second half of the budget, over 250 steps or more",
    lambda cell, _: bool(_growth(cell.record).size),
    _unwatched,
)


@requires(WATCHED, GROWS)
def growth_in_spurts(view: SeedView, arm: int = 0) -> float:
    """Share of the last layer's growth in the second half of the budget that falls in its fastest fifth.

    The half is cut into pieces of 50 steps, of which those that grow most count. 0.2 where it grows evenly; it may be above 1
    where it shrinks elsewhere.
    """
    found = np.sort(_growth(one(view, arm)))[::-1]
    return float(found[: max(1, round(FASTEST * found.size))].sum() / found.sum())


def _losses(record: Record) -> tuple[Floats, Floats] | None:
    """Steps and training loss at every step within the budget, of the probe "every-step" or "trace"; None without."""
    series = column(record, "every-step", "loss") or column(record, "trace", "loss")
    if series is None:
        return None
    inside = series[0] <= record.trial.budget
    return series[0][inside], series[1][inside]


def _largest_rise(record: Record, until: str) -> float:
    series = _losses(record)
    if series is None:
        return math.nan
    seen = series[0] <= (rise(record) if until == "half-rise" else math.inf)
    return largest_rise(series[0][seen], series[1][seen], since=fitted(record))


LOSSES = each(
    "the probe every-step or trace, and steps after T_mem up to the {until}",
    lambda cell, chosen: not math.isnan(_largest_rise(cell.record, str(chosen["until"]))),
    _unwatched,
)


@requires(LOSSES)
def train_loss_rise(view: SeedView, until: Literal["end", "half-rise"] = "end", arm: int = 0) -> float:
    """Largest ratio of the training loss to its least value in the 200 steps before, over the steps after T_mem.

    Up to the "end" of the budget, or to the first a′ ≥ 0.5 ("half-rise") where there is one. 1 at most where the loss only
    falls. A slingshot makes it a hundred or more.
    """
    return _largest_rise(one(view, arm), until)


@requires(T_MEM, AFTER_FIT)
def unfitted_share_change(view: SeedView, first: int = 0, second: int = 1) -> float:
    """Share of the evaluations after T_mem with a train accuracy below 0.99, of one arm less that of another.

    Each within its budget. nan where either has no evaluation after T_mem.
    """
    return _unfitted(one(view, first)) - _unfitted(one(view, second))
