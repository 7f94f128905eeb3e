"""The control that every table has: all of its training rows relabelled at random, its held-out rows true.

Nothing that is learned from such rows says anything of the held-out ones, so that a run which fits and generalises there would
show a leak.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.tasks.source import rows_of
from grokbench.tasks.trained import TrialRows, trial_rows

LIBRARY = Library()
CONTROL = {"data.corruption": {"kind": "labels", "share": 1}}
TASKS = [name for name in LIBRARY.task_ids() if LIBRARY.task(name).source["kind"] == "table"]


def control(name: str, seed: int = 0) -> TrialRows:
    recipe = LIBRARY.recipe("gromov2023/adamw", CONTROL)
    return trial_rows(Trial(LIBRARY.task(name), recipe, 0.5, seed, 100))


def chance(hits: np.ndarray, n_classes: int) -> bool:
    """Whether so many hits are what guesses give: within five standard deviations."""
    rate = 1 / n_classes
    return abs(int(hits.sum()) - len(hits) * rate) <= 5 * math.sqrt(len(hits) * rate * (1 - rate)) + 1


@pytest.mark.parametrize("name", TASKS)
def test_every_training_row_is_relabelled_and_no_held_out_row_is(name: str) -> None:
    found, table = control(name), rows_of(LIBRARY.task(name), 0)
    assert found.corrupted.all()
    assert np.array_equal(found.test, table.rows[found.split.test])
    assert np.array_equal(found.train[:, :-1], table.rows[found.split.train, :-1])
    assert not np.array_equal(found.train[:, -1], table.rows[found.split.train, -1])


@pytest.mark.parametrize("name", TASKS)
def test_the_new_labels_are_uniform_and_say_nothing_of_the_true_ones(name: str) -> None:
    found, table = control(name), rows_of(LIBRARY.task(name), 0)
    truth, drawn, n = table.rows[found.split.train, -1], found.train[:, -1], table.classes
    counts = np.bincount(drawn, minlength=n)
    assert len(counts) == n
    spread = float(((counts - len(drawn) / n) ** 2).sum() / (len(drawn) / n))  # χ², n − 1 degrees of freedom
    assert spread < (n - 1) + 6 * math.sqrt(2 * (n - 1))
    assert chance(drawn == truth, n)
    order = np.argsort(truth, kind="stable")  # rows that have one true answer stand together
    same = truth[order][1:] == truth[order][:-1]
    assert chance((drawn[order][1:] == drawn[order][:-1])[same], n)


@pytest.mark.parametrize("name", TASKS)
def test_held_out_rows_are_guessed_no_better_than_by_chance_from_what_was_trained(name: str) -> None:
    """By the label of a training row with the same true answer, with the same x, or with x and y exchanged."""
    found, table = control(name), rows_of(LIBRARY.task(name), 0)
    labels = {tuple(row[:-1]): row[-1] for row in found.train.tolist()}
    true = {tuple(row[:-1]): row[-1] for row in table.rows.tolist()}
    by_answer = {true[pair]: label for pair, label in labels.items()}
    by_x = {pair[0]: label for pair, label in labels.items()}
    guesses = {
        "answer": [by_answer.get(row[-1], -1) for row in found.test.tolist()],
        "x": [by_x.get(row[0], -1) for row in found.test.tolist()],
        "mirror": [labels.get((row[1], row[0]), -1) for row in found.test.tolist()],
    }
    for guess in guesses.values():
        # one label stands for many rows, so that there are fewer free guesses than rows
        assert np.mean(np.array(guess) == found.test[:, -1]) < 6 / table.n_elements + 0.02


def test_each_seed_has_a_random_table_of_its_own_and_keeps_it() -> None:
    first, again, other = control("addition"), control("addition"), control("addition", seed=1)
    assert np.array_equal(first.train, again.train)
    truth = {tuple(row[:-1]): row[-1] for row in other.train.tolist()}
    shared = np.array(
        [truth[tuple(row[:-1])] == row[-1] for row in first.train.tolist() if tuple(row[:-1]) in truth]
    )
    assert chance(shared, 97)
