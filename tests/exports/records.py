"""Records made by hand, whose numbers a test knows, and a store that has them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grokbench.plan.resolve import resolve_trial
from grokbench.specs.types import Trial
from grokbench.store.folder import Store
from grokbench.training.record import Record

SMALL = {"task.domain.p": 11, "model.width": 16}


def trial(settings: Mapping[str, Any] = SMALL, **changes: Any) -> Trial:
    """A trial of AdamW on addition, at half of the table, with these fields of recipe and task changed."""
    baseline = changes.pop("baseline", "gromov2023/adamw")
    made = resolve_trial("addition", baseline, seed=changes.pop("seed", 0), settings=settings, steps=40)
    return dataclasses.replace(made, **changes)


def record(of: Trial, *, groks: bool = True) -> Record:
    """Fitted at step 8; 0.99 of the test from step 20 on, where it groks. Losses that no short decimal has."""
    steps = np.arange(0, 41, 4, dtype=np.int64)
    column = np.cos(steps / 7.0) ** 2 / 3
    loss = column.copy()
    loss[-1] = math.inf if not groks else loss[-1]
    return Record(
        trial=of,
        ended="finished" if groks else "diverged",
        curves={
            "step": steps,
            "train_loss": column,
            "train_accuracy": np.where(steps < 8, steps / 10, 1.0),
            "test_loss": loss,
            "test_accuracy": np.where(steps < 20, 0.1, 0.995) if groks else np.full(len(steps), 0.1),
        },
        facts={"n_train": 60, "n_test": 61, "n_elements": 11, "memoriser_baseline": 0.5, "steps": 40},
        probes={
            "phases": {
                "step": steps[::5],
                "resultant": np.float32([0.1, 0.2, 0.3]),
                "histogram": np.arange(6).reshape(3, 2),
            }
        },
        analyses={
            "progress": {"step": np.array([0, 40]), "test_loss": np.float32([1.5, 0.25])},
            "circles": {"score": np.float32([0.5])},
        },
        weights={"W1": np.ones((2, 3), dtype=np.float32)},
        environment={"arithmetic": "float32 products ieee", "engine": "fast", "cpu": "a CPU", "torch": "2"},
        cost={"seconds": 1.5},
        content="abc",
    )


def stored(folder: Path, *trials: Trial) -> Store:
    """A store with a record of each of these trials."""
    place = Store(folder)
    for one in trials:
        place.save(record(one))
    return place
