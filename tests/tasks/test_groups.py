"""Every group against permutations composed one by one, and against the laws of groups."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from math import factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokbench.specs.errors import InputError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.domain import make_domain
from grokbench.tasks.groups import Group
from grokbench.tasks.table import build_table

Perm = tuple[int, ...]


def domain(kind: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, **fields}


def group(kind: str, **fields: Any) -> Group:
    found: Group = make_domain(domain(kind, **fields))
    return found


PRODUCT = [domain("cyclic-group", n=3), domain("dihedral-group", n=4), domain("symmetric-group", n=3)]
GROUPS = {
    **{f"S{n}": (domain("symmetric-group", n=n), factorial(n)) for n in range(2, 7)},
    **{f"A{n}": (domain("alternating-group", n=n), factorial(n) // 2) for n in range(3, 7)},
    **{f"D{n}": (domain("dihedral-group", n=n), 2 * n) for n in (3, 4, 5, 12, 59)},
    **{f"C{n}": (domain("cyclic-group", n=n), n) for n in (2, 3, 8, 113)},
    "C3 × D4 × S3": (domain("product", factors=PRODUCT), 3 * 8 * 6),
}
GIVEN = pytest.mark.parametrize("name", GROUPS)


def then(first: Perm, second: Perm) -> Perm:
    return tuple(second[i] for i in first)


def turned(n: int, reflected: bool, k: int) -> Perm:
    return tuple((k - i if reflected else k + i) % n for i in range(n))


def plain(table: dict[str, Any]) -> list[Perm]:
    """The elements of a group as permutations, in its order."""
    n, kind = table.get("n", 0), table["kind"]
    if kind == "symmetric-group":
        return sorted(permutations(range(n)))
    if kind == "alternating-group":
        return [
            p
            for p in sorted(permutations(range(n)))
            if sum(p[i] > p[j] for j in range(n) for i in range(j)) % 2 == 0
        ]
    if kind == "cyclic-group":
        return [turned(n, False, k) for k in range(n)]
    if kind == "dihedral-group":
        return [turned(n, reflected, k) for reflected in (False, True) for k in range(n)]
    out: list[Perm] = [()]
    for factor in table["factors"]:
        out = [(*p, *(len(p) + i for i in q)) for p in out for q in plain(factor)]
    return out


@GIVEN
def test_the_table_is_that_of_permutations_with_the_left_one_applied_first(name: str) -> None:
    table, size = GROUPS[name]
    every, found = plain(table), make_domain(table)
    rank = {p: i for i, p in enumerate(every)}
    assert len(rank) == size == found.size == len(set(found.names))
    some = np.random.default_rng(0).integers(0, size, (500, 2)).tolist()
    for a, b in some if size > 60 else [(a, b) for a in range(size) for b in range(size)]:
        assert found.products[a, b] == rank[then(every[a], every[b])]


@GIVEN
def test_it_has_an_identity_inverses_and_is_a_latin_square(name: str) -> None:
    found: Group = make_domain(GROUPS[name][0])
    every = np.arange(found.size)
    assert (found.products[0] == every).all()
    assert (found.products[:, 0] == every).all()
    assert (found.products[every, found.inverses] == 0).all()
    assert (found.products[found.inverses, every] == 0).all()
    assert (np.sort(found.products, axis=0) == every[:, None]).all()
    assert (np.sort(found.products, axis=1) == every[None, :]).all()


@given(st.data(), st.sampled_from(sorted(GROUPS)))
def test_products_associate_and_exponents_add(data: st.DataObject, name: str) -> None:
    found: Group = make_domain(GROUPS[name][0])
    a, b, c = (data.draw(st.integers(0, found.size - 1)) for _ in "abc")
    m, n = (data.draw(st.integers(-(10**18), 10**18)) for _ in "mn")
    product = found.products
    assert product[product[a, b], c] == product[a, product[b, c]]
    assert product[found.powers(m)[a], found.powers(n)[a]] == found.powers(m + n)[a]


@pytest.mark.parametrize("n", range(3, 7))
def test_the_alternating_group_is_a_subgroup_of_the_symmetric_group(n: int) -> None:
    whole, half = group("symmetric-group", n=n), group("alternating-group", n=n)
    inside = np.array([whole.names.index(name) for name in half.names])
    assert list(half.names) == sorted(half.names)
    assert (inside[half.products] == whole.products[inside[:, None], inside]).all()


def test_conjugation_keeps_the_kind_of_a_dihedral_element() -> None:
    task = TaskSpec("tried", "Tried", "x * y * x**-1", domain("dihedral-group", n=5))
    rows = build_table(task).rows
    every = plain(task.domain)
    rank = {p: i for i, p in enumerate(every)}
    inverse: Callable[[Perm], Perm] = lambda p: tuple(p.index(i) for i in range(5))  # noqa: E731
    expected = [rank[then(then(x, y), inverse(x))] for x in every for y in every]
    assert rows[:, 2].tolist() == expected
    assert ((rows[:, 1] < 5) == (rows[:, 2] < 5)).all()


@pytest.mark.parametrize("name", ["A5", "D5", "C8", "C3 × D4 × S3"])
@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        ("x + y", "in a group only '\\*' and '\\*\\*' of x and y mean something, not 'x \\+ y'"),
        ("x / y", "a group has no '/' in 'x / y'; write x \\* y\\*\\*-1"),
        ("2 * x", "not '2'"),
    ],
)
def test_an_operation_that_no_group_has_is_refused(name: str, operation: str, sentence: str) -> None:
    with pytest.raises(InputError, match=f"task 'tried': .*{sentence}"):
        build_table(TaskSpec("tried", "Tried", operation, GROUPS[name][0]))


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (domain("symmetric-group", n=1), "degree n of the symmetric group must be 2 to 6, not 1"),
        (domain("symmetric-group", n=10**9), "must be 2 to 6"),
        (domain("symmetric-group", n=True), "must be an integer, not True"),
        (domain("symmetric-group", n=5.0), "must be an integer, not 5.0"),
        (domain("alternating-group", n=2), "degree n of the alternating group must be 3 to 6, not 2"),
        (domain("dihedral-group", n=2), "of corners of the dihedral group must be 3 to 3535, not 2"),
        (domain("cyclic-group", n=7072), "order n of the cyclic group must be 2 to 7071, not 7072"),
        (domain("dihedral-group"), "the domain 'dihedral-group' needs n, such as n = 59"),
        (domain("product", factors=[domain("cyclic-group", n=2)]), "of two groups or more, not 1"),
        (
            domain("product", factors=[domain("cyclic-group", n=2), domain("integers-mod", p=5)]),
            "a product is of groups; 'integers-mod' is none",
        ),
        (
            domain("product", factors=[domain("symmetric-group", n=6)] * 40),
            "elements; a table is for at most 7,071",
        ),
    ],
)
def test_a_group_that_cannot_be_made_is_refused_in_one_sentence(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        make_domain(table)
    assert "\n" not in str(caught.value)


def test_shared_tables_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        group("symmetric-group", n=3).products[0, 0] = 1
    assert group("symmetric-group", n=3) is group("symmetric-group", n=3)


def test_products_of_the_alternating_group_are_the_references() -> None:
    # bilal-chughtai/rep-theory-mech-interp @01b2063: A5 in lexicographic order, x * y applies x first.
    products = group("alternating-group", n=5).products
    known = [(50, 22, 1), (39, 47, 11), (41, 17, 4), (22, 56, 28), (1, 59, 58)]
    assert [(x, y, products[x, y]) for x, y, _ in known] == known
