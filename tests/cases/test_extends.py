"""What a recipe extends is checked with a sentence that says what was written and what would do."""

from __future__ import annotations

import pytest

from grokbench.specs.loader import Library
from tests.cases.commands import recipe

BASE = '[model]\nkind = "quadratic-mlp"\n[loss]\nkind = "mse"\n[optimizer]\nkind = "gd"\nlr = 5e5\n'
EXTENDS = {
    "5": "extends: expected the id of one recipe, such as 'gromov2023/gd'; got 5",
    '["gromov2023/gd", "gromov2023/adamw"]': "extends: expected the id of one recipe",
    '""': "extends: names no recipe",
    '"mine/it"': "extends: a recipe cannot extend itself",
    '"it.toml"': "extends: expected the id of a recipe, as <paper>/<name>; got the file name 'it.toml'",
    '"gromov2023/gb"': "extends: no baseline 'gromov2023/gb' (did you mean 'gromov2023/gd'?)",
    '"mine/parent"': "extends: 'mine/parent' itself extends 'mine/base'; one level is the limit",
    '"gromov2023/gd"\n[optimizer]\nlearning_rate = 1.0': "optimizer.learning_rate: unknown key",
    '"gromov2023/gd"\nmodel = "big"': "model: expected a table; got 'big'",
    '"gromov2023/gd"\n[optimizer]\nkind = "adamw"': "optimizer.lr: missing",
}


@pytest.mark.parametrize("value", EXTENDS)
def test_what_cannot_be_extended_is_told(grokbench, tmp_path, value):
    recipe(tmp_path, "mine/base", BASE)
    recipe(tmp_path, "mine/parent", 'extends = "mine/base"')
    path = recipe(tmp_path, "mine/it", f"extends = {value}")
    done = grokbench("validate", str(path))
    assert done.status == 2
    assert done.err.removeprefix("Error: ").startswith(f"{path}: {EXTENDS[value]}")
    assert len(done.err.splitlines()) == 1


def test_two_that_extend_each_other_are_told_of_both(grokbench, tmp_path):
    recipe(tmp_path, "mine/a", 'extends = "mine/b"')
    recipe(tmp_path, "mine/b", 'extends = "mine/a"')
    done = grokbench("validate", str(tmp_path))
    assert "a.toml: extends: 'mine/b' itself extends 'mine/a'" in done.err
    assert "b.toml: extends: 'mine/a' itself extends 'mine/b'" in done.err


def test_a_recipe_has_its_own_fields_and_its_parents(tmp_path):
    path = recipe(tmp_path, "mine/ok", 'extends = "gromov2023/gd"\n[optimizer]\nlr = 2e5')
    parent = Library().recipe("gromov2023/gd")
    for found in (Library([tmp_path]).recipe("mine/ok"), Library().recipe(str(path))):
        assert found.optimizer == {**parent.optimizer, "lr": 2e5}
        assert (found.model, found.loss, found.data) == (parent.model, parent.loss, parent.data)
