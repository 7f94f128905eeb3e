"""Made-up records shaped like those of prieto2025: runs with collapsed rows, analyses included; nothing here was trained."""

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
    *,
    fit: int = 100,
    t_gen: float = np.inf,
    budget: int = 400,
    last: int | None = None,
    top: float = 0.005,
    half: float = 0.0,
    single: float = 0.0,
    double: float = 0.0,
    along: float = 0.8,
    grows: float = 2.0,
    seed: int = 0,
) -> Record:
    """Fits at ``fit``; all test rows are right at ``t_gen``, or ``top`` of them in the end where that is infinite.

    ``half``, ``single``, ``double``: share of collapsed rows at the end in float16, float32 and float64, along a line from the
    middle of the run. ``along``: cosines at the end. The norm grows by ``grows`` from the fit on.
    """
    end = budget if last is None else last
    landmarks = [fit - 1, fit] if end else []
    if np.isfinite(t_gen):
        landmarks += [round(t_gen * (1 + i / 10)) for i in range(4)]
    steps = np.unique([0, *landmarks, *np.linspace(0, end, 41).astype(int)])
    steps = steps[steps <= max(end, 0)]
    if np.isfinite(t_gen):
        test = np.where(steps >= t_gen, 1.0, np.clip((steps - 0.7 * t_gen) / (0.3 * t_gen), 0, 0.98))
    else:
        test = top * steps / max(end, 1)
    train = np.where(steps >= fit, 1.0, 0.6 * steps / max(fit, 1))
    rising = np.clip(2 * steps / max(end, 1) - 1, 0, 1)
    shown = np.flatnonzero(np.isin(steps, np.linspace(0, end, 11).astype(int)))
    past = np.clip((steps - fit) / max(end - fit, 1), 0, 1)
    found = {
        "step": steps,
        **{f"share_float{bits}": rising * share for bits, share in ((16, half), (32, single), (64, double))},
        **{f"cosine_{i}": along * np.clip(steps / max(end / 2, 1), 0, 1) for i in (1, 2, 3)},
        "norm": 40 * (1 + (grows - 1) * past),
    }
    one = record(
        steps.tolist(),
        train.tolist(),
        test.tolist(),
        train_loss=(4.7 * np.exp(-steps / max(fit, 1))).tolist(),
        test_loss=(4.7 + 0.01 * steps).tolist(),
        budget=budget,
        alpha=0.4,
        seed=seed,
    )
    return dataclasses.replace(
        one, analyses={"collapse": {name: values[shown] for name, values in found.items()}}
    )


def of_every_experiment(seed: int = 0) -> Mapping[str, Record]:
    """A record of each experiment, much as pilots had it where they reached it."""
    late = 5 * (seed % 3)
    perp = {"t_gen": 120 + late, "fit": 105, "grows": 1.1}
    whole = {"fit": 700, "budget": 20_000, "seed": seed}
    long = {"fit": 50, "budget": 80_000, "seed": seed}
    return {
        "perp": run(**perp, seed=seed),
        "perp-as-released": run(**{**perp, "t_gen": 130 + late}, seed=seed),
        "perp-equation": run(**{**perp, "t_gen": 125 + late}, seed=seed),
        "plain": run(fit=45, half=0.9, single=0.0, along=0.75, seed=seed),
        "untrained": run(budget=0, along=0.0, seed=seed),
        "decay-2": run(fit=60, t_gen=260 + late, budget=1000, last=320, seed=seed),
        "decay-4": run(fit=70, t_gen=200 + late, budget=1000, last=250, seed=seed),
        "decay-8": run(fit=90, budget=1000, seed=seed),
        "perp-sgd": run(fit=200, t_gen=300 + late, seed=seed),
        "sgd": run(fit=90, seed=seed),
        "perp-sgd-500": run(fit=300, t_gen=404 + late, budget=500, seed=seed),
        "sgd-500": run(fit=90, budget=500, seed=seed),
        "softmax-16": run(**whole, top=0.1, half=1.0),
        "softmax-32": run(**whole, top=0.3, half=1.0, single=0.8),
        "softmax-64": run(**whole, top=0.6, half=1.0, single=1.0),
        "stablemax": run(**long, t_gen=50_000, last=60_000),
        "stablemax-32": run(**long, t_gen=52_000, last=63_000),
        "softmax-like-stablemax": run(**long, half=1.0, single=0.9),
        "softmax-64-lr-01": run(**long, half=1.0, single=1.0),
    }


def cells(seeds: int = 6) -> Cells:
    """Every experiment over these seeds."""
    found = [of_every_experiment(seed) for seed in range(seeds)]
    return {
        name: tuple(Cell(seed, {"alpha": 0.4}, one[name]) for seed, one in enumerate(found))
        for name in found[0]
    }
