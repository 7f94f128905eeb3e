"""A random teacher: one for each seed, whichever rows it answers, and what cannot be made of it."""

from __future__ import annotations

import numpy as np
import pytest

from grokbench.specs.errors import InputError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.domain import make_domain
from grokbench.tasks.source import Vectors, count_rows, rows_of, shape_of, source
from grokbench.tasks.streams import stream


def task(operation: str = "teacher", kind: str = "samples", **source: float) -> TaskSpec:
    domain = {"kind": "tanh-teacher", "d": 5, "outputs": 3, "width": 20}
    return TaskSpec(
        "own",
        "Own",
        operation,
        domain,
        {"kind": kind, "rows": 40, **source},
        {"kind": "error-below", "error": 0.01},
    )


def answered(seed: int, inputs: np.ndarray) -> np.ndarray:
    teacher = make_domain(task().domain).of_seed(stream(seed, "domain", "own"))
    return np.asarray(teacher.answered(inputs))


def test_rows_are_normal_vectors_with_the_answers_of_the_seeds_teacher() -> None:
    table = rows_of(task(), 7)
    inputs, answers = table.rows[:, :5], table.rows[:, 5:]
    assert (table.real, table.pairs, table.classes) == (3, False, 0)
    assert shape_of(task()) == Vectors(5, 3)
    assert (count_rows(task()), source(task()).real(task())) == (40, 3)
    np.testing.assert_allclose(answers, answered(7, inputs), rtol=1e-12)
    assert np.abs(inputs.mean()) < 0.3
    assert inputs.std() == pytest.approx(1, abs=0.2)
    assert np.abs(answered(8, inputs) - answers).max() > 0.1


def test_rows_of_a_test_set_of_their_own_have_the_same_teacher() -> None:
    rows = rows_of(task(test_rows=30), 7).rows
    np.testing.assert_allclose(rows[:, 5:], answered(7, rows[:, :5]), rtol=1e-12)
    assert np.array_equal(rows[:40], rows_of(task(), 7).rows)


def test_fresh_rows_have_the_same_teacher_and_no_wrong_labels() -> None:
    fresh = source(task(kind="online")).fresh
    assert fresh is not None
    rows = fresh(task(kind="online"), 7)(6)
    np.testing.assert_allclose(rows[:, 5:], answered(7, rows[:, :5]), rtol=1e-12)
    with pytest.raises(InputError, match="answers of this domain are real numbers"):
        fresh(task(kind="online", wrong=0.1), 7)


def test_another_operation_is_refused() -> None:
    with pytest.raises(InputError, match="'teacher' alone"):
        count_rows(task("x + y"))
