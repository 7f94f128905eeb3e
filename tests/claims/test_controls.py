"""Every negative control, trained for real: the claim's rule must say a measured no there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from grokbench.claims.answers import answer
from grokbench.claims.views import Cell, SeedView
from grokbench.runs import plan
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim

PILOT_SEED = 9100
LIBRARY = Library()
PAPER = LIBRARY.paper("gromov2023")
CONTROLLED = [claim for claim in PAPER.claims if claim.control and claim.kind != "never"]
LONG = {"adamw-multiplication": 20}  # T_gen: its claims look at saturation; the others' measures end at T_gen


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def _control(name: str) -> SeedView:
    from grokbench.training.engine import train

    experiment = next(e for e in PAPER.experiments if e.id == name)
    planned = plan.expand(LIBRARY, experiment, "quick")[0]
    horizon = LONG.get(name, 1.2) if planned.trial.budget else None
    trial = replace(planned.trial, seed=PILOT_SEED, horizon=horizon)
    return SeedView(PILOT_SEED, ((Cell(planned.settings, train(trial)),),))


@pytest.mark.parametrize("claim", CONTROLLED, ids=lambda claim: claim.id)
def test_the_rule_says_no_on_its_control(claim: Claim) -> None:
    assert claim.control
    assert answer(claim.rule, _control(claim.control)).yes is False
