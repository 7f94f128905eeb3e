"""Made-up records shaped like those of power2022, the analysis of circles included; nothing here was trained."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grokbench.measures.cells import Cell
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.training.record import Record
from tests.reports import synthetic

P = 97
HALF = (P - 1) // 2
LIBRARY = Library()
GRID = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

Cells = dict[str, tuple[Any, ...]]
OPERATIONS = (
    "addition-fractions",
    "subtraction-fractions",
    "division-fractions",
    "mixed-fractions",
    "sum-of-squares-fractions",
    "symmetric-quadratic-fractions",
    "quadratic-fractions",
    "cubic-product-fractions",
    "cubic",
    "s5-decay",
    "s5-conjugation-fractions",
    "s5-palindrome-fractions",
)
INTERVENTIONS = (
    "s5-decay",
    "s5-decay-to-initial",
    "s5-adam",
    "s5-full-batch",
    "s5-update-noise",
    "s5-weight-noise",
    "s5-dropout",
    "s5-lr-low",
    "s5-lr-high",
)


def record(
    seed: int,
    task: str = "division",
    recipe: str = "answer",
    fits: float = 1_200.0,
    groks: float = 5_000.0,
    last: int = 6_000,
    budget: int = 12_000,
    alpha: float = 0.5,
    mirrored: float = 0.02,
    lr: float | None = None,
    analysed: bool = False,
) -> Record:
    """A run that fits at ``fits`` and generalises at ``groks`` (∞: never); ``mirrored``: its memoriser's baseline."""
    early = np.arange(0, min(last, 400) + 1, 20 if last >= 20 else 1)
    late = np.geomspace(400, last, 1 + max(0, int(math.log(last / 400) / 0.05))) if last > 400 else early
    step = np.unique(np.concatenate([early, late.astype(np.int64)]))
    rng = np.random.default_rng(seed)
    rise = 1 / (1 + np.exp(-(step - 0.93 * groks) / (0.015 * groks))) if math.isfinite(groks) else 0 * step
    known = mirrored * np.clip(step / fits, 0, 1)
    curves = {
        "step": step,
        "train_accuracy": np.clip(step / fits, 1 / P, 1),
        "test_accuracy": np.clip(
            known + (1 - known) * rise + 0.004 * rng.standard_normal(step.size), 0.005, 1
        ),
        "train_loss": 4.6 * np.exp(-4 * step / fits) + 1e-5,
        "test_loss": (4.6 + 3 * np.clip(step / fits, 0, 1)) * (1 - rise) + 1e-3,
    }
    rcp = LIBRARY.recipe(f"power2022/{recipe}")
    if lr is not None:
        rcp = dataclasses.replace(rcp, optimizer={**rcp.optimizer, "lr": lr})
    return Record(
        trial=Trial(LIBRARY.task(task), rcp, alpha, seed, budget),
        ended="stopped",
        curves=curves,
        facts={
            "n_train": 4656,
            "n_test": 4656,
            "n_elements": P,
            "memoriser_baseline": mirrored,
            "steps": last,
        },
        analyses={"circles": circles(seed)} if analysed else {},
        environment={"torch": "2.0", "threads": 1, "engine": "fast"},
        cost={"seconds": 200.0},
    )


def circles(seed: int, noise: float = 0.12) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(seed)
    power = rng.uniform(0.002, 0.006, HALF)
    best = rng.choice(HALF, 6, replace=False)
    power[best] = rng.uniform(0.5, 1.0, 6)
    power /= power.sum()
    initial = rng.uniform(0.6, 1.4, HALF)
    initial /= initial.sum()
    k = 1 + int(np.argmax(power))
    angle = 2 * np.pi * k * np.arange(P) / P
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    return {
        "power_share": power,
        "power_share_initial": initial,
        "best_share": np.array([np.sort(power)[-6:].sum()]),
        "best_share_initial": np.array([np.sort(initial)[-6:].sum()]),
        "permuted_share": np.array([0.16 + 0.02 * rng.random()]),
        "permuted_share_initial": np.array([0.15]),
        "gini": np.array([0.8 + 0.1 * rng.random()]),
        "gini_initial": np.array([0.1]),
        "ring_score": np.array([0.97]),
        "ring_score_initial": np.array([0.1]),
        "frequency": np.array([k]),
        "plane": ring + noise * rng.standard_normal((P, 2)),
        "plane_initial": 0.6 * rng.standard_normal((P, 2)),
    }


