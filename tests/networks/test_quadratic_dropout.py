"""Dropout of preactivations: one definition for both engines, and evaluations without it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

import grokbench
from grokbench.networks.base import dropout_mask
from grokbench.networks.fast.quadratic_mlp import BLOCK, FastQuadraticMLP
from tests.networks.drawn import initial_mlp

P, N = 31, 24
SETTINGS = {"task.domain.p": 23, "model.width": 48, "training.dtype": "float64"}


@pytest.mark.parametrize("convention", ["folded", "mean-field"])
def test_the_hand_written_gradient_with_a_mask_is_autograds(convention):
    network = initial_mlp({"width": N, "convention": convention, "dropout": 0.4}, P, 9000)
    pairs = np.indices((P, P)).reshape(2, -1).T
    rows = np.column_stack([pairs, pairs.sum(axis=1) % P])
    assert len(rows) > 2 * BLOCK
    mask = network.draw_noise(len(rows), torch.Generator().manual_seed(9000), torch.float64)
    assert set(np.unique(mask.numpy()).round(3)) == {0, round(1 / 0.6, 3)}
    targets = torch.nn.functional.one_hot(torch.from_numpy(rows[:, 2]), P)
    loss = ((network(network.encode(pairs), mask) - targets) ** 2).sum()
    wanted = torch.autograd.grad(0.1 * loss, (network.W1, network.W2))
    fast = FastQuadraticMLP(network, torch.float64)
    sums = fast.gradient(fast.rows(rows), 0.1, mask=mask)
    assert sums.loss_sum == pytest.approx(float(loss.detach()), rel=1e-10)
    torch.testing.assert_close(fast.gradients[0].T, wanted[0], rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(fast.gradients[1], wanted[1], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("batch", ["full", 32])
def test_both_engines_train_alike_under_dropout(batch):
    own = {**SETTINGS, "training.batch": batch}
    fast, plain = (
        grokbench.run("addition", "doshi2023/dropout", seed=9000, steps=20, settings=own, engine=name)
        for name in ("fast", "plain")
    )
    for name in ("train_loss", "test_loss", "train_accuracy_corrupted"):
        np.testing.assert_allclose(fast.curves[name], plain.curves[name], rtol=1e-9)


def test_a_rate_changes_the_course_and_no_evaluation():
    none, some = (
        grokbench.run(
            "addition", "doshi2023/dropout", seed=9000, steps=3, settings={**SETTINGS, "model.dropout": rate}
        )
        for rate in (0.0, 0.6)
    )
    assert none.curves["test_loss"][0] == some.curves["test_loss"][0]
    assert none.curves["train_loss"][0] == pytest.approx(some.curves["train_loss"][0])
    assert none.curves["test_loss"][-1] != some.curves["test_loss"][-1]


def test_fields_at_their_defaults_leave_the_key_as_it_was():
    from grokbench.plan.resolve import resolve_trial
    from grokbench.store.keys import key

    trial = resolve_trial("addition", "gromov2023/adamw", seed=9000, steps=3)
    model = {k: v for k, v in trial.recipe.model.items() if k not in ("dropout", "normalisation")}
    bare = dataclasses.replace(trial, recipe=dataclasses.replace(trial.recipe, model=model))
    assert key(bare) == key(trial)
    assert dropout_mask(3, 4, 0.0, None, torch.float64).eq(1).all()
