"""In which fields recipes differ, and which of them are one."""

from __future__ import annotations

import dataclasses

import pytest

from grokbench.specs.differences import between, differing, fields, short
from grokbench.specs.loader import Library

LIBRARY = Library()


def apart(first: str, second: str) -> dict[str, tuple[object, object]]:
    return {
        one.field: (one.value(0), one.value(1))
        for one in between(LIBRARY.recipe(first), LIBRARY.recipe(second))
    }


@pytest.mark.parametrize("name", LIBRARY.recipe_ids())
def test_no_recipe_differs_from_itself(name):
    recipe = LIBRARY.recipe(name)
    assert between(recipe, dataclasses.replace(recipe, title="another", source="elsewhere")) == ()


def test_the_two_arms_of_grokfasts_table_differ_in_filter_and_in_decay():
    found = between(LIBRARY.recipe("lee2024/none"), LIBRARY.recipe("lee2024/ema"))
    assert [one.field for one in found] == ["optimizer.weight_decay", "optimizer.wrapper.kind"]
    decay, wrapper = found
    assert (decay.value(0), decay.value(1)) == (0.0, 0.005)
    assert (wrapper.more(0), wrapper.more(1)) == ({}, {"alpha": 0.98, "lamb": 2.0, "raw": True})


def test_a_field_that_only_one_kind_has_belongs_to_the_kind_and_one_that_both_have_does_not():
    found = apart("gromov2023/gd", "gromov2023/adamw")
    assert set(found) == {"model.convention", "optimizer.kind", "optimizer.lr"}
    assert found["optimizer.lr"] == (5e5, 0.01)


def test_a_learner_stands_in_place_of_network_loss_and_optimizer_as_one_field():
    found = apart("gromov2023/adamw", "mallinar2024/rfm")
    assert "learner.kind" in found
    assert not any(name.startswith(("model.", "loss.", "optimizer.")) for name in found)


def test_a_table_that_only_one_side_has_is_one_field():
    plain = LIBRARY.recipe("gromov2023/gd")
    noisy = LIBRARY.recipe("gromov2023/gd", {"data.corruption": {"kind": "labels", "share": 0.5}})
    (one,) = between(plain, noisy)
    assert (one.field, one.value(0), one.value(1)) == ("data.corruption.kind", None, "labels")
    assert one.more(1) == {"share": 0.5, "include_true": True}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("lee2024/none", "lee2024/ema"),
        ("gromov2023/gd", "gromov2023/adamw"),
        ("hu2024/mlp-one-hot", "nanda2023/transformer"),
    ],
)
def test_the_differences_are_all_that_makes_the_second_recipe_of_the_first(first, second):
    a, b = fields(LIBRARY.recipe(first)), fields(LIBRARY.recipe(second))
    made = dict(a)
    for one in between(LIBRARY.recipe(first), LIBRARY.recipe(second)):
        made = {**{name: value for name, value in made.items() if name not in one.first}, **one.second}
    assert made == b
    assert differing([made, b]) == []


def test_names_are_short_where_they_are_clear():
    names = [
        "optimizer.weight_decay",
        "optimizer.wrapper.kind",
        "optimizer.kind",
        "model.dropout",
        "data.dropout",
    ]
    assert [short(name, names) for name in names] == [
        "weight_decay",
        "wrapper",
        "optimizer",
        "model.dropout",
        "data.dropout",
    ]
