"""Doshi et al. 2023: every rule says yes on runs that show what is claimed, and a measured no on runs that do not."""

from __future__ import annotations

import numpy as np
import pytest

from grokbench.claims.answers import answer
from grokbench.claims.decide import decide
from grokbench.measures.cells import SeedView
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim
from grokbench.training.record import Record
from tests.claims.claim_records import view
from tests.reports.synthetic_doshi import MAP, fractions, inverted, of_every_experiment, run

LIBRARY = Library()
PAPER = LIBRARY.paper("doshi2023")
CLAIMS = {claim.id: claim for claim in PAPER.claims}
SHOWN = of_every_experiment()


def swept(*least: float) -> SeedView:
    """Arms of the noises 0.15, 0.3 and 0.45 that generalise from these fractions on."""
    return SeedView(0, tuple(fractions(0.15 * (i + 1), one) for i, one in enumerate(least)))


NO: dict[str, list[SeedView]] = {
    "coexistence": [view(inverted()), view(run(rise=np.inf))],
    "partial-inversion": [view(run(kept=0.95)), view(inverted(0.0)), view(run(kept=0.3, rise=980.0))],
    "full-inversion": [view(run(kept=0.3)), view(run(kept=0.01, rise=980.0))],
    "inversion-answers-truth": [view(run(kept=0.2))],
    "two-stages": [view(run()), view(inverted(fitted=0.8)), view(run(fit=300, rise=90.0, kept=0.01))],
    "two-stages-decay-5": [view(run()), view(inverted(fitted=0.8))],
    "memorisation-phase": [view(run()), view(run(rise=np.inf, fitted=0.8))],
    "prune-low-ipr": [
        view(inverted()),
        view(run(memorising=False)),
        view(run(rise=np.inf, memorising=False)),
    ],
    "prune-high-ipr": [view(inverted()), view(run(memorising=False)), view(run(rise=np.inf))],
    "prune-low-ipr-not-random": [view(inverted())],
    "prune-high-ipr-not-random": [view(inverted())],
    "two-heaps-of-ipr": [view(run(low=0.9, high=0.1)), view(run(low=0.3, high=0.3))],
    "decay-empties-low-heap": [
        view(*(run(low=share) for share in (0.1, 0.45, 0.7))),
        view(*(run(low=share) for share in (0.7, 0.45, 0.43))),
    ],
    "two-peaks-on-corrupted-rows": [view(run(peaks=0.5))],
    "batch-norm-inverts": [view(run()), view(run(noise=0.2, kept=0.01, rise=980.0))],
    "batches-of-64-invert-alone": [view(run()), view(run(noise=0.2, kept=0.9))],
    "scale-follows-ipr": [view(run(scale=1e-9)), view(run(scale=-1.0))],
    "batch-norm-keeps-low-ipr": [view(run(low=0.1))],
    "coexistence-at-2000": [view(inverted())],
    "forgetting-after-grokking": [view(inverted()), view(run(rise=np.inf, forgets=True))],
    "dropout-inverts": [view(run()), view(run(rise=np.inf))],
    "much-data-inverts-without-regularisation": [view(run()), view(run(rise=np.inf))],
    "much-data-inverts-without-regularisation-at-90": [view(run()), view(run(rise=np.inf))],
    "coexistence-multiplication": [view(inverted())],
    "full-inversion-multiplication": [view(run())],
    "smaller-batches-invert-more": [view(*(run(kept=k) for k in (0.1, 0.4, 0.8))), view(run(), run(), run())],
    "decay-needs-less-data": [swept(0.7, 0.55), swept(0.55, 0.55)],
    "cross-entropy-needs-more": [view(run()), view(run(rise=np.inf, fitted=0.8))],
    "wider-is-more-prunable-2": [view(*(run(spare=s) for s in (0.85, 0.7, 0.6))), view(run(), run(), run())],
    **{
        f"noise-needs-more-data-{name}": [swept(0.85, 0.7, 0.55), swept(0.4, 0.7, 0.55)]
        for name in ("decay", "none")
    },
}


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_yes_on_runs_that_show_what_is_claimed(claim: Claim) -> None:
    if claim.experiments[0] in MAP:
        shown = swept(*(MAP[name] for name in claim.experiments))
    else:
        shown = view(*(SHOWN[name] for name in claim.experiments))
    assert answer(claim.rule, shown).yes is True


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_a_rule_says_a_measured_no_on_runs_that_do_not(claim: Claim) -> None:
    assert [answer(claim.rule, one).yes for one in NO[claim.id]] == [False] * len(NO[claim.id])


@pytest.mark.parametrize("claim", [c for c in PAPER.claims if c.control], ids=lambda claim: claim.id)
def test_a_rule_says_no_on_a_record_like_its_control(claim: Claim) -> None:
    assert answer(claim.rule, view(SHOWN[str(claim.control)])).yes is False


def six(*records: Record) -> list[SeedView]:
    return [view(*records, seed=seed) for seed in range(100, 106)]


def test_six_runs_and_their_control_decide() -> None:
    claim = CLAIMS["full-inversion"]
    assert decide(claim, six(inverted()), six(run())).verdict == "REPRODUCED"
    assert decide(claim, six(run()), six(run())).verdict == "NOT REPRODUCED"
    assert decide(claim, six(inverted()), six(inverted())).verdict == "INCONCLUSIVE"


def test_a_rise_of_one_twentieth_of_the_neurons_is_enough() -> None:
    """From 0.85 to 0.9 and to 0.95, whose differences are less than 0.05 in floating point."""
    shown = view(*(run(spare=share) for share in (0.85, 0.9, 0.95)))
    assert answer(CLAIMS["wider-is-more-prunable-2"].rule, shown).yes is True


def test_every_run_is_on_seeds_of_which_nothing_was_known() -> None:
    for experiment in PAPER.experiments:
        for name, tier in experiment.tiers.items():
            first = 106 if experiment.id.startswith("width-") else 100  # whose first rule had used the others
            assert tier.seeds == ((8999,) if name == "smoke" else tuple(range(first, first + 6)))


def test_the_recipe_is_that_of_the_paper() -> None:
    recipe = LIBRARY.recipe("doshi2023/adamw")
    assert (recipe.model["width"], recipe.model["convention"]) == (500, "folded")
    assert recipe.data["corruption"] == {"kind": "labels", "share": 0.35, "include_true": True}
    optimizer = recipe.optimizer
    assert [optimizer[name] for name in ("kind", "lr", "beta1", "beta2", "weight_decay")] == [
        "adamw", 0.01, 0.9, 0.98, 0.0,
    ]  # fmt: skip
    decays = {
        name: LIBRARY.recipe(f"doshi2023/adamw-wd{name}").optimizer["weight_decay"] for name in (5, 15, 20)
    }
    assert decays == {5: 5.0, 15: 15.0, 20: 20.0}
    batch = LIBRARY.recipe("doshi2023/batch-norm")
    assert (batch.model["normalisation"], batch.training["batch"], batch.optimizer["lr"]) == (
        "batch",
        64,
        0.005,
    )
    assert batch.data["corruption"]["share"] == 0.2
    assert LIBRARY.recipe("doshi2023/dropout").model["dropout"] == 0.6
