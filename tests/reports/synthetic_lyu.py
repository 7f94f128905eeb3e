"""Made-up records shaped like those of lyu2023: early and late phases, analyses included; nothing here was trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from grokbench.measures.cells import Cell
from grokbench.training.record import Record
from tests.claims.claim_records import record

Cells = dict[str, tuple[Any, ...]]
EARLY = 10091  # an evaluation of every run of that length


def _recipe(one: Record, kind: str, scale: float, lr: float, decay: float) -> Record:
    optimizer = {"kind": "gd", "lr": lr, "weight_decay": decay}
    recipe = dataclasses.replace(one.trial.recipe, model={"kind": kind, "scale": scale}, optimizer=optimizer)
    return dataclasses.replace(one, trial=dataclasses.replace(one.trial, recipe=recipe))


def _steps(end: int, *more: float) -> np.ndarray:
    own = [round(step) for step in more if step <= end]
    return np.unique(
        [0, 1, 2, *own, *np.geomspace(3, end, 60).astype(int), *np.linspace(0, end, 41).astype(int)]
    )


def run(
    *,
    change: float = np.inf,
    end: int = 28_500,
    scale: float = 1.0,
    lr: float = 0.03,
    decay: float = 0.01,
    early: float = 0.56,
    late: float = 1.0,
    shrinks: float = 1.0,
    cosine: float = 0.999,
    share: float = 0.95,
    kkt: float = 0.03,
    seed: int = 0,
) -> Record:
    """A classifier that fits at step 1; its test accuracy goes from ``early`` to ``late`` between 0.8 and 1.25 ``change``.

    The norm shrinks by ``shrinks`` times the decay. ``cosine``: with the L2 classifier before the change; ``share``, ``kkt``: L1
    margin and residual after it.
    """
    steps = _steps(end, 1500, *(change * (0.8 + i / 100) for i in range(46) if np.isfinite(change)))
    progress = np.clip((steps / change - 0.8) / 0.45, 0, 1)
    test = np.where(steps < 1, 0.5, early + (late - early) * progress)
    norms = scale * 90 * np.exp(-shrinks * lr * decay * steps) + 3
    one = record(
        steps.tolist(),
        np.where(steps < 1, 0.5, 1.0).tolist(),
        test.tolist(),
        train_loss=(0.69 * np.exp(-steps)).tolist(),
        test_loss=(0.7 - 0.4 * progress).tolist(),
        budget=end,
        probes={"norm": {"step": steps.tolist(), "all": norms.tolist()}},
        alpha=0.1,
        seed=seed,
        memoriser_baseline=0.51,
    )
    found = {
        "step": steps,
        "norm": norms,
        "cosine_l2": cosine + (0.25 - cosine) * progress,
        "cosine_l1": 0.2 + 0.8 * progress,
        "share_l2": 0.9 - 0.7 * progress,
        "share_l1": 0.2 + (share - 0.2) * progress,
        "kkt": 1 + (kkt - 1) * progress,
    }
    return dataclasses.replace(
        _recipe(one, "diagonal-linear", scale, lr, decay), analyses={"max-margins": found}
    )


def completed(
    *,
    half: float = np.inf,
    end: int = 900_000,
    scale: float = 10.0,
    decay: float = 1e-4,
    plateau: float = 0.95,
    left: float = 0.005,
    seed: int = 0,
) -> Record:
    """A matrix whose test loss keeps ``plateau`` of the first one, has half of that at ``half``, and ``left`` in the end."""
    steps = _steps(end, EARLY, half)
    rest = np.where(steps < 1, 1.0, np.where(steps < half, plateau, np.where(steps < 2 * half, 0.4, left)))
    accuracy = 1 - np.clip(rest, 0, 0.8)
    one = record(
        steps.tolist(),
        np.where(steps < 10, 0.2, 1.0).tolist(),
        accuracy.tolist(),
        train_loss=(0.1 * np.exp(-steps / 10) + 1e-9).tolist(),
        test_loss=(0.11 * rest).tolist(),
        budget=end,
        probes={"norm": {"step": steps.tolist(), "all": (scale * 14 / (1 + steps / end)).tolist()}},
        alpha=0.05,
        seed=seed,
    )
    return _recipe(one, "matrix-factors", scale, 0.1, decay)


def of_every_experiment(seed: int = 0) -> Mapping[str, Record]:
    """A record of each experiment, much as pilots had it where they reached it."""
    late, own = 1 + 0.01 * (seed % 3), {"seed": seed}
    paper = {"scale": 0.2862, "lr": 0.01, "decay": 1e-3, **own}
    still = {"decay": 0.0, "shrinks": 0.0, **own}
    return {
        "sparse": run(change=7500 * late, **own),
        "sparse-no-decay": run(**still),
        "sparse-no-decay-long": run(**still, end=100_000),
        "sparse-small-start": run(change=150 * late, end=1500, scale=0.01, **own),
        "sparse-scale-03": run(change=1047 * late, end=8000, scale=0.3, lr=0.1, **own),
        "sparse-scale-2": run(change=32_700 * late, end=60_000, scale=2.0, lr=0.009, **own),
        "sparse-decay-3e-3": run(change=24_500 * late, end=60_000, decay=3e-3, **own),
        "dense": run(change=28_000 * late, end=50_000, lr=0.02, early=0.999, late=0.7, **own),
        "dense-no-decay": run(**still, end=50_000, early=0.999),
        "completion": completed(half=365_000 * late, **own),
        "completion-no-decay": completed(end=200_000, decay=0.0, **own),
        "completion-mirrored": completed(end=10_100, plateau=1.0, **own),
        "completion-decay-1e-3": completed(half=37_200 * late, end=50_000, decay=1e-3, **own),
        "completion-scale-3": completed(half=25_100 * late, end=36_000, scale=3.0, decay=1e-3, **own),
        "paper-sparse": run(change=300_000 * late, end=1_100_000, early=0.52, **paper),
        "paper-sparse-no-decay": run(**{**paper, "decay": 0.0}, end=1_000_000, early=0.52),
        "paper-dense": run(change=520_000 * late, end=2_000_000, early=0.999, late=0.55, **paper),
        "paper-dense-no-decay": run(**{**paper, "decay": 0.0}, end=2_000_000, early=0.999),
    }


def cells(seeds: int = 6) -> Cells:
    """Every experiment over these seeds."""
    found = [of_every_experiment(seed) for seed in range(seeds)]
    return {
        name: tuple(Cell(seed, {"alpha": 0.1}, one[name]) for seed, one in enumerate(found))
        for name in found[0]
    }
