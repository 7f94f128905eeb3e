from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.splits import (
    ORDERS,
    ROUNDINGS,
    Split,
    fraction,
    rows_as_fraction,
    split,
    split_table,
    training_rows,
)
from grokbench.tasks.streams import stream
from grokbench.tasks.table import build_table

ROWS = st.integers(50, 400)
ALPHA = st.floats(0.05, 0.95)
ROUNDING = st.sampled_from(ROUNDINGS)
SEED = st.integers(0, 10**6)
POWER = Path(__file__).parent.parent / "data" / "power2022-transformer.npz"


def shuffled(n_rows: int, seed: int, task: str = "any") -> np.ndarray:
    return stream(seed, "split", task).permutation(n_rows)


def cut(order: np.ndarray, alpha: float, rounding: str) -> Split:
    return split(order, training_rows(len(order), alpha, rounding))


@given(ROWS, ALPHA, ROUNDING, SEED)
def test_a_split_covers_every_row_once_in_order(n_rows: int, alpha: float, rounding: str, seed: int) -> None:
    found = cut(shuffled(n_rows, seed), alpha, rounding)
    assert sorted([*found.train, *found.test]) == list(range(n_rows))
    assert (np.diff(found.train) > 0).all()
    assert (np.diff(found.test) > 0).all()
    assert found.train.dtype == found.test.dtype == np.int64
    assert abs(len(found.train) - alpha * n_rows) <= 1


@given(ROWS, ALPHA, ALPHA, ROUNDING, SEED)
def test_smaller_fractions_nest_in_larger_ones(
    n_rows: int, one: float, other: float, rounding: str, seed: int
) -> None:
    small, large = (cut(shuffled(n_rows, seed), alpha, rounding) for alpha in sorted((one, other)))
    assert set(small.train) <= set(large.train)


@given(SEED, SEED)
def test_another_seed_or_task_splits_otherwise(seed: int, other: int) -> None:
    assume(seed != other)
    here, there, elsewhere = (
        cut(shuffled(400, s, task), 0.5, "floor").train.tolist()
        for s, task in [(seed, "addition"), (other, "addition"), (seed, "cubic")]
    )
    assert here != there
    assert here != elsewhere


def test_fractions_are_rounded_as_the_codes_of_the_papers_do() -> None:
    assert training_rows(9409, 0.5, "half-even") == 4704
    assert training_rows(9411, 0.5, "half-even") == 4706
    assert training_rows(9411, 0.5, "floor") == 4705
    assert training_rows(12769, 0.3, "floor") == 3830
    assert training_rows(12769, 0.3, "half-even") == 3831


def test_a_table_is_split_by_its_own_stream(load: Callable[[str], TaskSpec]) -> None:
    task = load("addition")
    found = split_table(build_table(task), task, 0.49, {"rounding": "floor", "split": "seed"}, 3)
    again = cut(shuffled(9409, 3, "addition"), 0.49, "floor")
    assert found.train.tolist() == again.train.tolist()
    assert len(found.train) == 4610


@pytest.mark.parametrize("alpha", [0, 1, -0.1, 1.5, float("nan"), float("inf")])
def test_a_fraction_outside_0_to_1_is_refused(alpha: float) -> None:
    with pytest.raises(InputError, match="alpha must lie strictly between 0 and 1"):
        cut(np.arange(100), alpha, "floor")


def test_a_split_with_an_empty_side_is_refused() -> None:
    with pytest.raises(InputError, match=r"alpha = 0\.001 of 100 rows leaves the training set empty"):
        cut(np.arange(100), 0.001, "floor")
    with pytest.raises(InputError, match=r"alpha = 0\.999 of 100 rows leaves the test set empty"):
        cut(np.arange(100), 0.999, "half-even")


def test_an_unknown_rounding_is_met_with_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'floor'"):
        training_rows(100, 0.5, "flor")


@pytest.mark.parametrize(("name", "key", "first"), [("division", "division", 22), ("s5-product", "s5", 119)])
@pytest.mark.parametrize("seed", [0, 7])
def test_the_split_of_openai_grok_is_that_of_its_own_code_for_every_seed(
    name: str, key: str, first: int, seed: int, load: Callable[[str], TaskSpec]
) -> None:
    theirs = np.load(POWER)[f"{key}_train50_a_b_c_tokens"].astype(np.int64) - first
    table = build_table(load(name))
    found = split_table(table, load(name), 0.5, {"rounding": "half-even", "split": "openai-grok"}, seed)
    assert sorted(table.rows[found.train].tolist()) == sorted(theirs.tolist())


@pytest.mark.parametrize("name", ["addition", "division", "s5-product"])
@pytest.mark.parametrize("alpha", [0.3, 0.5])
def test_a_mirrored_split_keeps_a_pair_and_its_mirror_together(
    name: str, alpha: float, load: Callable[[str], TaskSpec]
) -> None:
    table = build_table(load(name))
    found = split_table(table, load(name), alpha, {"rounding": "floor", "split": "mirrored"}, 2)
    assert len(found.train) == training_rows(len(table.rows), alpha, "floor")
    trained = {(x, y) for x, y, _ in table.rows[found.train].tolist()}
    parted = [(x, y) for x, y, _ in table.rows[found.test].tolist() if (y, x) in trained]
    assert len(parted) <= 1


@pytest.mark.parametrize("kind", ORDERS)
def test_every_order_is_a_permutation_of_the_rows(kind: str, load: Callable[[str], TaskSpec]) -> None:
    table = build_table(load("division"))
    assert sorted(ORDERS[kind](table, load("division"), 1).tolist()) == list(range(len(table.rows)))


def test_an_unknown_kind_of_split_is_met_with_the_nearest_one(load: Callable[[str], TaskSpec]) -> None:
    task = load("addition")
    with pytest.raises(UnknownNameError, match="did you mean 'mirrored'"):
        split_table(build_table(task), task, 0.5, {"rounding": "floor", "split": "mirored"}, 0)


@given(st.integers(2, 5 * 10**7), st.data(), ROUNDING)
def test_a_fraction_of_two_integers_stands_for_its_numerator(
    n_rows: int, data: st.DataObject, rounding: str
) -> None:
    rows = data.draw(st.integers(1, n_rows - 1))
    alpha = rows / n_rows
    assume(round(alpha, 10) != alpha)
    kept, said = fraction(n_rows, alpha, rounding)
    assert kept == round(alpha, 10)
    assert (training_rows(n_rows, kept, rounding) if said is None else said) == rows


@given(st.integers(2, 5 * 10**7), st.data(), ROUNDING)
def test_a_number_of_rows_is_kept(n_rows: int, data: st.DataObject, rounding: str) -> None:
    rows = data.draw(st.integers(1, n_rows - 1))
    kept, said = rows_as_fraction(n_rows, rows, rounding)
    assert kept == round(rows / n_rows, 10)
    assert (training_rows(n_rows, kept, rounding) if said is None else said) == rows


@given(st.integers(50, 10**6), ALPHA, ROUNDING)
def test_a_fraction_is_rounded_after_its_rows_were_counted(n_rows: int, alpha: float, rounding: str) -> None:
    kept, said = fraction(n_rows, alpha, rounding)
    if round(alpha * n_rows) / n_rows != alpha:
        counted = training_rows(n_rows, alpha, rounding)
        assert (training_rows(n_rows, kept, rounding) if said is None else said) == counted


@pytest.mark.parametrize("rows", [-1, 0, 100, 101])
def test_rows_that_leave_a_side_empty_are_refused(rows: int) -> None:
    with pytest.raises(InputError, match="set empty"):
        rows_as_fraction(100, rows, "floor")
