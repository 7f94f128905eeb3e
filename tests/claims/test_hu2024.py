"""Hu, Zhou and Yu 2024: every rule says yes on a run that shows what is claimed, and a measured no on one that does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grokbench.claims import computed
from grokbench.claims.answers import answer
from grokbench.claims.decide import decide
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.rising import time_at_fraction, updates_per_epoch
from grokbench.networks.registry import build
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim
from grokbench.store import archive
from grokbench.training.record import Record
from tests.claims.claim_records import record, rising, stuck

LIBRARY = Library()
REPORTS = Path(__file__).resolve().parents[2] / "reports"
PAPER = LIBRARY.paper("hu2024")
CLAIMS = {claim.id: claim for claim in PAPER.claims}
GRID = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def run(t_mem: int, rise: int, t_gen: int, *, alpha: float = 0.3, budget: int = 300_000) -> Record:
    """Fits at ``t_mem``, is half-way at ``rise`` and generalises at ``t_gen``; its test loss peaks at the fit."""
    steps = [0, t_mem, (t_mem + rise) // 2, rise, t_gen, *(round(t_gen * (1 + i / 10)) for i in range(1, 8))]
    train = [0.01] + [1.0] * 11
    test = [0.01, 0.02, 0.05, 0.6] + [1.0] * 8
    loss = [4.6, 20.0, 20.0, 0.9] + [0.01] * 8
    return record(steps, train, test, test_loss=loss, alpha=alpha, budget=budget)


def together(t_gen: int = 1000, *, alpha: float = 0.3) -> Record:
    """Train and test accuracy rise to 1 at once."""
    steps = [0, t_gen // 2, *(round(t_gen * (1 + i / 10)) for i in range(8))]
    return record(steps, [0, 0.8] + [1.0] * 8, [0, 0.8] + [1.0] * 8, alpha=alpha, budget=300_000)


def flat(budget: int = 300_000, *, alpha: float = 0.3, losses: Sequence[float] = (4.6, 20.0, 30.0)) -> Record:
    """Memorises; the test accuracy never rises."""
    steps = [0, *(budget * i // 10 for i in range(1, 11))]
    test_loss = [losses[0], *[losses[1]] * 5, *[losses[2]] * 5]
    train, test = [0.0] + [1.0] * 10, [0.0] + [0.02] * 5 + [0.03] * 5
    return record(steps, train, test, test_loss=test_loss, alpha=alpha, budget=budget)


def unfitted(final: float = 0.5) -> Record:
    """Train and test accuracy rise together, and stay below 100 %."""
    return record([0, 50_000, 300_000], [0, final, final], [0, 0.9 * final, 0.9 * final])


def with_loss(*losses: float) -> Record:
    """20 000 steps, in each fifth of which the test loss is one of these."""
    steps = [*range(0, 20_000, 800), 20_000]
    return record(steps, 1, 0, test_loss=[losses[min(step // 4000, 4)] for step in steps])


def ended(accuracy: float, *, alpha: float = 0.5, t_mem: int = 150, budget: int = 1800) -> Record:
    """After ``budget`` steps: the training set fitted, ``accuracy`` on the test set."""
    steps = [0, t_mem, *range(budget - 200, budget + 1, 40)]
    return record(steps, [0] + [1.0] * 7, [0] + [accuracy] * 7, alpha=alpha, budget=budget)


def arms(*cells: Sequence[Record] | Record, seed: int = 0) -> SeedView:
    """One arm per argument: a record, or its records over the training fraction."""
    listed = [[one] if isinstance(one, Record) else list(one) for one in cells]
    return SeedView(
        seed, tuple(tuple(Cell(seed, {"alpha": r.trial.alpha}, r) for r in own) for own in listed)
    )


def sweep(times: Sequence[int], alphas: Sequence[float] = GRID, t_mem: int = 100) -> list[Record]:
    return [run(t_mem, t // 2, t, alpha=a) for a, t in zip(alphas, times, strict=True)]


def lead(of: Sequence[float], claim: Claim) -> SeedView:
    """Arms whose accuracies after 1800 steps are these, the last one for all that follow."""
    values = [*of, *[of[-1]] * (len(claim.experiments) - len(of))]
    return arms(*[ended(value) for value in values])


def fits(times: Sequence[int]) -> list[Record]:
    """300 steps at six fractions, each of which is fitted at its own time."""
    alphas = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
    return [record([0, t, 300], [0, 1, 1], 0, alpha=a) for t, a in zip(times, alphas, strict=True)]


def watched(slingshots: int) -> Record:
    """A run on digits looked at every ten steps, with four slingshots or with none."""
    which = {4: "positive", 0: "negative"}[slingshots]
    with np.load(DIGITS) as kept:
        names = ("loss", "train_accuracy", "last_layer_norm")
        loss, accuracy, norm = (kept[f"{which}/{name}"][::10] for name in names)
    steps = list(range(0, 10 * len(loss), 10))
    return record(steps, accuracy, 0, train_loss=loss, probes={"last-layer": {"step": steps, "norm": norm}})


DIGITS = Path(__file__).resolve().parents[1] / "data" / "thilak2022-slingshots.npz"
OFFICIAL = (0.3, 0.45, 0.5, 0.6, 0.75, 0.9)
SLOW = run(200, 6000, 9100)
LOSING = record([0, 100, 200, 300, 400], [0, 1, 0.98, 1, 0.98], 0)
SLOW_FIT = run(100, 6000, 9100)
DRIFT = record([0, 100, 10_000, 20_000], [0, 1, 1, 1], [0, 0.02, 0.2, 0.5])  # rises long after its fit
ONSET = [
    flat(alpha=0.3),
    *(run(100, 2000, 4000, alpha=a) for a in OFFICIAL[1:]),
]
PEAKED = [
    run(100, 1000, t, alpha=a) for a, t in zip(OFFICIAL, (3000, 5000, 9000, 4000, 2000, 1500), strict=True)
]
STEADY = [
    run(100, 1000, t, alpha=a) for a, t in zip(OFFICIAL, (9000, 5000, 4000, 3000, 2000, 1500), strict=True)
]
EARLY = [run(100, 2000, 4000, alpha=a) for a in OFFICIAL]


def _solved_from(threshold: float, alphas: Sequence[float]) -> list[Record]:
    return [
        run(100, 1000, 2000, alpha=a, budget=20_000) if a >= threshold else flat(20_000, alpha=a)
        for a in alphas
    ]


STEPS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
YES: dict[str, SeedView] = {
    "b30-groks-2": arms(SLOW),
    "b30-fits-in-200": arms(SLOW),
    "b30-rises-near-6000": arms(SLOW),
    "b30-full-near-9100": arms(SLOW),
    "b30-loss-in-step": arms(SLOW),
    "b30-loss-peaks-inside": arms(SLOW),
    "b15-stays-near-nothing": arms(flat(25_000)),
    "b15-loss-no-better": arms(flat(25_000)),
    "b45-small-delay": arms(run(200, 600, 1000), SLOW),
    "b45-loss-in-step": arms(SLOW),
    "b-fits-later-from-90": arms(run(160, 300, 400), SLOW_FIT),
    "b-fit-time-rises-with-alpha": arms(fits((100, 110, 120, 130, 150, 140))),
    "a-groks": arms(SLOW, rising(300, 400, 450, 800)),
    "a-delay-obvious-45": arms(rising(300, 400, 900, 2000)),
    "a-delay-obvious-60": arms(rising(300, 400, 900, 2000)),
    "full-batch-has-fewer-slingshots": arms(watched(0), watched(4)),
    "full-batch-stays-fitted": arms(watched(0), LOSING),
    "steps-fall-with-alpha": arms(sweep((20_000, 9000, 5000, 3000, 2000, 1500, 1200, 1000))),
    "a05-never": arms(flat(100_000)),
    "a-onset-40": arms(ONSET),
    "a-6000-steps": arms([run(100, 4000, 6000, alpha=0.45), run(100, 3000, 5000, alpha=0.6)]),
    "a-6000-epochs": arms([run(100, 4000, 6000, alpha=0.45), run(100, 3000, 5000, alpha=0.6)]),
    "a-gap-largest-near-50": arms(PEAKED),
    "a-small-gap-at-75": arms(together()),
    "a-small-gap-at-90": arms(together()),
    "a-harder-than-b": arms(_solved_from(0.4, STEPS), _solved_from(0.3, STEPS)),
    "some-gen-without-wd": arms(ended(0.6)),
}
NO: dict[str, SeedView] = {
    "b30-groks-2": arms(rising(200, 220, 260, 3000, 27_000)),
    "b30-fits-in-200": arms(run(900, 6000, 9100)),
    "b30-rises-near-6000": arms(flat(27_000)),
    "b30-full-near-9100": arms(flat(27_000)),
    "b30-loss-in-step": arms(
        record([0, 100, 1000, 1300], [0, 1, 1, 1], [0, 0.1, 0.7, 1], test_loss=[4.6, 9, 8, 0.5])
    ),
    "b15-stays-near-nothing": arms(DRIFT),
    "b15-loss-no-better": arms(SLOW),
    "b45-small-delay": arms(run(200, 6000, 8000), SLOW),
    "b45-loss-in-step": arms(
        record([0, 100, 1000, 5000], [0, 1, 1, 1], [0, 0.1, 0.7, 1], test_loss=[4.6, 9, 8, 0.5])
    ),
    "b-fits-later-from-90": arms(run(102, 300, 400), SLOW_FIT),
    "b-fit-time-rises-with-alpha": arms(fits((150, 140, 130, 130, 120, 110))),
    "a-groks": arms(SLOW, rising(300, 400, 10_000, 20_000, 300_000)),
    "a-delay-obvious-45": arms(rising(300, 400, 890, 2000)),
    "a-delay-obvious-60": arms(rising(300, 400, 890, 2000)),
    "full-batch-has-fewer-slingshots": arms(watched(4), watched(4)),
    "full-batch-stays-fitted": arms(LOSING, watched(0)),
    "steps-fall-with-alpha": arms(sweep((2000, 2500, 2000, 3000, 2500, 2000, 2200, 2600))),
    "a05-never": arms(run(200, 6000, 9100, budget=100_000)),
    "a-onset-40": arms(EARLY),
    "a-6000-steps": arms([flat(alpha=0.45), run(100, 3000, 5000, alpha=0.6)]),
    "a-6000-epochs": arms([run(100, 300, 600, alpha=0.45), run(100, 3000, 5000, alpha=0.6)]),
    "a-gap-largest-near-50": arms(STEADY),
    "a-small-gap-at-75": arms(SLOW),
    "a-small-gap-at-90": arms(SLOW),
    "a-harder-than-b": arms(_solved_from(0.3, STEPS), _solved_from(0.3, STEPS)),
    "some-gen-without-wd": arms(ended(0.2)),
}
CONTROLS = {
    "b15": arms(flat(25_000)),
    "b30": arms(SLOW),
    "b30-fresh": arms(SLOW),
    "official-90": arms(rising(300, 400, 450, 800)),  # R½ 1.5
    "official-no-decay-90": arms(rising(300, 400, 450, 800)),
    "b90": arms(rising(100, 115, 130, 160, 3000)),  # R½ 1.30, as a pilot had
    "official-75": arms(SLOW),
    "official-no-decay-75": arms(SLOW),
}


def _fig5(claim: Claim) -> tuple[SeedView, SeedView] | None:
    if claim.id.startswith("adamw-") and "leaders" in claim.rule[0].args:
        leaders = claim.rule[0].args["leaders"]
        return lead([0.9] * leaders + [0.6], claim), lead(
            [0.9] + [0.6] * leaders, claim
        ) if leaders > 1 else (lead([0.6, 0.6], claim))
    if claim.id.startswith("adamw-leads-once-fitted"):
        unfitted_leader = record([0, 6000], [0, 0.9], [0, 0.9])
        return lead([0.9, 0.6], claim), arms(unfitted_leader, ended(0.6))
    if claim.id.startswith("bad-lr-hurts"):
        return lead([0.9, 0.5, 0.92], claim), lead([0.9, 0.85, 0.9], claim)
    if claim.id.startswith("train-100-in-200"):
        eight = len(claim.experiments)
        fast = [ended(0.5, t_mem=100 + 20 * i) for i in range(eight)]
        return arms(*fast), arms(*fast[:-1], ended(0.5, t_mem=900))
    return None


def _networks(claim: Claim) -> tuple[SeedView, SeedView] | None:
    if not claim.id.startswith(("mlp-", "lstm-")):
        return None
    many = len(claim.experiments)
    if "-no-late-gain-" in claim.id:
        return arms(*[unfitted()] * many), arms(*[unfitted()] * (many - 1), DRIFT)
    if "-together-" in claim.id:
        return arms(unfitted()), arms(stuck())
    if "-below-100-" in claim.id:
        return arms(unfitted()), arms(stuck())
    if "-loss-rises-late-" in claim.id:
        return arms(with_loss(4.6, 4.0, 3.0, 2.0, 5.0)), arms(with_loss(4.6, 2.0, 3.0, 4.0, 5.0))
    return arms(unfitted(0.9)), arms(unfitted(0.4))


def _examples(claim: Claim) -> tuple[SeedView, SeedView]:
    name = claim.id.removesuffix("-no-decay")
    if name in YES:
        return YES[name], NO[name] if name in NO else CONTROLS[str(claim.control)]
    found = _fig5(claim) or _networks(claim)
    assert found, claim.id
    return found


TRAINED = [claim for claim in PAPER.claims if not claim.computation]


@pytest.mark.parametrize("claim", TRAINED, ids=lambda claim: claim.id)
def test_a_rule_says_yes_on_a_run_that_shows_what_is_claimed(claim: Claim) -> None:
    assert answer(claim.rule, _examples(claim)[0]).yes is True


@pytest.mark.parametrize("claim", TRAINED, ids=lambda claim: claim.id)
def test_a_rule_says_a_measured_no_on_a_run_that_does_not(claim: Claim) -> None:
    assert answer(claim.rule, _examples(claim)[1]).yes is False


@pytest.mark.parametrize("claim", [c for c in PAPER.claims if c.control], ids=lambda claim: claim.id)
def test_a_rule_says_no_on_a_record_like_its_control(claim: Claim) -> None:
    assert answer(claim.rule, CONTROLS[str(claim.control)]).yes is False


@pytest.mark.parametrize(
    ("one", "yes"),
    [
        (rising(200, 250, 300, 2500, 27_000), True),  # R½ 1.5, T_gen 10 T_mem
        (rising(200, 220, 260, 3000, 27_000), False),  # R½ 1.3
        (rising(200, 300, 300, 3000, 27_000), False),  # half the test set is right at the fit
        (rising(200, 250, 300, 2400, 27_000), False),  # T_gen 9.6 T_mem
        (together(), False),
    ],
    ids=["delayed", "small R½", "not behind", "soon", "together"],
)
def test_thirty_percent_must_lag_by_half_as_much_again_and_take_ten_times_as_long(
    one: Record, yes: bool
) -> None:
    assert answer(CLAIMS["b30-groks-2"].rule, arms(one)).yes is yes


def test_arms_are_compared_at_the_end_of_the_budget() -> None:
    steps, budget = [0, 100, *range(1600, 2120, 40)], 1800
    accuracy = [0.0, 0.0, *(0.9 if step <= budget else 1.0 for step in steps[2:])]
    later = record(steps, [0.0] + [1.0] * (len(steps) - 1), accuracy, alpha=0.5, budget=budget)
    rule = CLAIMS["adamw-beats-adam-at-half"].rule
    assert answer(rule, arms(later, ended(0.9))).yes is False  # 1.0 after the budget does not count
    assert answer(rule, arms(later, ended(0.87))).yes is True


def _seeds(record: Record, n: int = 6) -> list[SeedView]:
    return [arms(record, seed=seed) for seed in range(n)]


def _decided(name: str, run: Record, *, control: Record = SLOW) -> str:
    claim = CLAIMS[name]
    return decide(claim, _seeds(run), _seeds(control), "paper", origins=["inferred"]).verdict


PICTURES = {  # run → whether it fits: no late rise, rises together, below 100 %, test loss rises late
    "as the paper draws": (with_loss(4.6, 4.0, 3.0, 2.0, 5.0), (0.0, 0.8), (0.0, 0.6), "yes yes yes yes"),
    "memorises": (with_loss(4.6, 9.0, 9.0, 9.0, 9.0), (0.0, 1.0), (0.01, 0.01), "yes no no no"),
    "groks": (with_loss(4.6, 20.0, 20.0, 1.0, 0.01), (0.0, 1.0), (0.0, 1.0), "no no no no"),
    "stays at nothing": (with_loss(4.6, 4.6, 4.6, 4.6, 4.6), (0.01, 0.01), (0.01, 0.01), "yes no yes no"),
}


@pytest.mark.parametrize("picture", PICTURES)
def test_each_picture_fits_the_sentences_that_it_shows_and_no_other(picture: str) -> None:
    run, train, test, expected = PICTURES[picture]
    steps = np.asarray(run.curves["step"])
    late = 10_000 if picture == "groks" else 2000
    curves = {
        "train_accuracy": np.where(steps >= 2000, train[1], train[0]),
        "test_accuracy": np.where(steps >= late, test[1], test[0]),
    }
    run = replace(run, curves={**run.curves, **curves})
    sentences = ("no-late-gain", "together", "below-100", "loss-rises-late")
    found = [answer(CLAIMS[f"mlp-{name}-scalars"].rule, arms(run)).yes for name in sentences]
    assert found == [word == "yes" for word in expected.split()]


def test_a_network_that_does_not_fit_is_decided_as_one_that_does() -> None:
    assert _decided("lstm-no-late-gain-scalars", unfitted(0.6)) == "REPRODUCED"
    assert _decided("mlp-together-scalars", unfitted(0.6)) == "REPRODUCED"
    assert _decided("mlp-together-one-hot", stuck()) == "NOT REPRODUCED"
    assert _decided("mlp-no-late-gain-one-hot", DRIFT) == "NOT REPRODUCED"


def test_a_control_that_does_what_is_claimed_leaves_nothing_decided() -> None:
    assert _decided("mlp-together-scalars", unfitted(0.6), control=together()) == "INCONCLUSIVE"


def test_a_run_that_diverged_is_unknown_and_no_answer() -> None:
    blown = replace(unfitted(), ended="diverged")
    for name in ("no-late-gain", "together", "below-100", "loss-rises-late"):
        assert answer(CLAIMS[f"mlp-{name}-scalars"].rule, arms(blown)).yes is None


@pytest.mark.parametrize("claim", [c for c in PAPER.claims if c.grid], ids=lambda claim: claim.id)
def test_a_rule_says_no_on_every_committed_record_of_its_control(claim: Claim) -> None:
    kept = archive.read(REPORTS / "hu2024" / "records", str(claim.control))
    assert len(kept) >= 6
    assert [answer(claim.rule, arms(one)).yes for one in kept] == [False] * len(kept)


def test_a_test_accuracy_of_a_tenth_is_not_near_nothing() -> None:
    risen = replace(flat(25_000), curves={**flat(25_000).curves, "test_accuracy": np.full(11, 0.1)})
    assert answer(CLAIMS["b15-stays-near-nothing"].rule, arms(risen)).yes is False


EMBEDDINGS = ("W_E", "W_pos", "W_U", "embedding.weight", "output.weight")


@pytest.mark.parametrize(
    ("name", "recipe", "weights"),
    [("a-has-4e5-weights", "hu2024/official", 394_240), ("b-has-1e5-weights", "hu2024/transformer", 196_608)],
)
def test_a_size_is_that_of_the_network_that_is_trained(name: str, recipe: str, weights: int) -> None:
    network = build(LIBRARY.recipe(recipe).model, 97, 0)
    left = [p.numel() for own, p in network.named_parameters() if own not in EMBEDDINGS]
    assert computed.answers(CLAIMS[name], [0])[0].numbers[0] == weights == sum(left)


def test_fifteen_percent_that_stay_at_nothing_for_fewer_steps_than_the_papers_decide_nothing() -> None:
    claim = CLAIMS["b15-stays-near-nothing"]
    short = _seeds(flat(10_000))
    assert decide(claim, short, _seeds(SLOW), "paper").verdict == "INCONCLUSIVE"
    assert decide(claim, _seeds(flat(25_000)), _seeds(SLOW), "paper").verdict == "REPRODUCED"


@pytest.mark.parametrize(("alpha", "n_train", "updates"), [(0.45, 4234, 9), (0.6, 5645, 12)])
def test_epochs_are_passes_over_the_training_set_in_batches(alpha: float, n_train: int, updates: int) -> None:
    one = run(100, 4000, 54_000, alpha=alpha)
    trial = replace(one.trial, recipe=LIBRARY.recipe("hu2024/official"))
    one = replace(one, trial=trial, facts={**one.facts, "n_train": n_train})
    assert updates_per_epoch(one) == updates
    assert time_at_fraction(arms(one), alpha, "epochs") == 54_000 / updates
    assert time_at_fraction(arms(one), alpha) == 54_000
