"""Made-up records shaped like those of mallinar2024: kernel machines, iteration by iteration; nothing here was trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from grokbench.analysis.circulant import OPERATIONS
from grokbench.measures.cells import Cell
from grokbench.training.record import Record
from tests.claims.claim_records import record

Cells = dict[str, tuple[Any, ...]]


def machine(
    *,
    jump: float = 12.0,
    last: int = 30,
    learns: str = "add",
    ends_at: float = 0.02,
    first: float = 0.0,
    loss_falls: int = 8,
    train_loss: float = 1e-31,
    top: float = 1.0,
    seed: int = 0,
) -> Record:
    """Interpolates from the start; half the test rows are right at ``jump``, ``top`` of them in the end.

    ``learns``: the operation whose deviation falls along a line to ``ends_at``, reached at ¾ of ``jump``. The test loss has
    lost 2 % at ``loss_falls``.
    """
    steps = np.arange(last + 1)
    test = np.clip(0.5 + (steps - jump) / 4, 0, 1) * top
    test[0] = first
    loss = np.where(steps < loss_falls, 0.0163, np.where(steps < jump, 0.0159, 0.001))
    falling = np.clip(0.9 - (0.9 - ends_at) * (steps - 1) / max(0.75 * jump - 1, 1), ends_at, 1)
    noise = 0.98 + 0.001 * np.cos(steps)
    probe = {name: np.where(steps == 0, np.nan, falling if name == learns else noise) for name in OPERATIONS}
    return record(
        steps.tolist(),
        1.0,
        test.tolist(),
        train_loss=train_loss,
        test_loss=loss.tolist(),
        probes={"circulant": {"step": steps.tolist(), **{k: v.tolist() for k, v in probe.items()}}},
        seed=seed,
    )


def silent(last: int = 30, seed: int = 0) -> Record:
    """A machine on a table of random answers: nothing is learned."""
    return machine(jump=1e9, last=last, learns="", loss_falls=10**9, first=0.016, seed=seed)


def solved(accuracy: float, seed: int = 0) -> Record:
    """One solution, without an iteration."""
    return record([0], 1.0, accuracy, train_loss=1e-25, budget=0, seed=seed)


def of_every_experiment(seed: int = 0) -> Mapping[str, Record]:
    """A record of each experiment as a pilot had it."""
    late = 0.3 * (seed % 3)
    found = {name: machine(jump=12 + late, learns=name, seed=seed) for name in OPERATIONS}
    return {
        **found,
        "random-table": silent(seed=seed),
        "add-75": machine(jump=9, last=12, loss_falls=6, seed=seed),
        "add-25": machine(jump=60, last=60, ends_at=0.36, top=0.01, loss_falls=10**9, seed=seed),
        "gaussian": machine(jump=13 + late, train_loss=1e-25, seed=seed),
        "gaussian-paper": machine(jump=18 + late, train_loss=1e-25, top=0.9, seed=seed),
        "circulant": solved(1.0 - 0.001 * seed, seed=seed),
        "circulant-wrong": solved(0.006, seed=seed),
        "unstructured": solved(0.003, seed=seed),
    }


def cells(seeds: int = 6) -> Cells:
    """Every experiment over these seeds."""
    found = [of_every_experiment(seed) for seed in range(seeds)]
    alphas = {"add-75": 0.75, "add-25": 0.25}
    out = {}
    for name in found[0]:
        alpha = alphas.get(name, 0.5)
        records = [
            dataclasses.replace(one[name], trial=dataclasses.replace(one[name].trial, alpha=alpha))
            for one in found
        ]
        out[name] = tuple(Cell(seed, {"alpha": alpha}, r) for seed, r in enumerate(records))
    return out
