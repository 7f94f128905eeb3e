"""Mallinar et al. 2024: every rule says yes on a machine that shows what is claimed, and a measured no on one that does not."""

from __future__ import annotations

import pytest

from grokbench.claims.answers import answer
from grokbench.claims.computed import judged
from grokbench.claims.decide import decide
from grokbench.measures.cells import SeedView
from grokbench.measures.fourier_interpolant import compute
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim
from grokbench.training.record import Record
from tests.claims.claim_records import view
from tests.reports.synthetic_mallinar import machine, of_every_experiment, silent, solved

LIBRARY = Library()
PAPER = LIBRARY.paper("mallinar2024")
CLAIMS = {claim.id: claim for claim in PAPER.claims}
TRAINED = [claim for claim in PAPER.claims if not claim.computation]
SHOWN = of_every_experiment()
INVERSE = {"add": "subtract", "subtract": "add", "multiply": "divide", "divide": "multiply"}
NO: dict[str, list[SeedView]] = {
    "rfm-groks": [view(machine(first=0.2)), view(machine(top=0.9)), view(silent())],
    "train-loss-silent": [view(machine(train_loss=1e-6))],
    "test-loss-silent": [view(machine(loss_falls=5)), view(silent())],
    "hidden-progress": [view(machine(jump=5)), view(silent())],
    "hidden-progress-linear": [view(silent()), view(machine(jump=4))],
    "starts-below-chance": [view(machine(first=0.016))],
    "structure-without-generalisation": [view(machine(last=60)), view(silent(last=60))],
    **{
        f"structure-{own}": [view(machine(learns=other)), view(machine(learns=own, ends_at=0.3))]
        for own, other in INVERSE.items()
    },
    "gaussian-groks": [view(machine(jump=28)), view(silent())],
    "gaussian-paper-groks": [view(machine(top=0.9)), view(silent())],
    "random-circulant-suffices": [view(solved(0.8), machine()), view(solved(1.0), machine(top=0.6))],
    "circulant-wrong-fails": [view(solved(0.4))],
    "unstructured-fails": [view(solved(0.4))],
}
YES = {name: view(machine()) for name in ("gaussian-groks", "gaussian-paper-groks")}


def shown(claim: Claim) -> SeedView:
    """Records of the claim's experiments that show what it says."""
    return YES.get(claim.id) or view(*(SHOWN[name] for name in claim.experiments))


@pytest.mark.parametrize("claim", TRAINED, ids=lambda claim: claim.id)
def test_a_rule_says_yes_on_a_machine_that_shows_what_is_claimed(claim: Claim) -> None:
    assert answer(claim.rule, shown(claim)).yes is True


@pytest.mark.parametrize("claim", TRAINED, ids=lambda claim: claim.id)
def test_a_rule_says_a_measured_no_on_machines_that_do_not(claim: Claim) -> None:
    assert [answer(claim.rule, one).yes for one in NO[claim.id]] == [False] * len(NO[claim.id])


@pytest.mark.parametrize("claim", [c for c in TRAINED if c.control], ids=lambda claim: claim.id)
def test_a_rule_says_no_on_a_record_like_its_control(claim: Claim) -> None:
    assert answer(claim.rule, view(SHOWN[str(claim.control)])).yes is False


def six(*records: Record) -> list[SeedView]:
    return [view(*records, seed=seed) for seed in range(100, 106)]


def test_six_machines_and_their_control_decide() -> None:
    claim = CLAIMS["rfm-groks"]
    assert decide(claim, six(machine()), six(silent())).verdict == "REPRODUCED"
    assert decide(claim, six(silent()), six(silent())).verdict == "NOT REPRODUCED"
    assert decide(claim, six(machine()), six(machine())).verdict == "INCONCLUSIVE"


def test_one_training_loss_that_is_not_zero_contradicts_that_all_are() -> None:
    claim = CLAIMS["train-loss-silent"]
    assert decide(claim, six(machine()), ()).verdict == "REPRODUCED"
    assert (
        decide(claim, [*six(machine()), view(machine(train_loss=1e-4), seed=106)], ()).verdict
        == "NOT REPRODUCED"
    )


def test_the_theorem_holds_to_rounding_for_several_moduli() -> None:
    assert judged(CLAIMS["fourier-algorithm-exact"], "quick").verdict == "REPRODUCED"
    for p in (2, 5, 11):
        found = compute({"p": p}, 0)
        assert found["interpolation-error"] < 1e-12
        assert found["least-eigenvalue"] > 0.1


def test_controls_of_structure_are_the_machines_of_the_inverse_operation() -> None:
    for own, other in INVERSE.items():
        claim = CLAIMS[f"structure-{own}"]
        assert (claim.experiments, claim.control) == ((own,), other)
        assert [condition.args["operation"] for condition in claim.rule] == [own, other]


def test_every_machine_runs_on_seeds_of_which_nothing_was_known_and_in_double_precision() -> None:
    for experiment in PAPER.experiments:
        assert experiment.tiers["quick"].seeds == tuple(range(100, 106))
        recipe = LIBRARY.recipe(experiment.baseline)
        assert recipe.training["dtype"] == "float64"
        assert recipe.learner["kind"] == "rfm"


def test_the_two_bandwidths_are_those_of_the_text_and_of_the_code() -> None:
    text, code = (
        LIBRARY.recipe(f"mallinar2024/{name}").learner["bandwidth"]
        for name in ("rfm-gaussian-paper", "rfm-gaussian")
    )
    assert 2 * text**2 == pytest.approx(2.5)
    assert 2 * code**2 == pytest.approx(12.5)
