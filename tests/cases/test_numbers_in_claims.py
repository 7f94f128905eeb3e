"""A whole number may be written as 500.0 or 1e5, and is then the same trial; ranges are refused before they are built."""

from __future__ import annotations

import pytest

from grokbench.plan.expand import expand
from grokbench.specs.loader import Library
from grokbench.store import keys
from tests.cases.commands import paper, recipe, task

FIELDS = 'snapshots = [0.0, "10:20:10"]\nvary = {{ "optimizer.lr" = [1, 2], "model.width" = [{0}] }}'


def planned(root, **changed):
    paper(root, **changed)
    library = Library([root])
    return expand(library, library.paper("mine").experiments[0], "quick")


def test_integers_written_as_floats_are_the_same_trials(grokbench, tmp_path):
    whole = planned(
        tmp_path / "ints",
        measure="generalises",
        fields=FIELDS.format("20, 30").replace("0.0,", "0,"),
        set='{ "task.domain.p" = 11, "training.batch" = 8 }',
        quick="{ seeds = 6, steps = 100000, alphas = [0.5] }",
    )
    floats = planned(
        tmp_path / "floats",
        measure="generalises",
        fields=FIELDS.format("20.0, 3e1"),
        set='{ "task.domain.p" = 11.0, "training.batch" = 8.0 }',
        quick="{ seeds = 6.0, steps = 1e5, alphas = [0.5] }",
    )
    assert [keys.key(one.trial) for one in floats] == [keys.key(one.trial) for one in whole]
    assert {type(one.settings["model.width"]) for one in floats} == {int}
    assert {type(one.trial.budget) for one in floats} == {int}
    assert grokbench("validate", str(tmp_path / "floats")).status == 0


def test_recipes_and_tasks_take_them_too(grokbench, tmp_path):
    task(tmp_path, "pfloat", "x + y", "p = 97.0")
    rest = 'extends = "power2022/transformer"\n[model]\nheads = 4.0\nlayers = 2e0\n[training]\nbatch = 512.0'
    recipe(tmp_path, "mine/floats", rest)
    assert grokbench("validate", str(tmp_path)).status == 0
    found = Library([tmp_path])
    numbers = [found.task("pfloat").domain["p"], found.recipe("mine/floats").model["heads"]]
    numbers += [found.recipe("mine/floats").model["layers"], found.recipe("mine/floats").training["batch"]]
    assert numbers == [97, 4, 2, 512]
    assert {type(number) for number in numbers} == {int}
    assert type(found.recipe("gromov2023/gd", {"model.width": 20.0}).model["width"]) is int


def test_arguments_of_measures_take_them_too(grokbench, tmp_path):
    assert grokbench("validate", str(paper(tmp_path, rule="min = 1\nargs = { arm = 0.0 }"))).status == 0


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"fields": 'snapshots = ["0:2000000000:1"]'}, "the range '0:2000000000:1' has 2000000001"),
        ({"quick": "{ seeds = 6.5, steps = 30 }"}, "tier.quick.seeds: expected integer"),
        ({"quick": "{ seeds = 6, steps = 30.5 }"}, "tier.quick.steps: expected integer; got 30.5"),
        ({"quick": "{ seeds = 6, steps = 1e12 }"}, "tier.quick.steps: expected at most 1000000000 steps"),
    ],
)
def test_what_is_no_whole_number_or_too_many_is_refused(grokbench, tmp_path, changed, sentence):
    done = grokbench("validate", str(paper(tmp_path, **changed)))
    assert done.status == 2
    assert sentence in done.err
