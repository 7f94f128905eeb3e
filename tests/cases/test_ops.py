"""An operation that the language lacks is refused by validate, with what to write in its place."""

from __future__ import annotations

import pytest

from tests.cases.commands import task

OPERATIONS = {
    "x // y": "'/' divides modulo p",
    "min(x, y)": "write 'x if x < y else y'",
    "max(x, y)": "write 'y if x < y else x'",
    "x == y": "write '1 if x == y else 0'",
    "odd(x)": "write '1 if odd(x) else 0'",
    "x^2 + y^2": "a power is written '**'",
    "(x + y) % 97": "values are reduced modulo p anyway",
    "x + y mod 97": "values are reduced modulo p anyway",
    "x + y (mod 97)": "unexpected 'mod'; values are reduced modulo p anyway",
    "x, y": "an operation has one value",
    "abs(x - y)": "a value has no sign; write 'x - y if y <= x else y - x'",
    "pow(x, 2) + y": "a power is written '**'",
    "x if x > y else y": "swap the sides and use '<'",
    "x if x >= y else y": "swap the sides and use '<='",
    "x if x = y else y": "compared by '=='",
    "a + b": "the two elements are called 'x' and 'y'",
    "X + Y": "the first element is called 'x'",
    "x · y": "a product is written '*'",
    "x − y": "minus is written '-'",
}


def test_validate_says_of_every_file_what_to_write(grokbench, tmp_path):
    files = {task(tmp_path, f"t{i}", text): hint for i, (text, hint) in enumerate(OPERATIONS.items())}
    done = grokbench("validate", str(tmp_path))
    assert done.status == 2
    lines = done.err.removeprefix("Error: ").splitlines()
    assert len(lines) == len(files)
    for path, hint in files.items():
        (line,) = [line for line in lines if line.startswith(f"{path}: operation: ")]
        assert hint in line


@pytest.mark.parametrize("operation", ["x**2 + y**2", "1 if x == y else 0", "x if x < y else y"])
def test_the_way_it_is_to_be_written_is_taken(grokbench, tmp_path, operation):
    assert grokbench("validate", str(task(tmp_path, "t", operation))).status == 0
