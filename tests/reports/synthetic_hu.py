"""Made-up records shaped like those of hu2024: encodings, networks and optimizers on addition; nothing here was trained."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from grokbench.measures.cells import Cell
from grokbench.specs.loader import Library
from grokbench.training.record import Record
from tests.reports import synthetic, synthetic_power

LIBRARY = Library()
PAPER = LIBRARY.paper("hu2024")
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}
ROWS = 97**2

Cells = dict[str, tuple[Any, ...]]
OPTIMIZERS = (
    "adamw",
    "adamw-128",
    "adam",
    "adam-128",
    "adam-lr-3e-4",
    "adam-lr-3e-3",
    "adam-update-noise",
    "adam-weight-noise",
)
HALF = (
    "adamw-half",
    "adam-half",
    "adamw-128-half",
    "adam-128-half",
    "adamw-128-half-other-init",
    "adam-128-half-other-init",
)


def record(seed: int, experiment: str, alpha: float, fit: float = 1.0, **fields: Any) -> Record:
    """A run of that experiment's recipe, whose train accuracy ends at ``fit``; other fields as of power2022's."""
    run = synthetic_power.record(seed, "addition", alpha=alpha, mirrored=alpha, **fields)
    n_train = math.floor(alpha * ROWS)
    return dataclasses.replace(
        run,
        trial=dataclasses.replace(run.trial, recipe=LIBRARY.recipe(EXPERIMENTS[experiment].baseline)),
        curves={**run.curves, "train_accuracy": fit * run.curves["train_accuracy"]},
        facts={**run.facts, "n_train": n_train, "n_test": ROWS - n_train},
    )


def arm(
    seeds: int, experiment: str, alpha: float, groks: float, budget: int, whole: bool = True, **fields: Any
) -> tuple[Any, ...]:
    """One fraction. ``whole``: runs spend their budget; otherwise they end at 1.2 times their T_gen."""
    found = []
    for seed in range(seeds):
        when = groks * (0.85 + 0.06 * ((seed * 5) % 7))
        last = budget if whole or when > budget else int(1.3 * when)
        run = record(seed, experiment, alpha, groks=when, last=last, budget=budget, **fields)
        found.append(Cell(seed, {"alpha": alpha}, run))
    return tuple(found)


def over_fractions(seeds: int, experiment: str, needs: float, budget: int, **fields: Any) -> tuple[Any, ...]:
    """T_gen grows towards the fraction ``needs`` and beyond the budget below it."""
    alphas = EXPERIMENTS[experiment].tiers["paper"].alphas
    out: list[Any] = []
    for alpha in alphas:
        groks = 2_000.0 * 1.4 ** (100 * max(0.0, needs + 0.1 - alpha)) * (2 - alpha)
        fits = fields.get("fits", 200.0)
        out += arm(seeds, experiment, alpha, groks, budget, **{"whole": False, **fields, "fits": fits})
    return tuple(out)


def after_1800(seeds: int, experiment: str, groks: float, fit: float = 1.0) -> tuple[Any, ...]:
    """1800 steps at every fraction of the experiment, less of it generalised the smaller the fraction."""
    out: list[Any] = []
    for alpha in EXPERIMENTS[experiment].tiers["paper"].alphas:
        out += arm(seeds, experiment, alpha, groks / alpha, 1_800, fits=140.0, fit=fit)
    return tuple(out)


def cells(seeds: int = 6) -> Cells:
    speeds = dict(zip(OPTIMIZERS, (600, 900, 1_100, 800, 2_500, 1_900, 1_300, 1_500), strict=True))
    fits = {"adamw-128": 0.95, "adam-weight-noise": 0.8}
    optimizers = {
        f"{name}-{part}": after_1800(seeds, f"{name}-{part}", speed, fits.get(name, 1.0))
        for name, speed in speeds.items()
        for part in ("two", "grid")
    }
    halves = {
        name: after_1800(seeds, name, speed, fit)
        for name, speed, fit in zip(
            HALF, (700, 1_300, 1_500, 900, 600, 850), (1.0, 1.0, 0.4, 1.0, 1.0, 1.0), strict=True
        )
    }
    networks: Cells = {}
    levels = {"scalars": 0.2, "one-hot": 1.0, "embedding": 1.0, "matrices": 1.0}
    for name in (one for one in EXPERIMENTS if one.startswith(("mlp-", "lstm-"))):
        network, entry = name.split("-")[0], next(key for key in levels if key in name)
        groks = 6_000.0 if entry == "embedding" else math.inf
        budget = 20_000 if network == "mlp" else 100_000
        alpha = int(name.split("-")[-1]) / 100
        networks[name] = arm(seeds, name, alpha, groks, budget, fits=500.0, fit=levels[entry])
    found = {
        "b15": arm(seeds, "b15", 0.15, math.inf, 25_000, fits=150.0),
        "b30": arm(seeds, "b30", 0.3, 9_000.0, 27_000, whole=False, fits=200.0),
        "b30-fresh": arm(seeds, "b30-fresh", 0.3, 9_500.0, 27_000, whole=False, fits=200.0),
        "b45": arm(seeds, "b45", 0.45, 2_500.0, 20_000, whole=False, fits=200.0),
        "b90": arm(seeds, "b90", 0.9, 240.0, 3_000, whole=False, fits=200.0),
        **networks,
        **halves,
        **optimizers,
        "adam-90": after_1800(seeds, "adam-90", speeds["adam"]),
        "b-fractions": over_fractions(seeds, "b-fractions", 0.2, 20_000),
        "official-05": arm(seeds, "official-05", 0.05, math.inf, 100_000, fits=800.0),
        "official-45-60": over_fractions(seeds, "official-45-60", 0.3, 216_000, fits=800.0),
        "official-75": over_fractions(seeds, "official-75", 0.3, 100_000, fits=800.0),
        "official-90": over_fractions(seeds, "official-90", 0.3, 100_000, fits=800.0),
        "official-fractions": over_fractions(seeds, "official-fractions", 0.3, 100_000, fits=800.0),
        "official-no-decay-45-60": over_fractions(
            seeds, "official-no-decay-45-60", 0.45, 216_000, fits=700.0
        ),
        "official-no-decay-75": over_fractions(seeds, "official-no-decay-75", 0.45, 100_000, fits=700.0),
        "official-no-decay-90": over_fractions(seeds, "official-no-decay-90", 0.45, 100_000, fits=700.0),
        "official-no-decay-fractions": over_fractions(
            seeds, "official-no-decay-fractions", 0.45, 100_000, fits=700.0
        ),
        "official-20000": over_fractions(seeds, "official-20000", 0.35, 20_000),
        "b-20000": over_fractions(seeds, "b-20000", 0.25, 20_000),
        "official-no-decay-20000": over_fractions(seeds, "official-no-decay-20000", 0.9, 20_000),
        "b-no-decay-20000": over_fractions(seeds, "b-no-decay-20000", 0.5, 20_000),
    }
    return synthetic.on_own_seeds(PAPER, found)
