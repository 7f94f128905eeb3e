"""Power et al. 2022: every rule says yes on records that show what is claimed, and no on ones that do not."""

from __future__ import annotations

import pytest

from grokbench.claims.answers import answer
from grokbench.claims.decide import decide
from grokbench.measures.cells import Cell, SeedView
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim
from grokbench.training.record import Record
from tests.claims import power_records as runs
from tests.claims.claim_records import record, rising, view
from tests.claims.power_records import (
    BEHIND,
    DIVISION_90,
    EIGHT,
    FAST,
    GROKKED,
    GROWING,
    NINETY,
    RIGHT,
    STEEP,
    STUCK,
    arm,
    rates,
    run,
    seed_of,
    sweep,
    tables,
    with_circles,
)  # fmt: skip

PAPER = Library().paper("power2022")
CLAIMS = {claim.id: claim for claim in PAPER.claims}
LEVEL = sweep([20_000] * 5 + [19_000], [9000, 8000, 7000, 6000, 5000, 4000])


def kept(late: float) -> Record:
    """A run with T_gen 2000 whose test accuracy is ``late`` once, at step 7000."""
    steps = [0, 500, 1000, 1500, *range(2000, 10_001, 500)]
    accuracy = [late if step == 7000 else 1.0 if step >= 2000 else 0.1 for step in steps]
    return record(steps, 1.0, accuracy, budget=10_000)


