"""Integers without a modulus: answers of their own, unordered pairs, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from grokbench.specs.errors import InputError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.source import Pairs, count_rows, rows_of, shape_of


def task(operation: str = "x + y", p: int = 10, pairs: str = "unordered") -> TaskSpec:
    return TaskSpec("integers", "", operation, {"kind": "integers", "p": p, "pairs": pairs})


@pytest.mark.parametrize("p", [2, 4, 10])
def test_unordered_addition_has_the_upper_triangle_and_2p_minus_1_answers(p):
    table = rows_of(task(p=p), 0)
    assert table.rows.tolist() == [[x, y, x + y] for x in range(p) for y in range(x, p)]
    assert (table.n_elements, table.classes, count_rows(task(p=p))) == (p, 2 * p - 1, p * (p + 1) // 2)
    assert shape_of(task(p=p)) == Pairs(p, 2 * p - 1)


@pytest.mark.parametrize("operation", ["x * y", "x - y", "x**2 - 3 * y", "x if x < y else 2 * y + 7"])
def test_answers_are_numbered_in_ascending_order(operation):
    table = rows_of(task(operation, 7, "ordered"), 0)
    values = [eval(operation, {"x": int(x), "y": int(y)}) for x, y, _ in table.rows]
    known = sorted(set(values))
    assert [known[place] for place in table.rows[:, 2]] == values
    assert table.classes == len(known)
    assert len(table.rows) == 49


@pytest.mark.parametrize(
    ("operation", "pairs", "sentence"),
    [
        ("x / y", "ordered", "divides"),
        ("x**-1", "ordered", "divides"),
        ("x - y", "unordered", r"differs for \(x, y\) and \(y, x\)"),
        ("x**60 + y**60", "ordered", "values over"),
    ],
)
def test_what_is_no_table_of_integers_is_refused(operation, pairs, sentence):
    with pytest.raises(InputError, match=sentence):
        rows_of(task(operation, pairs=pairs), 0)


def test_an_operation_with_as_many_answers_as_elements_has_the_usual_shape():
    assert shape_of(task("x", pairs="ordered")) == 10
    assert rows_of(task("x", pairs="ordered"), 0).rows.dtype == np.int64
