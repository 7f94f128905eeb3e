"""Every task against a computation of its own, in plain Python integers and tuples."""

import re
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.table import build_table

Load = Callable[[str], TaskSpec]
Perm = tuple[int, ...]
P = 97

MODULAR: dict[str, Callable[[int, int], int | None]] = {
    "addition": lambda x, y: (x + y) % P,
    "subtraction": lambda x, y: (x - y) % P,
    "multiplication": lambda x, y: x * y % P,
    "multiplication-nonzero": lambda x, y: x * y % P if y else None,
    "division": lambda x, y: x * pow(y, -1, P) % P if y else None,
    "division-or-subtraction": lambda x, y: x * pow(y, -1, P) % P if y % 2 else (x - y) % P,
    "sum-of-squares": lambda x, y: (x**2 + y**2) % P,
    "symmetric-quadratic": lambda x, y: (x**2 + x * y + y**2) % P,
    "quadratic": lambda x, y: (x**2 + x * y + y**2 + x) % P,
    "cubic-product": lambda x, y: (x**3 + x * y) % P,
    "cubic": lambda x, y: (x**3 + x * y**2 + y) % P,
    "square-of-sum": lambda x, y: (x + y) ** 2 % P,
}


def then(first: Perm, second: Perm) -> Perm:
    return tuple(second[i] for i in first)


def inverse(a: Perm) -> Perm:
    return tuple(a.index(i) for i in range(len(a)))


GROUP: dict[str, Callable[[Perm, Perm], Perm]] = {
    "s5-product": then,
    "s3-product": then,
    "s5-conjugation": lambda x, y: then(then(x, y), inverse(x)),
    "s5-palindrome": lambda x, y: then(then(x, y), x),
}


def modular(operation: str, p: int = P) -> TaskSpec:
    return TaskSpec("tried", "Tried", operation, {"kind": "integers-mod", "p": p})


def group(operation: str, n: int = 3) -> TaskSpec:
    return TaskSpec("tried", "Tried", operation, {"kind": "symmetric-group", "n": n})


@pytest.mark.parametrize("name", MODULAR)
def test_a_modular_table_is_what_plain_integers_give(name: str, load: Load) -> None:
    answers = [[x, y, MODULAR[name](x, y)] for x in range(P) for y in range(P)]
    table = build_table(load(name))
    assert table.rows.tolist() == [row for row in answers if row[2] is not None]
    assert table.n_elements == P


@pytest.mark.parametrize("name", GROUP)
def test_a_group_table_is_what_plain_tuples_give(name: str, load: Load) -> None:
    every = list(permutations(range(load(name).domain["n"])))
    rank = {element: i for i, element in enumerate(every)}
    table = build_table(load(name))
    assert table.rows.tolist() == [
        [i, j, rank[GROUP[name](x, y)]] for i, x in enumerate(every) for j, y in enumerate(every)
    ]
    assert table.n_elements == len(every)


def test_every_task_on_residues_or_permutations_is_tried_here_and_all_are_named_like_their_ids(
    load: Load,
) -> None:
    files = list((Path(__file__).parents[2] / "tasks").glob("*.toml"))
    here = {f.stem for f in files if load(f.stem).domain["kind"] in ("integers-mod", "symmetric-group")}
    assert here == {*MODULAR, *GROUP}
    for file in files:
        assert load(file.stem).id == file.stem
        assert file.read_text("utf-8").startswith("#:schema ../grokbench/specs/schemas/task.schema.json\n")


@pytest.mark.parametrize(
    ("name", "n_rows"), [("addition", 9409), ("division", 9312), ("s5-product", 14400), ("cubic", 9409)]
)
def test_tables_have_the_sizes_of_the_papers(name: str, n_rows: int, load: Load) -> None:
    rows = build_table(load(name)).rows
    assert rows.shape == (n_rows, 3)
    assert rows.dtype == np.int64
    assert rows.flags.c_contiguous


# Random operations, written twice: in the language, and as a plain function that returns None when undefined.
Plain = Callable[[int, int], int | None]
Pair = tuple[str, Plain]


def _lift(sign: str, a: Pair, b: Pair, p: int) -> Pair:
    def plain(x: int, y: int) -> int | None:
        left, right = a[1](x, y), b[1](x, y)
        if left is None or right is None or (sign == "/" and right == 0):
            return None
        value = {"+": left + right, "-": left - right, "*": left * right}.get(sign)
        return left * pow(right, -1, p) % p if value is None else value % p

    return f"({a[0]}) {sign} ({b[0]})", plain


def _raise(a: Pair, exponent: int, p: int) -> Pair:
    def plain(x: int, y: int) -> int | None:
        base = a[1](x, y)
        return None if base is None or (exponent < 0 and base == 0) else pow(base, exponent, p)

    return f"({a[0]})**{exponent}", plain


def _choose(test: str, c: Pair, d: Pair, a: Pair, b: Pair) -> Pair:
    def plain(x: int, y: int) -> int | None:
        left, right = c[1](x, y), 0 if test == "odd" else d[1](x, y)
        if left is None or right is None:
            return None
        holds = {
            "odd": left % 2 == 1,
            "==": left == right,
            "!=": left != right,
            "<": left < right,
            "<=": left <= right,
        }[test]
        return a[1](x, y) if holds else b[1](x, y)

    condition = f"odd({c[0]})" if test == "odd" else f"{c[0]} {test} {d[0]}" if test else ""
    return f"({a[0]}) if {condition} else ({b[0]})", plain


