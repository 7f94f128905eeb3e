"""Liu et al. 2022: every rule says yes on runs that show what is claimed, and a measured no on runs that do not."""

from __future__ import annotations

import math

import pytest

from grokbench.claims.answers import answer
from grokbench.claims.computed import judged
from grokbench.measures import measured
from grokbench.measures.cells import SeedView
from grokbench.plan.expand import expand
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim
from tests.reports.synthetic_liu import cells, diagram, grid, lines, seen, sizes, toy

LIBRARY = Library()
PAPER = LIBRARY.paper("liu2022")
CLAIMS = {claim.id: claim for claim in PAPER.claims}
TRAINED = [claim for claim in PAPER.claims if not claim.computation]
NEVER = math.inf


def arms(*records) -> SeedView:
    return seen(*(cells([one]) for one in records))


WORSE = [0.0, 0.3, 0.1, 0.6, 0.2, 1.0, 0.5]
DIAGRAM = (
    [toy(fit=NEVER, gen=NEVER)] * 3
    + [toy(gen=NEVER)] * 3
    + [toy(fit=100, gen=5000)] * 3
    + [toy(fit=900, gen=1000)] * 3
)
YES: dict[str, SeedView] = {
    "predicted-accuracy": seen(sizes()),
    "predicted-accuracy-shuffled": seen(sizes([1.0] * 7)),
    "predicted-which-split": seen(sizes(), sizes(WORSE)),
    "rqi-above-ideal": seen(sizes(excess=0.02)),
    "rqi-steps-critical-share": seen(lines([NEVER, 5000, 4000, 3000, 2000, 1500, 1200, 1000])),
    "more-data-fewer-steps": seen(lines([NEVER, 5000, 4000, 3000, 2000, 1500, 1200, 1000])),
    "rqi-with-generalisation": arms(toy()),
    "decoder-speed-memorises": arms(toy(), toy(gen=NEVER)),
    "fast-embeddings-rescue": arms(toy()),
    "too-slow-decoder": arms(toy(fit=9000, gen=20_000, budget=60_000), toy()),
    "small-init-helps": arms(toy(gen=3000), toy(gen=2000)),
    "embedding-decay-neutral": arms(toy(gen=2100), toy(gen=2000)),
    "embedding-decay-five-neutral": arms(toy(gen=2100), toy(gen=2000)),
    "small-batch-groks": arms(toy(gen=6000), toy(gen=2000)),
    "true-delay-classification": arms(toy(fit=400, gen=4000)),
    "decay-rescues-fast-decoder": arms(toy(fit=400, gen=4000), toy(gen=NEVER)),
    "corners": arms(toy(gen=NEVER), toy(fit=NEVER, gen=NEVER)),
    "ratio-decides": seen(grid(1e-4, 3), grid(3.2e-4, 10), grid(1e-3, 3)),
    "four-phases": seen(cells(DIAGRAM)),
    "four-phases-small": seen(cells(DIAGRAM)),
    "four-phases-classes": seen(cells(DIAGRAM)),
    "grokking-sandwiched": seen(diagram("ccgm", "cgmm", "gmxx")),
    "sandwiched-shuffled": seen(diagram("cmcm", "mcmc", "cmcm")),
    "most-grokking-is-slow": seen(diagram("csg", "sss")),
    "rqi-not-necessary-2d-2": arms(toy(line=NEVER, gen=2000)),
    "rqi-not-sufficient": arms(toy(gen=NEVER)),
    "true-delay-s3": arms(toy(fit=138, gen=5000)),
    "s3-delay-falls-with-decay": arms(toy(gen=9000), toy(gen=4000)),
    "no-confusion-in-6a": seen(diagram("cgm", "mmm")),
}
NO: dict[str, list[SeedView]] = {
    "predicted-accuracy": [seen(sizes(error=0.2))],
    "predicted-accuracy-shuffled": [seen(sizes([0.0] * 7))],
    "predicted-which-split": [seen(sizes(error=0.0), sizes(error=0.1))][:0],
    "rqi-above-ideal": [seen(sizes())],
    "rqi-steps-critical-share": [
        seen(lines([NEVER, NEVER, NEVER, NEVER, 2000, 1500, 1200, 1000])),
        seen(lines([NEVER] * 8)),
    ],
    "more-data-fewer-steps": [
        seen(lines([NEVER, 5000, 4000, 1000, 1000, 1100, 1200, 1300])),
        seen(lines([9000, 9000, 9000, 2000, 1500, 1800, 1600, 2500])),
    ],
    "rqi-with-generalisation": [arms(toy(line=2500)), arms(toy(line=NEVER))],
    "decoder-speed-memorises": [arms(toy(), toy()), arms(toy(gen=NEVER), toy(gen=NEVER))],
    "fast-embeddings-rescue": [arms(toy(gen=NEVER))],
    "too-slow-decoder": [arms(toy(fit=3000, gen=6000, budget=60_000), toy())],
    "small-init-helps": [arms(toy(gen=2000), toy(gen=2000)), arms(toy(gen=2000), toy(gen=3000))],
    "embedding-decay-neutral": [arms(toy(gen=4000), toy(gen=2000)), arms(toy(gen=2000), toy(gen=4000))],
    "embedding-decay-five-neutral": [arms(toy(gen=4000), toy(gen=2000))],
    "small-batch-groks": [arms(toy(gen=2000), toy(gen=6000)), arms(toy(), toy())],
    "true-delay-classification": [arms(toy(fit=1196, gen=1307))],
    "decay-rescues-fast-decoder": [arms(toy(), toy()), arms(toy(gen=NEVER), toy(gen=NEVER))],
    "corners": [arms(toy(), toy(fit=NEVER, gen=NEVER)), arms(toy(gen=NEVER), toy(gen=NEVER))],
    "ratio-decides": [
        seen(grid(1e-4, 1), grid(3.2e-4, 3), grid(1e-3, 3)),
        seen(grid(1e-4, 3), grid(3.2e-4, 3), grid(1e-3, 100)),
    ],
    "four-phases": [seen(cells([*DIAGRAM[3:], toy(gen=NEVER)]))],
    "four-phases-small": [seen(cells([*DIAGRAM[3:], toy(gen=NEVER)]))],
    "four-phases-classes": [seen(cells(DIAGRAM[1:]))],
    "grokking-sandwiched": [seen(diagram("cmgm", "cgmm")), seen(diagram("cm", "mm"))],
    "sandwiched-shuffled": [seen(diagram("cg", "gc"))],
    "most-grokking-is-slow": [seen(diagram("csg", "cgg"))],
    "rqi-not-necessary-2d-2": [arms(toy(line=800, gen=2000)), arms(toy(line=NEVER, gen=NEVER))],
    "rqi-not-sufficient": [arms(toy()), arms(toy(line=NEVER, gen=NEVER))],
    "true-delay-s3": [arms(toy(fit=221, gen=420)), arms(toy(gen=NEVER))],
    "s3-delay-falls-with-decay": [arms(toy(gen=4000), toy(gen=9000))],
    "no-confusion-in-6a": [seen(diagram("cgm", "mmx"))],
}


