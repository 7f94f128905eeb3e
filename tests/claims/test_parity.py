"""Sparse parity: every rule says yes on a run that shows what is claimed, and a measured no on one that does not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from grokbench.claims.answers import answer
from grokbench.claims.computed import judged
from grokbench.claims.decide import decide
from grokbench.measures.cells import Cell, SeedView
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim
from grokbench.training.record import Record
from tests.claims.claim_records import view
from tests.reports.synthetic_parity import of_every_experiment, perfect, run, still, swept

LIBRARY = Library()
PAPER = LIBRARY.paper("parity")
CLAIMS = {claim.id: claim for claim in PAPER.claims}
TRAINED = [claim for claim in PAPER.claims if claim.experiments]
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}
SHOWN = of_every_experiment()
MERRILL = SHOWN["merrill"]


def over_n(*powers: tuple[float, float]) -> SeedView:
    """Arms over n, each a power and t_c at n = 10."""
    arms = (
        tuple(Cell(0, {"alpha": 0.5, **settings}, one) for settings, one in swept(power, at_10))
        for power, at_10 in powers
    )
    return SeedView(0, tuple(arms))


NO: dict[str, list[SeedView]] = {
    "parity-groks": [view(SHOWN["many-rows"]), view(run(t_gen=1700))],
    "no-decay-never": [view(MERRILL)],
    "no-decay-freezes": [view(still(fit=10_000, last=9600, budget=9600, freezes=False))],
    "sparsifies": [view(SHOWN["no-decay"]), view(run(t_gen=3500, size=40))],
    "sparsifies-at-transition": [view(SHOWN["many-rows-no-decay"]), view(run(t_gen=3500, size=40))],
    "final-size": [view(run(t_gen=3500, size=66))],
    "final-size-by-accuracy": [view(run(t_gen=3500, size=66))],
    "final-size-by-test-rows": [view(run(t_gen=3500, size=66))],
    "never-four": [view(run(t_gen=3500, size=4))],
    "few-hold-the-norm": [view(SHOWN["no-decay"])],
    "selective-growth": [view(SHOWN["no-decay"]), view(run(t_gen=3500, grows=1.0))],
    "same-norm-before": [view(SHOWN["no-decay"]), view(run(t_gen=3500, before=2.0))],
    "active-part-faithful": [view(SHOWN["no-decay"]), view(run(t_gen=3500, early=0.9))],
    "active-part-faithful-train": [view(SHOWN["no-decay"])],
    "complement-at-chance": [view(SHOWN["no-decay"]), view(run(t_gen=3500, complement=0.87))],
    "complement-at-chance-train": [view(SHOWN["no-decay"])],
    "finite-sample-delay-01": [
        view(run(t_gen=3000), SHOWN["barak-01-many"]),
        view(SHOWN["barak-01"], SHOWN["barak-01"]),
    ],
    "finite-sample-delay-001": [view(run(t_gen=3000), SHOWN["barak-001-many"])],
    "online-solves": [view(SHOWN["online-dense"]), view(perfect(20_000))],
    "plateau-then-jump": [view(SHOWN["online-one-bit"])],
    "hidden-progress-2": [view(SHOWN["online"], SHOWN["online"])],
    "noise-robust": [view(SHOWN["online-random-labels"])],
    "power-law": [over_n((1.3, 300), (1.3, 50)), over_n((0.3, 300), (-0.5, 50))],
    "width-does-not-divide": [view(perfect(7500), perfect(750))],
    "less-decay-later": [
        view(run(t_gen=5000), MERRILL),
        view(run(fit=5000, t_gen=38_000, budget=96_000), MERRILL),
    ],
    "four-bits-grok": [view(SHOWN["four-bits-many-rows"])],
}


def shown(claim: Claim) -> SeedView:
    """Records of the claim's experiments that show what it says."""
    if claim.id == "power-law":
        return over_n((1.3, 300), (0.6, 50))
    return view(*(SHOWN[name] for name in claim.experiments))


@pytest.mark.parametrize("claim", TRAINED, ids=lambda claim: claim.id)
def test_a_rule_says_yes_on_a_run_that_shows_what_is_claimed(claim: Claim) -> None:
    assert answer(claim.rule, shown(claim)).yes is True


@pytest.mark.parametrize(
    "claim", [c for c in TRAINED if c.id != "no-decay-freezes"], ids=lambda claim: claim.id
)
def test_a_rule_says_a_measured_no_on_runs_that_do_not(claim: Claim) -> None:
    assert [answer(claim.rule, one).yes for one in NO[claim.id]] == [False] * len(NO[claim.id])


@pytest.mark.parametrize(
    "claim", [c for c in TRAINED if c.control and c.kind != "never"], ids=lambda claim: claim.id
)
def test_a_rule_says_no_on_a_record_like_its_control(claim: Claim) -> None:
    assert answer(claim.rule, view(SHOWN[str(claim.control)])).yes is False


def test_a_network_that_moves_after_its_loss_was_0_has_not_frozen_and_one_with_a_loss_says_nothing() -> None:
    moving = still()
    moving.analyses["subnetwork"]["moved"][:-1] = 1e-7  # type: ignore[index]
    assert answer(CLAIMS["no-decay-freezes"].rule, view(moving)).yes is False
    lossy = answer(CLAIMS["no-decay-freezes"].rule, view(MERRILL))
    assert lossy.yes is None
    assert "a training loss of exactly 0" in lossy.lacks[0]


