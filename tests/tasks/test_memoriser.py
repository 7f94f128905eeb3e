from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from grokbench.specs.types import TaskSpec
from grokbench.tasks.memoriser import memoriser_baseline
from grokbench.tasks.splits import Split, split_table
from grokbench.tasks.table import Table, build_table

Load = Callable[[str], TaskSpec]

FLOOR = {"rounding": "floor", "split": "seed"}


def plain(table: Table, split: Split) -> float:
    """The same four guesses, one row at a time."""
    train, test = table.rows[split.train].tolist(), table.rows[split.test].tolist()

    def commonest(answers: list[int]) -> int:
        counts = Counter(answers)
        return min(counts, key=lambda answer: (-counts[answer], answer))

    overall = commonest([z for _, _, z in train])
    by_x = {k: commonest([z for x, _, z in train if x == k]) for k in {x for x, _, _ in train}}
    by_y = {k: commonest([z for _, y, z in train if y == k]) for k in {y for _, y, _ in train}}
    known = {(x, y): z for x, y, z in train}
    hits = [0, 0, 0, 0]
    for x, y, z in test:
        guesses = [overall, by_x.get(x, overall), by_y.get(y, overall), known.get((y, x))]
        hits = [h + (g == z) for h, g in zip(hits, guesses, strict=True)]
    return max(hits) / len(test)


@pytest.mark.parametrize(
    "name", ["addition", "subtraction", "division", "cubic", "cubic-product", "square-of-sum", "s5-product"]
)
@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.95])
def test_the_baseline_is_what_guessing_row_by_row_gives(name: str, alpha: float, load: Load) -> None:
    table = build_table(load(name))
    split = split_table(table, load(name), alpha, FLOOR, 1)
    assert memoriser_baseline(table, split) == pytest.approx(plain(table, split), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_on_addition_at_half_the_table_the_mirror_gives_a_half(seed: int, load: Load) -> None:
    table = build_table(load("addition"))
    assert memoriser_baseline(table, split_table(table, load("addition"), 0.5, FLOOR, seed)) == pytest.approx(
        0.5, abs=0.03
    )


def test_mirrors_do_not_help_where_order_matters(load: Load) -> None:
    table = build_table(load("subtraction"))
    assert memoriser_baseline(table, split_table(table, load("subtraction"), 0.5, FLOOR, 0)) < 0.03


def test_when_every_mirror_was_trained_on_the_baseline_is_one(load: Load) -> None:
    table = build_table(load("addition"))
    lower = table.rows[:, 0] >= table.rows[:, 1]
    split = Split(train=np.flatnonzero(lower), test=np.flatnonzero(~lower))
    assert memoriser_baseline(table, split) == 1.0


def test_the_palindrome_is_guessed_as_often_as_a_permutation_squares_to_the_identity(load: Load) -> None:
    # x·y·x = (x·y)²·y⁻¹, so given y the commonest answer is y⁻¹: 26 of the 120 elements of S_5 square to 1.
    table = build_table(load("s5-palindrome"))
    split = split_table(table, load("s5-palindrome"), 0.5, FLOOR, 0)
    assert memoriser_baseline(table, split) == pytest.approx(26 / 120, abs=0.02)


def test_an_operand_never_trained_on_gets_the_commonest_answer() -> None:
    rows = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [2, 2, 1]])
    split = Split(train=np.array([0, 1, 2]), test=np.array([3]))
    assert memoriser_baseline(Table(rows, 3), split) == 1.0


def test_on_a_mirrored_split_the_mirror_gives_nothing(load: Load) -> None:
    task = load("addition")
    split = split_table(build_table(task), task, 0.5, {**FLOOR, "split": "mirrored"}, 0)
    assert memoriser_baseline(build_table(task), split) < 0.03
