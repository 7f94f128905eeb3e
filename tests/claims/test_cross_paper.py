"""Where the papers disagree: whose trials the comparisons use, what differs between their arms, and what their rules say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from grokbench.analysis.timing import behind
from grokbench.claims.answers import answer
from grokbench.measures.cells import Cell, SeedView
from grokbench.plan import expand as plan
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim, Trial
from grokbench.store import keys
from grokbench.training.record import Record
from tests.claims.claim_records import grokked, record, stuck, view
from tests.reports.synthetic_thilak import curve

LIBRARY = Library()
PAPER = LIBRARY.paper("cross-paper")
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}
CLAIMS = {claim.id: claim for claim in PAPER.claims}
PAPERS = ("power2022", "gromov2023", "nanda2023", "hu2024")
QUICK_SHARED = {"gd", "gd-momentum-90", "transformer"}
QUICK_ADDED = {
    "adamw-mean-field",
    "relu",
    "relu-90",
    "relu-embedding",
    "relu-embedding-90",
    "transformer-held",
    "gromov-starts",
    "quadratic-few-rows",
    "quadratic-few-rows-decay",
    "quadratic-few-rows-gd",
}
ADDED = QUICK_ADDED | {
    "adamw-wd5-80",
    "gd-half",  # of gromov2023 on other seeds
    "relu-no-decay",
    "relu-scalars",
    "mlp-decay-30",
    "mlp-half",
    "mlp-decay-half",
    "mlp-scalars-decay-half",
    "mlp-embedding-decay-half",
    "mlp-embedding-decay-90",
    "quadratic-decay",
    "relu-mse",
    "relu-mse-90",
    "relu-mse-decay",
    "relu-slow-no-decay",
    "quadratic-entropy",
    "quadratic-entropy-decay",
    "quadratic-entropy-decay-90",
    "adam-128-float64-loss",
    "decoder-s5",
    "decoder-s5-fitted",
}


def _trials(paper: str, tier: str) -> tuple[plan.PlannedTrial, ...]:
    return plan.plan_paper(LIBRARY, LIBRARY.paper(paper), tier).trials


def _added(tier: str) -> set[tuple[str, int]]:
    """(experiment, seed) of every trial that none of the papers trains at that tier."""
    theirs = {keys.key(planned.trial) for paper in PAPERS for planned in _trials(paper, tier)}
    mine = _trials("cross-paper", tier)
    return {(one.experiment, one.seed) for one in mine if keys.key(one.trial) not in theirs}


def test_the_quick_tier_is_what_the_papers_quick_tiers_train_and_a_few_arms_of_its_own() -> None:
    assert {planned.experiment for planned in _trials("cross-paper", "quick")} == QUICK_SHARED | QUICK_ADDED
    assert {planned.seed for planned in _trials("cross-paper", "quick")} == set(range(100, 106))
    assert _added("quick") == {(name, seed) for name in QUICK_ADDED for seed in range(100, 106)}


def test_a_trial_of_the_paper_tier_that_is_not_added_is_one_of_a_papers_own() -> None:
    early = {
        ("quadratic-decay", seed) for seed in range(6)
    }  # its claim was decided before, and keeps its seeds
    late = {(name, seed) for name in ADDED - {"quadratic-decay"} for seed in range(100, 106)}
    fresh = {
        (name, seed) for name in ("gd-fresh", "gd-momentum-90-traced") for seed in range(106, 112)
    }  # others had been seen
    assert _added("paper") == early | late | fresh


def test_arms_that_are_paired_have_their_seeds_in_common() -> None:
    for claim in PAPER.claims:
        seeds = [{planned.seed for planned in _of(name)} for name in claim.experiments]
        assert len(set.intersection(*seeds)) >= 6, claim.id


def test_after_the_four_papers_the_quick_tier_adds_less_than_twenty_minutes_on_two_cores() -> None:
    new = [planned for planned in _trials("cross-paper", "quick") if planned.experiment in QUICK_ADDED]
    assert 0 < sum(planned.seconds for planned in new) / 2 < 20 * 60


def _of(name: str) -> tuple[plan.PlannedTrial, ...]:
    return plan.expand(LIBRARY, EXPERIMENTS[name], "paper")


def _trial(name: str) -> Trial:
    return _of(name)[0].trial


def _fields(trial: Trial) -> dict[str, object]:
    recipe = trial.recipe
    tables = ("model", "loss", "optimizer", "data", "training", "evaluation")
    fields = {f"{table}.{key}": value for table in tables for key, value in getattr(recipe, table).items()}
    return {**fields, "alpha": trial.alpha, "task": trial.task.id, "domain": str(trial.task.domain)}


def _differing(names: Iterable[str]) -> set[str]:
    one, other = (_fields(_trial(name)) for name in names)
    return {name for name in {*one, *other} if one.get(name) != other.get(name)}


LOSS = {"loss.kind", "loss.precision", "loss.reduction"}


@pytest.mark.parametrize(
    ("claim_id", "fields"),
    [
        ("relu-mlp-groks-2", {"alpha"}),
        ("quadratic-mlp-groks-with-decay", {"alpha"}),
        ("embedding-groks-as-unit-vectors-2", {"alpha"}),
        ("embedding-groks-in-hus-mlp-2", {"alpha"}),
        ("weight-decay-decides-the-relu-mlp-2", {"optimizer.weight_decay"}),
        ("weight-decay-decides-hus-mlp", {"optimizer.weight_decay"}),
        ("weight-decay-decides-hus-mlp-at-30-2", {"optimizer.weight_decay"}),
        ("encoding-decides-the-relu-mlp-2", {"model.encoding"}),
        ("encoding-decides-hus-mlp", {"model.encoding"}),
        ("peak-moves-with-weight-decay", {"optimizer.weight_decay"}),
        ("decay-changes-gromovs-time-little", {"optimizer.weight_decay"}),
        ("decay-is-ahead-in-the-transformer", {"optimizer.weight_decay"}),
        ("decay-decides-in-the-transformer", {"optimizer.weight_decay"}),
        ("decay-speeds-the-decoder", {"optimizer.weight_decay"}),
        ("relu-groks-without-decay-on-squares", {"alpha"}),
        ("transformer-held-is-sooner", {"optimizer.weight_decay", "optimizer.wrapper"}),
        ("float64-loss-steadies-hus-minibatches", {"loss.precision"}),
        ("quadratic-groks-on-entropy-with-decay", {"alpha"}),
        ("decay-decides-the-quadratic-mlp-on-entropy", {"optimizer.weight_decay"}),
        ("decay-changes-the-relu-mlp-little-on-squares", {"optimizer.weight_decay"}),
        ("loss-decides-the-relu-mlp", LOSS),
        ("loss-decides-the-quadratic-mlp", LOSS),
    ],
)
def test_one_factor_is_varied_at_a_time(claim_id: str, fields: set[str]) -> None:
    assert _differing(CLAIMS[claim_id].experiments) == fields


@pytest.mark.parametrize(
    ("one", "other", "field"),
    [
        ("relu-mlp-groks-2", "embedding-groks-as-unit-vectors-2", "model.encoding"),
        ("weight-decay-decides-hus-mlp", "embedding-groks-in-hus-mlp-2", "model.encoding"),
        ("activation-and-loss-decide-2", "quadratic-mlp-groks-with-decay", "optimizer.weight_decay"),
    ],
)
def test_what_groks_as_another_arm_does_differs_from_it_in_one_factor(
    one: str, other: str, field: str
) -> None:
    assert _differing([CLAIMS[one].experiments[0], CLAIMS[other].experiments[0]]) == {field}


def test_where_two_factors_are_tied_only_they_differ() -> None:
    tied = CLAIMS["activation-and-loss-decide-2"].experiments
    assert {name.split(".")[0] for name in _differing(tied)} == {"model", "loss"}
    widths = {_trial(name).recipe.model["width"] for name in tied}
    assert widths == {500}
    peaks = CLAIMS["peak-moves-with-the-optimizer"].experiments
    assert {name.split(".")[0] for name in _differing(peaks)} == {"optimizer"}


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


def _delayed(ratio: float) -> Record:
    """Fits at 100 and generalises at ``ratio`` times that, which is its R½."""
    t_gen = round(100 * ratio)
    steps = [0, 100, *(round(t_gen * (1 + i / 10)) for i in range(6))]
    return record(steps, [0] + [1] * 7, [0, 0] + [1] * 6, budget=4000)


def _falling(ratio: float, jump: float = 1.0, at: int = 150) -> Record:
    """As ``_delayed``, with its training loss at every step, which falls steadily but for a ``jump`` at step ``at``."""
    own = _delayed(ratio)
    steps = np.arange(own.curves["step"][-1] + 1)
    loss = np.exp(-steps / 1000) * np.where(steps == at, jump, 1.0)
    return replace(own, probes={"trace": {"step": steps, "loss": loss}})


def _starts(*ratios: float) -> SeedView:
    """Runs from five sizes of the start, with these R½ and T_gen a hundred times those."""
    scales = (0.5, 0.71, 1.0, 2.0, 4.0)
    cells = (
        Cell(0, {"training.initial_scale": scale}, _delayed(ratio))
        for scale, ratio in zip(scales, ratios, strict=True)
    )
    return SeedView(0, (tuple(cells),))


def _together() -> Record:
    """As the controls: not half-way when it fits at 160, but at 180, so that R½ is 1.1; T_gen 200."""
    steps = [0, 160, 180, *(round(200 * (1 + i / 10)) for i in range(6))]
    return record(steps, [0] + [1] * 8, [0, 0.3, 0.6] + [1] * 6, budget=4000)


def _examples(claim: Claim) -> tuple[SeedView, list[SeedView]]:
    """A seed that says yes to the claim, and such as say no."""
    asked = [condition.measure for condition in claim.rule]
    if claim.id.startswith("peak-"):
        return view(_peaked(False), _peaked(True)), [view(_peaked(True), _peaked(True))]
    if asked == ["delay-peak-fraction"]:
        return _delays(0.5), [_delays(0.3)]
    if asked == ["delay-peak-rank"]:
        return _delays(0.3), [_delays(0.6)]
    if asked == ["final-accuracy-lead"]:
        return view(_even(0.9), _even(0.6)), [view(_even(0.9), _even(0.9))]
    if asked == ["time-ratio"]:
        slow = (claim.rule[0].min or 0) > 1
        yes = view(grokked(3000 if slow else 250), grokked(200))
        return yes, [view(grokked(800), grokked(200))]
    if asked == ["unfitted-share-change"]:
        steady, losing = (record([0, 100, 200, 300], [0, 1, 1, end], 0) for end in (1, 0.9))
        return view(steady, losing), [view(losing, losing), view(steady, steady)]
    if asked == ["grokking", "train-loss-rise"]:
        after = _falling(2, jump=3, at=205)  # behind the half rise, at 200
        assert answer(claim.rule, view(after)).yes is True
        return view(_falling(2)), [view(_falling(2, jump=3)), view(_falling(1.1)), view(curve("positive"))]
    if asked == ["half-rise-ratio"]:
        return view(_together()), [view(_delayed(2)), view(_delayed(50))]
    if asked == ["final-normalised-accuracy", "final-train-accuracy"]:
        kept, lost, unlearned = (
            record([0, 100], [1, fit], [1, end]) for end, fit in ((0.95, 1), (0.3, 1), (1, 0.5))
        )
        return view(kept), [view(lost), view(unlearned)]
    if asked == ["logit-character-share"]:
        shares = [
            replace(grokked(200), analyses={"characters": {"logit_share": np.array([0.01, share])}})
            for share in (0.4, 0.1)
        ]
        return view(shares[0]), [view(shares[1])]
    if asked == ["half-rise-trend"]:
        return _starts(1.5, 2, 3, 5, 8), [_starts(4.5, 6, 7.7, 5.9, 5), _starts(8, 5, 4, 3, 2)]
    if asked == ["time-power"]:
        return _starts(1.5, 2, 3, 5, 8), [_starts(4, 4, 4, 4, 4), _starts(8, 5, 4, 3, 2)]
    if claim.kind == "never":
        return view(stuck()), [view(grokked(200))]
    if asked == ["grokking"]:
        return view(_delayed(2)), [view(_together()), view(stuck())]
    if asked == ["generalises"]:
        return view(grokked(200)), [view(stuck())]
    if asked == ["grokking", "half-rise-ratio-over"]:
        same = [view(_delayed(6), _delayed(5)), view(_together(), _together()), view(stuck(), _together())]
        return view(_delayed(6), _delayed(3)), same
    if asked == ["grokking", "generalises"]:
        either = [view(_delayed(2), _together()), view(_together(), stuck()), view(stuck(), stuck())]
        return view(_delayed(2), stuck()), either
    assert asked == ["generalises", "generalises"]
    return view(grokked(200), stuck()), [view(grokked(200), grokked(200)), view(stuck(), stuck())]


def test_a_run_like_the_controls_misses_grokking_by_its_half_rise_ratio_alone() -> None:
    """It would have met the rule that asked only that the rise is not half done when the training set is fitted."""
    curves = _together().curves
    assert behind(curves["train_accuracy"], curves["test_accuracy"], 0.0)
    assert _together().t_gen == 200
    assert _together().outcome == "comprehension"


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_yes_and_a_measured_no_where_it_should(claim: Claim) -> None:
    yes, no = _examples(claim)
    assert answer(claim.rule, yes).yes is True
    assert [answer(claim.rule, one).yes for one in no] == [False] * len(no)


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
