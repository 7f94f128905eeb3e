"""Made-up records shaped like those of omnigrok2022: free runs, held norms, landscapes; nothing here was trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grokbench.measures.cells import Cell
from grokbench.training.record import Record
from tests.claims.claim_records import record

Cells = dict[str, tuple[Any, ...]]
SCALE, DECAY = "training.initial_scale", "optimizer.weight_decay"
SCALES = (0.1, 0.16, 0.25, 0.4, 0.63, 0.8, 1.0, 1.25, 1.6, 2.0, 2.5, 4.0, 6.3, 10.0)
START = 10.0  # norm of a start of scale 1


def run(
    *,
    fit: float = 500,
    gen: float = np.inf,
    end: int = 100_000,
    decay: float = 0.05,
    lr: float = 3e-4,
    scale: float = 2.0,
    shrinks: float = 1.0,
    early: float = 0.0,
    late: float = 1.0,
    fitted: float = 1.0,
    seed: int = 0,
) -> Record:
    """It fits at ``fit``; its test accuracy goes from ``early`` to ``late`` at ``gen``.

    Its norm shrinks by ``shrinks`` times the decay.
    """
    marks = [round(step * f) for step in (fit, gen) if np.isfinite(step) for f in (1.0, 1.05, 1.1, 1.15, 1.2)]
    own = [step for step in marks if step <= 1.2 * end]
    steps = np.unique([0, *own, *np.geomspace(1, end, 80).astype(int)])
    train = np.where(steps >= fit, fitted, 0.0)
    test = np.where(steps >= gen, late, np.where(steps >= fit, early, 0.0))
    norms = scale * START * np.exp(-shrinks * lr * decay * steps)
    one = record(
        steps.tolist(),
        train.tolist(),
        test.tolist(),
        train_loss=(0.1 * (1 - train) + 1e-6).tolist(),
        test_loss=(0.1 * (1 - test) + 1e-5).tolist(),
        budget=end,
        probes={"norm": {"step": steps.tolist(), "all": norms.tolist()}},
        seed=seed,
    )
    recipe = dataclasses.replace(
        one.trial.recipe,
        optimizer={"kind": "adamw", "lr": lr, "weight_decay": decay},
        training={"dtype": "float32", "batch": "full", "weight_noise": 0.0, "initial_scale": scale},
    )
    return dataclasses.replace(one, trial=dataclasses.replace(one.trial, recipe=recipe))


def held(scale: float, train: float, test: float, edge: float = 1.3, seed: int = 0) -> Record:
    """A run whose norm is held, with these losses at its end; it generalises from half its norm up to ``edge``."""
    right = 0.5 <= scale <= edge
    one = run(gen=900 if right else np.inf, end=10_000, decay=0.0, scale=scale, seed=seed)
    n = len(one.curves["step"])
    return dataclasses.replace(
        one, curves={**one.curves, "train_loss": np.full(n, train), "test_loss": np.full(n, test)}
    )


def train_of(scale: float) -> float:
    """An L: high for small norms alone."""
    return 1e-6 + 0.014 * max(0.0, 1 - scale / 0.4)


def test_of(scale: float) -> float:
    """A valley about 0.8."""
    return 1e-4 * 10 ** (3 * abs(np.log10(scale / 0.8)))


def landscape(
    seed: int = 0, train: Any = train_of, test: Any = test_of, edge: float = 1.3
) -> tuple[Cell, ...]:
    """A run at each of fourteen norms."""
    return tuple(
        Cell(seed, {"alpha": 0.5, SCALE: scale}, held(scale, train(scale), test(scale), edge, seed))
        for scale in SCALES
    )


def untrained(seed: int = 0) -> tuple[Cell, ...]:
    """The same before the first step: both losses rise with the norm."""
    return landscape(seed, *(lambda scale: 0.05 * (1 + scale**2) for _ in range(2)), edge=0.0)


def decays(times: Mapping[float, tuple[float, float]], scale: float, seed: int = 0) -> tuple[Cell, ...]:
    """A run at each decay, with its T_mem and T_gen."""
    return tuple(
        Cell(
            seed,
            {"alpha": 0.5, DECAY: decay},
            run(fit=fit, gen=gen, end=60_000, decay=decay, scale=scale, seed=seed),
        )
        for decay, (fit, gen) in times.items()
    )


LARGE = {0.03: (190.0, 12_000.0), 0.1: (190.0, 3800.0), 0.3: (190.0, 1400.0), 1.0: (185.0, 500.0)}
SMALL = dict.fromkeys((0.0, 0.03, 0.1, 0.3, 1.0), (16.0, 18.0))


def of_every_experiment(seed: int = 0) -> dict[str, tuple[Cell, ...]]:
    """The cells of each experiment, much as the notebooks and pilots have it."""
    late = 1 + 0.01 * (seed % 3)

    def one(**own: Any) -> tuple[Cell, ...]:
        return (Cell(seed, {"alpha": 0.5}, run(seed=seed, **own)),)

    digits = {"end": 6000, "lr": 1e-3, "scale": 8.0, "early": 0.3, "late": 0.92}
    return {
        "large-start": one(fit=190, gen=12_000 * late, end=60_000, decay=0.03),
        "small-start": one(fit=16, gen=18, end=10_000, decay=0.03, scale=0.5),
        "large-start-decays": decays(LARGE, 2.0, seed),
        "small-start-decays": decays(SMALL, 0.5, seed),
        "large-start-no-decay": one(fit=190, decay=0.0),
        "small-start-no-decay": one(fit=16, gen=18, end=10_000, decay=0.0, scale=0.5),
        "large-start-code": one(gen=32_000 * late),
        "small-start-code": one(fit=450, gen=1000 * late, end=20_000, scale=0.5),
        "landscape": landscape(seed),
        "landscape-untrained": untrained(seed),
        "sphere": one(fit=260, gen=280 * late, end=1000, decay=0.0, scale=0.8),
        "free-begun": one(fit=150, end=400, decay=1.0, scale=1.0),
        "free": one(fit=150, gen=6300 * late, end=20_000, decay=1.0, scale=1.0),
        "small-sphere": one(fit=100, fitted=0.5, end=3000, decay=0.0, scale=0.4),
        "digits-large": one(**digits | {"fit": 950, "gen": 3000 * late, "decay": 0.3, "late": 1.0}),
        "digits-standard": one(**digits | {"fit": 40, "gen": 30, "decay": 0.3, "scale": 1.0, "late": 1.0}),
        "digits-no-decay": one(**digits | {"fit": 950, "decay": 0.0}),
        "digits-decay-01": one(
            **digits | {"fit": 950, "gen": 8800 * late, "end": 30_000, "decay": 0.1, "late": 1.0}
        ),
        "digits-landscape": landscape(seed),
        "digits-landscape-untrained": untrained(seed),
    }


def cells(seeds: int = 6) -> Cells:
    """Every experiment over these seeds."""
    found = [of_every_experiment(seed) for seed in range(seeds)]
    return {name: tuple(cell for own in found for cell in own[name]) for name in found[0]}


def arms(*found: Sequence[Cell]) -> tuple[tuple[Cell, ...], ...]:
    """The arms of a view."""
    return tuple(map(tuple, found))
