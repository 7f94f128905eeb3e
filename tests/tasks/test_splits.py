from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.splits import ROUNDINGS, split, split_table, training_rows
from grokbench.tasks.streams import stream
from grokbench.tasks.table import build_table

ROWS = st.integers(50, 400)
ALPHA = st.floats(0.05, 0.95)
ROUNDING = st.sampled_from(ROUNDINGS)
SEED = st.integers(0, 10**6)


@given(ROWS, ALPHA, ROUNDING, SEED)
def test_a_split_covers_every_row_once_in_order(n_rows: int, alpha: float, rounding: str, seed: int) -> None:
    found = split(n_rows, alpha, rounding, stream(seed, "split", "any"))
    assert sorted([*found.train, *found.test]) == list(range(n_rows))
    assert (np.diff(found.train) > 0).all()
    assert (np.diff(found.test) > 0).all()
    assert found.train.dtype == found.test.dtype == np.int64
    assert abs(len(found.train) - alpha * n_rows) <= 1


@given(ROWS, ALPHA, ALPHA, ROUNDING, SEED)
def test_smaller_fractions_nest_in_larger_ones(
    n_rows: int, one: float, other: float, rounding: str, seed: int
) -> None:
    small, large = (
        split(n_rows, alpha, rounding, stream(seed, "split", "any")) for alpha in sorted((one, other))
    )
    assert set(small.train) <= set(large.train)


@given(SEED, SEED)
def test_another_seed_or_task_splits_otherwise(seed: int, other: int) -> None:
    assume(seed != other)
    here, there, elsewhere = (
        split(400, 0.5, "floor", stream(s, "split", task)).train.tolist()
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
    table = build_table(load("addition"))
    found = split_table(table, "addition", 0.49, "floor", 3)
    again = split(9409, 0.49, "floor", stream(3, "split", "addition"))
    assert found.train.tolist() == again.train.tolist()
    assert len(found.train) == 4610


@pytest.mark.parametrize("alpha", [0, 1, -0.1, 1.5, float("nan"), float("inf")])
def test_a_fraction_outside_0_to_1_is_refused(alpha: float) -> None:
    with pytest.raises(InputError, match="alpha must lie strictly between 0 and 1"):
        split(100, alpha, "floor", stream(0, "split", "any"))


def test_a_split_with_an_empty_side_is_refused() -> None:
    with pytest.raises(InputError, match=r"alpha = 0\.001 of 100 rows leaves the training set empty"):
        split(100, 0.001, "floor", stream(0, "split", "any"))
    with pytest.raises(InputError, match=r"alpha = 0\.999 of 100 rows leaves the test set empty"):
        split(100, 0.999, "half-even", stream(0, "split", "any"))


def test_an_unknown_rounding_is_met_with_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'floor'"):
        training_rows(100, 0.5, "flor")
