"""A number in a dotted field is a place in a list of tables."""

from __future__ import annotations

import pytest

from grokbench.figures.data import value_of
from grokbench.plan.expand import expand
from grokbench.specs.errors import GrokbenchError
from grokbench.specs.loader import Library

LIBRARY = Library()


def test_a_field_of_a_group_is_set_and_its_parent_stays_as_it_was():
    own = LIBRARY.recipe("liu2022/regression")
    before = own.optimizer["groups"][0]["lr"]
    _, changed = LIBRARY.resolve("integer-addition", own.id, {"optimizer.groups.0.lr": 0.5})
    assert changed.optimizer["groups"][0] == {**own.optimizer["groups"][0], "lr": 0.5}
    assert LIBRARY.recipe("liu2022/regression").optimizer["groups"][0]["lr"] == before


def test_it_may_be_varied_and_read_off_a_trial():
    paper = LIBRARY.paper("liu2022")
    experiment = next(one for one in paper.experiments if one.id == "ratio-slow")
    planned = list(expand(LIBRARY, experiment, "quick", (100,)))
    rates = [value_of(one.trial, "optimizer.groups.0.lr") for one in planned]
    assert rates == list(experiment.vary["optimizer.groups.0.lr"])
    assert value_of(planned[0].trial, "optimizer.groups.7.lr") is None


@pytest.mark.parametrize("path", ["optimizer.groups.1.lr", "optimizer.groups.x.lr", "optimizer.groups.0"])
def test_a_place_that_there_is_not_is_refused(path):
    with pytest.raises(GrokbenchError, match=r"optimizer\.groups"):
        LIBRARY.resolve("integer-addition", "liu2022/regression", {path: 0.5})
