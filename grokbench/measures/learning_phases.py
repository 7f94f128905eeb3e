"""The phases of learning of Liu et al. 2022 (arXiv 2205.10343), §4.1 and Appendix G, and how they lie in a diagram."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterator
from typing import Literal

import numpy as np

from grokbench.analysis import timing
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import of_arms
from grokbench.measures.reading import Between, Measured, narrowed, one
from grokbench.measures.requiring import requires
from grokbench.specs.errors import InputError
from grokbench.training.record import Record

LEVEL = 0.9  # accuracy from which the paper counts a run as fitted, and as generalising
LATE = 1000  # steps between both, from which it calls a run grokking
CONFUSION, MEMORISATION, GROKKING, COMPREHENSION = range(4)
Phase = Literal["confusion", "memorisation", "grokking", "comprehension"]
PHASES: tuple[Phase, ...] = ("confusion", "memorisation", "grokking", "comprehension")


def crossing(record: Record, side: str) -> Between:
    """First accuracy of 0.9 on "train" or "test"; above the budget where there is none within it."""
    budget = float(record.trial.budget)
    found = timing.first_crossing(record.curves["step"], record.curves[f"{side}_accuracy"], LEVEL, budget)
    return Between(found, found) if math.isfinite(found) else Between(budget, math.inf)


def _phase(record: Record) -> int:
    fitted, generalised = crossing(record, "train").high, crossing(record, "test").high
    if math.isinf(fitted):
        return CONFUSION
    if math.isinf(generalised):
        return MEMORISATION
    return GROKKING if generalised - fitted >= LATE else COMPREHENSION


def liu_phase(view: SeedView, arm: int = 0) -> float:
    """The paper's phase of a run: 0 confusion, 1 memorisation, 2 grokking, 3 comprehension.

    It is read off the first accuracies of 0.9 within the budget; grokking is a gap of 1000 steps between them.
    """
    return float(_phase(one(view, arm)))


def liu_phases(view: SeedView, cells: float = 3.0, arm: int = 0) -> float:
    """How many of the paper's four phases have so many cells of the grid, or more."""
    found = Counter(_phase(cell.record) for cell in view.arms[arm])
    return float(sum(n >= cells for n in found.values()))


def liu_cells(view: SeedView, phase: Phase = "confusion", arm: int = 0) -> float:
    """How many cells of the grid are in one of the paper's phases."""
    return float(sum(PHASES[_phase(cell.record)] == phase for cell in view.arms[arm]))


FITTED = of_arms(
    "runs that reach a train accuracy of 0.9",
    lambda arms, _: all(math.isfinite(crossing(cell.record, "train").high) for arm in arms for cell in arm),
    lambda r: dataclasses.replace(
        r, curves={**r.curves, "train_accuracy": 0 * np.asarray(r.curves["train_accuracy"])}
    ),
)


@requires(FITTED)
def liu_gap_change(view: SeedView, first: int = 0, second: int = 1) -> Measured:
    """Steps from a train to a test accuracy of 0.9 of one arm less those of another; bounds where a budget ended before."""
    gaps = []
    for arm in (first, second):
        fitted, generalised = (crossing(one(view, arm), side) for side in ("train", "test"))
        gaps.append(Between(generalised.low - fitted.high, generalised.high - fitted.low))
    return narrowed(gaps[0].low - gaps[1].high, gaps[0].high - gaps[1].low)


def rates_by_ratio(view: SeedView, low: float = 1.0, high: float = 10.0) -> float:
    """At how many of the decoder's learning rates the ratio η_E/η_dec tells which runs reach a test accuracy of 0.9.

    No run with a ratio of at most ``low`` does within its budget, and every run with ``high`` or more. η_E is the rate of the
    recipe's first group of weights. All arms are read.
    """
    rates: dict[float, list[tuple[float, bool]]] = {}
    for cell in view.cells:
        own = cell.record.trial.recipe.optimizer
        if not own.get("groups"):
            raise InputError("rates-by-ratio reads recipes whose first group has a learning rate of its own")
        ratio = float(own["groups"][0]["lr"]) / float(own["lr"])
        solved = math.isfinite(crossing(cell.record, "test").high)
        rates.setdefault(float(own["lr"]), []).append((ratio, solved))
    return float(sum(_told(runs, low, high) for runs in rates.values()))


