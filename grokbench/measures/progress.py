"""Progress measures (analysis "progress"): what a network has learned before its test accuracy shows it.

One row per snapshot; key frequencies are those of the final network (Nanda et al. 2023, section 5). The three phases
end at m (excluded loss at its minimum), c (test loss down at the level of guessing) and d (weights no longer shrinking).
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Mapping
from typing import Literal, get_args

import numpy as np

from grokbench.analysis.progress import phase_boundaries
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.curves import peak_step
from grokbench.measures.needed import ONSET, RISE, analysis
from grokbench.measures.reading import Floats, one, onset, rise
from grokbench.measures.requiring import Arguments, Requirement, each, filled, requires
from grokbench.training.record import Record

Split = Literal["all", "test"]
Landmark = Literal["memorisation", "formation", "cleanup", "end"]
Weights = Literal["embedding", "logit-map"]


def _rows(record: Record, *names: str) -> tuple[Floats, ...]:
    """Steps and the named columns of the analysis."""
    found = record.analyses["progress"]
    return tuple(np.asarray(found[name], dtype=np.float64) for name in ("step", *names))


def chance(record: Record) -> float:
    """Loss of guessing uniformly, ln p."""
    return math.log(int(record.facts["n_elements"]))


PHASES = analysis("progress", "excluded_train", "test_loss", "sum_squares")


def landmarks(record: Record) -> dict[str, float]:
    """Steps at which the phases end, by the phase's name, and "end", the last row's; inf for a phase that does not end.

    As ``phase_boundaries`` has them.
    """
    steps, excluded, test_loss, squares = _rows(record, "excluded_train", "test_loss", "sum_squares")
    found = phase_boundaries(steps, excluded, test_loss, squares, int(record.facts["n_elements"]))
    ends = {
        "memorisation": found.memorization_end,
        "formation": found.circuit_formation_end,
        "cleanup": found.cleanup_end,
        "end": float(steps[-1]),
    }
    return {name: math.inf if math.isnan(step) else step for name, step in ends.items()}


def _changed(cell: Cell, change: Callable[[Mapping[str, Floats], int], Mapping[str, Floats]]) -> Cell:
    """The same run with other arrays in its analysis, given those that are there and how many rows they have."""
    found = cell.record.analyses.get("progress", {})
    made = {**found, **change(found, len(found["step"]))} if found else found
    analyses = {**cell.record.analyses, "progress": made}
    return cell._replace(record=dataclasses.replace(cell.record, analyses=analyses))


def _in_order(*names: str) -> Requirement:
    """These phases end, each later than the one before; a name in braces is that of an argument."""

    def met(cell: Cell, chosen: Arguments) -> bool:
        if not PHASES.met(((cell,),), chosen):
            return False
        found = landmarks(cell.record)
        steps = [found[filled(name, chosen)] for name in names]
        least = 1 if len(names) == 1 else 0  # one step alone is divided by
        return steps[0] >= least and all(a < b for a, b in itertools.pairwise(steps)) and steps[-1] < math.inf

    def broken(cell: Cell) -> Cell:
        """No phase ends: the excluded loss is not known, the test loss stays high, the weights move up to the last row."""
        return _changed(
            cell,
            lambda found, rows: {
                "excluded_train": np.full(rows, np.nan),
                "test_loss": np.full(rows, 99.0),
                "sum_squares": 2.0 ** np.arange(rows),
            },
        )

    text = "the ends of " + ", ".join(names) + " in this order" if len(names) > 1 else f"an end of {names[0]}"
    return each(text, met, broken)


@requires(RISE)
def loss_peak_height(view: SeedView, arm: int = 0) -> float:
    """Test loss (running median of 5 evaluations before the first a′ ≥ 0.5, its largest) over ln p."""
    record = one(view, arm)
    at = int(np.flatnonzero(record.curves["step"] == peak_step(record))[0])
    window = np.asarray(record.curves["test_loss"], dtype=np.float64)[max(0, at - 2) : at + 3]
    return float(np.median(window)) / chance(record)


@requires(RISE, analysis("progress", "restricted_{split}"))
def restricted_fall_position(view: SeedView, split: Split = "all", arm: int = 0) -> float:
    """First row with the restricted loss at half of its initial value or less, over the first a′ ≥ 0.5.

    ``split``: pairs it is taken over, "all" or "test". inf where it never falls so far.
    """
    record = one(view, arm)
    steps, restricted = _rows(record, f"restricted_{split}")
    fallen = np.flatnonzero(restricted <= restricted[0] / 2)
    return float(steps[fallen[0]]) / rise(record) if fallen.size else math.inf


def _has_halved(cell: Cell, chosen: Arguments) -> bool:
    column = f"restricted_{chosen['split']}"
    if not analysis("progress", column, "test_loss").met(((cell,),), chosen):
        return False
    (_, restricted) = _rows(cell.record, column)
    return bool(np.any(restricted <= restricted[0] / 2))


def _never_halved(cell: Cell) -> Cell:
    return _changed(
        cell, lambda found, rows: {f"restricted_{split}": np.ones(rows) for split in get_args(Split)}
    )


@requires(
    analysis("progress", "restricted_{split}", "test_loss"),
    each("a restricted loss that falls to half of its initial value", _has_halved, _never_halved),
)
def loss_at_restricted_fall(view: SeedView, split: Split = "all", arm: int = 0) -> float:
    """Test loss over ln p in the row where the restricted loss has first halved."""
    record = one(view, arm)
    _, restricted, loss = _rows(record, f"restricted_{split}", "test_loss")
    fallen = np.flatnonzero(restricted <= restricted[0] / 2)
    return float(loss[fallen[0]]) / chance(record)


@requires(ONSET, analysis("progress", "restricted_{split}"))
def restricted_at_onset(view: SeedView, split: Split = "test", arm: int = 0) -> float:
    """Restricted loss over ln p in the last row at or before the onset."""
    record = one(view, arm)
    steps, restricted = _rows(record, f"restricted_{split}")
    return float(restricted[steps <= onset(record)][-1]) / chance(record)


@requires(RISE, analysis("progress", "excluded_train"))
def excluded_minimum_position(view: SeedView, arm: int = 0) -> float:
    """Step of the least excluded loss up to the first a′ ≥ 0.5, over that."""
    record = one(view, arm)
    steps, excluded = (column[_rows(record)[0] <= rise(record)] for column in _rows(record, "excluded_train"))
    return float(steps[int(np.argmin(excluded))]) / rise(record)


@requires(ONSET, analysis("progress", "excluded_train"))
def excluded_rise(view: SeedView, arm: int = 0) -> float:
    """Excluded loss in the last row at or before the onset, over the least one up to there."""
    record = one(view, arm)
    steps, excluded = _rows(record, "excluded_train")
    before = excluded[steps <= onset(record)]
    return float(before[-1] / np.min(before))


LEAST_ROWS = 10  # between which a jump can be told from a rise


def _resolved(cell: Cell, chosen: Arguments) -> bool:
    if not PHASES.met(((cell,),), chosen):
        return False
    ends, (steps,) = landmarks(cell.record), _rows(cell.record)
    return int(np.sum((steps >= ends["memorisation"]) & (steps <= ends["formation"]))) >= LEAST_ROWS


def _coarse(cell: Cell) -> Cell:
    """The same run, looked at in its first and last row alone."""
    return _changed(cell, lambda found, rows: {name: found[name][[0, -1]] for name in found})


@requires(
    PHASES,
    _in_order("memorisation", "formation"),
    each(f"{LEAST_ROWS} snapshots in circuit formation", _resolved, _coarse),
)
def excluded_largest_step(view: SeedView, parts: int = 20, arm: int = 0) -> float:
    """Largest share of the excluded loss's rise in circuit formation that falls into one of ``parts`` equal stretches of it.

    From the end of memorisation to that of formation, linear between rows. A straight line gives 1/parts, a jump 1.
    """
    record = one(view, arm)
    steps, excluded = _rows(record, "excluded_train")
    ends = landmarks(record)
    grid = np.linspace(ends["memorisation"], ends["formation"], parts + 1)
    values = np.interp(grid, steps, excluded)
    return float(np.max(np.diff(values)) / (values[-1] - values[0]))


@requires(PHASES, _in_order("{begin}", "{end}"))
def excluded_change(view: SeedView, begin: Landmark, end: Landmark, arm: int = 0) -> float:
    """Largest |E − E₀|/E₀ of the excluded loss between the ends of two phases, E₀ being that at ``begin``."""
    record = one(view, arm)
    steps, excluded = _rows(record, "excluded_train")
    first, last = landmarks(record)[begin], landmarks(record)[end]
    start = float(np.interp(first, steps, excluded))
    between = excluded[(steps >= first) & (steps <= last)]
    stretch = np.append(between, np.interp(last, steps, excluded))
    return float(np.max(np.abs(stretch - start))) / start


@requires(PHASES)
def phase_end(view: SeedView, phase: Landmark, arm: int = 0) -> float:
    """Step at which a phase ends: "memorisation", "formation" or "cleanup". inf: it does not."""
    return landmarks(one(view, arm))[phase]


@requires(PHASES, _in_order("{denominator}"))
def phase_ratio(view: SeedView, numerator: Landmark, denominator: Landmark, arm: int = 0) -> float:
    """Step at which one phase ends over that of another; inf where the first does not end."""
    found = landmarks(one(view, arm))
    return found[numerator] / found[denominator]


@requires(PHASES, _in_order("{less}"), _in_order("{more}"))
def phase_spread_change(
    view: SeedView, less: Landmark, more: Landmark, first: int = 0, second: int = 1
) -> float:
    """How far apart two runs end one phase less how far apart they end another.

    |log of the ratio of their steps| for ``less`` − that for ``more``.
    """
    ends = [landmarks(one(view, arm)) for arm in (first, second)]
    spread = {name: abs(math.log(ends[0][name] / ends[1][name])) for name in (less, more)}
    return spread[less] - spread[more]


@requires(PHASES, _in_order("memorisation", "formation", "cleanup"))
def weight_decline_ratio(view: SeedView, arm: int = 0) -> float:
    """Mean slope of log Σw² in cleanup over that in circuit formation.

    inf where Σw² falls in cleanup alone, 0 where it does not fall there.
    """
    record = one(view, arm)
    m, c, d = (landmarks(record)[name] for name in ("memorisation", "formation", "cleanup"))
    steps, squares = _rows(record, "sum_squares")
    at = np.interp([m, c, d], steps, np.log(squares))
    formation, cleanup = (at[0] - at[1]) / (c - m), (at[1] - at[2]) / (d - c)
    if cleanup <= 0:
        return 0.0
    return float(cleanup / formation) if formation > 0 else math.inf


@requires(analysis("progress", "sum_squares"))
def weight_share_of_peak(view: SeedView, arm: int = 0) -> float:
    """Σw² in the last row over its maximum."""
    _, squares = _rows(one(view, arm), "sum_squares")
    return float(squares[-1] / np.max(squares))


@requires(PHASES, analysis("progress", "gini_{which}"), _in_order("formation", "cleanup"))
def gini_slope_ratio(view: SeedView, which: Weights, arm: int = 0) -> float:
    """Mean slope of a Gini coefficient in cleanup over its mean slope from the first step to the end of circuit formation.

    ``which``: "embedding" or "logit-map". A straight line gives 1.
    """
    record = one(view, arm)
    c, d = landmarks(record)["formation"], landmarks(record)["cleanup"]
    steps, gini = _rows(record, f"gini_{which.replace('-', '_')}")
    start, formed, clean = np.interp([0, c, d], steps, gini)
    return float((clean - formed) / (d - c) / ((formed - start) / c))