def arm(seeds: int, task: str, groks: float, recipe: str = "answer", **fields: Any) -> tuple[Any, ...]:
    found = []
    for seed in range(seeds):
        when = groks * (0.85 + 0.06 * ((seed * 5) % 7))
        budget = int(fields.get("budget", 12_000))
        when = when if when <= budget else math.inf
        last = min(int(1.3 * when), budget + budget // 3) if math.isfinite(when) else budget
        fits = fields.get("fits", 1_000.0) * (0.9 + 0.05 * (seed % 5))
        found.append(
            Cell(
                seed, {}, record(seed, task, recipe, **{**fields, "fits": fits, "groks": when, "last": last})
            )
        )
    return tuple(found)


def over_fractions(
    seeds: int, task: str, needs: float, recipe: str = "answer", grid: tuple[float, ...] = GRID
) -> tuple[Any, ...]:
    """T_gen blows up towards the fraction ``needs`` and passes the budget of 100 000 there."""
    found: list[Any] = []
    for alpha in grid:
        groks = 3_000.0 * (1.45 ** (100 * max(0.0, needs + 0.1 - alpha)))
        for seed, _, run in arm(seeds, task, groks, recipe, alpha=alpha, budget=100_000):
            found.append(Cell(seed, {"alpha": alpha}, run))
    return tuple(found)


def cells(seeds: int = 6) -> Cells:
    tasks = {e.id: e.task for e in LIBRARY.paper("power2022").experiments if e.id in OPERATIONS}
    needs = dict(zip(OPERATIONS, (0.2, 0.3, 0.3, 0.5, 0.4, 0.3, 0.4, 0.7, 9, 0.3, 0.5, 0.4), strict=True))
    operations = {name: over_fractions(3, task, needs[name]) for name, task in tasks.items()}
    share = zip(INTERVENTIONS, (0.3, 0.4, 0.6, 0.75, 0.7, 0.65, 0.6, 0.7, 0.6), strict=True)
    interventions = {name: over_fractions(3, "s5-product", need) for name, need in share}
    small = (0.25, 0.26, 0.27, 0.28, 0.29, 0.3)
    rates = {1e-4: math.inf, 3e-4: 60_000.0, 1e-3: 9_000.0, 3e-3: 20_000.0, 1e-2: math.inf}
    ninety = {"alpha": 0.9, "budget": 4_000}
    found = {
        "division": arm(seeds, "division", 5_000),
        "division-first": arm(seeds, "division", 5_200),
        "division-90-short": arm(seeds, "division", 1_500, **ninety),
        "addition-90": arm(seeds, "addition", 900, mirrored=0.9, fits=600.0, **ninety),
        "subtraction-90": arm(seeds, "subtraction", 1_300, **ninety),
        "s5": arm(seeds, "s5-product", 6_000),
        "s5-90": arm(seeds, "s5-product", 1_500, **ninety),
        "division-90": arm(seeds, "division", 1_500, **ninety),
        "addition": arm(seeds, "addition", 2_000, mirrored=0.5, analysed=True),
        "subtraction": arm(seeds, "subtraction", 4_500),
        "addition-mirrored": arm(seeds, "addition", 3_500, "mirrored-split"),
        "division-both-tokens": arm(seeds, "division", 4_800, "transformer"),
        "division-one-split": arm(seeds, "division", 5_300, "openai-grok-split"),
        "addition-80": arm(seeds, "addition", 1_400, alpha=0.8, mirrored=0.8, analysed=True),
        "addition-80-adam": arm(
            seeds, "addition", 20_000, "adam", alpha=0.8, mirrored=0.8, budget=100_000, analysed=True
        ),
        "division-adam": arm(seeds, "division", 400_000, "adam", budget=1_000_000),
        "cubic-80": arm(seeds, "cubic", math.inf, alpha=0.8, budget=20_000),
        "s5-small-fractions-adam": over_fractions(seeds, "s5-product", 0.25, "adam", small),
        "s5-small-fractions": over_fractions(seeds, "s5-product", 0.22, grid=small),
        "s5-learning-rates": tuple(
            cell
            for rate, groks in rates.items()
            for cell in arm(3, "s5-product", groks, "adam", alpha=0.8, budget=100_000, lr=rate)
        ),
        **interventions,
        **operations,
    }
    return synthetic.on_own_seeds(LIBRARY.paper("power2022"), found)
