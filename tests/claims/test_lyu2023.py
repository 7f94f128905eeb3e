"""Lyu et al. 2023: every rule says yes on a run that shows what is claimed, and a measured no on one that does not."""

from __future__ import annotations

import pytest

from grokbench.claims.answers import answer
from grokbench.claims.decide import decide
from grokbench.measures.cells import SeedView
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim
from grokbench.training.record import Record
from tests.claims.claim_records import view
from tests.reports.synthetic_lyu import completed, of_every_experiment, run

LIBRARY = Library()
PAPER = LIBRARY.paper("lyu2023")
CLAIMS = {claim.id: claim for claim in PAPER.claims}
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}
SHOWN = of_every_experiment()
SPARSE, DENSE = SHOWN["sparse"], SHOWN["dense"]
NO: dict[str, list[SeedView]] = {
    "small-diag-groks": [view(SHOWN["sparse-no-decay"]), view(run(change=2000, early=0.9))],
    "small-diag-log-alpha": [
        view(SHOWN["sparse-scale-03"], SPARSE, run(change=60_000, end=90_000, scale=2.0, lr=0.009)),
        view(run(change=2000, scale=0.3, lr=0.1), SPARSE, SHOWN["sparse-scale-2"]),
    ],
    "small-diag-inverse-lambda": [
        view(run(change=7600, decay=3e-3), SPARSE),
        view(run(change=60_000, end=90_000, decay=3e-3), SPARSE),
    ],
    "small-diag-kernel-norm": [view(run(change=7500, shrinks=0.5)), view(run(change=7500, shrinks=2.0))],
    "small-diag-early-l2": [view(run(change=7500, cosine=0.9)), view(SHOWN["sparse-small-start"])],
    "small-diag-late-l1": [view(run(change=7500, share=0.6)), view(SHOWN["sparse-no-decay"])],
    "small-kkt": [view(run(change=7500, kkt=0.3)), view(SHOWN["sparse-no-decay"])],
    "small-diag-needs-decay": [view(run(change=9000, decay=0.0, shrinks=0.0), SPARSE)],
    "small-diag-never-without-decay": [view(run(change=60_000, end=100_000, decay=0.0))],
    "small-diag-needs-large-init": [view(run(change=6000, scale=0.01), SPARSE)],
    "small-misgrok": [
        view(SHOWN["dense-no-decay"]),
        view(SPARSE),
        view(run(change=28_000, end=50_000, early=0.999, late=0.9)),
    ],
    "small-offsets-differ": [view(SPARSE, run(change=11_000, end=50_000, lr=0.02, early=0.999, late=0.7))],
    "mc-groks": [
        view(SHOWN["completion-no-decay"]),
        view(completed(half=100_000)),
        view(completed(half=365_000, left=0.1)),
    ],
    "mc-early-zero": [view(completed(half=365_000, plateau=0.85)), view(completed(half=5000))],
    "mc-early-zero-mirrored": [view(completed(end=10_100, plateau=0.95))],
    "small-mc-log-alpha": [
        view(completed(half=34_000, end=36_000, scale=3.0, decay=1e-3), SHOWN["completion-decay-1e-3"]),
        view(completed(half=15_000, end=36_000, scale=3.0, decay=1e-3), SHOWN["completion-decay-1e-3"]),
    ],
    "diag-groks": [view(SHOWN["paper-sparse-no-decay"]), view(run(change=60_000, end=1_100_000))],
    "diag-misgroks": [view(SHOWN["paper-dense-no-decay"]), view(SHOWN["paper-sparse"])],
}


def shown(claim: Claim) -> SeedView:
    """Records of the claim's experiments that show what it says."""
    return view(*(SHOWN[name] for name in claim.experiments))


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_yes_on_a_run_that_shows_what_is_claimed(claim: Claim) -> None:
    assert answer(claim.rule, shown(claim)).yes is True


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_a_measured_no_on_runs_that_do_not(claim: Claim) -> None:
    assert [answer(claim.rule, one).yes for one in NO[claim.id]] == [False] * len(NO[claim.id])


@pytest.mark.parametrize(
    "claim", [c for c in PAPER.claims if c.control and c.kind != "never"], ids=lambda claim: claim.id
)
def test_a_rule_says_no_on_a_record_like_its_control(claim: Claim) -> None:
    assert answer(claim.rule, view(SHOWN[str(claim.control)])).yes is False


def six(*records: Record) -> list[SeedView]:
    return [view(*records, seed=seed) for seed in range(100, 106)]


def test_a_stand_in_says_so_in_its_title_and_cannot_speak_against_the_paper() -> None:
    small = [claim for claim in PAPER.claims if claim.id.startswith("small-")]
    assert len(small) == 13
    for claim in small:
        assert claim.title.startswith("Stand-in")
        assert claim.grade == "C"
    found = decide(
        CLAIMS["small-diag-groks"],
        six(SHOWN["sparse-no-decay"]),
        six(SHOWN["sparse-no-decay"]),
        origins=["code"],
    )
    assert (found.verdict, found.under_our_reading) == ("NOT REPRODUCED", True)


def changed(name: str, main: str) -> dict[str, object]:
    one, other = LIBRARY.recipe(f"lyu2023/{main}"), LIBRARY.recipe(f"lyu2023/{name}")
    tables = ("model", "loss", "optimizer", "data", "training", "evaluation")
    return {
        f"{table}.{key}": value
        for table in tables
        for key, value in getattr(other, table).items()
        if getattr(one, table).get(key) != value
    }


@pytest.mark.parametrize(
    ("name", "main", "fields"),
    [
        ("scale-03", "diagonal", {"model.scale", "optimizer.lr"}),
        ("scale-2", "diagonal", {"model.scale", "optimizer.lr"}),
        ("scale-001", "diagonal", {"model.scale"}),
        ("decay-3e-3", "diagonal", {"optimizer.weight_decay"}),
        ("no-decay", "diagonal", {"optimizer.weight_decay"}),
        ("dense-no-decay", "dense", {"optimizer.weight_decay"}),
        ("diagonal-paper-no-decay", "diagonal-paper", {"optimizer.weight_decay"}),
        ("completion-no-decay", "completion", {"optimizer.weight_decay"}),
        ("completion-decay-1e-3", "completion", {"optimizer.weight_decay"}),
        ("completion-scale-3", "completion-decay-1e-3", {"model.scale"}),
        ("completion-mirrored", "completion", {"data.split"}),
    ],
)
def test_a_recipe_differs_from_another_as_its_name_says(name: str, main: str, fields: set[str]) -> None:
    assert set(changed(name, main)) == fields


def test_the_papers_start_has_the_norm_that_its_code_gives() -> None:
    scale = LIBRARY.recipe("lyu2023/diagonal-paper").model["scale"]
    assert scale * (2 * 100_000) ** 0.5 == pytest.approx(128, rel=1e-3)


def test_quick_has_every_claim_but_those_of_the_papers_own_diagonal_networks() -> None:
    for claim in PAPER.claims:
        quick = all("quick" in EXPERIMENTS[name].tiers for name in claim.experiments)
        assert quick == (claim.id not in ("diag-groks", "diag-misgroks", "small-diag-never-without-decay"))
        assert quick or not claim.headline
