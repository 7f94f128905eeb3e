"""Made-up records shaped like those of tveit2025: crossings that last or do not; nothing here was trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from grokbench.measures.cells import Cell
from grokbench.training.record import Record
from tests.claims.claim_records import record

Cells = dict[str, tuple[Any, ...]]


def run(
    t_gen: float = np.inf,
    *,
    budget: int = 20_000,
    last: int | None = None,
    dips: float = 0.0,
    crosses: int | None = None,
    lasts: int | None = None,
    ms: float = 5.0,
    alpha: float = 0.4,
    seed: int = 0,
) -> Record:
    """Fits early; reaches 95 % at ``t_gen`` and is kept to ``last``, or to the budget.

    ``dips``: share of the evaluations from there on that are at 0.7. ``lasts``: the last fall is just before this step.
    ``crosses``: a single evaluation, long before, is at 0.96.
    """
    end = budget if last is None else last
    steps = np.unique([*np.linspace(0, end, 401).astype(int), *([round(t_gen)] if t_gen <= end else [])])
    test = np.where(steps >= t_gen, 1.0, np.clip(0.9 * (steps / t_gen) ** 4, 0, 0.9))
    if crosses is not None:
        test[np.searchsorted(steps, crosses)] = 0.96
    after = np.flatnonzero(steps > t_gen)
    if dips:
        test[after[np.arange(after.size) % 20 < round(20 * dips)]] = 0.7
    if lasts is not None:
        test[after[steps[after] < lasts][-1:]] = 0.7
    one = record(
        steps.tolist(),
        np.where(steps >= 100, 1.0, 0.0).tolist(),
        test.tolist(),
        budget=budget,
        ended="finished" if end >= budget else "stopped",
        alpha=alpha,
        seed=seed,
    )
    return dataclasses.replace(one, cost={"ms_per_step": ms})


def of_every_experiment(seed: int = 0) -> Mapping[str, Record]:
    """A record of each experiment, much as the papers have it; "sized-early" is as the pilot was."""
    late = (100, 2500, 900, 4000, 300, 1700)[seed % 6]
    stop: dict[str, Any] = {"seed": seed}
    long: dict[str, Any] = {"budget": 100_000, "alpha": 0.3, "seed": seed}
    wang: dict[str, Any] = {"budget": 15_000, "seed": seed}
    muon, adamw = 5500 + late // 50, 7000 + late
    return {
        "adamw-small": run(adamw, last=round(1.25 * adamw), **stop),
        "muon-small": run(muon, last=round(1.25 * muon), **stop),
        "ortho-small": run(muon - 200, last=7000, **stop),
        "spectral-small": run(9000, budget=10_000, **stop),
        "sized-small": run(8500, budget=10_000, **stop),
        "sized-early": run(7000, crosses=3700, last=9000, **stop),
        "adamw-steps": run(budget=200, ms=20.0, alpha=0.3, seed=seed),
        "muon-steps": run(budget=200, ms=28.0, alpha=0.3, seed=seed),
        "adamw": run(adamw, last=round(1.25 * adamw), budget=30_000, alpha=0.3, seed=seed),
        "muon": run(muon, last=round(1.25 * muon), budget=30_000, alpha=0.3, seed=seed),
        "adamw-long": run(adamw, dips=0.1, **long),
        "muon-long": run(muon, dips=0.4, **long),
        "wang-muon": run(1850, **wang),
        "wang-ortho": run(1740, **wang),
        "wang-spectral": run(3100, lasts=4900, **wang),
        "wang-adamw": run(2370, lasts=4500, **wang),
        "wang-lean": run(1400, lasts=3800, **wang),
        "wang-muon-subtraction": run(8900, **wang),
        "wang-adamw-subtraction": run(5850, **wang),
    }


def cells(seeds: int = 6) -> Cells:
    """Every experiment over these seeds."""
    found = [of_every_experiment(seed) for seed in range(seeds)]
    return {
        name: tuple(Cell(seed, {"alpha": one[name].trial.alpha}, one[name]) for seed, one in enumerate(found))
        for name in found[0]
        if name != "sized-early"
    }
