"""Specs checked whole: an experiment whose recipe cannot be trained on its task is told from one that can."""

from __future__ import annotations

import dataclasses

import pytest

from grokbench.specs.loader import Library
from grokbench.specs.types import Condition
from grokbench.validation.check import paper_mistakes, seed_mistakes
from grokbench.validation.rehearsal import measure_mistakes
from grokbench.validation.trials import Tables, experiment_mistakes

LIBRARY = Library()
POWER = LIBRARY.paper("power2022")


def test_every_paper_fits_its_tasks_and_its_measures() -> None:
    for name in LIBRARY.paper_ids():
        paper = LIBRARY.paper(name)
        assert not list(paper_mistakes(LIBRARY, paper, name, Tables()))


def test_a_task_beyond_the_vocabulary_is_a_mistake_of_its_experiment() -> None:
    wide = dataclasses.replace(POWER.experiments[0], set={"task.domain.p": 113})
    paper = dataclasses.replace(POWER, experiments=(wide, *POWER.experiments[1:]))
    (found,) = experiment_mistakes(LIBRARY, paper, "claims.toml", Tables())
    assert found.path == f"experiment {wide.id}"
    assert "the vocabulary of 239 tokens" in found.expected


def test_a_wrong_field_that_a_tier_sets_is_named_with_its_tier() -> None:
    one = POWER.experiments[0]
    smoke = dataclasses.replace(one.tiers["smoke"], set={"task.domain.q": 23})
    wrong = dataclasses.replace(one, tiers={**one.tiers, "smoke": smoke})
    paper = dataclasses.replace(POWER, experiments=(wrong, *POWER.experiments[1:]))
    (found,) = experiment_mistakes(LIBRARY, paper, "claims.toml", Tables())
    assert found.path == f"experiment {one.id}.tier.smoke.set.task.domain.q"
    assert "unknown key" in found.expected


def test_a_measure_that_there_is_not_and_an_argument_it_lacks_are_named() -> None:
    rule = (Condition("t-jen", "", min=1), Condition("t-gen", "", {"arms": 1}, min=1))
    paper = dataclasses.replace(POWER, claims=(dataclasses.replace(POWER.claims[0], rule=rule),))
    first, second = measure_mistakes(paper, "claims.toml")
    assert "t-jen" in first.expected
    assert first.near == "t-gen"
    assert second.path.endswith("rule[1].args.arms")


def test_arms_without_a_seed_in_common_are_a_mistake_of_their_claim() -> None:
    one, other = [experiment for experiment in POWER.experiments if "quick" in experiment.tiers][:2]
    first, second = (
        dataclasses.replace(
            experiment, tiers={"quick": dataclasses.replace(experiment.tiers["quick"], seeds=seeds)}
        )
        for experiment, seeds in ((one, (0, 1)), (other, (2, 3)))
    )
    claim = dataclasses.replace(POWER.claims[0], id="both", experiments=(one.id, other.id), control=None)
    paper = dataclasses.replace(POWER, experiments=(first, second), claims=(claim,))
    (found,) = seed_mistakes(paper, "claims.toml")
    assert found.path == "claim both.experiment"
    assert f"{one.id}, {other.id} have no seed in common at tier quick" in found.expected


@pytest.mark.parametrize(
    ("kind", "seeds", "expected"),
    [
        (
            "event",
            (3, None),
            "3 seeds of a at tier quick cannot decide a claim of kind event; 6 or more can",
        ),
        (
            "event",
            (6, 10),
            "10 seeds of a at tier paper cannot decide a claim of kind event; "
            "6, 12 or 20, as the quick tier decides on fewer, can",
        ),
        ("never", (None, 5), "5 seeds of a at tier paper cannot decide a claim of kind never; 6 or more can"),
        ("construction", (20, None), "100 or more can"),
        ("event", (3, 6), None),
        ("existence", (1, None), None),
    ],
)
def test_too_few_seeds_are_a_mistake_of_their_claim(
    kind: str, seeds: tuple[int | None, int | None], expected: str | None
) -> None:
    plan = POWER.experiments[0].tiers["quick"]
    tiers = {
        tier: dataclasses.replace(plan, seeds=tuple(range(n)))
        for tier, n in zip(("quick", "paper"), seeds, strict=True)
        if n is not None
    }
    one = dataclasses.replace(POWER.experiments[0], id="a", tiers=tiers)
    claim = dataclasses.replace(POWER.claims[0], id="few", experiments=("a",), control=None, kind=kind)
    paper = dataclasses.replace(POWER, experiments=(one,), claims=(claim,))
    found = [mistake.expected for mistake in seed_mistakes(paper, "claims.toml")]
    assert len(found) == (expected is not None)
    assert all(expected in text for text in found)


def test_pairs_need_twice_the_seeds_and_a_control_as_many_as_its_claim() -> None:
    many, few = (
        dataclasses.replace(
            POWER.experiments[0],
            id=name,
            tiers={"quick": dataclasses.replace(POWER.experiments[0].tiers["quick"], seeds=tuple(range(n)))},
        )
        for name, n in (("many", 11), ("few", 3))
    )
    base = dataclasses.replace(POWER.claims[0], kind="event", experiments=("many",), control=None)
    paired = dataclasses.replace(base, id="paired", pairs=True)
    controlled = dataclasses.replace(base, id="controlled", control="few")
    never = dataclasses.replace(base, id="never", kind="never", control="few")
    paper = dataclasses.replace(POWER, experiments=(many, few), claims=(base, paired, controlled, never))
    first, second = seed_mistakes(paper, "claims.toml")
    assert (first.path, second.path) == ("claim paired.experiment", "claim controlled.experiment")
    assert "11 seeds of many at tier quick cannot decide" in first.expected
    assert "12 or more can" in first.expected
    assert "3 seeds of few at tier quick" in second.expected
