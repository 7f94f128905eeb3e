"""Outputs times a factor, with or without those before the first step: any network, every engine, and what they mean."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

import grokbench
from grokbench.networks.registry import build, drawn
from grokbench.networks.scaled import factor, subtracted
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import Recipe, Trial
from grokbench.tasks.source import shape_of
from grokbench.tasks.trained import trial_rows
from grokbench.training.analyses.making import analysed
from grokbench.training.engine import train
from grokbench.training.updates import rates
from grokbench.training.watching import check_watched

LIBRARY = Library()
SMALL = {"task.domain.p": 7, "model.width": 12, "training.dtype": "float64", "evaluation.growth": 1.3}


def trial(steps: int = 40, alpha: float = 0.9, **own: Any) -> Trial:
    settings = SMALL | {name.replace("__", "."): value for name, value in own.items()}
    task, recipe = LIBRARY.resolve("addition", "kumar2023/modular", settings)
    return Trial(task, recipe, alpha=alpha, seed=9000, budget=steps)


@pytest.mark.parametrize(
    ("task", "baseline"),
    [
        ("addition", "gromov2023/adamw"),
        ("addition", "nanda2023/transformer"),
        ("addition", "power2022/adam"),
        ("teacher-student", "omnigrok2022/teacher-student"),
    ],
)
def test_outputs_of_any_network_are_scaled_and_begin_at_zero_where_the_start_is_subtracted(
    task: str, baseline: str
) -> None:
    spec, recipe = LIBRARY.resolve(
        task, baseline, {"training.output_scale": 3.0, "training.subtract_start": True}
    )
    own = Trial(spec, recipe, alpha=0.5, seed=9000, budget=0)
    shape, rows = shape_of(spec), trial_rows(own).train[:5]
    plain_recipe = dataclasses.replace(
        recipe, training={**recipe.training, "output_scale": 1.0, "subtract_start": False}
    )
    network, plain = (drawn(one, shape, 9000) for one in (recipe, plain_recipe))
    inputs = network.inputs(rows, spec)
    inputs = inputs.double() if inputs.is_floating_point() else inputs
    with torch.no_grad():
        assert float(network(inputs).abs().max()) == 0
        for one in (network, plain):
            for p in one.parameters():
                p.mul_(1.1)
        start = drawn(plain_recipe, shape, 9000)(inputs)
        np.testing.assert_allclose(network(inputs), 3 * (plain(inputs) - start), rtol=1e-9, atol=1e-12)
    assert dict(network.named_parameters()).keys() == dict(plain.named_parameters()).keys()
    assert network.state_dict().keys() == plain.state_dict().keys()
    assert (factor(network), factor(plain)) == (3, 1)
    assert subtracted(plain, inputs) is None


def test_steps_are_the_notebooks() -> None:
    """Its forward pass: W2 (W1 x)² / (D N) times scale², its loss a mean over scale², its learning rate 100 / scale²."""
    scale, one = 1.5, trial(steps=4, training__output_scale=1.5**2)
    rows = trial_rows(one).train
    network = build(one.recipe.model, 7, 9000)
    w1, w2 = network.W1, network.W2
    x = network.encode(rows[:, :2])
    y = torch.nn.functional.one_hot(torch.from_numpy(rows[:, 2].astype(np.int64)), 7).double()
    rule = torch.optim.SGD([w1, w2], lr=1e2 / scale**2)
    losses = []
    for _ in range(4):
        outputs = ((x @ w1.T) ** 2 @ w2.T) * scale / (14 * 12) * scale
        loss = torch.nn.functional.mse_loss(outputs, y) / scale**2
        losses.append(float(loss.detach()) * scale**2)
        rule.zero_grad()
        loss.backward()
        rule.step()
    record = train(one)
    np.testing.assert_allclose(record.weights["W1"], w1.detach(), rtol=1e-6)
    np.testing.assert_allclose(record.weights["W2"], w2.detach(), rtol=1e-6)
    np.testing.assert_allclose(record.curves["train_loss"][:4], losses, rtol=1e-9)


@pytest.mark.parametrize("subtract", [False, True])
def test_the_hand_written_step_of_the_quadratic_network_knows_the_factor(subtract: bool) -> None:
    one = trial(training__output_scale=2.0, training__subtract_start=subtract)
    fast, plain = train(one, engine="fast"), train(one, engine="plain")
    assert (fast.environment["engine"], plain.environment["engine"]) == ("fast", "plain")
    for name in ("train_loss", "test_loss", "train_accuracy"):  # at step 0 all outputs may be 0
        np.testing.assert_allclose(fast.curves[name][1:], plain.curves[name][1:], rtol=1e-9)
    assert fast.curves["train_loss"][0] == pytest.approx(plain.curves["train_loss"][0], rel=1e-9)


def test_a_network_whose_hand_written_step_does_not_know_the_factor_trains_plainly() -> None:
    settings = {"task.domain.p": 5, "model.d_model": 8, "model.d_head": 2, "model.d_mlp": 8}
    task, recipe = LIBRARY.resolve("addition", "kumar2023/transformer", settings)
    one = Trial(task, recipe, alpha=0.5, seed=9000, budget=2)
    assert train(one).environment["engine"] == "plain"
    with pytest.raises(InputError, match="no hand-written step"):
        train(one, engine="fast")


def test_a_power_of_the_factor_divides_learning_rates_and_those_of_groups() -> None:
    recipe = LIBRARY.recipe("kumar2023/modular")

    def of(**training: float) -> Recipe:
        own = {**recipe.optimizer, "groups": [{"parameters": "W1", "lr": 8.0}]}
        return dataclasses.replace(recipe, optimizer=own, training={**recipe.training, **training})

    found = rates(of(output_scale=2.0))
    assert (found["lr"], found["groups"][0]["lr"]) == (25.0, 2.0)
    assert rates(of(output_scale=2.0, rate_power=0.0))["lr"] == 100.0
    assert rates(of(output_scale=1.0))["lr"] == 100.0


def test_with_the_square_outputs_begin_to_move_as_fast_whatever_the_factor_is() -> None:
    moved = []
    for scale in (1.0, 8.0):
        one = trial(steps=1, training__output_scale=scale, training__subtract_start=True)
        moved.append(train(one).curves["train_loss"])
    assert moved[0][0] - moved[0][1] == pytest.approx(moved[1][0] - moved[1][1], rel=0.05)


def test_an_analysis_that_reads_outputs_refuses_scaled_ones() -> None:
    recipe = LIBRARY.recipe("kumar2023/transformer")
    with pytest.raises(InputError, match=r"does not know of training\.output_scale"):
        check_watched("analyses", ["progress"], LIBRARY.task("addition"), recipe)


def test_a_risk_in_three_terms_is_the_test_loss_of_many_rows_and_kernels_begin_unmoved() -> None:
    settings = {
        "task.domain.d": 5,
        "task.source.rows": 40,
        "task.source.test_rows": 40_000,
        "model.width": 10,
        "optimizer.lr": 5.0,
        "training.output_scale": 2.0,
    }
    task, recipe = LIBRARY.resolve("squared-projection", "kumar2023/polynomial", settings)
    one = Trial(
        task,
        recipe,
        alpha=0.5,
        seed=9000,
        budget=60,
        snapshots=(20,),
        analyses=("risk-split", "tangent-kernel"),
    )
    record = analysed(train(one))
    split, kernel = record.analyses["risk-split"], record.analyses["tangent-kernel"]
    assert split["step"].tolist() == [0, 20, 60]
    wanted = [record.curves["test_loss"][list(record.curves["step"]).index(step)] for step in (0, 20, 60)]
    np.testing.assert_allclose(split["all"], wanted, rtol=0.05)
    assert split["linear"][0] == pytest.approx(0, abs=1e-12)
    assert kernel["moved"][0] == pytest.approx(0, abs=1e-12)
    assert kernel["weights"][0] == 0
    assert np.isfinite(kernel["alignment"]).all()


def test_a_batch_normalised_network_has_no_start_to_subtract() -> None:
    settings = {"training.subtract_start": True, "model.normalisation": "batch"}
    task, recipe = LIBRARY.resolve("addition", "kumar2023/modular", settings)
    with pytest.raises(InputError, match="depend on the batch"):
        drawn(recipe, shape_of(task), 0)


def test_a_run_goes_on_from_the_end_of_another_with_the_start_that_was_drawn() -> None:
    first = grokbench.run(
        "addition",
        "kumar2023/modular",
        alpha=0.9,
        seed=9000,
        steps=3,
        settings=SMALL | {"training.subtract_start": True, "training.output_scale": 2.0},
    )
    assert set(first.weights) == {"W1", "W2"}