@st.composite
def operations(draw: st.DrawFn, p: int, depth: int = 3) -> Pair:
    kind = draw(st.sampled_from(["leaf", "minus", "pair", "power", "choice"])) if depth else "leaf"
    inner = operations(p, depth - 1)
    if kind == "pair":
        return _lift(draw(st.sampled_from("+-*/")), draw(inner), draw(inner), p)
    if kind == "power":
        return _raise(draw(inner), draw(st.integers(-5, 20)), p)
    if kind == "minus":
        text, value = _lift("-", ("0", lambda x, y: 0), draw(inner), p)
        return "-" + text.removeprefix("(0) - "), value
    if kind == "choice":
        test = draw(st.sampled_from(["odd", "==", "!=", "<", "<="]))
        c, d = (_lift("+", draw(inner), draw(inner), p) for _ in range(2))
        return _choose(test, c, d, draw(inner), draw(inner))
    number = draw(st.integers(0, 40))
    leaves: list[Pair] = [
        ("x", lambda x, y: x),
        ("y", lambda x, y: y),
        (str(number), lambda x, y: number % p),
    ]
    return draw(st.sampled_from(leaves))


@given(st.data(), st.sampled_from([2, 3, 5, 7]))
def test_any_operation_gives_what_plain_integers_give(data: st.DataObject, p: int) -> None:
    text, plain = data.draw(operations(p))
    answers = [[x, y, plain(x, y)] for x in range(p) for y in range(p)]
    defined = [row for row in answers if row[2] is not None]
    try:
        rows = build_table(modular(text, p)).rows.tolist()
    except InputError as error:
        # A comparison that decides nothing, or with a constant that is no residue, has no table.
        assume("decides nothing" not in str(error) and "is compared with" not in str(error))
        if "divides by zero on every row" not in str(error):
            raise
        rows = []
    assert rows == defined


def test_only_the_chosen_branch_can_drop_a_row() -> None:
    assert len(build_table(modular("x / y if y != 0 else x")).rows) == P**2
    assert len(build_table(modular("x if y != 0 else x / y")).rows) == P**2 - P
    assert len(build_table(modular("x if odd(x / y) else y")).rows) == P**2 - P
    assert len(build_table(modular("y**-1 + x")).rows) == P**2 - P


def test_comparisons_and_odd_read_representatives() -> None:
    rows = build_table(modular("1 if x - y <= 1 else 0 if odd(-x) else 2", 7)).rows
    expected = [1 if (x - y) % 7 <= 1 else 0 if (-x % 7) % 2 else 2 for x in range(7) for y in range(7)]
    assert rows[:, 2].tolist() == expected


def test_huge_exponents_are_worked_out_by_modular_powers() -> None:
    rows = build_table(modular("x**10**9 + y**-(10**18)")).rows
    expected = [(pow(x, 10**9, P) + pow(y, -(10**18), P)) % P for x in range(P) for y in range(1, P)]
    assert rows[:, 2].tolist() == expected


def test_a_large_modulus_does_not_overflow() -> None:
    p = 1009
    rows = build_table(modular("(x * y)**3 * x * y", p)).rows
    picked = rows[:: len(rows) // 997]
    assert picked[:, 2].tolist() == [pow(x * y, 4, p) for x, y, _ in picked.tolist()]


def test_a_group_takes_powers_too() -> None:
    every = list(permutations(range(3)))
    rank = {element: i for i, element in enumerate(every)}
    rows = build_table(group("(x * y)**-2 * x**(10**9)")).rows

    def plain(x: Perm, y: Perm) -> Perm:
        twice = then(then(x, y), then(x, y))
        x_four = then(then(x, x), then(x, x))  # 10**9 = 4 modulo 6, the exponent of S_3
        return then(inverse(twice), x_four)

    assert rows[:, 2].tolist() == [rank[plain(x, y)] for x in every for y in every]


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        (modular("x + y", 1), "task 'tried': the modulus p must be at least 2, not 1"),
        (modular("x + y", -5), "task 'tried': the modulus p must be at least 2, not -5"),
        (modular("x / y", 96), "task 'tried': 'x / y' divides, for which p must be prime; p = 96 is not"),
        (modular("x / 5", 4), "'x / 5' divides, for which p must be prime"),
        (modular("x + y**-1", 96), "'y ** -1' divides, for which p must be prime"),
        (modular("x if odd(y) else x / y", 96), "'x / y' divides, for which p must be prime"),
        (modular("x / 97"), "operation 'x / 97' divides by zero on every row"),
        (modular("x + z"), "task 'tried': operation 'x + z': unknown name 'z'"),
        (modular("x + y", 200_000), "p = 200000 makes a table of 40,000,000,000 rows, over the limit"),
        (modular("x + y", 7072), "use p <= 7071"),
        (modular("x + y", 10**400), "over the limit of 50,000,000"),
        (group("x * y", 7), "task 'tried': the degree n of the symmetric group must be 2 to 6, not 7"),
        (group("x * y", 10**9), "must be 2 to 6"),
        (group("x + y"), "task 'tried': in a group only '*' and '**' of x and y mean something, not 'x + y'"),
        (group("x / y"), "a group has no '/' in 'x / y'; write x * y**-1"),
        (group("2 * x"), "in a group only '*' and '**' of x and y mean something, not '2'"),
        (group("-x"), "mean something, not '-x'"),
        (group("x if x == y else y"), "mean something, not 'x if (x == y) else y'"),
        (TaskSpec("tried", "", "x", {"kind": "integers-mod"}), "needs p, such as p = 97"),
        (TaskSpec("tried", "", "x", {"kind": "symmetric-group", "p": 5}), "needs n, such as n = 5"),
    ],
)
def test_a_table_that_cannot_be_made_is_refused_in_one_sentence(task: TaskSpec, sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)) as caught:
        build_table(task)
    assert "\n" not in str(caught.value)


def test_an_unknown_domain_is_met_with_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'integers-mod'"):
        build_table(TaskSpec("tried", "", "x + y", {"kind": "integer-mod", "p": 7}))
