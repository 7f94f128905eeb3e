"""Made-up records shaped like those of lee2024: arms that cross 0.95 at some step, or do not; nothing here was trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from grokbench.measures.cells import Cell
from grokbench.training.record import Record
from tests.claims.claim_records import record

Cells = dict[str, tuple[Any, ...]]


def run(
    crossing: float = np.inf,
    *,
    budget: int = 3000,
    fit: int = 500,
    holds: float = 1.0,
    top: float = 0.5,
    seed: int = 0,
) -> Record:
    """Its test accuracy is 0.96 at ``crossing`` and 1 from a tenth later on, or rises to ``top`` where that is infinite.

    Its train accuracy is 1 from ``fit`` on, and ``holds`` in the last third of the run.
    """
    gen = 1.1 * crossing
    end = int(min(1.25 * gen, budget))
    marks = [round(gen * (1 + i / 20)) for i in range(5)] if gen < budget else []
    steps = np.unique([0, *np.linspace(0, end, 61).astype(int), *marks])
    if np.isfinite(crossing):
        steps = np.unique([*steps, round(crossing)])
        test = np.where(steps >= gen, 1.0, np.where(steps >= crossing, 0.96, 0.3 * steps / crossing))
    else:
        test = top * steps / end
    train = np.where(steps >= fit, 1.0, 0.9 * steps / fit)
    train = np.where(steps > 2 * end / 3, np.minimum(train, holds), train)
    return record(
        steps.tolist(),
        train.tolist(),
        test.tolist(),
        train_loss=(4.0 * (1 - train) + 1e-3).tolist(),
        test_loss=(4.0 * (1 - test) + 1e-2).tolist(),
        budget=budget,
        alpha=0.8,
        seed=seed,
    )


def of_every_experiment(seed: int = 0) -> Mapping[str, Record]:
    """A record of each experiment that shows what is claimed."""
    late = 20 * (seed % 3)
    long: dict[str, Any] = {"budget": 40_000, "seed": seed}
    fast: dict[str, Any] = {"seed": seed}
    lost = run(holds=0.3, top=0.05, seed=seed)
    return {
        "small-none": run(top=0.8, budget=4000, seed=seed),
        "small-none-005": lost,
        "small-none-01": lost,
        "small-ema": run(3900, budget=4000, seed=seed),
        "small-ema-005": run(1100 + late, **fast),
        "small-ema-01": run(1200 + late, **fast),
        "small-ma": run(2500 + late, budget=4000, seed=seed),
        "small-ma-005": run(1000 + late, **fast),
        "small-ma-01": run(900 + late, **fast),
        "small-adamw-005": run(top=0.8, seed=seed),
        "small-adamw-01": run(top=0.8, seed=seed),
        "small-adamw-1": run(1500 + late, **fast),
        "small-adamw-ema-005": run(top=0.8, seed=seed),
        "small-adamw-ema-01": run(top=0.8, seed=seed),
        "small-adamw-ema-1": run(800 + late, **fast),
        "small-momentum": run(2600 + late, budget=4000, seed=seed),
        "small-momentum-005": run(1300 + late, **fast),
        "small-slow-part": run(top=0.3, seed=seed),
        "small-average-005": run(1100 + late, **fast),
        "small-third-005": run(1500 + late, **fast),
        "small-average-thrice": lost,
        "small-momentum-third": run(1500 + late, **fast),
        "ema-005": run(900 + late, budget=2000, seed=seed),
        "adamw-1": run(1000 + late, **fast),
        "none": run(30_000 + late, **long),
        "none-005": run(holds=0.3, top=0.2, **long),
        "ema": run(20_000 + late, **long),
        "ma": run(3000 + late, **long),
        "ma-01": run(800 + late, budget=4000, seed=seed),
        "momentum": run(5000 + late, **long),
        "slow-part": run(top=0.3, budget=4000, seed=seed),
    }


def cells(seeds: int = 6) -> Cells:
    """Every experiment over these seeds."""
    found = [of_every_experiment(seed) for seed in range(seeds)]
    return {
        name: tuple(Cell(seed, {"alpha": 0.8}, one[name]) for seed, one in enumerate(found))
        for name in found[0]
    }
