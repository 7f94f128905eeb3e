"""Kumar et al. 2023: every rule says yes on a run that shows what is claimed, and a measured no on one that does not."""

from __future__ import annotations

import numpy as np
import pytest

from grokbench.claims.answers import answer
from grokbench.measures.cells import Cell, SeedView
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim
from grokbench.training.record import Record
from tests.reports.synthetic_kumar import EPS, SCALE, losses, of_every_experiment, over, run, scales

LIBRARY = Library()
PAPER = LIBRARY.paper("kumar2023")
CLAIMS = {claim.id: claim for claim in PAPER.claims}
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}
SHOWN = of_every_experiment()


def one(record: Record) -> tuple[Cell, ...]:
    return (Cell(0, {"alpha": 0.9}, record),)


def view(*arms: tuple[Cell, ...]) -> SeedView:
    return SeedView(0, arms)


FALLING = {4.0: 1.2, 1.0: 1.4, 0.25: 1.7}
NO: dict[str, list[SeedView]] = {
    "gd-without-decay-groks": [view(one(run(fit=2000, gen=2300, half=0.9)))],
    "norm-rises": [view(one(run(gen=2500, grows=1.1)))],
    "scale-controls-delay": [view(scales({0.25: 1.5, 1.0: 1.3, 2.25: 1.2}))],
    "scale-controls-delay-summed": [view(scales(FALLING)), view(scales({0.25: 1.1, 1.0: 1.2, 4.0: 1.3}))],
    "subtraction-matters-little": [view(one(run(fit=1800, gen=3500, end=80_000)), SHOWN["summed"])],
    "lazy-then-rich": [view(one(run(fit=20_000, gen=38_000, end=80_000, after=0.5)))],
    "polynomial-groks-in-loss": [view(one(losses(late=600)))],
    "polynomial-test-peak": [view(one(losses(peak=1.02))), view(one(losses(low=0.8)))],
    "linear-power-rises-and-falls": [
        view(one(losses(linear=(0.0, 0.05, 0.001)))),
        view(one(losses(linear=(0.0, 0.2, 0.1)))),
    ],
    "peaks-coincide": [view(one(losses(at=4.0))), view(one(losses(at=0.3)))],
    "polynomial-scale-delays": [
        view(over(SCALE, {s: losses(early=60, late=900 / s) for s in (0.4, 1.2, 2.8)}))
    ],
    "small-eps-later-and-lower": [
        view(over(EPS, {e: losses(early=10, late=1000 * e, low=e) for e in (0.04, 0.08, 0.14)})),
        view(over(EPS, {e: losses(early=10, late=100 / e, low=0.01 / e) for e in (0.04, 0.08, 0.14)})),
    ],
    "small-eps-more-steps-between": [
        view(over(EPS, {e: losses(early=10, late=1000 * e) for e in (0.04, 0.08, 0.14)}))
    ],
    "small-eps-larger-ratio": [
        view(over(EPS, {e: losses(early=10 / e, late=100 / e**0.5) for e in (0.04, 0.08, 0.14)}))
    ],
    "polynomial-lazy-then-rich": [view(one(losses(after=0.3)))],
    "few-rows-never": [view(one(losses(late=4000, low=0.5)))],
    "some-rows-delay": [view(one(losses(early=60, late=100)))],
    "many-rows-together": [
        view(one(losses(early=60, late=100, low=0.2))),
        view(one(losses(early=60, late=300, low=0.01))),
    ],
    "two-neurons-test-peak": [view(one(losses(peak=1.0)))],
    "init-equals-scale": [
        view(one(losses(low=0.4)), one(losses(low=0.8)), one(losses(low=0.4))),
        view(one(losses()), one(losses(moved=5.0)), one(losses())),
    ],
    "accuracy-mirage-2": [
        view(one(run(fit=700, gen=728, half=0.96, end=4000)), SHOWN["teacher-loose-fresh"]),
        view(one(run(fit=700, end=60_000)), SHOWN["teacher-loose-fresh"]),  # it never generalises
        view(SHOWN["teacher-strict-long"], one(run(fit=25, gen=100, end=4000))),
    ],
    "teacher-losses-together": [view(one(run(fit=700, end=4000, together=False)))],
    "decay-removes-delay": [view(SHOWN["transformer-decay"], SHOWN["transformer-decay"])],
    "scale-restores-delay": [view(SHOWN["transformer-decay"], SHOWN["transformer-decay"])],
}


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_yes_on_a_run_that_shows_what_is_claimed(claim: Claim) -> None:
    shown = [SHOWN[name] for name in claim.experiments]
    if claim.id == "small-eps-larger-ratio":
        shown = [over(EPS, {e: losses(early=10, late=20 / e) for e in (0.04, 0.08, 0.14)})]
    assert answer(claim.rule, view(*shown)).yes is True


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_a_measured_no_on_runs_that_do_not(claim: Claim) -> None:
    assert [answer(claim.rule, found).yes for found in NO[claim.id]] == [False] * len(NO[claim.id])


@pytest.mark.parametrize("claim", [c for c in PAPER.claims if c.control], ids=lambda claim: claim.id)
def test_a_rule_says_no_on_records_like_its_control(claim: Claim) -> None:
    assert answer(claim.rule, view(SHOWN[str(claim.control)])).yes is False


def test_a_test_loss_that_never_falls_has_the_longest_delay() -> None:
    never = losses(late=np.inf)
    rule = CLAIMS["polynomial-scale-delays"].rule
    shown = {0.4: losses(early=60, late=300), 1.2: losses(early=60, late=900), 2.8: never}
    assert answer(rule, view(over(SCALE, shown))).yes is True
    shown[0.4] = never
    assert answer(rule, view(over(SCALE, shown))).yes is False


def test_the_recipes_are_the_notebooks() -> None:
    modular = LIBRARY.recipe("kumar2023/modular")
    assert (modular.model["width"], modular.loss["reduction"], modular.optimizer["lr"]) == (100, "mean", 100)
    assert modular.training["rate_power"] == 2
    assert not modular.training["subtract_start"]
    polynomial = LIBRARY.recipe("kumar2023/polynomial")
    assert (polynomial.model["width"], polynomial.model["epsilon"]) == (100, 0.5)
    assert polynomial.training["subtract_start"]
    two = LIBRARY.recipe("kumar2023/two-neurons")
    assert (two.model["width"], two.model["epsilon"], two.optimizer["lr"]) == (2, 0.25, 1)
    transformer = LIBRARY.recipe("kumar2023/transformer")
    assert (transformer.optimizer["lr"], transformer.optimizer["warmup"]) == (6e-6, 10)


def test_quick_has_every_claim_but_the_transformers() -> None:
    for claim in PAPER.claims:
        quick = all("quick" in EXPERIMENTS[name].tiers for name in claim.experiments)
        assert quick == (claim.figure != "transformers")
        assert quick or not claim.headline
