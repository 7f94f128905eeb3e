"""The analysis "subnetwork" on small trained networks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from grokbench.api import resolve_trial
from grokbench.specs.errors import InputError
from grokbench.training.analyses.making import analyse, analysed
from grokbench.training.engine import train
from grokbench.training.record import Record

SMALL = {
    "task.domain.n": 10,
    "task.domain.k": 2,
    "task.source.rows": 400,
    "task.source.test_rows": 150,
    "model.width": 50,
}


def run(recipe: str, steps: int, rows: int = 300, **settings: object) -> Record:
    asked = resolve_trial(
        "sparse-parity", f"parity/{recipe}", rows=rows, seed=9000, steps=steps, settings=SMALL | settings
    )
    every = tuple(range(0, steps + 1, max(steps // 4, 1)))
    return analysed(train(dataclasses.replace(asked, snapshots=every, analyses=("subnetwork",))))


def test_without_decay_nothing_moves_once_the_loss_is_0() -> None:
    record = run("merrill-no-decay", 800)
    found = record.analyses["subnetwork"]
    zero = record.curves["step"][np.flatnonzero(record.curves["train_loss"] == 0)[0]]
    assert 0 < zero < 600
    assert (found["moved"][found["step"] >= zero] == 0).all()
    assert found["moved"][0] > 0.1
    assert (found["from_start"][found["step"] >= zero] == found["from_start"][-1]).all()
    assert found["from_start"][0] == 0


def test_with_decay_it_goes_on_and_the_rest_fades() -> None:
    record = run("merrill", 2000)
    found = record.analyses["subnetwork"]
    assert record.curves["test_accuracy"][-1] > 0.99
    assert found["step"].tolist() == [0, 500, 1000, 1500, 2000]
    assert found["size_train"][-1] < 25
    assert found["size_accuracy"][-1] <= found["size_train"][-1]
    assert found["active_train"][-1] == 1
    assert found["largest_share"][-1] > 2 * found["largest_share"][0]
    assert found["norm_active"][-1] > 2 * found["norm_rest"][-1]
    assert found["moved"][-1] == 0 < found["moved"][-2]


def test_weights_that_are_no_numbers_give_none() -> None:
    record = run("merrill", 8)
    bad = {name: np.full_like(w, np.nan) for name, w in record.weights.items()}
    found = analyse("subnetwork", record.trial, {0: record.snapshots[0], 8: bad}, 8)
    assert np.isfinite(found["size_train"][0])
    assert np.isnan(found["size_train"][1])
    assert "norm_active" not in found  # which neurons are active at the end is not known


def test_it_is_for_one_output_of_a_network_of_vectors() -> None:
    asked = resolve_trial("addition", "gromov2023/gd", seed=9000, steps=1, settings={"task.domain.p": 5})
    with pytest.raises(InputError, match="'subnetwork' is for the model kind 'vector-mlp'"):
        train(dataclasses.replace(asked, analyses=("subnetwork",)))
    with pytest.raises(InputError, match=r"one output whose sign decides, not for model\.head 'classes'"):
        run("merrill", 1, **{"model.head": "classes"})