YES: dict[str, SeedView] = {
    "delayed-generalization-2": view(GROKKED),
    "addition-groks-2": view(GROKKED, NINETY),
    "subtraction-groks-2": view(GROKKED, NINETY),
    "s5-groks-2": view(GROKKED, NINETY),
    "division-fits-in-range": view(GROKKED),
    "division-gap-shrinks": view(FAST, GROKKED),
    "addition-stays": view(kept(1.0)),
    "symmetric-easier-at-half": view(run(1000, 2000, 12_000), GROKKED),
    "symmetric-easier-at-half-mirrored": view(run(1000, 2000, 12_000), GROKKED),
    "subtraction-like-division-at-half": view(run(1000, 7000, 12_000), GROKKED),
    "one-split-same-time": view(run(1000, 7000, 12_000), GROKKED),
    "both-tokens-same-time": view(run(1000, 7000, 12_000), GROKKED),
    "relabel-isomorphism": tables(*RIGHT),
    "output-circles-2": view(with_circles(GROKKED)),
    "curves-track-at-large-alpha": view(FAST),
    "x3xy2y-never": seed_of(arm(None, (0.5, 0.8, 0.95))),
    "x3xy2y-never-in-20000": view(run(3000, None, 20_000)),
    "fig1-division-fits": view(runs.double_descent()),
    "fig1-division-delay": view(runs.double_descent()),
    "fig1-no-generalisation-at-first": view(runs.double_descent()),
    "fig1-not-with-wd": view(runs.double_descent(), GROKKED),
    "val-loss-double-descent": view(runs.double_descent()),
    "val-loss-peaks-before-generalising": view(runs.double_descent()),
    "time-blows-up-as-alpha-falls": STEEP,
    "time-blows-up-as-alpha-falls-with-weight-decay": STEEP,
    "train-time-in-range": STEEP,
    "train-time-falls": STEEP,
    "train-time-flat": STEEP,
    "converged-100-in-range": seed_of(arm(0.3)),
    "wd-best-data-efficiency": seed_of(arm(0.3), *EIGHT),
    "wd-to-init-second": seed_of(arm(0.25), arm(0.4), arm(0.7)),
    "noise-helps": seed_of(arm(0.5), arm(0.6), arm(0.9), arm(0.9)),
    "fullbatch-nowd-generalizes-high-alpha": seed_of(arm(0.8)),
    "lr-window": seed_of(rates({1e-4: False, 3e-4: True, 1e-3: True, 3e-3: True, 1e-2: False})),
    "train100-all-methods": seed_of(*[arm(0.5)] * 9),
    "sub-equals-div": seed_of(arm(0.3), arm(0.25)),
    "symmetric-easier": seed_of(arm(0.25), arm(0.3)),
    "symmetric-easier-quadratic": seed_of(arm(0.25), arm(None)),
    "mixed-op-generalizes": seed_of(arm(0.8)),
    "other-operations-generalize-2": seed_of(*[arm(0.9)] * 4),
    "harder-ops-need-more-data": seed_of(*[arm(a) for a in (0.2, 0.3, 0.3, 0.2, 0.4, 0.5, 0.7, 0.8)]),
    "wd-makes-structure-clearer": view(with_circles(GROKKED), with_circles(GROKKED, gini=0.5)),
}
NO: dict[str, SeedView] = {
    "delayed-generalization-2": view(BEHIND),
    "addition-groks-2": view(GROKKED, run(1000, 3000, 12_000)),  # R½ 4.2 and 3.0
    "subtraction-groks-2": view(BEHIND, NINETY),
    "s5-groks-2": view(GROKKED, GROKKED),
    "division-fits-in-range": view(run(400, 5000, 12_000)),
    "division-gap-shrinks": view(run(1000, 2100, 12_000), GROKKED),  # 2.1 over 4.2
    "addition-stays": view(kept(0.6)),
    "symmetric-easier-at-half": view(run(1000, 4500, 12_000), GROKKED),
    "symmetric-easier-at-half-mirrored": view(run(1000, 9000, 12_000), GROKKED),
    "subtraction-like-division-at-half": view(run(1000, 2000, 12_000), GROKKED),
    "one-split-same-time": view(run(1000, 11_000, 12_000), GROKKED),
    "both-tokens-same-time": view(STUCK, GROKKED),
    "relabel-isomorphism": tables(("addition", 96), ("division", 97), ("subtraction", 96), ("multiplication", 97)),
    "output-circles-2": view(runs.untrained()),
    "curves-track-at-large-alpha": view(GROKKED),
    "x3xy2y-never": seed_of(arm(0.9, (0.5, 0.8, 0.95))),
    "x3xy2y-never-in-20000": view(run(3000, None, 20_000, best=0.2)),
    "fig1-division-fits": view(run(5000, 50_000)),
    "fig1-division-delay": view(GROKKED),
    "fig1-no-generalisation-at-first": view(GROKKED),
    "fig1-not-with-wd": view(run(1000, 20_000), GROKKED),
    "val-loss-double-descent": view(FAST),
    "val-loss-peaks-before-generalising": view(FAST),
    "time-blows-up-as-alpha-falls": LEVEL,
    "time-blows-up-as-alpha-falls-with-weight-decay": LEVEL,
    "train-time-in-range": sweep(GROWING, [2000, 2100, 2200, 2300, 2400, 25_000]),
    "train-time-falls": LEVEL,
    "train-time-flat": LEVEL,
    "converged-100-in-range": seed_of((*arm(0.3)[:-1], Cell(0, {"alpha": 0.9}, record(
        [0, 5000, *range(6000, 10_001, 500)], 1.0, [0, 0.995, *[0.995] * 9], budget=runs.BUDGET)))),
    "wd-best-data-efficiency": seed_of(arm(0.3), *[arm(0.7)] * 4, *[arm(0.4)] * 4),
    "wd-to-init-second": seed_of(arm(0.4), arm(0.4), arm(0.7)),
    "noise-helps": seed_of(arm(0.5), arm(0.9), arm(0.9), arm(0.9)),
    "fullbatch-nowd-generalizes-high-alpha": seed_of(arm(None)),
    "lr-window": seed_of(rates({1e-4: True, 3e-4: True, 1e-3: True, 3e-3: True, 1e-2: False})),
    "train100-all-methods": seed_of(*[arm(0.5)] * 8, arm(0.5, t_mem=100)),
    "sub-equals-div": seed_of(arm(0.3), arm(0.5)),
    "symmetric-easier": seed_of(arm(0.3), arm(0.3)),
    "symmetric-easier-quadratic": seed_of(arm(0.4), arm(0.3)),
    "mixed-op-generalizes": seed_of(arm(None)),
    "other-operations-generalize-2": seed_of(*[arm(0.9)] * 3, arm(None)),
    "harder-ops-need-more-data": seed_of(*[arm(a) for a in (0.3, 0.4, 0.3, 0.3, 0.2, 0.5, 0.4, 0.3)]),
    "wd-makes-structure-clearer": view(with_circles(GROKKED), with_circles(GROKKED)),
}  # fmt: skip
CONTROLS = {
    "addition-long-lr-high": view(kept(0.4)),
    "addition-untrained": view(runs.untrained()),
    "cubic-80": view(run(3000, None, 20_000)),
    "division-90": view(FAST),
    "division-90-short": view(DIVISION_90),
}


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_yes_on_records_that_show_what_is_claimed(claim: Claim) -> None:
    assert answer(claim.rule, YES[claim.id]).yes is True


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_a_measured_no_on_records_that_do_not(claim: Claim) -> None:
    assert answer(claim.rule, NO[claim.id]).yes is False


