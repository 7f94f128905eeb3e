"""Where the papers disagree: whose trials the comparisons use, what differs between their arms, and what their rules say."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from grokbench.claims.answers import answer
from grokbench.measures.cells import Cell, SeedView
from grokbench.plan import expand as plan
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim, Trial
from grokbench.store import keys
from grokbench.training.record import Record
from tests.claims.claim_records import grokked, record, stuck, view

LIBRARY = Library()
PAPER = LIBRARY.paper("cross-paper")
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}
CLAIMS = {claim.id: claim for claim in PAPER.claims}
PAPERS = ("power2022", "gromov2023", "nanda2023", "hu2024")
QUICK_ADDED = {
    "adamw-mean-field",
    "relu",
    "relu-no-decay",
    "relu-scalars",
    "relu-embedding",
    "quadratic-decay",
}
OWN_SEEDS = {"gd", "adamw", "adamw-wd5"}  # gromov2023's own are on others
ADDED = QUICK_ADDED | {
    "mlp-30",  # of hu2024 on other seeds
    "mlp-decay-30",
    "mlp-half",
    "mlp-decay-half",
    "mlp-scalars-decay-half",
    "mlp-embedding-decay-half",
}


def _trials(paper: str, tier: str) -> Iterable[plan.PlannedTrial]:
    return plan.plan_paper(LIBRARY, LIBRARY.paper(paper), tier).trials


@pytest.mark.parametrize(
    ("tier", "added"), [("quick", QUICK_ADDED | OWN_SEEDS), ("paper", ADDED | OWN_SEEDS | {"gd-half"})]
)
def test_a_trial_that_is_not_added_is_one_of_a_papers_own(tier: str, added: set[str]) -> None:
    theirs = {keys.key(planned.trial) for paper in PAPERS for planned in _trials(paper, tier)}
    new = {
        planned.experiment
        for planned in _trials("cross-paper", tier)
        if keys.key(planned.trial) not in theirs
    }
    assert new == added


def test_after_the_four_papers_the_quick_tier_adds_less_than_twenty_minutes_on_two_cores() -> None:
    added = QUICK_ADDED | OWN_SEEDS
    new = [planned for planned in _trials("cross-paper", "quick") if planned.experiment in added]
    assert sum(planned.seconds for planned in new) / 2 < 20 * 60


def _trial(name: str) -> Trial:
    return plan.expand(LIBRARY, EXPERIMENTS[name], "paper")[0].trial


def _fields(trial: Trial) -> dict[str, object]:
    recipe = trial.recipe
    tables = ("model", "loss", "optimizer", "data", "training", "evaluation")
    fields = {f"{table}.{key}": value for table in tables for key, value in getattr(recipe, table).items()}
    return {**fields, "alpha": trial.alpha, "task": trial.task.id, "domain": str(trial.task.domain)}


def _differing(claim_id: str) -> set[str]:
    one, other = (_fields(_trial(name)) for name in CLAIMS[claim_id].experiments)
    return {name for name in {*one, *other} if one.get(name) != other.get(name)}


@pytest.mark.parametrize(
    ("claim_id", "fields"),
    [
        ("weight-decay-decides-the-relu-mlp", {"optimizer.weight_decay"}),
        ("weight-decay-decides-hus-mlp", {"optimizer.weight_decay"}),
        ("weight-decay-decides-hus-mlp-at-30", {"optimizer.weight_decay"}),
        ("encoding-decides-the-relu-mlp", {"model.encoding"}),
        ("encoding-decides-hus-mlp", {"model.encoding"}),
        ("embedding-groks-as-unit-vectors", {"model.encoding"}),
        ("embedding-groks-in-hus-mlp", {"model.encoding"}),
        ("peak-moves-with-weight-decay", {"optimizer.weight_decay"}),
        ("quadratic-mlp-groks-either-way", {"optimizer.weight_decay"}),
        ("decay-changes-gromovs-time-little", {"optimizer.weight_decay"}),
        ("decay-is-ahead-in-the-transformer", {"optimizer.weight_decay"}),
        ("decay-decides-in-the-transformer", {"optimizer.weight_decay"}),
        ("decay-speeds-the-decoder", {"optimizer.weight_decay"}),
    ],
)
def test_one_factor_is_varied_at_a_time(claim_id: str, fields: set[str]) -> None:
    assert _differing(claim_id) == fields


def test_where_two_factors_are_tied_only_they_differ() -> None:
    tables = {name.split(".")[0] for name in _differing("activation-and-loss-decide")}
    assert tables == {"model", "loss"}
    widths = {_trial(name).recipe.model["width"] for name in ("adamw", "relu-no-decay")}
    assert widths == {500}
    assert {name.split(".")[0] for name in _differing("peak-moves-with-the-optimizer")} == {"optimizer"}


def _even(accuracy: float) -> Record:
    return record([0, 100, *range(1600, 1801, 40)], [0] + [1] * 7, [0] + [accuracy] * 7, budget=1800)


def _peaked(early: bool) -> Record:
    """Test loss largest at the onset, 1000, or where the training set is fitted, 100; T_gen 1200."""
    steps = [0, *range(100, 1001, 100), *range(1200, 2400, 100)]
    top = (100, 500) if early else (800, 1000)
    loss = [10.0 if top[0] <= step <= top[1] else 1.0 for step in steps]
    return record(steps, [0] + [1] * 22, [0.0] * 11 + [1.0] * 12, test_loss=loss)


def _delays(largest: float, alphas: tuple[float, ...] = (0.3, 0.4, 0.5, 0.6, 0.7)) -> SeedView:
    def one(alpha: float) -> Record:
        t_gen = 9000 if alpha == largest else 2000
        steps = [0, 100, *(round(t_gen * (1 + i / 10)) for i in range(6))]
        return record(steps, [0] + [1] * 7, [0, 0] + [1] * 6, budget=10_000, alpha=alpha)

    return SeedView(0, (tuple(Cell(0, {"alpha": alpha}, one(alpha)) for alpha in alphas),))


def _examples(claim: Claim) -> tuple[SeedView, SeedView]:
    """A seed that says yes to the claim, and one that says no."""
    first, many = claim.rule[0].measure, len(claim.experiments)
    if claim.id.startswith("peak-"):
        return view(_peaked(False), _peaked(True)), view(_peaked(True), _peaked(True))
    if first == "delay-peak-fraction":
        return _delays(0.5), _delays(0.3)
    if first == "delay-peak-rank":
        return _delays(0.3), _delays(0.6)
    if first == "final-accuracy-lead":
        return view(_even(0.9), _even(0.6)), view(_even(0.9), _even(0.9))
    if first == "time-ratio":
        slow = (claim.rule[0].min or 0) > 1
        return view(grokked(3000 if slow else 250), grokked(200)), view(grokked(800), grokked(200))
    if claim.kind == "never":
        return view(stuck()), view(grokked(200))
    if many == 1:
        return view(grokked(200)), view(stuck())
    if claim.kind == "ordering":
        return view(grokked(200), stuck()), view(grokked(200), grokked(200))
    return view(grokked(200), grokked(200)), view(grokked(200), stuck())


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_yes_and_a_measured_no_where_it_should(claim: Claim) -> None:
    yes, no = _examples(claim)
    assert answer(claim.rule, yes).yes is True
    assert answer(claim.rule, no).yes is False


@pytest.mark.parametrize("paper", ["cross-paper", "hu2024"])
def test_a_claim_that_is_named_elsewhere_exists(paper: str) -> None:
    papers = [LIBRARY.paper(name) for name in LIBRARY.paper_ids()]
    known = {f"{one.id}.{claim.id}" for one in papers for claim in (*one.claims, *one.superseded)}
    named = {
        link
        for claim in LIBRARY.paper(paper).claims
        for link in re.findall(
            r"(?:cross-paper|[a-z]+20[0-9]{2})\.[a-z0-9-]+", f"{claim.statement} {claim.source}"
        )
    }
    assert named
    assert named <= known


def test_a_comparison_has_neither_a_year_nor_an_address() -> None:
    assert PAPER.year is None
    assert PAPER.url is None
    assert LIBRARY.paper("hu2024").year == 2024