def _told(runs: list[tuple[float, bool]], low: float, high: float) -> bool:
    below = [solved for ratio, solved in runs if ratio <= low * (1 + 1e-6)]
    above = [solved for ratio, solved in runs if ratio >= high * (1 - 1e-6)]
    return bool(below and above) and not any(below) and all(above)


# -- diagrams ----------------------------------------------------------------------------------------------


def _of_phase(arm: tuple[Cell, ...], phase: int) -> list[Record]:
    return [cell.record for cell in arm if _phase(cell.record) == phase]


GROKS = of_arms(
    "a cell that groks",
    lambda arms, _: all(_of_phase(arm, GROKKING) for arm in arms),
    lambda r: dataclasses.replace(
        r, curves={**r.curves, "train_accuracy": 0 * np.asarray(r.curves["train_accuracy"])}
    ),
)


@requires(GROKS)
def liu_slow_share(view: SeedView, ratio: float = 2.0, arm: int = 0) -> float:
    """Among the cells that the paper calls grokking, the share that generalises before ``ratio`` times its time to fit."""
    cells = _of_phase(view.arms[arm], GROKKING)
    return sum(crossing(r, "test").low < ratio * crossing(r, "train").low for r in cells) / len(cells)


def _contacts(arm: tuple[Cell, ...], by: Literal["phase", "shuffled"], seed: int) -> tuple[int, int]:
    """Contacts of cells of comprehension with those of memorisation, and with those of memorisation or grokking."""
    phases = {place: _phase(cell.record) for place, cell in _places(arm)}
    if by == "shuffled":
        drawn = np.random.default_rng(seed).permutation(list(phases.values()))
        phases = dict(zip(phases, drawn.tolist(), strict=True))
    met = Counter(
        phases.get((i + di, j + dj))
        for (i, j), phase in phases.items()
        if phase == COMPREHENSION
        for di, dj in ((0, 1), (1, 0), (0, -1), (-1, 0))
    )
    return met[MEMORISATION], met[MEMORISATION] + met[GROKKING]


def _places(arm: tuple[Cell, ...]) -> Iterator[tuple[tuple[int, int], Cell]]:
    """Each cell at its place by the two settings that differ, in ascending order; none where other than two do."""
    names = [name for name in arm[0].settings if len({cell.settings[name] for cell in arm}) > 1]
    if len(names) != 2:
        return
    axes = [sorted({cell.settings[name] for cell in arm}) for name in names]
    for cell in arm:
        i, j = (axis.index(cell.settings[name]) for axis, name in zip(axes, names, strict=True))
        yield (i, j), cell


TOUCH = of_arms(
    "two settings that differ, and a cell of comprehension beside one of grokking or memorisation",
    lambda arms, _: all(_contacts(arm, "phase", 0)[1] for arm in arms),
    lambda r: dataclasses.replace(
        r, curves={**r.curves, "train_accuracy": 0 * np.asarray(r.curves["train_accuracy"])}
    ),
)


@requires(TOUCH)
def liu_touching(view: SeedView, by: Literal["phase", "shuffled"] = "phase", arm: int = 0) -> float:
    """Where comprehension has a neighbour that groks or memorises, how often that one memorises: the share of such contacts.

    Cells are neighbours in one of two settings. ``by`` "shuffled": of phases dealt anew among the cells; 0 without a contact.
    """
    direct, all_of_them = _contacts(view.arms[arm], by, view.seed)
    return direct / all_of_them if all_of_them else 0.0
