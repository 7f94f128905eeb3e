"""The square of a projection: one direction for each seed, and what cannot be made of it."""

from __future__ import annotations

import numpy as np
import pytest

from grokbench.specs.errors import InputError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.domain import make_domain
from grokbench.tasks.source import Vectors, count_rows, rows_of, shape_of, source
from grokbench.tasks.streams import stream


def task(operation: str = "square", factor: float = 0.5, **source: float) -> TaskSpec:
    return TaskSpec(
        "own",
        "Own",
        operation,
        {"kind": "single-index", "d": 12, "factor": factor},
        {"kind": "samples", "rows": 400, **source},
        {"kind": "error-below", "error": 0.01},
    )


def direction(seed: int) -> np.ndarray:
    return np.asarray(make_domain(task().domain).of_seed(stream(seed, "domain", "own")).direction)


@pytest.mark.parametrize("factor", [0.5, 1.0])
def test_answers_are_the_square_of_the_seeds_direction(factor: float) -> None:
    table = rows_of(task(factor=factor), 7)
    inputs, answers = table.rows[:, :12], table.rows[:, 12]
    assert (table.real, table.pairs, table.classes) == (1, False, 0)
    assert shape_of(task()) == Vectors(12, 1)
    assert (count_rows(task()), source(task()).real(task())) == (400, 1)
    np.testing.assert_allclose(answers, factor * (inputs @ direction(7)) ** 2, rtol=1e-12)
    assert inputs.std() == pytest.approx(12**-0.5, rel=0.05)
    assert np.abs(direction(8) - direction(7)).max() > 0.1


def test_rows_of_a_test_set_of_their_own_have_the_same_direction() -> None:
    rows = rows_of(task(test_rows=30), 7).rows
    np.testing.assert_allclose(rows[:, 12], 0.5 * (rows[:, :12] @ direction(7)) ** 2, rtol=1e-12)
    assert np.array_equal(rows[:400], rows_of(task(), 7).rows)


def test_another_operation_is_refused() -> None:
    with pytest.raises(InputError, match="'square' alone"):
        count_rows(task("x + y"))
