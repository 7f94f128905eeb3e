"""Made-up records shaped like those of thilak2022: runs looked at at every step, with slingshots and without; none was trained.

The curves of runs with four slingshots and with none are those of two pilots on digits (tests/data/thilak2022-slingshots.npz).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grokbench.measures.cells import Cell
from grokbench.training.record import Record
from tests.claims.claim_records import record

Cells = dict[str, tuple[Any, ...]]
CURVES = Path(__file__).parents[1] / "data" / "thilak2022-slingshots.npz"
NAMES = ("loss", "train_accuracy", "last_layer_norm")


def every_step(
    loss: Any,
    accuracy: Any,
    norm: Any,
    *,
    best: float = 0.88,
    rise: int = 700,
    budget: int | None = None,
    seed: int = 0,
) -> Record:
    """A run with these numbers at every step, all (n,); its test accuracy goes from 0.1 to ``best`` at step ``rise``."""
    steps = np.arange(len(loss))
    some = np.unique([*range(0, len(steps), 20), len(steps) - 1])
    probe = {"step": steps, "loss": loss, "accuracy": accuracy, "norm": norm}
    own = record(
        some.tolist(),
        np.asarray(accuracy)[some].tolist(),
        np.where(some < rise, 0.1, best).tolist(),
        train_loss=np.asarray(loss)[some].tolist(),
        budget=budget,
        seed=seed,
        memoriser_baseline=0.1,
    )
    return dataclasses.replace(own, probes={"every-step": probe})


def curve(which: str, **more: Any) -> Record:
    """A run on digits with four slingshots, "positive", or with none, "negative"."""
    with np.load(CURVES) as kept:
        return every_step(*(np.asarray(kept[f"{which}/{name}"], dtype=np.float64) for name in NAMES), **more)


def calm(end: int = 2000, fits: int = 300, growth: float = 1e-4, **more: Any) -> Record:
    """A run whose loss falls steadily once it has fitted, and whose last layer grows evenly."""
    steps = np.arange(end + 1)
    loss, accuracy = 2 * np.exp(-steps / 100) + 1e-4, np.where(steps < fits, 0.9, 1.0)
    return every_step(loss, accuracy, 2 + growth * steps, **more)


def of_every_experiment(seed: int = 0) -> Mapping[str, Record]:
    """A record of each experiment, much as pilots had it where they reached it; those on division are as the paper tells."""
    own = {"seed": seed, "best": 0.88 + 0.002 * seed}
    late = {"seed": seed, "best": 1.0}
    return {
        "digits": curve("positive", **own),
        "digits-float64-loss": curve("negative", **own),
        "digits-eps-1e-5": calm(**own),
        "digits-sgd": calm(fits=700, **own),
        "digits-batch-50": twice("positive", **own),
        "digits-decay": calm(**own),
        "division": slow(rise=42_000, **late),
        "division-float64-loss": calm(rise=500, **late),
        "division-eps-1e-5": calm(rise=10**6, **late),
        "division-decay": calm(rise=1000, **late),
    }


def twice(which: str, **more: Any) -> Record:
    """The curve with its second half again at its end: as many slingshots once more."""
    with np.load(CURVES) as kept:
        own = [np.asarray(kept[f"{which}/{name}"], dtype=np.float64) for name in NAMES]
    loss, accuracy, norm = (values[500:] for values in own)
    grown = norm + own[2][-1] - norm[0]
    return every_step(
        *(np.concatenate(pair) for pair in zip(own, (loss, accuracy, grown), strict=True)), **more
    )


def slow(rise: int, **more: Any) -> Record:
    """Fits by step 300, slingshots only from step 40 154 on, and generalises at ``rise``."""
    with np.load(CURVES) as kept:
        own = [np.asarray(kept[f"positive/{name}"], dtype=np.float64) for name in NAMES]
    quiet = 40_000
    loss = np.concatenate([2 * np.exp(-np.arange(quiet) / 100) + 1e-4, own[0][500:]])
    accuracy = np.concatenate([np.where(np.arange(quiet) < 300, 0.9, 1.0), own[1][500:]])
    norm = np.concatenate([own[2][500] + 1e-6 * np.arange(quiet) - 1e-6 * quiet, own[2][500:]])
    return every_step(loss, accuracy, norm, rise=rise, **more)


def cells(seeds: int = 6) -> Cells:
    """Every experiment over these seeds."""
    found = [of_every_experiment(seed) for seed in range(seeds)]
    return {
        name: tuple(Cell(seed, {"alpha": 0.11}, one[name]) for seed, one in enumerate(found))
        for name in found[0]
    }
