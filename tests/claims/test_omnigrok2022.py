"""Omnigrok: every rule says yes on a run that shows what is claimed, and a measured no on one that does not."""

from __future__ import annotations

import numpy as np
import pytest

from grokbench.claims.answers import answer
from grokbench.measures.cells import Cell, SeedView
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim
from grokbench.training.record import Record
from tests.reports.synthetic_omnigrok import (
    LARGE,
    arms,
    decays,
    landscape,
    of_every_experiment,
    run,
    untrained,
)

LIBRARY = Library()
PAPER = LIBRARY.paper("omnigrok2022")
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}
SHOWN = of_every_experiment()


def one(record: Record) -> tuple[Cell, ...]:
    return (Cell(0, {"alpha": 0.5}, record),)


def view(*found: tuple[Cell, ...]) -> SeedView:
    return SeedView(0, arms(*found))


DIGITS = {"lr": 1e-3, "scale": 8.0, "early": 0.3}
NO: dict[str, list[SeedView]] = {
    "large-start-delays": [
        view(one(run(fit=190, gen=1500, end=60_000, decay=0.03))),
        view(one(run(fit=190, gen=12_000, end=60_000, decay=0.03, early=0.6))),
    ],
    "small-start-together": [view(one(run(fit=16, gen=60, end=10_000, scale=0.5)))],
    "small-start-any-decay": [view(decays({0.0: (16, 18), 0.03: (16, 50), 1.0: (16, 18)}, 0.5))],
    "fit-independent-of-decay": [
        view(decays({**LARGE, 1.0: (120, 500)}, 2.0)),
        view(decays(dict.fromkeys(LARGE, (190.0, 1400.0)), 2.0)),
    ],
    "time-inverse-decay": [
        view(decays({0.03: (190, 6000), 0.1: (190, 3800), 0.3: (190, 2400), 1.0: (190, 1500)}, 2.0))
    ],
    "no-decay-never": [view(one(run(fit=190, gen=50_000, decay=0.0)))],
    "large-start-delays-code": [view(one(run(gen=3000))), view(one(run(gen=8000)))],
    "small-start-together-code": [view(one(run(fit=450, gen=3000, end=20_000, scale=0.5)))],
    "decay-moves-the-norm": [
        view(one(run(gen=32_000, shrinks=0.5))),
        view(one(run(gen=32_000, shrinks=0.0))),
    ],
    "landscape-test-is-a-valley": [
        view(landscape(test=lambda scale: 1e-4 * scale**2)),
        view(landscape(test=lambda scale: 1e-4 * (1 + 0.5 * abs(np.log10(scale))))),
    ],
    "landscape-train-is-a-floor": [
        view(landscape(train=lambda scale: 1e-5 * scale**2)),
        view(landscape(train=lambda scale: 1e-6)),
    ],
    "generalises-at-the-edge": [
        view(one(run(gen=60_000)), SHOWN["landscape"]),
        view(one(run(gen=2000)), SHOWN["landscape"]),
        view(SHOWN["large-start-code"], landscape(edge=2.2)),
    ],
    "constrained-norm-no-delay": [
        view(one(run(fit=140, gen=280, end=1000, decay=0.0, scale=0.8))),
        view(one(run(fit=880, gen=900, end=1000, decay=0.0, scale=0.8))),
    ],
    "constrained-beats-free": [view(one(run(fit=150, gen=1000, end=20_000, decay=1.0)), SHOWN["sphere"])],
    "norm-too-small-cannot-fit": [view(one(run(fit=900, end=3000, decay=0.0, scale=0.4)))],
    "digits-large-start-delays": [
        view(one(run(fit=950, gen=1500, end=6000, decay=0.3, **DIGITS))),
        view(one(run(fit=950, gen=3000, end=6000, decay=0.3, **{**DIGITS, "early": 0.7}))),
    ],
    "digits-standard-start-together": [view(one(run(fit=40, gen=60, end=6000, decay=0.3)))],
    "digits-needs-decay": [view(one(run(fit=950, gen=5000, end=6000, decay=0.0, late=0.8)))],
    "digits-norm-explains": [view(one(run(fit=950, gen=3000, end=6000, decay=0.3, shrinks=0.5, **DIGITS)))],
    "digits-inverse-decay": [
        view(one(run(fit=950, gen=5000, end=30_000, decay=0.1, **DIGITS)), SHOWN["digits-large"]),
        view(one(run(fit=950, gen=15_000, end=30_000, decay=0.1, **DIGITS)), SHOWN["digits-large"]),
    ],
    "digits-landscape-valley": [view(landscape(test=lambda scale: 0.1 + 0.01 * abs(np.log10(scale))))],
}


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_yes_on_a_run_that_shows_what_is_claimed(claim: Claim) -> None:
    assert answer(claim.rule, view(*(SHOWN[name] for name in claim.experiments))).yes is True


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_a_measured_no_on_runs_that_do_not(claim: Claim) -> None:
    assert [answer(claim.rule, found).yes for found in NO[claim.id]] == [False] * len(NO[claim.id])


@pytest.mark.parametrize("claim", [c for c in PAPER.claims if c.control], ids=lambda claim: claim.id)
def test_a_rule_says_no_on_records_like_its_control(claim: Claim) -> None:
    assert answer(claim.rule, view(SHOWN[str(claim.control)])).yes is False


def test_stand_ins_say_so_in_their_titles_and_have_grade_c() -> None:
    digits = [claim for claim in PAPER.claims if claim.id.startswith("digits-")]
    assert len(digits) == 6
    assert all(claim.title.startswith("Stand-in") and claim.grade == "C" for claim in digits)


def test_an_untrained_landscape_is_least_at_the_smallest_norm() -> None:
    losses = [cell.record.curves["test_loss"][-1] for cell in untrained()]
    assert losses == sorted(losses)


def test_the_thresholds_are_the_papers_and_the_landscapes_norm_is_held() -> None:
    assert dict(LIBRARY.task("teacher-student").thresholds) == {"t_mem": 0.95, "t_gen": 0.95}
    held = LIBRARY.recipe("omnigrok2022/held")
    assert (held.optimizer["wrapper"]["kind"], held.optimizer["weight_decay"]) == ("held-norm", 0.0)
    sphere, free = (LIBRARY.recipe(f"omnigrok2022/{name}") for name in ("sphere", "free"))
    assert sphere.training["initial_scale"] == 0.8
    assert (free.optimizer["weight_decay"], free.optimizer["warmup"]) == (1.0, 0)
    assert sphere.training["dtype"] == free.training["dtype"] == "float64"


def test_quick_has_every_claim_but_the_dear_ones() -> None:
    for claim in PAPER.claims:
        quick = all("quick" in EXPERIMENTS[name].tiers for name in claim.experiments)
        dear = ("constrained-beats-free", "norm-too-small-cannot-fit", "digits-landscape-valley")
        assert quick == (claim.id not in dear)
        assert quick or not claim.headline
