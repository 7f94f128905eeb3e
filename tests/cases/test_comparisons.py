"""Comparisons read the representatives 0…p−1, so that their constants must be such, and they must decide something."""

from __future__ import annotations

import pytest

from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import TaskSpec
from grokbench.tasks.table import build_table


def rows(operation: str, p: int) -> list[list[int]]:
    return build_table(TaskSpec("t", "t", operation, {"kind": "integers-mod", "p": p})).rows.tolist()


@pytest.mark.parametrize(
    ("operation", "piece"),
    [
        ("x if x < 97 else y", "'97' in 'x < 97'"),
        ("x if x < -1 else y", "'-1' in"),
        ("x if 100 == y else y", "'100' in '100 == y'"),
        ("x if x < 50 + 50 else y", "'50 + 50' in"),
        ("x if x < 2**100 else y", "'2 ** 100' in"),
        ("x if x < 1 / 2 else y", "'1 / 2' in"),
        ("x if x < 2**(10**17) else y", "is compared with values modulo 97"),
        ("x if odd(97) else y", "'97' in 'odd(97)'"),
    ],
)
def test_a_constant_that_is_no_residue_is_refused(operation, piece):
    with pytest.raises(InputError, match="the integers 0 to 96; write one of them") as caught:
        rows(operation, 97)
    assert piece in str(caught.value)


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        ("y - x if x - y < 0 else x - y", "is false on every row"),
        ("y - x if x - y < 0 else x - y", "a value modulo p is never below 0; write 'x < y'"),
        ("x if 0 <= x - y else y", "is true on every row"),
        ("x if 0 <= x - y else y", "never below 0; write 'y <= x'"),
        ("x if x < 0 else y", "never below 0"),
        ("x if x <= 96 else y", "is true on every row"),
        ("x if x == x else y", "is true on every row"),
        ("x if 2 < 3 else y", "is true on every row"),
    ],
)
def test_a_comparison_that_decides_nothing_is_refused(operation, sentence):
    with pytest.raises(InputError) as caught:
        rows(operation, 97)
    assert sentence in str(caught.value)


def test_constants_that_are_residues_are_compared_as_integers():
    assert [row[2] for row in rows("1 if x < 2 * 2 - 1 else 0", 5)] == [1] * 15 + [0] * 10
    assert [row[2] for row in rows("1 if x == 4 / 2 else 0", 5)] == [0] * 10 + [1] * 5 + [0] * 10


@pytest.mark.parametrize("p", [2, 3, 5, 7, 11])
def test_every_built_in_task_has_a_table_at_every_small_prime(p):
    library = Library()
    for name in library.task_ids():
        if library.task(name).domain["kind"] == "integers-mod":
            assert len(build_table(library.task(name, {"domain.p": p})).rows)
