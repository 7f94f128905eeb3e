"""The probe "every-step": what it says of each pass, by every engine, and that looking changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import grokbench
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.training.batched.loop import train_together
from grokbench.training.engine import train
from grokbench.training.probes import observer
from grokbench.training.record import Record

SMALL = {
    "model.width": 8,
    "model.hidden_layers": 1,
    "evaluation.growth": 1.001,
    "evaluation.probe_growth": 1.001,
}


def trial(seed: int, batch: str | int, *probes: str) -> Trial:
    spec, recipe = Library().resolve("digits", "thilak2022/digits", SMALL | {"training.batch": batch})
    return Trial(spec, recipe, alpha=0.05, seed=seed, budget=8, probes=probes)


def same(one: Record, other: Record) -> None:
    for name, values in one.probes["every-step"].items():
        np.testing.assert_allclose(values, other.probes["every-step"][name], rtol=1e-5)


def test_a_row_has_loss_accuracy_and_norm_before_each_update_in_12_bytes() -> None:
    run = train(trial(9000, "full", "every-step", "last-layer"))
    found = run.probes["every-step"]
    assert found["step"].tolist() == list(range(9))
    assert sum(found[name].dtype.itemsize for name in ("loss", "accuracy", "norm")) == 12
    np.testing.assert_allclose(found["loss"], run.curves["train_loss"], rtol=1e-6)
    np.testing.assert_allclose(found["accuracy"], run.curves["train_accuracy"], rtol=1e-6)
    np.testing.assert_allclose(found["norm"], run.probes["last-layer"]["norm"], rtol=1e-6)


@pytest.mark.parametrize("batch", ["full", 20])
def test_looking_changes_nothing_and_evaluations_are_of_the_whole_training_set(batch: str | int) -> None:
    seen, unseen = train(trial(9000, batch, "every-step")), train(trial(9000, batch))
    assert seen.content == unseen.content
    own = seen.probes["every-step"]["accuracy"]
    assert np.allclose(own, seen.curves["train_accuracy"]) == (batch == "full")


@pytest.mark.parametrize("batch", ["full", 20])
def test_a_trial_of_a_batch_has_the_rows_that_it_has_by_itself(batch: str | int) -> None:
    trials = [trial(9000 + i, batch, "every-step") for i in range(2)]
    found: dict[int, Any] = {}
    train_together(trials, found.__setitem__)
    for i, one in enumerate(trials):
        same(train(one), found[i])


def test_a_hand_written_step_counts_too() -> None:
    fields = {"task.domain.p": 7, "model.width": 8, "evaluation.growth": 1.001}
    runs = [
        grokbench.run(
            "addition",
            "gromov2023/gd",
            seed=9000,
            steps=6,
            settings=fields,
            probes=["every-step"],
            engine=engine,
        )
        for engine in ("fast", "plain")
    ]
    same(*runs)
    np.testing.assert_allclose(
        runs[0].probes["every-step"]["accuracy"], runs[0].curves["train_accuracy"], rtol=1e-6
    )


def test_rows_that_were_packed_are_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(trial(9000, "full", "every-step"))
    monkeypatch.setattr(observer, "PACKED", 4)
    same(whole, train(trial(9000, "full", "every-step")))


def test_a_kernel_machine_has_no_last_layer() -> None:
    with pytest.raises(InputError, match="'every-step' reads the last layer of a network; 'rfm' has none"):
        grokbench.run("addition", "mallinar2024/rfm", seed=9000, steps=1, probes=["every-step"])