@pytest.mark.parametrize("claim", TRAINED, ids=lambda claim: claim.id)
def test_a_rule_says_yes_on_runs_that_show_what_is_claimed(claim: Claim) -> None:
    assert answer(claim.rule, YES[claim.id]).yes is True


@pytest.mark.parametrize("claim", TRAINED, ids=lambda claim: claim.id)
def test_a_rule_says_a_measured_no_on_runs_that_do_not(claim: Claim) -> None:
    assert [answer(claim.rule, one).yes for one in NO[claim.id]] == [False] * len(NO[claim.id])


def test_a_prediction_that_is_the_other_way_round_tells_no_split() -> None:
    own = {cell.record.facts["n_train"]: cell for cell in sizes()}
    other = {cell.record.facts["n_train"]: cell for cell in sizes(WORSE)}
    swapped = []
    for first, second in ((own, other), (other, own)):
        swapped.append(
            tuple(cell._replace(record=_with_analysis(cell, second[n])) for n, cell in first.items())
        )
    view = seen(*swapped)
    assert measured("split-prediction", view, {}) == pytest.approx(-1.0)
    assert answer(CLAIMS["predicted-which-split"].rule, view).yes is False


def _with_analysis(cell, other):
    import dataclasses

    return dataclasses.replace(cell.record, analyses=other.record.analyses)


EXACT = {"exact-sum-conserved": "NOT REPRODUCED", "exact-appendix-c": "NOT REPRODUCED"}


@pytest.mark.parametrize(
    "claim", [one for one in PAPER.claims if one.kind == "exact"], ids=lambda claim: claim.id
)
def test_exact_claims_hold_but_for_the_two_that_the_paper_errs_in(claim: Claim) -> None:
    assert judged(claim, "quick").verdict == EXACT.get(claim.id, "REPRODUCED")
    assert (claim.known or "REPRODUCED") == EXACT.get(claim.id, "REPRODUCED")


def test_rates_are_told_apart_by_their_ratio_one_by_one() -> None:
    view = seen(grid(1e-4, 3), grid(3.2e-4, 1), grid(1e-3, 10))
    assert measured("rates-by-ratio", view, {}) == 2
    assert measured("rates-by-ratio", view, {"low": 4.0}) == 1


def test_contacts_are_those_of_neighbours_in_one_setting() -> None:
    view = seen(diagram("cmx", "gcm", "xxx"))
    # the first cell meets m and g, the second m above, g beside, m beside and x below
    assert measured("liu-touching", view, {}) == pytest.approx(3 / 5)


@pytest.mark.parametrize("experiment", PAPER.experiments, ids=lambda one: one.id)
def test_embeddings_have_a_rate_of_their_own_and_seeds_are_new(experiment) -> None:
    tier = "quick" if "quick" in experiment.tiers else "paper"
    for planned in expand(LIBRARY, experiment, tier, experiment.tiers[tier].seeds):
        (group,) = planned.trial.recipe.optimizer["groups"]
        assert group["parameters"] == "E"
        assert planned.trial.seed >= 100
        assert planned.trial.task.thresholds == {"t_mem": 0.9, "t_gen": 0.9}