@pytest.mark.parametrize(
    "claim", [c for c in PAPER.claims if c.control and c.kind != "never"], ids=lambda claim: claim.id
)
def test_a_rule_says_no_on_a_record_like_its_control(claim: Claim) -> None:
    assert claim.control
    assert answer(claim.rule, CONTROLS[claim.control]).yes is False


@pytest.mark.parametrize(
    ("run_at_half", "yes"),
    [
        (rising(1000, 1100, 1500, 2500), True),  # R½ 1.5, T_gen 2.3 T_mem
        (BEHIND, False),  # R½ 1.3
        (rising(1000, 1600, 1500, 3700), False),  # half the test set is right before the fit
        (rising(1000, 1100, 1500, 2000), False),  # grokking, but T_gen 1.8 T_mem
    ],
    ids=["delayed", "small R½", "not behind", "soon"],
)
def test_division_must_lag_by_half_as_much_again_and_take_twice_as_long(
    run_at_half: Record, yes: bool
) -> None:
    assert answer(CLAIMS["delayed-generalization-2"].rule, view(run_at_half)).yes is yes


@pytest.mark.parametrize("name", ["addition-groks-2", "subtraction-groks-2", "s5-groks-2"])
@pytest.mark.parametrize(
    ("arms", "yes"),
    [
        ((rising(1000, 1100, 3000, 5000), NINETY), True),  # R½ 3.0 over 1.5
        ((rising(1000, 1100, 2900, 5000), NINETY), False),  # R½ 2.9 over 1.5
        ((BEHIND, rising(1000, 1100, 600, 1200)), False),  # R½ 1.3 over 0.6
        ((rising(1000, 3100, 3000, 5000), NINETY), False),
        ((NINETY, GROKKED), False),
        ((GROKKED, STUCK), False),  # nine tenths of the table delay more
    ],
    ids=["twice", "less than twice", "no grokking", "not behind", "the other way round", "never at 90 %"],
)
def test_the_delay_at_one_half_is_twice_that_at_nine_tenths(
    name: str, arms: tuple[Record, Record], yes: bool
) -> None:
    assert answer(CLAIMS[name].rule, view(*arms)).yes is yes


@pytest.mark.parametrize("name", ["output-circles-2", "wd-makes-structure-clearer"])
def test_a_record_without_its_analysis_answers_nothing(name: str) -> None:
    assert answer(CLAIMS[name].rule, view(GROKKED, GROKKED)).yes is None


def test_a_network_that_has_not_generalised_has_no_structure_to_compare() -> None:
    pair = view(with_circles(GROKKED), with_circles(STUCK, gini=0.1))
    assert answer(CLAIMS["wd-makes-structure-clearer"].rule, pair).yes is None


def test_a_run_that_has_not_generalised_by_the_end_of_fig_1_decides_nothing_of_the_delay() -> None:
    unfinished = view(run(600, None, 1_000_000))
    assert answer(CLAIMS["fig1-division-delay"].rule, unfinished).yes is None
    assert answer(CLAIMS["fig1-no-generalisation-at-first"].rule, unfinished).yes is True
    assert answer(CLAIMS["fig1-not-with-wd"].rule, view(run(600, None, 1_000_000), GROKKED)).yes is True


@pytest.mark.parametrize(("budget", "verdict"), [(100_000, "REPRODUCED"), (99_999, "INCONCLUSIVE")])
def test_the_polynomial_is_never_learned_only_within_the_papers_own_budget(budget: int, verdict: str) -> None:
    seeds = [view(run(3000, None, budget)) for _ in range(6)]
    control = [view(run(1000, 2000, 12_000)) for _ in range(6)]
    assert decide(CLAIMS["x3xy2y-never"], seeds, control, "paper").verdict == verdict


@pytest.mark.parametrize(("control", "verdict"), [(1900, "REPRODUCED"), (2100, "INCONCLUSIVE")])
def test_the_cheap_never_lasts_ten_times_as_long_as_addition_takes(control: int, verdict: str) -> None:
    seeds = [view(run(3000, None, 20_000)) for _ in range(6)]
    additions = [view(run(800, control, 12_000)) for _ in range(6)]
    assert decide(CLAIMS["x3xy2y-never-in-20000"], seeds, additions, "paper").verdict == verdict


def test_the_table_check_holds_on_one_seed_and_at_smoke() -> None:
    claim = CLAIMS["relabel-isomorphism"]
    assert decide(claim, [YES[claim.id]], tier="smoke").verdict == "REPRODUCED"
    assert decide(claim, [NO[claim.id]], tier="quick").verdict == "NOT REPRODUCED"
