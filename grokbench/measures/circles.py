"""Circles in the output embedding (analysis "circles"; Power et al. 2022, section 3.4 and Fig 3)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np

from grokbench.measures.cells import SeedView
from grokbench.measures.needed import T_GEN, analysis
from grokbench.measures.reading import generalised, one
from grokbench.measures.requiring import Arguments, requires
from grokbench.specs.errors import UnknownNameError
from grokbench.training.record import Record

_SUFFIX = {"start": "_initial", "end": ""}


def _named(name: str) -> Callable[[Arguments], str]:
    """The name of an array at the time that the measure's argument says."""
    return lambda chosen: name + _SUFFIX[chosen["at"]]


def _number(record: Record, name: str, at: str = "end") -> float:
    if at not in _SUFFIX:
        raise UnknownNameError("time", at, _SUFFIX)
    found = record.analyses.get("circles", {}).get(name + _SUFFIX[at])
    return math.nan if found is None else float(np.ravel(found)[0])


@requires(analysis("circles", _named("best_share")))
def circle_share(view: SeedView, at: Literal["start", "end"] = "end", arm: int = 0) -> float:
    """Share of the power of the output rows in their six strongest frequencies over the residues; ``at``: "start" or "end"."""
    return _number(one(view, arm), "best_share", at)


@requires(analysis("circles", _named("best_share"), _named("permuted_share")))
def circle_share_over_permuted(view: SeedView, at: Literal["start", "end"] = "end", arm: int = 0) -> float:
    """The circle share over that of the same rows permuted (median of 100 seeded permutations)."""
    record = one(view, arm)
    permuted = _number(record, "permuted_share", at)
    return _number(record, "best_share", at) / permuted if permuted > 0 else math.nan


@requires(T_GEN, analysis("circles", "gini"))
def circle_gini_change(view: SeedView, first: int = 0, second: int = 1) -> float:
    """Gini coefficient of the norms of the output rows' waves, of one arm less that of another.

    nan where either network has not generalised: there is no structure to compare.
    """
    records = [one(view, arm) for arm in (first, second)]
    if not all(math.isfinite(generalised(record)) for record in records):
        return math.nan
    ginis = [_number(record, "gini") for record in records]
    return ginis[0] - ginis[1]
