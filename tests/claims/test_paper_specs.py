"""What the claims file of every paper must keep to, whatever the paper."""

from __future__ import annotations

import pytest

from grokbench.measures import argument_names, measure_names
from grokbench.plan.expand import expand
from grokbench.specs.loader import Library

LIBRARY = Library()
PAPERS = [LIBRARY.paper(name) for name in LIBRARY.paper_ids()]
PILOTS = 9000  # from here on; the two seeds below are the smoke tier's
of_every_paper = pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.id)


@of_every_paper
def test_every_experiment_is_used_and_every_rule_names_what_exists(paper) -> None:
    used = {name for claim in paper.claims for name in (*claim.experiments, claim.control) if name}
    assert used == {experiment.id for experiment in paper.experiments}
    for claim in paper.claims:
        assert 1 <= len(claim.rule) <= 2, claim.id
        assert claim.control or claim.kind not in ("shape", "structure", "never"), claim.id
        for condition in claim.rule:
            assert condition.measure in measure_names(), claim.id
            assert set(condition.args) <= set(argument_names(condition.measure)), claim.id
            assert condition.min is not None or condition.max is not None, claim.id
            assert condition.reason.endswith("."), claim.id


@of_every_paper
def test_the_smoke_tier_is_short_and_no_tier_that_decides_has_its_seeds(paper) -> None:
    for experiment in paper.experiments:
        smoke = experiment.tiers["smoke"]
        assert smoke.steps <= 60, experiment.id
        counted = {seed for tier, plan in experiment.tiers.items() if tier != "smoke" for seed in plan.seeds}
        assert max(counted) < 8998, experiment.id
        if any(plan.steps for plan in experiment.tiers.values()):
            assert len(counted) >= 6, experiment.id
        if paper.id != "gromov2023":  # whose smoke trials came first, and train on the seeds that count
            assert set(smoke.seeds) <= {8998, 8999}, experiment.id


@of_every_paper
def test_tiers_that_decide_agree_on_their_steps(paper) -> None:
    for experiment in paper.experiments:
        steps = {plan.steps for tier, plan in experiment.tiers.items() if tier != "smoke"}
        assert len(steps) == 1, experiment.id


def test_a_trial_has_one_price_wherever_it_stands_alone() -> None:
    """An experiment over a grid expects a mean of its trials; one with a single setting knows what its trial takes."""
    expected: dict[str, dict[int, set[str]]] = {}
    for paper in PAPERS:
        for experiment in paper.experiments:
            trials = expand(LIBRARY, experiment, "paper")
            if len({tuple(planned.settings.items()) for planned in trials}) == 1:
                for planned in trials:
                    where = expected.setdefault(planned.request, {}).setdefault(planned.expected_steps, set())
                    where.add(f"{paper.id}.{experiment.id}")
    shared = {name: prices for name, prices in expected.items() if sum(map(len, prices.values())) > 1}
    assert shared
    assert [prices for prices in shared.values() if len(prices) > 1] == []
