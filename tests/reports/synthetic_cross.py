"""Made-up records under the very trials of cross-paper's paper tier; nothing here was trained."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from grokbench.measures.cells import Cell
from grokbench.plan import expand as plan
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.training.record import Record

P = 97
LIBRARY = Library()
PAPER = LIBRARY.paper("cross-paper")
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}

Cells = dict[str, tuple[Any, ...]]

NEVER = math.inf
ARMS = {  # experiment → T_mem, T_gen, place of the test loss's peak on the way to the onset
    "gd": (2_000, 3_000, 0.9),
    "gd-momentum-90": (250, 290, 0.9),
    "gd-fresh": (2_000, 3_000, 0.9),
    "gd-momentum-90-traced": (250, 290, 0.9),
    "gd-30": (3_000, 16_000, 0.85),
    "gd-half": (1_800, 2_700, 0.9),
    "adamw-mean-field": (150, 430, 0.6),
    "adamw": (150, 700, 0.7),
    "adamw-wd5": (140, 600, 0.4),
    "adamw-wd5-80": (140, 170, 0.4),
    "transformer": (250, 9_000, 0.3),
    "transformer-first": (250, 9_500, 0.28),
    "transformer-no-decay": (250, NEVER, 0.3),
    "b-adamw-half": (150, 1_500, 0.3),
    "b-adam-half": (150, NEVER, 0.3),
    "decoder-quadratic": (1_500, 20_000, 0.3),
    "gd-quadratic": (2_500, NEVER, 0.9),
    "gd-quadratic-half": (2_500, NEVER, 0.9),
    "quadratic-decay": (160, NEVER, 0.5),
    "division": (1_200, 5_000, 0.3),
    "division-90-short": (1_200, 1_500, 0.3),
    "division-no-decay": (1_200, 160_000, 0.3),
    "relu": (40, 390, 0.3),
    "relu-90": (40, 110, 0.3),
    "relu-no-decay": (40, NEVER, 0.3),
    "relu-scalars": (NEVER, NEVER, 0.3),
    "relu-embedding": (30, 330, 0.3),
    "relu-embedding-90": (30, 100, 0.3),
    "mlp-30": (200, NEVER, 0.3),
    "mlp-decay-30": (200, NEVER, 0.3),
    "mlp-half": (220, NEVER, 0.3),
    "mlp-decay-half": (230, 4_500, 0.3),
    "mlp-scalars-decay-half": (NEVER, NEVER, 0.3),
    "mlp-embedding-decay-half": (180, 3_900, 0.3),
    "mlp-embedding-decay-90": (180, 600, 0.3),
    "relu-mse": (130, 340, 0.3),
    "relu-mse-90": (140, 170, 0.3),
    "relu-mse-decay": (140, 310, 0.3),
    "relu-slow-no-decay": (200, NEVER, 0.3),
    "quadratic-entropy": (30, NEVER, 0.3),
    "quadratic-entropy-decay": (30, 130, 0.3),
    "quadratic-entropy-decay-90": (25, 40, 0.3),
    "transformer-held": (260, 290, 0.9),
    "gromov-starts": (15, 50, 0.6),
    "adam-128-watched": (150, NEVER, 0.3),
    "adam-128-float64-loss": (150, NEVER, 0.3),
    "decoder-s5": (1_500, 12_000, 0.3),
    "decoder-s5-fitted": (1_500, NEVER, 0.3),
    "quadratic-few-rows": (1, NEVER, 0.3),
    "quadratic-few-rows-gd": (1, 2, 0.3),
    "quadratic-few-rows-decay": (1, NEVER, 0.3),
}


def record(trial: Trial, fits: float, groks: float, place: float, last: int | None = None) -> Record:
    """A run that fits at ``fits`` and generalises at ``groks`` (∞: never), its test loss largest at ``place`` onsets."""
    if last is None:
        last = int(1.25 * groks) if math.isfinite(groks) else trial.budget
    step = np.unique(np.concatenate([[0], np.geomspace(1, last, 260).round().astype(np.int64)]))
    known = trial.alpha if trial.task.id != "division" else 0.02
    centre = 0.93 * groks
    rise = 1 / (1 + np.exp(-(step - centre) / (0.012 * groks))) if math.isfinite(groks) else 0.0 * step
    learned = 0.08 if math.isinf(fits) else 1.0
    fit = np.clip(step / (fits if math.isfinite(fits) else last), 0, 1)
    peak = place * centre * 0.97 if math.isfinite(groks) else place * last
    noise = 0.002 * np.random.default_rng(trial.seed).standard_normal(step.size)
    curves = {
        "step": step,
        "train_accuracy": np.clip(learned * fit, 1 / P, 1),
        "test_accuracy": np.clip(known * fit * (1 - rise) + rise + noise, 0.005, 1),
        "train_loss": 4.6 * np.exp(-4 * fit) + 1e-5,
        "test_loss": 4.6 * (1 + np.exp(-(((step - peak) / (0.5 * peak)) ** 2))) * (1 - rise) + 1e-3,
    }
    every = np.arange(last + 1)
    return Record(
        trial=trial,
        analyses={"characters": {"logit_share": np.array([0.4 if math.isfinite(groks) else 0.02])}},
        probes={"trace": {"step": every, "loss": 4.6 * np.exp(-every / 500) + 1e-5}},
        ended="stopped" if math.isfinite(groks) else "finished",
        curves=curves,
        facts={
            "n_train": 4656,
            "n_test": 4753,
            "n_elements": P,
            "memoriser_baseline": known,
            "steps": last,
        },
        environment={"torch": "2.0", "threads": 1, "engine": "fast"},
        cost={"seconds": 20.0},
    )


def arm(experiment: str, seeds: int = 3, tier: str = "paper") -> tuple[Any, ...]:
    """The first seeds of an experiment, later ones slower by a few per cent; all of its fractions."""
    found = []
    planned_trials = plan.expand(LIBRARY, EXPERIMENTS[experiment], tier)
    first = sorted({planned.seed for planned in planned_trials})[:seeds]
    for planned in (planned for planned in planned_trials if planned.seed in first):
        trial = planned.trial
        if tier == "smoke":
            run = record(trial, NEVER, NEVER, 0.5, last=2)
        else:
            fits, groks, place = _of(experiment, trial.alpha)
            groks *= float(planned.settings.get("training.initial_scale", 1.0)) ** 0.5
            i = first.index(trial.seed)
            slower = 1 + 0.04 * i
            run = record(trial, fits * slower, groks * slower**2, place * (1 - 0.03 * i))
        found.append(Cell(trial.seed, planned.settings, run))
    return tuple(found)


def _of(experiment: str, alpha: float) -> tuple[float, float, float]:
    """Delays over the fraction: largest at 0.4 in the decoder, and at the least fraction that generalises in Hu's network."""
    if experiment == "decoder-fractions":
        return (
            1_000.0,
            NEVER if alpha < 0.3 else 1_000 * (2 + 30 * math.exp(-(((alpha - 0.4) / 0.1) ** 2))),
            0.3,
        )
    if experiment == "b-fractions":
        return 200.0, NEVER if alpha < 0.3 else 200 * (1.5 + 60 * math.exp(-(alpha - 0.3) / 0.08)), 0.3
    return ARMS[experiment]


def cells(seeds: int = 3, tier: str = "paper") -> Cells:
    """Every experiment that the tier's plan has for a claim."""
    needed = {planned.experiment for planned in plan.plan_paper(LIBRARY, PAPER, tier).trials}
    return {name: arm(name, seeds, tier) for name in EXPERIMENTS if name in needed}
