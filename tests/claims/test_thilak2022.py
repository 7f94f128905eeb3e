"""Thilak et al. 2022: every rule says yes on a run that shows what is claimed, and a measured no on one that does not.

There is no code of the paper's to agree with. The stand-in's network and optimizer agree with torch's own, and slingshots are
found where two pilots have them.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

import grokbench
from grokbench.claims.answers import answer
from grokbench.claims.decide import decide
from grokbench.measures.cells import SeedView
from grokbench.networks.registry import build
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim, Trial
from grokbench.tasks.source import shape_of
from grokbench.tasks.trained import trial_rows
from grokbench.training.record import Record
from tests.claims.claim_records import view
from tests.reports.synthetic_thilak import calm, curve, every_step, of_every_experiment, slow

LIBRARY = Library()
PAPER = LIBRARY.paper("thilak2022")
CLAIMS = {claim.id: claim for claim in PAPER.claims}
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}
SHOWN = of_every_experiment()
FOUR, NONE = SHOWN["digits"], SHOWN["digits-float64-loss"]


def unfitted() -> Record:
    """A run that never fits, and so has no slingshots."""
    return every_step(np.full(2001, 0.5), np.full(2001, 0.9), np.linspace(2, 3, 2001))


def without_zeros() -> Record:
    """Four slingshots, though the loss is never 0."""
    probe = FOUR.probes["every-step"]
    return every_step(np.maximum(probe["loss"], 1e-9), probe["accuracy"], probe["norm"])


NO: dict[str, list[SeedView]] = {
    "digits-slingshots": [view(NONE), view(calm()), view(curve("positive", budget=1500))],
    "digits-norm-grows-in-spurts": [view(NONE), view(calm())],
    "digits-sgd-none": [view(FOUR), view(unfitted())],
    "digits-eps-removes": [view(FOUR)],
    "digits-decay-removes": [view(FOUR)],
    "liuh2026-digits-float64-loss-removes": [view(FOUR)],
    "liuh2026-digits-loss-is-zero-first": [view(NONE), view(without_zeros())],
    "digits-no-benefit": [view(curve("positive", best=0.91), NONE), view(curve("positive", best=0.84), NONE)],
    "hu2024-digits-full-batch-has-fewer-slingshots": [view(FOUR, NONE), view(FOUR, FOUR)],
    "grokking-at-slingshots": [view(SHOWN["division-float64-loss"]), view(slow(rise=39_000))],
    "no-slingshot-no-grokking": [view(calm(rise=1000, best=1.0))],
    "smaller-eps-more-slingshots": [view(NONE, FOUR), view(NONE, NONE)],
    "delay-scale": [view(SHOWN["division-decay"]), view(calm(fits=1000, rise=40_000, end=42_000))],
    "decay-removes": [view(FOUR, SHOWN["division"]), view(SHOWN["division"], SHOWN["division-decay"])],
}


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_yes_on_a_run_that_shows_what_is_claimed(claim: Claim) -> None:
    assert answer(claim.rule, view(*(SHOWN[name] for name in claim.experiments))).yes is True


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_a_measured_no_on_runs_that_do_not(claim: Claim) -> None:
    assert [answer(claim.rule, one).yes for one in NO[claim.id]] == [False] * len(NO[claim.id])


@pytest.mark.parametrize(
    "claim", [c for c in PAPER.claims if c.control and c.kind != "never"], ids=lambda claim: claim.id
)
def test_a_rule_says_no_on_a_record_like_its_control(claim: Claim) -> None:
    assert answer(claim.rule, view(SHOWN[str(claim.control)])).yes is False


def test_a_stand_in_says_so_in_its_title_and_cannot_speak_against_the_paper() -> None:
    digits = [claim for claim in PAPER.claims if "digits-" in claim.id]
    assert len(digits) == 9
    for claim in digits:
        assert claim.title.startswith("Stand-in")
        assert claim.grade == "C"
    none = [view(NONE, seed=seed) for seed in range(100, 106)]
    found = decide(CLAIMS["digits-slingshots"], none, none, origins=["inferred"])
    assert (found.verdict, found.under_our_reading) == ("NOT REPRODUCED", True)


def test_quick_has_the_stand_ins_but_one_and_nothing_of_the_papers_own_half_million_updates() -> None:
    for claim in PAPER.claims:
        quick = all("quick" in EXPERIMENTS[name].tiers for name in claim.experiments)
        assert quick == ("digits-" in claim.id and claim.id != "digits-decay-removes")
        assert quick or not claim.headline


def test_arms_on_digits_differ_from_the_first_in_what_their_names_say() -> None:
    assert {name: set(EXPERIMENTS[name].set) for name in EXPERIMENTS if name.startswith("digits-")} == {
        "digits-float64-loss": {"loss.precision"},
        "digits-eps-1e-5": {"optimizer.eps"},
        "digits-sgd": set(),
        "digits-batch-50": {"training.batch"},
        "digits-decay": {
            f"optimizer.{name}" for name in ("kind", "lr", "beta1", "beta2", "eps", "weight_decay")
        },
    }


def test_the_paper_s_network_is_power_s_without_weight_decay() -> None:
    own, power = LIBRARY.recipe("thilak2022/transformer"), LIBRARY.recipe("power2022/adam")
    for table in ("model", "loss", "optimizer", "data", "training"):
        assert getattr(own, table) == getattr(power, table)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_stand_in_trains_as_torch_s_own_layers_loss_and_adam_do(precision: str) -> None:
    spec, recipe = LIBRARY.resolve("digits", "thilak2022/digits", {"loss.precision": precision})
    trial = Trial(spec, recipe, alpha=0.1113, seed=9000, budget=6, probes=("every-step",))
    rows = trial_rows(trial).train
    weights = dict(build(recipe.model, shape_of(spec), 9000).named_parameters())
    sizes = [64, 96, 96, 96, 96, 96, 10]
    layers = [nn.Linear(n, m) for n, m in pairwise(sizes)]
    with torch.no_grad():
        for i, layer in enumerate(layers, start=1):
            layer.weight.copy_(weights[f"W{i}"])
            layer.bias.copy_(weights[f"b{i}"])
    net = nn.Sequential(*(part for layer in layers for part in (layer, nn.ReLU())))[:-1]
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.9, 0.95), eps=1e-8)
    x, y = torch.from_numpy(rows[:, :-1]).float(), torch.from_numpy(rows[:, -1]).long()
    losses, norms = [], []
    for _ in range(7):
        adam.zero_grad()
        loss = nn.functional.cross_entropy(net(x).to(getattr(torch, precision)), y)
        losses.append(float(loss.detach()))
        norms.append(float(layers[-1].weight.detach().norm()))
        loss.backward()
        adam.step()
    run = grokbench.run(
        "digits",
        "thilak2022/digits",
        rows=200,
        seed=9000,
        steps=6,
        settings={"loss.precision": precision},
        probes=["every-step"],
    )
    found = run.probes["every-step"]
    assert len(rows) == 200
    np.testing.assert_allclose(found["loss"], losses, rtol=1e-5)
    np.testing.assert_allclose(found["norm"], norms, rtol=1e-5)
