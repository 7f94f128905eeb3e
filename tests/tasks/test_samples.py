"""Bits and their sources: rows that are no table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import TaskSpec, Trial
from grokbench.tasks.domain import make_domain
from grokbench.tasks.memoriser import memoriser_baseline
from grokbench.tasks.source import Vectors, count_held, count_rows, rows_of, shape_of, source
from grokbench.tasks.splits import split_table
from grokbench.tasks.table import build_table
from grokbench.tasks.trained import trial_rows

SAMPLES = {"kind": "samples", "rows": 300}


def parity(n: int = 40, k: int = 3, operation: str = "parity", **own: Any) -> TaskSpec:
    return TaskSpec("bits", "Bits", operation, {"kind": "bits", "n": n, "k": k}, SAMPLES | own)


def test_samples_are_signs_and_their_target_is_the_product_of_the_first_bits() -> None:
    table = rows_of(parity(), 0)
    assert table.rows.shape == (300, 41)
    assert table.rows.dtype == np.float64
    assert set(np.unique(table.rows[:, :-1])) == {-1.0, 1.0}
    assert table.n_elements == 2
    for row in table.rows.tolist():
        assert row[-1] == (row[0] * row[1] * row[2] > 0)
    assert shape_of(parity()) == Vectors(40, 2)
    assert count_rows(parity()) == 300


def test_samples_follow_their_seed_and_a_larger_sample_begins_with_a_smaller_one() -> None:
    assert (rows_of(parity(), 0).rows == rows_of(parity(), 0).rows).all()
    assert (rows_of(parity(), 0).rows[:, :-1] != rows_of(parity(), 1).rows[:, :-1]).any()
    assert (rows_of(parity(rows=500), 0).rows[:300] == rows_of(parity(), 0).rows).all()


def test_samples_are_split_like_a_table_and_smaller_fractions_nest() -> None:
    table = rows_of(parity(), 3)
    splits = [
        split_table(table, parity(), alpha, {"rounding": "floor", "split": "seed"}, 3) for alpha in (0.2, 0.5)
    ]
    assert [len(one.train) for one in splits] == [60, 150]
    assert set(splits[0].train) < set(splits[1].train)
    assert sorted([*splits[1].train, *splits[1].test]) == list(range(300))
    assert memoriser_baseline(table, splits[1]) == pytest.approx(0.5, abs=0.1)


def test_a_test_sample_is_the_same_whatever_is_trained_on_and_shares_no_stream_with_it() -> None:
    task = parity(test_rows=50)
    table = rows_of(task, 3)
    assert (table.rows.shape, table.held, table.pool, count_rows(task), count_held(task)) == (
        (350, 41),
        50,
        300,
        300,
        50,
    )
    assert (table.rows[:300] == rows_of(parity(), 3).rows).all()
    for row in table.rows[300:].tolist():
        assert row[-1] == (row[0] * row[1] * row[2] > 0)
    assert not {tuple(row) for row in table.rows[300:].tolist()} & {
        tuple(row) for row in table.rows[:300].tolist()
    }
    splits = [
        split_table(table, task, alpha, {"rounding": "floor", "split": "seed"}, 3) for alpha in (0.2, 0.5)
    ]
    assert [len(one.train) for one in splits] == [60, 150]
    for one in splits:
        assert one.test.tolist() == list(range(300, 350))
        assert one.train.max() < 300
    whole = split_table(rows_of(parity(), 3), parity(), 0.2, {"rounding": "floor", "split": "seed"}, 3)
    assert (whole.train == splits[0].train).all()


def test_fresh_rows_are_tested_on_such_a_sample_too() -> None:
    assert (
        rows_of(parity(kind="online", test_rows=20), 0).held
        == count_held(parity(kind="online", test_rows=20))
        == 20
    )


def test_the_targets_are_those_of_the_reference() -> None:
    from pathlib import Path

    known = np.load(Path(__file__).parent.parent / "data" / "merrill2023-parity.npz")
    bits = make_domain({"kind": "bits", "n": 40, "k": 3})
    assert (2 * bits.parity(known["x"].astype(np.float64)) - 1 == known["y"]).all()


def test_fresh_rows_follow_their_seed_and_never_repeat() -> None:
    task = parity(kind="online")
    own = source(task)
    assert own.fresh is not None
    draw, again = own.fresh(task, 0), own.fresh(task, 0)
    first, second = draw(8), draw(8)
    assert (first == again(8)).all()
    assert (first != second).any()
    assert first.shape == (8, 41)
    assert (rows_of(task, 0).rows == rows_of(parity(), 0).rows).all()


def test_a_share_of_fresh_rows_has_a_wrong_label_and_the_same_inputs() -> None:
    drawn = {}
    for wrong in (0.0, 0.25, 1.0):
        task = parity(kind="online", wrong=wrong)
        fresh = source(task).fresh
        assert fresh is not None
        drawn[wrong] = fresh(task, 0)(4000)
        assert (drawn[wrong][:, :-1] == drawn[0.0][:, :-1]).all()
        assert (rows_of(task, 0).rows == rows_of(parity(), 0).rows).all()
    assert (drawn[1.0][:, -1] == 1 - drawn[0.0][:, -1]).all()
    assert np.mean(drawn[0.25][:, -1] != drawn[0.0][:, -1]) == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        (
            parity(operation="x + y"),
            "task 'bits': operation 'x \\+ y': bits have the operation 'parity' alone",
        ),
        (parity(n=3, k=4), "task 'bits': the number k of bits that the target reads must be 1 to 3, not 4"),
        (
            TaskSpec("sum", "", "x + y", {"kind": "integers-mod", "p": 5}, SAMPLES),
            "task 'sum': 'integers-mod' gives no samples; leave the source out",
        ),
        (
            TaskSpec("bits", "", "parity", {"kind": "bits", "n": 4, "k": 2}),
            "'bits' has no table of pairs; give",
        ),
    ],
)
def test_a_source_that_does_not_fit_is_refused_in_one_sentence(task: TaskSpec, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        count_rows(task)
    assert str(caught.value).count("task ") == 1
    with pytest.raises(InputError, match=sentence):
        rows_of(task, 0)


def test_the_shape_of_bits_without_samples_is_refused_too() -> None:
    with pytest.raises(InputError, match="'bits' has no table of pairs"):
        shape_of(TaskSpec("bits", "", "parity", {"kind": "bits", "n": 4, "k": 2}))


def test_only_pairs_are_mirrored() -> None:
    with pytest.raises(InputError, match="'mirrored' orders pairs of elements, which 'bits' has none of"):
        split_table(rows_of(parity(), 0), parity(), 0.5, {"rounding": "floor", "split": "mirrored"}, 0)


def test_a_table_is_its_own_source() -> None:
    task = TaskSpec("sum", "", "x + y", {"kind": "integers-mod", "p": 5})
    assert (rows_of(task, 0).rows == build_table(task).rows).all()
    assert (shape_of(task), count_rows(task)) == (5, 25)


def test_fresh_rows_have_no_labels_to_corrupt() -> None:
    recipe = Library().recipe("gromov2023/adamw", {"data.corruption": {"kind": "labels", "share": 0.1}})
    with pytest.raises(InputError, match="the source 'online' has none"):
        trial_rows(Trial(parity(kind="online"), recipe, 0.5, 0, 1))
