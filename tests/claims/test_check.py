"""Specs checked whole: an experiment whose recipe cannot be trained on its task is told from one that can."""

from __future__ import annotations

import dataclasses

from grokbench.claims.check import fit_mistakes, measure_mistakes
from grokbench.specs.loader import Library
from grokbench.specs.types import Condition

LIBRARY = Library()
POWER = LIBRARY.paper("power2022")


def test_every_paper_fits_its_tasks_and_its_measures() -> None:
    for name in LIBRARY.paper_ids():
        paper = LIBRARY.paper(name)
        assert not list(fit_mistakes(LIBRARY, paper, name))
        assert not list(measure_mistakes(paper, name))


def test_a_task_beyond_the_vocabulary_is_a_mistake_of_its_experiment() -> None:
    wide = dataclasses.replace(POWER.experiments[0], set={"task.domain.p": 113})
    paper = dataclasses.replace(POWER, experiments=(wide, *POWER.experiments[1:]))
    (found,) = fit_mistakes(LIBRARY, paper, "claims.toml")
    assert found.path == f"experiment {wide.id}"
    assert "the vocabulary of 239 tokens" in found.expected


def test_a_measure_that_there_is_not_and_an_argument_it_lacks_are_named() -> None:
    rule = (Condition("t-jen", "", min=1), Condition("t-gen", "", {"arms": 1}, min=1))
    paper = dataclasses.replace(POWER, claims=(dataclasses.replace(POWER.claims[0], rule=rule),))
    first, second = measure_mistakes(paper, "claims.toml")
    assert "t-jen" in first.expected
    assert first.near == "t-gen"
    assert second.path.endswith("rule[1].args.arms")
