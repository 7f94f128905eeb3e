"""Handwritten digits: what their rows are, how they are split, and what is said where scikit-learn is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import grokbench
from grokbench.reproduction import Reproduction
from grokbench.specs.errors import InputError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.source import Vectors, count_rows, rows_of, shape_of
from grokbench.tasks.splits import split_table


def digits(operation: str = "class", **domain: object) -> TaskSpec:
    return TaskSpec("digits", "", operation, {"kind": "digits", **domain}, {"kind": "vectors"})


def test_digits_are_1797_images_of_64_pixels_between_0_and_1() -> None:
    table = rows_of(digits(), 0)
    assert table.rows.shape == (1797, 65) == (count_rows(digits()), 65)
    assert shape_of(digits()) == Vectors(64, 10)
    assert table.rows[:, :-1].min() == 0
    assert table.rows[:, :-1].max() == 1
    assert table.rows[:10, -1].tolist() == list(range(10))
    assert (table.rows[:, :-1] * 16).sum() == 561718  # of the data set's own pixels


def test_the_rows_are_those_of_every_seed_and_a_copy_each_time() -> None:
    first = rows_of(digits(), 0)
    first.rows[:] = -1
    np.testing.assert_array_equal(rows_of(digits(), 1).rows, rows_of(digits(), 2).rows)
    assert rows_of(digits(), 0).rows.min() == 0


def test_a_split_follows_its_seed_and_fractions_nest() -> None:
    table = rows_of(digits(), 0)
    data = {"rounding": "half-even", "split": "seed"}
    small, large, other = (
        split_table(table, digits(), alpha, data, seed) for alpha, seed in ((0.1, 0), (0.3, 0), (0.1, 1))
    )
    assert set(small.train) < set(large.train)
    assert set(small.train) != set(other.train)
    assert len(small.train) + len(small.test) == 1797


def test_another_operation_is_refused_in_one_sentence() -> None:
    with pytest.raises(InputError, match=r"operation 'x \+ y': digits have the operation 'class' alone"):
        count_rows(digits("x + y"))


def test_a_domain_without_a_data_set_is_refused_by_the_source_and_digits_by_a_table() -> None:
    sums = TaskSpec("sum", "", "x + y", {"kind": "integers-mod", "p": 5}, {"kind": "vectors"})
    with pytest.raises(InputError, match="'integers-mod' is no data set; leave the source out"):
        count_rows(sums)
    with pytest.raises(
        InputError, match=r"'digits' has no table of pairs; give it source = \{ kind = .vectors. \}"
    ):
        shape_of(TaskSpec("d", "", "class", {"kind": "digits"}))


def test_without_scikit_learn_a_run_says_how_to_install_it_and_a_plan_needs_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert count_rows(digits()) == 1797
    with pytest.raises(InputError, match=r"'digits': the digits need scikit-learn.*'grokbench\[digits\]'"):
        grokbench.run("digits", "parity/merrill", alpha=0.1, seed=9000, steps=1)


def test_a_reproduction_without_scikit_learn_ends_before_anything_is_trained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    job = Reproduction("thilak2022", "smoke", claims="digits-sgd-none", store=tmp_path)
    assert len(job.plan.trials) == 2
    with pytest.raises(InputError, match=r"'digits': the digits need scikit-learn.*'grokbench\[digits\]'"):
        job.run(workers=1)