@pytest.mark.parametrize("claim", [c for c in PAPER.claims if c.computation], ids=lambda claim: claim.id)
def test_the_constructions_hold_and_a_flipped_sign_breaks_them(claim: Claim) -> None:
    assert judged(claim, "smoke").verdict == "REPRODUCED"
    other = {**claim.computation, "flipped": not claim.computation.get("flipped", False)}
    assert judged(dataclasses.replace(claim, computation=other), "smoke").verdict == "NOT REPRODUCED"


def six(*records: Record) -> list[SeedView]:
    return [view(*records, seed=seed) for seed in range(100, 106)]


def test_a_never_is_contradicted_by_one_run() -> None:
    claim = CLAIMS["no-decay-never"]
    assert decide(claim, six(SHOWN["no-decay"]), six(MERRILL)).verdict == "REPRODUCED"
    one = [*six(SHOWN["no-decay"]), view(MERRILL, seed=106)]
    assert decide(claim, one, six(MERRILL)).verdict == "NOT REPRODUCED"


def test_a_reading_of_ours_can_only_fail_under_our_reading() -> None:
    runs = six(run(t_gen=2000), SHOWN["barak-01-many"])
    found = decide(CLAIMS["finite-sample-delay-01"], runs, [], origins=["inferred", "inferred"])
    assert (found.verdict, found.under_our_reading) == ("NOT REPRODUCED", True)


@pytest.mark.parametrize(
    ("ids", "count"),
    [("final-size", 3), ("active-part-faithful", 2), ("complement-at-chance", 2), ("finite-sample-delay", 2)],
)
def test_readings_of_one_sentence_stand_under_one_heading_and_have_the_same_borders(
    ids: str, count: int
) -> None:
    asked = [claim for claim in PAPER.claims if claim.id.startswith(ids)]
    assert len(asked) == count
    assert len({claim.grid.heading for claim in asked if claim.grid}) == 1
    assert len({tuple((one.min, one.max) for one in claim.rule) for claim in asked}) == 1


def changed(name: str, main: str = "merrill") -> set[str]:
    one, other = LIBRARY.recipe(f"parity/{main}"), LIBRARY.recipe(f"parity/{name}")
    tables = ("model", "loss", "optimizer", "data", "training", "evaluation")
    return {
        f"{table}.{key}"
        for table in tables
        for key, value in getattr(other, table).items()
        if getattr(one, table).get(key) != value
    }


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("merrill-no-decay", {"optimizer.weight_decay"}),
        ("merrill-decay-0001", {"optimizer.weight_decay"}),
        ("barak-decay-01", {"model.width"}),
        ("barak-decay-001", {"model.width", "optimizer.weight_decay"}),
        ("barak-online", {"model.width", "optimizer.weight_decay", "evaluation.spacing"}),
    ],
)
def test_a_recipe_differs_from_the_papers_as_its_name_says(name: str, fields: set[str]) -> None:
    assert changed(name) == fields


def test_the_papers_recipe_is_the_papers() -> None:
    own = LIBRARY.recipe("parity/merrill")
    assert (own.model["width"], own.model["head"], own.loss["kind"]) == (1000, "sign", "hinge")
    assert (own.optimizer["kind"], own.optimizer["lr"], own.optimizer["weight_decay"]) == ("gd", 0.1, 0.01)
    assert (own.optimizer["momentum"], own.training["batch"]) == (0.0, 32)
    assert EXPERIMENTS["merrill"].tiers["quick"].rows == (1000,)
    assert EXPERIMENTS["merrill"].tiers["quick"].steps == 300 * 32  # the last batch of an epoch has 8 rows


def test_arms_of_unlike_sizes_are_tested_on_the_same_rows() -> None:
    from grokbench.plan.expand import expand
    from grokbench.tasks.trained import trial_rows

    tests = []
    for name, n in (("merrill", 1000), ("many-rows", 10_000)):
        (planned,) = expand(LIBRARY, EXPERIMENTS[name], "quick", (100,))
        rows = trial_rows(planned.trial)
        assert (len(rows.train), len(rows.test)) == (n, 2000)
        tests.append(rows.test)
    assert np.array_equal(*tests)


def test_small_networks_train_in_batches_and_large_ones_by_the_hand_written_step() -> None:
    from grokbench.plan.expand import plan_paper
    from grokbench.plan.together import groups

    trials = [planned.trial for planned in plan_paper(LIBRARY, PAPER, "quick").unique()]
    together = {i for group in groups(trials, 2) if len(group) > 1 for i in group}
    for i, trial in enumerate(trials):
        assert (i in together) is (trial.recipe.model["width"] == 100), trial.recipe.id


def test_quick_holds_the_headline_claims() -> None:
    for experiment in EXPERIMENTS.values():
        tier = "quick" if "quick" in experiment.tiers else "paper"
        assert len(experiment.tiers[tier].seeds) == 6
    for claim in PAPER.claims:
        if claim.headline:
            assert all("quick" in EXPERIMENTS[name].tiers for name in claim.experiments), claim.id
