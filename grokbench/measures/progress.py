"""Progress measures (analysis "progress"): what a network has learned before its test accuracy shows it.

One row per snapshot; key frequencies are those of the final network (Nanda et al. 2023, section 5). The three phases
end at m (excluded loss at its minimum), c (test loss down at the level of guessing) and d (weights no longer shrinking).
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from grokbench.analysis.progress import phase_boundaries
from grokbench.measures.cells import SeedView
from grokbench.measures.curves import peak_step
from grokbench.measures.reading import Floats, one, onset, rise
from grokbench.specs.errors import UnknownNameError
from grokbench.training.record import Record

_SPLITS = ("all", "test")
Split = Literal["all", "test"]
Landmark = Literal["memorisation", "formation", "cleanup", "end"]
_GINIS = {"embedding": "gini_embedding", "logit-map": "gini_logit_map"}
_MEMORISED = 0.5  # of its initial value: above it, the excluded loss's minimum is no memorisation


def _rows(record: Record, *names: str) -> tuple[Floats, ...] | None:
    """Steps and the named columns of the analysis; None where the record lacks any."""
    found = record.analyses.get("progress")
    if found is None or any(name not in found for name in ("step", *names)) or not len(found["step"]):
        return None
    return tuple(np.asarray(found[name], dtype=np.float64) for name in ("step", *names))


def _restricted(record: Record, split: str) -> tuple[Floats, ...] | None:
    if split not in _SPLITS:
        raise UnknownNameError("split of the restricted loss", split, _SPLITS)
    return _rows(record, f"restricted_{split}", "test_loss")


def chance(record: Record) -> float:
    """Loss of guessing uniformly, ln p."""
    return math.log(int(record.facts["n_elements"]))


def landmarks(record: Record) -> dict[str, float]:
    """Steps at which the phases end, by the phase's name, and "end", the last row's; empty without the analysis.

    As ``phase_boundaries`` has them; inf for a phase that does not end, and for a memorisation whose excluded loss
    never fell below half of its initial value.
    """
    rows = _rows(record, "excluded_train", "test_loss", "sum_squares")
    if rows is None:
        return {}
    steps, excluded, test_loss, squares = rows
    found = phase_boundaries(steps, excluded, test_loss, squares, int(record.facts["n_elements"]))
    ends = {
        "memorisation": found.memorization_end if np.min(excluded) < _MEMORISED * excluded[0] else math.inf,
        "formation": found.circuit_formation_end,
        "cleanup": found.cleanup_end,
        "end": float(steps[-1]),
    }
    return {name: math.inf if math.isnan(step) else step for name, step in ends.items()}


def _landmark(record: Record, name: str) -> float:
    known = ("memorisation", "formation", "cleanup", "end")
    if name not in known:
        raise UnknownNameError("phase", name, known)
    return landmarks(record).get(name, math.nan)


def loss_peak_height(view: SeedView, arm: int = 0) -> float:
    """Test loss (running median of 5 evaluations before the first a′ ≥ 0.5, its largest) over ln p; nan without rise."""
    record = one(view, arm)
    peak = peak_step(record)
    if math.isnan(peak):
        return math.nan
    at = int(np.flatnonzero(record.curves["step"] == peak)[0])
    window = np.asarray(record.curves["test_loss"], dtype=np.float64)[max(0, at - 2) : at + 3]
    return float(np.median(window)) / chance(record)


def restricted_fall_position(view: SeedView, split: Split = "all", arm: int = 0) -> float:
    """First row with the restricted loss at half of its initial value or less, over the first a′ ≥ 0.5.

    ``split``: pairs it is taken over, "all" or "test". inf where it never falls so far, nan without that rise.
    """
    record = one(view, arm)
    rows, risen = _restricted(record, split), rise(record)
    if rows is None or not 0 < risen < math.inf or math.isnan(rows[1][0]):
        return math.nan
    steps, restricted, _ = rows
    fallen = np.flatnonzero(restricted <= restricted[0] / 2)
    return float(steps[fallen[0]]) / risen if fallen.size else math.inf


def loss_at_restricted_fall(view: SeedView, split: Split = "all", arm: int = 0) -> float:
    """Test loss over ln p in the row where the restricted loss has first halved; nan where it never does."""
    record = one(view, arm)
    rows = _restricted(record, split)
    if rows is None:
        return math.nan
    _, restricted, loss = rows
    fallen = np.flatnonzero(restricted <= restricted[0] / 2)
    return float(loss[fallen[0]]) / chance(record) if fallen.size else math.nan


def restricted_at_onset(view: SeedView, split: Split = "test", arm: int = 0) -> float:
    """Restricted loss over ln p in the last row at or before the onset; nan without an onset."""
    record = one(view, arm)
    rows = _restricted(record, split)
    before = None if rows is None else _before_onset(record, rows[0])
    if rows is None or before is None:
        return math.nan
    return float(rows[1][before][-1]) / chance(record)


def _before_onset(record: Record, steps: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]] | None:
    """Which rows lie at or before the onset; None when there are none."""
    start = onset(record)
    kept = np.asarray(steps <= start, dtype=np.bool_)
    return kept if math.isfinite(start) and kept.any() else None


def excluded_minimum_position(view: SeedView, arm: int = 0) -> float:
    """Step of the least excluded loss up to the first a′ ≥ 0.5, over that; nan where it is never reached."""
    record = one(view, arm)
    rows, risen = _rows(record, "excluded_train"), rise(record)
    if rows is None or not 0 < risen < math.inf:
        return math.nan
    steps, excluded = (column[rows[0] <= risen] for column in rows)
    if not steps.size or np.isnan(excluded).any():
        return math.nan
    return float(steps[int(np.argmin(excluded))]) / risen


def excluded_rise(view: SeedView, arm: int = 0) -> float:
    """Excluded loss in the last row at or before the onset, over the least one up to there; nan without an onset."""
    record = one(view, arm)
    rows = _rows(record, "excluded_train")
    before = None if rows is None else _before_onset(record, rows[0])
    if rows is None or before is None:
        return math.nan
    excluded = rows[1][before]
    least = float(np.min(excluded))
    return float(excluded[-1]) / least if least > 0 else math.nan


def excluded_change(view: SeedView, begin: Landmark, end: Landmark, arm: int = 0) -> float:
    """Largest |E − E₀|/E₀ of the excluded loss between the ends of two phases, E₀ being that at ``begin``.

    nan where they are not reached in that order.
    """
    record = one(view, arm)
    rows = _rows(record, "excluded_train")
    first, last = _landmark(record, begin), _landmark(record, end)
    if rows is None or not 0 <= first < last < math.inf:
        return math.nan
    steps, excluded = rows
    start = float(np.interp(first, steps, excluded))
    between = excluded[(steps >= first) & (steps <= last)]
    stretch = np.append(between, np.interp(last, steps, excluded))
    return float(np.max(np.abs(stretch - start))) / start if start > 0 else math.nan


def phase_end(view: SeedView, phase: Landmark, arm: int = 0) -> float:
    """Step at which a phase ends: "memorisation", "formation" or "cleanup". inf: it does not."""
    return _landmark(one(view, arm), phase)


def phase_ratio(view: SeedView, numerator: Landmark, denominator: Landmark, arm: int = 0) -> float:
    """Step at which one phase ends over that of another; nan when the latter does not end."""
    record = one(view, arm)
    top, bottom = _landmark(record, numerator), _landmark(record, denominator)
    return top / bottom if 0 < bottom < math.inf else math.nan


def weight_decline_ratio(view: SeedView, arm: int = 0) -> float:
    """Mean slope of log Σw² in cleanup over that in circuit formation.

    inf where Σw² falls in cleanup alone, 0 where it does not fall there; nan without the phases in their order.
    """
    record = one(view, arm)
    rows = _rows(record, "sum_squares")
    m, c, d = (_landmark(record, name) for name in ("memorisation", "formation", "cleanup"))
    if rows is None or not m < c < d < math.inf:
        return math.nan
    at = np.interp([m, c, d], rows[0], np.log(rows[1]))
    formation, cleanup = (at[0] - at[1]) / (c - m), (at[1] - at[2]) / (d - c)
    if cleanup <= 0:
        return 0.0
    return float(cleanup / formation) if formation > 0 else math.inf


def weight_share_of_peak(view: SeedView, arm: int = 0) -> float:
    """Σw² in the last row over its maximum."""
    rows = _rows(one(view, arm), "sum_squares")
    return math.nan if rows is None else float(rows[1][-1] / np.max(rows[1]))


def _gini(record: Record, which: str) -> tuple[Floats, ...] | None:
    if which not in _GINIS:
        raise UnknownNameError("weights", which, _GINIS)
    return _rows(record, _GINIS[which])


def gini_rise_in_cleanup(view: SeedView, which: Literal["embedding", "logit-map"], arm: int = 0) -> float:
    """Share of a Gini coefficient's rise over the run that falls into cleanup; 0 where it does not rise.

    ``which``: "embedding" or "logit-map". nan without the phases.
    """
    record = one(view, arm)
    rows = _gini(record, which)
    c, d = _landmark(record, "formation"), _landmark(record, "cleanup")
    if rows is None or not c < d < math.inf:
        return math.nan
    start, end = np.interp([c, d], rows[0], rows[1])
    total = float(rows[1][-1] - rows[1][0])
    return float(end - start) / total if total > 0 else 0.0


def gini_rise_in_memorisation(
    view: SeedView, which: Literal["embedding", "logit-map"], arm: int = 0
) -> float:
    """A Gini coefficient at the end of memorisation less its initial value; inf where there was no such phase."""
    record = one(view, arm)
    rows, end = _gini(record, which), _landmark(record, "memorisation")
    if rows is None or math.isinf(end):
        return math.nan if rows is None else math.inf
    return float(np.interp(end, rows[0], rows[1]) - rows[1][0])
