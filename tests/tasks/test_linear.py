"""Linear teachers: what their rows are, and which fields make none."""

from __future__ import annotations

import numpy as np
import pytest

from grokbench.specs.errors import InputError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.source import Vectors, count_rows, rows_of, shape_of


def task(kind: str, operation: str = "sign", rows: int = 400, **domain: float) -> TaskSpec:
    return TaskSpec("own", "Own", operation, {"kind": kind, **domain}, {"kind": "samples", "rows": rows})


def test_sparse_rows_are_signs_and_their_class_is_the_majority_of_the_first_k() -> None:
    table = rows_of(task("sparse-linear", d=50, k=3), 0)
    x, classes = table.rows[:, :-1], table.rows[:, -1]
    assert set(np.unique(x)) == {-1.0, 1.0}
    assert (classes == ((x[:, :3] > 0).sum(axis=1) >= 2)).all()
    assert shape_of(task("sparse-linear", d=50, k=3)) == Vectors(50, 2)
    assert 0.4 < classes.mean() < 0.6


def test_dense_rows_lie_half_of_the_gap_from_one_plane_that_all_seeds_share() -> None:
    normals = []
    for seed in (0, 1):
        near, far = (rows_of(task("dense-linear", d=60, gap=gap), seed).rows for gap in (0.0, 4.0))
        assert (near[:, -1] == far[:, -1]).all()
        signs = 2 * near[:, -1] - 1
        moved = (far - near)[:, :-1] * signs[:, None]  # (n, d): 2 w in every row
        np.testing.assert_allclose(moved, np.broadcast_to(moved[0], moved.shape), atol=1e-12)
        normals.append(moved[0] / 2)
        assert np.linalg.norm(normals[-1]) == pytest.approx(1)
        assert (far[:, :-1] @ normals[-1] * signs).min() >= 2
        assert np.abs(near[:, :-1].mean()) < 0.05
    np.testing.assert_allclose(normals[0], normals[1], atol=1e-12)


@pytest.mark.parametrize("kind", ["sparse-linear", "dense-linear"])
def test_rows_follow_their_seed_and_a_larger_sample_begins_with_a_smaller_one(kind: str) -> None:
    own = {"d": 20, "k": 3} if kind == "sparse-linear" else {"d": 20, "gap": 1.0}
    assert (rows_of(task(kind, **own), 0).rows != rows_of(task(kind, **own), 1).rows).any()
    assert (rows_of(task(kind, rows=500, **own), 0).rows[:400] == rows_of(task(kind, **own), 0).rows).all()


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (
            {"kind": "sparse-linear", "d": 5, "k": 7},
            "the number k of signs that the class reads must be 1 to 5",
        ),
        ({"kind": "sparse-linear", "d": 5, "k": 2}, "that the class reads must be odd, not 2"),
        (
            {"kind": "dense-linear", "d": 5, "operation": "x + y"},
            "linear teachers have the operation 'sign' alone",
        ),
    ],
)
def test_what_makes_no_teacher_is_refused_in_one_sentence(own: dict[str, float], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        count_rows(task(**own))
