"""Irreps in a network that multiplies in a group (analysis "representations"; Chughtai et al. 2023).

Key irreps are those of the last weights. ``at``: "end", the last weights, or "fit", the first snapshot at T_mem or later.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

import numpy as np

from grokbench.analysis.group_circuit import excess
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import RISE, analysis, unfitted
from grokbench.measures.reading import Floats, fitted, one, rise
from grokbench.measures.requiring import Arguments, each, requires
from grokbench.training.record import Record

At = Literal["end", "fit"]
Part = Literal["embedding", "readout"]
NAME = "representations"


def _column(record: Record, name: str) -> Floats:
    return np.asarray(record.analyses[NAME][name], dtype=np.float64)


def _row(record: Record, at: str) -> int | None:
    """The row of the analysis; None where no snapshot is late enough."""
    steps = _column(record, "step")
    later = np.flatnonzero(steps >= (fitted(record) if at == "fit" else steps[-1]))
    return int(later[0]) if later.size else None


def _has_row(cell: Cell, chosen: Arguments) -> bool:
    return bool(cell.record.analyses.get(NAME)) and _row(cell.record, str(chosen["at"])) is not None


def _without_rows(cell: Cell) -> Cell:
    """The same run, never fitted, and without its analysis."""
    kept = {name: arrays for name, arrays in cell.record.analyses.items() if name != NAME}
    return cell._replace(record=dataclasses.replace(unfitted(cell.record), analyses=kept))


AT = each("a snapshot at {at}", _has_row, _without_rows)


def _at(view: SeedView, name: str, at: str, arm: int) -> float:
    record = one(view, arm)
    row = _row(record, at)
    assert row is not None  # required
    return float(_column(record, name)[row])


@requires(AT, analysis(NAME, "logit_share"))
def character_share(view: SeedView, at: At = "end", arm: int = 0) -> float:
    """Share of the logits, centred over classes, along the characters χ(a b c⁻¹) of the key irreps: Σ similarity²."""
    return _at(view, "logit_share", at, arm)


@requires(analysis("characters", "logit_share"))
def logit_character_share(view: SeedView, arm: int = 0) -> float:
    """Share of the last weights' logits along the characters of the key irreps, of any network (analysis "characters")."""
    return float(one(view, arm).analyses["characters"]["logit_share"][-1])


@requires(AT, analysis(NAME, "product_share"))
def product_share(view: SeedView, at: At = "end", arm: int = 0) -> float:
    """Share of the hidden layer's variance that ρ(ab) of the key irreps explains."""
    return _at(view, "product_share", at, arm)


@requires(AT, analysis(NAME, "{of}_share"))
def irrep_share(view: SeedView, of: Part = "embedding", at: At = "end", arm: int = 0) -> float:
    """Share of the embeddings times what reads them (the lesser of x and y), or of the readout, in the key irreps.

    The readout's trivial part is left out.
    """
    return _at(view, f"{of}_share", at, arm)


def chance(record: Record, of: str) -> float:
    """Share of a random matrix in the key irreps; the readout has lost its trivial part."""
    found = record.analyses[NAME]
    ranks, key = np.asarray(found["rank"]), np.asarray(found["key"]) > 0
    return float(ranks[key].sum() / (ranks.sum() - (of == "readout")))


def _by_chance(cell: Cell, chosen: Arguments) -> bool:
    known = bool(cell.record.analyses.get(NAME))
    return known and chance(cell.record, str(chosen["of"])) <= min(float(chosen["most"]), 1 - 1e-9)


def _all_key(cell: Cell) -> Cell:
    """The same run with every irrep among the key ones."""
    found = cell.record.analyses.get(NAME, {})
    if not found:
        return cell
    made = {**found, "key": np.ones(len(found["rank"]), dtype=np.int64)}
    analyses = {**cell.record.analyses, NAME: made}
    return cell._replace(record=dataclasses.replace(cell.record, analyses=analyses))


LITTLE_BY_CHANCE = each(
    "key irreps that hold {most} of a random matrix at most, and not all", _by_chance, _all_key
)


@requires(AT, analysis(NAME, "{of}_share"), LITTLE_BY_CHANCE)
def irrep_share_beyond_chance(
    view: SeedView, of: Part = "embedding", at: At = "end", most: float = 1.0, arm: int = 0
) -> float:
    """The irrep share beyond what a random matrix has, (share − c)/(1 − c); ``most`` is the largest c at which it is asked."""
    return excess(_at(view, f"{of}_share", at, arm), chance(one(view, arm), of))


@requires(AT, analysis(NAME, "excluded"))
def excluded_irreps_loss(view: SeedView, at: At = "end", arm: int = 0) -> float:
    """Training loss without ρ(ab) of the key irreps in the hidden layer, over that of guessing, ln n."""
    return _at(view, "excluded", at, arm) / math.log(int(one(view, arm).facts["n_elements"]))


@requires(AT, analysis(NAME, "restricted"))
def restricted_irreps_loss(view: SeedView, at: At = "end", arm: int = 0) -> float:
    """Loss over all pairs of ρ(ab) of the key irreps in the hidden layer alone."""
    return _at(view, "restricted", at, arm)


@requires(AT, analysis(NAME, "restricted", "test_loss"))
def restricted_over_test(view: SeedView, at: At = "end", arm: int = 0) -> float:
    """The restricted loss over the test loss, both at one time."""
    return _at(view, "restricted", at, arm) / _at(view, "test_loss", at, arm)


@requires(analysis(NAME, "key"))
def key_irrep_count(view: SeedView, arm: int = 0) -> float:
    """How many irreps are key."""
    return float(np.sum(_column(one(view, arm), "key")))


@requires(analysis(NAME, "key"))
def key_irrep_overlap(view: SeedView, first: int = 0, second: int = 1) -> float:
    """Irreps that are key in both of two networks over those that are in either; nan where there are none."""
    a, b = (_column(one(view, arm), "key") > 0 for arm in (first, second))
    return float((a & b).sum() / (a | b).sum()) if (a | b).any() else math.nan


@requires(RISE, analysis(NAME, "restricted"))
def restricted_irreps_fall(view: SeedView, arm: int = 0) -> float:
    """First snapshot with the restricted loss at half of ln n or less, over the first a′ ≥ 0.5; infinite: never."""
    record = one(view, arm)
    level = math.log(int(record.facts["n_elements"])) / 2
    fallen = np.flatnonzero(_column(record, "restricted") <= level)
    return float(_column(record, "step")[fallen[0]]) / rise(record) if fallen.size else math.inf


@requires(RISE, analysis(NAME, "excluded"))
def excluded_irreps_minimum(view: SeedView, arm: int = 0) -> float:
    """Snapshot with the least excluded loss, over the first a′ ≥ 0.5; infinite where the least is above half of ln n."""
    record = one(view, arm)
    losses = _column(record, "excluded")
    at = int(np.nanargmin(losses))
    dipped = losses[at] <= math.log(int(record.facts["n_elements"])) / 2
    return float(_column(record, "step")[at]) / rise(record) if dipped else math.inf


@requires(analysis(NAME, "sum_squares"))
def squares_of_peak(view: SeedView, arm: int = 0) -> float:
    """Σw² of the last weights over its largest value at a snapshot."""
    squares = _column(one(view, arm), "sum_squares")
    return float(squares[-1] / np.nanmax(squares))
