"""Update rules against torch.optim's, to the last bits of float64."""

from __future__ import annotations

import pytest
import torch

from grokbench.specs.errors import UnknownNameError
from grokbench.training.optimizers import optimizer

ADAMW = {"kind": "adamw", "lr": 0.01, "beta1": 0.9, "beta2": 0.98, "eps": 1e-8, "weight_decay": 5.0}


@pytest.mark.filterwarnings("ignore")  # torch's own, on the first use of its optimizers
@pytest.mark.parametrize(
    ("table", "reference"),
    [
        ({"kind": "gd", "lr": 0.3}, lambda p: torch.optim.SGD(p, lr=0.3)),
        (
            {"kind": "gd", "lr": 0.3, "momentum": 0.9, "weight_decay": 0.1},
            lambda p: torch.optim.SGD(p, lr=0.3, momentum=0.9, weight_decay=0.1),
        ),
        (ADAMW, lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.9, 0.98), eps=1e-8, weight_decay=5.0)),
    ],
)
def test_ten_updates_are_torch_optims(table, reference):
    generator = torch.Generator().manual_seed(0)
    start = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((4, 3), (5,))]
    ours, theirs = [p.clone() for p in start], [p.clone() for p in start]
    rule, torchs = optimizer(table), reference(theirs)
    for _ in range(10):
        gradients = [torch.randn(p.shape, generator=generator, dtype=torch.float64) for p in start]
        for p, g in zip(theirs, gradients, strict=True):
            p.grad = g.clone()
        torchs.step()
        rule.update(ours, gradients)
        for a, b in zip(ours, theirs, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-13, atol=1e-15)


@pytest.mark.filterwarnings("ignore")
def test_warm_up_is_torchs_scheduler_and_its_first_update_changes_nothing():
    generator = torch.Generator().manual_seed(1)
    start = torch.randn(6, generator=generator, dtype=torch.float64)
    ours, theirs = [start.clone()], [start.clone()]
    rule = optimizer(ADAMW | {"warmup": 3})
    torchs = torch.optim.AdamW(theirs, lr=0.01, betas=(0.9, 0.98), eps=1e-8, weight_decay=5.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(torchs, lambda step: min(step / 3, 1))
    for step in range(6):
        gradient = torch.randn(6, generator=generator, dtype=torch.float64)
        theirs[0].grad = gradient.clone()
        torchs.step()
        schedule.step()
        rule.update(ours, [gradient])
        torch.testing.assert_close(ours[0], theirs[0], rtol=1e-13, atol=1e-15)
        assert torch.equal(ours[0], start) == (step == 0)


def test_the_l1_penalty_is_part_of_the_gradient():
    start = torch.tensor([2.0, -3.0, 0.0], dtype=torch.float64)
    with_penalty, by_hand = [start.clone()], [start.clone()]
    optimizer(ADAMW | {"l1": 0.1}).update(with_penalty, [torch.ones(3, dtype=torch.float64)])
    optimizer(ADAMW).update(by_hand, [1 + 0.1 * torch.sign(start)])
    assert torch.equal(with_penalty[0], by_hand[0])


def test_an_untrained_model_has_no_rule():
    assert optimizer({"kind": "none"}) is None


@pytest.mark.parametrize("table", [{}, {"kind": "adam-w"}])
def test_a_missing_or_unknown_kind_is_refused(table):
    with pytest.raises(UnknownNameError, match="optimizer"):
        optimizer(table)


def test_decay_can_pull_to_the_initial_weights():
    start = torch.randn(5, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    table = ADAMW | {"warmup": 0}
    ours, other = [start.clone()], [start.clone()]
    rule, undecayed = optimizer(table | {"decay_to": "initial"}), optimizer(table | {"weight_decay": 0.0})
    for step in range(4):
        gradient = torch.randn(5, generator=torch.Generator().manual_seed(step), dtype=torch.float64)
        before = ours[0].clone()
        moved = other[0].clone()
        rule.update(ours, [gradient.clone()])
        undecayed.update(other, [gradient.clone()])
        pulled = before + 0.01 * 5.0 * (start - before)
        torch.testing.assert_close(ours[0] - pulled, other[0] - moved, rtol=1e-12, atol=1e-15)


def test_noise_on_updates_has_its_sigma_its_own_seed_and_the_learning_rate():
    table = ADAMW | {"weight_decay": 0.0, "update_noise": 2.0}
    runs = {}
    for seed in (0, 0, 1):
        weights = [torch.zeros(20_000, dtype=torch.float64)]
        rule = optimizer(table, seed)
        rule.update(weights, [torch.zeros(20_000, dtype=torch.float64)])  # no gradient: noise alone
        if seed in runs:
            assert torch.equal(runs[seed], weights[0])
        runs[seed] = weights[0]
    assert not torch.equal(runs[0], runs[1])
    # The first update is divided by 1 - beta1.
    assert float(runs[0].std()) == pytest.approx(2.0 * 0.01 / (1 - 0.9), rel=0.02)
    assert float(runs[0].mean()) == pytest.approx(0, abs=0.005)
