"""Corrupted labels: which rows, which labels, and that all who look at training rows see them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from grokbench.specs.errors import GrokbenchError, InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.store import keys
from grokbench.tasks.memoriser import memoriser_baseline
from grokbench.tasks.splits import Split
from grokbench.tasks.table import Table
from grokbench.tasks.trained import trial_rows


def trial(share: float | None = 0.35, seed: int = 0, alpha: float = 0.5, **own: Any) -> Trial:
    settings = {} if share is None else {"data.corruption": {"kind": "labels", "share": share, **own}}
    task, recipe = Library().resolve("addition", "gromov2023/adamw", settings)
    return Trial(task, recipe, alpha, seed, 100)


def test_the_share_of_the_training_rows_is_the_papers_and_its_labels_are_of_all_classes() -> None:
    rows = trial_rows(trial())
    assert len(rows.train) == 4704
    assert rows.corrupted.sum() == 1646  # as the reference has it; 1629 of its labels are wrong
    assert rows.n_wrong == pytest.approx(1646 * 96 / 97, abs=16)
    labels = rows.train[rows.corrupted, 2]
    assert np.bincount(labels, minlength=97).min() >= 4
    assert abs(labels.mean() - 48) < 3


def test_test_rows_and_the_other_training_rows_keep_their_true_labels() -> None:
    rows = trial_rows(trial())
    clean = rows.train[~rows.corrupted]
    assert (clean.sum(axis=1) % 97 == 2 * clean[:, 2] % 97).all()
    assert (rows.test[:, :2].sum(axis=1) % 97 == rows.test[:, 2]).all()
    assert (rows.table.rows[:, :2].sum(axis=1) % 97 == rows.table.rows[:, 2]).all()


def test_without_the_true_class_every_chosen_row_is_wrong() -> None:
    rows = trial_rows(trial(include_true=False))
    assert rows.n_wrong == rows.corrupted.sum() == 1646
    assert np.bincount(rows.train[rows.corrupted, 2], minlength=97).min() >= 4


def test_a_smaller_share_is_part_of_a_larger_one_and_the_split_is_that_of_true_labels() -> None:
    few, many, none = trial_rows(trial(0.1)), trial_rows(trial(0.9)), trial_rows(trial(None))
    assert (few.split.train == none.split.train).all()
    assert (many.corrupted | ~few.corrupted).all()
    assert (few.train[few.corrupted] == many.train[few.corrupted]).all()
    assert not none.corrupted.any()
    assert none.parts() == {}


def test_a_seed_decides_and_another_seed_decides_otherwise() -> None:
    assert (trial_rows(trial()).train == trial_rows(trial()).train).all()
    one, other = trial_rows(trial(seed=1)), trial_rows(trial(seed=2))
    assert (one.corrupted != other.corrupted).any()


def test_the_parts_are_the_clean_rows_the_corrupted_ones_and_these_with_their_true_labels() -> None:
    rows = trial_rows(trial())
    parts = rows.parts()
    assert {name: len(part) for name, part in parts.items()} == {
        "clean": 3058,
        "corrupted": 1646,
        "corrected": 1646,
    }
    assert (parts["corrupted"][:, :2] == parts["corrected"][:, :2]).all()
    assert (parts["corrupted"][:, 2] != parts["corrected"][:, 2]).sum() == rows.n_wrong
    assert set(trial_rows(trial(1.0)).parts()) == {"corrupted", "corrected"}


def test_the_memoriser_sees_the_labels_that_were_trained_on() -> None:
    table = Table(np.array([[0, 1, 1], [1, 0, 1], [0, 0, 0], [1, 1, 2]]), 3)
    split = Split(np.array([0, 2]), np.array([1, 3]))
    assert memoriser_baseline(table, split) == 0.5  # the mirror of row 0
    assert memoriser_baseline(table, split, np.array([2, 0])) == 0.5  # the commonest of its x: 2
    assert memoriser_baseline(table, split, np.array([0, 0])) == 0.0
    assert table.rows[0, 2] == 1


def test_corruption_joins_the_key_and_its_absence_leaves_it() -> None:
    plain = trial(None)
    assert "corruption" not in plain.recipe.data
    assert keys.key(trial()) != keys.key(plain)
    assert keys.key(trial()) != keys.key(trial(0.2))
    assert keys.key(trial()) == keys.key(trial(include_true=True))
    assert "data" not in keys.family_fields(plain)["recipe"]
    bare = dataclasses.replace(plain, recipe=dataclasses.replace(plain.recipe, data={"rounding": "floor"}))
    assert keys.key(bare) == keys.key(plain)


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        ({"kind": "label", "share": 0.1}, "expected one of labels; got 'label'.*did you mean 'labels'"),
        ({"kind": "labels"}, r"data\.corruption\.share: missing"),
        ({"kind": "labels", "share": 0.0}, "expected a number > 0"),
        ({"kind": "labels", "share": 1.5}, "expected a number ≤ 1"),
        ({"kind": "labels", "share": 0.5, "stream": 1}, r"data\.corruption\.stream: unknown key"),
    ],
)
def test_a_corruption_is_checked_like_any_part(own: dict[str, Any], sentence: str) -> None:
    with pytest.raises(GrokbenchError, match=sentence):
        Library().recipe("gromov2023/adamw", {"data.corruption": own})


def test_an_analysis_of_training_rows_against_the_operation_refuses_corrupted_labels() -> None:
    from grokbench.training.watching import check_watched

    task, recipe = Library().resolve(
        "addition", "nanda2023/transformer", {"data.corruption": {"kind": "labels", "share": 0.1}}
    )
    with pytest.raises(InputError, match="analysis 'progress' measures training rows against the operation"):
        check_watched("analyses", ["progress"], task, recipe)
    check_watched("analyses", ["circuit"], task, recipe)
