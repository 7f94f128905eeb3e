"""Every negative control, trained here or, where that takes long, committed: the claim's rule must say a measured no there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from grokbench.claims.answers import answer
from grokbench.measures.cells import Cell, SeedView
from grokbench.plan import expand as plan
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim
from grokbench.store import archive

PILOT_SEED = 9100
REPORTS = Path(__file__).resolve().parents[2] / "reports"
LIBRARY = Library()
PAPER = LIBRARY.paper("gromov2023")
CONTROLLED = [claim for claim in PAPER.claims if claim.control and claim.kind != "never"]
NANDA = LIBRARY.paper("nanda2023")
UNTRAINED = [claim for claim in NANDA.claims if claim.control == "untrained" and not claim.pairs]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


COMMITTED = (
    "adamw-multiplication",
    "gd-square-of-sum",
    "gd-momentum-addition-90",
    "gd-addition",
    "adamw-mixed-quadratic",
)  # too long to train in a test


@cache
def _committed(paper: str, experiment: str) -> tuple[SeedView, ...]:
    """The committed records of an experiment, whatever their seeds, one a view."""
    kept = archive.read(REPORTS / paper / "records", experiment)
    assert len({record.trial.seed for record in kept}) >= 6
    return tuple(
        SeedView(record.trial.seed, ((Cell(record.trial.seed, {"alpha": record.trial.alpha}, record),),))
        for record in kept
    )


@cache
def _control(name: str) -> SeedView:
    from grokbench.training.analyses.making import analysed
    from grokbench.training.engine import train

    experiment = next(e for e in PAPER.experiments if e.id == name)
    planned = plan.expand(LIBRARY, experiment, "paper")[0]
    horizon = 1.2 if planned.trial.budget else None  # the measures end at T_gen
    trial = replace(planned.trial, seed=PILOT_SEED, horizon=horizon)
    return SeedView(PILOT_SEED, ((Cell(PILOT_SEED, planned.settings, analysed(train(trial))),),))


@pytest.mark.parametrize("claim", CONTROLLED, ids=lambda claim: claim.id)
def test_the_rule_says_no_on_its_control(claim: Claim) -> None:
    assert claim.control
    views = _committed(PAPER.id, claim.control) if claim.control in COMMITTED else [_control(claim.control)]
    assert {answer(claim.rule, view).yes for view in views} == {False}


@cache
def _untrained(paper: str, name: str) -> SeedView:
    from grokbench.training.analyses.making import analysed
    from grokbench.training.engine import train

    experiment = next(e for e in LIBRARY.paper(paper).experiments if e.id == name)
    planned = plan.expand(LIBRARY, experiment, "quick")[0]
    record = analysed(train(replace(planned.trial, seed=PILOT_SEED)))
    return SeedView(PILOT_SEED, ((Cell(PILOT_SEED, planned.settings, record),),))


@pytest.mark.parametrize("claim", UNTRAINED, ids=lambda claim: claim.id)
def test_the_rule_says_no_before_the_transformer_is_trained(claim: Claim) -> None:
    assert answer(claim.rule, _untrained("nanda2023", "untrained")).yes is False


def test_the_output_embedding_has_no_circles_before_the_decoder_is_trained() -> None:
    claim = next(claim for claim in LIBRARY.paper("power2022").claims if claim.id == "output-circles-2")
    assert claim.control == "addition-untrained"
    assert answer(claim.rule, _untrained("power2022", claim.control)).yes is False


def test_gromovs_peak_of_the_test_loss_is_not_nandas() -> None:
    """The better control of gromov2023.test-loss-peaks-before-onset: a transformer whose test loss peaks long before."""
    claim = next(claim for claim in PAPER.claims if claim.id == "test-loss-peaks-before-onset")
    for view in _committed("nanda2023", "mainline"):
        assert answer(claim.rule, view).yes is False, view.seed


HU = LIBRARY.paper("hu2024")
AGAINST_B30 = [claim for claim in HU.claims if claim.control == "b30"]


@pytest.mark.parametrize("claim", AGAINST_B30, ids=lambda claim: claim.id)
def test_a_rule_on_networks_that_do_not_grok_says_no_on_the_transformer_that_does(claim: Claim) -> None:
    assert {answer(claim.rule, view).yes for view in _committed("hu2024", "b30")} == {False}
