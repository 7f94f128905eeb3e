"""Irreps from multiplication tables: orthogonal, complete, homomorphic, and with the characters that textbooks print."""

from __future__ import annotations

import numpy as np
import pytest

from grokbench.analysis.representations import (
    checked_group,
    classes,
    inverses,
    irreps,
    matrices,
    projector,
)
from grokbench.specs.errors import InputError
from grokbench.tasks.domain import make_domain


def table(kind: str, n: int) -> np.ndarray:
    return make_domain({"kind": f"{kind}-group", "n": n}).products


def quaternions() -> np.ndarray:
    """±1, ±i, ±j, ±k as 0 … 7: sign · 4 + unit."""
    unit = {(1, 2): (0, 3), (2, 3): (0, 1), (3, 1): (0, 2), (2, 1): (1, 3), (3, 2): (1, 1), (1, 3): (1, 2)}
    found = np.zeros((8, 8), dtype=np.int64)
    for a in range(8):
        for b in range(8):
            u, v = a % 4, b % 4
            sign, w = (0, u or v) if 0 in (u, v) else (1, 0) if u == v else unit[u, v]
            found[a, b] = (a // 4 + b // 4 + sign) % 2 * 4 + w
    return found


GROUPS = [
    *(("symmetric", n) for n in (2, 3, 4, 5)),
    *(("alternating", n) for n in (3, 4, 5)),
    *(("dihedral", n) for n in (3, 4, 6, 59)),
    *(("cyclic", n) for n in (2, 5, 12, 113)),
]
of_every_group = pytest.mark.parametrize(("kind", "n"), GROUPS)
DIMENSIONS = {
    ("symmetric", 3): [1, 1, 2],
    ("symmetric", 4): [1, 1, 2, 3, 3],
    ("symmetric", 5): [1, 1, 4, 4, 5, 5, 6],
    ("alternating", 4): [1, 2, 3],
    ("alternating", 5): [1, 3, 3, 4, 5],
    ("dihedral", 4): [1, 1, 1, 1, 2],
    ("dihedral", 59): [1, 1] + [2] * 29,
    ("cyclic", 12): [1, 1] + [2] * 5,
    ("cyclic", 113): [1] + [2] * 56,
}


@of_every_group
def test_characters_are_orthogonal_and_there_is_one_for_each_class(kind, n):
    products = table(kind, n)
    found = irreps(products)
    characters = np.stack([irrep.character for irrep in found])
    expected = np.diag([irrep.commutant for irrep in found])
    np.testing.assert_allclose(characters @ characters.T / len(products), expected, atol=1e-9)
    assert len(found) == classes(products).max() + 1
    for label in range(len(found)):
        assert np.ptp(characters[:, classes(products) == label], axis=1).max() < 1e-9


@of_every_group
def test_projectors_are_orthogonal_and_add_up_to_one(kind, n):
    products = table(kind, n)
    found = irreps(products)
    parts = np.stack([projector(irrep, products) for irrep in found])
    np.testing.assert_allclose(parts.sum(axis=0), np.eye(len(products)), atol=1e-9)
    np.testing.assert_allclose(np.trace(parts, axis1=1, axis2=2), [irrep.rank for irrep in found], atol=1e-9)
    for part in parts[:6]:
        np.testing.assert_allclose(part, part.T, atol=1e-12)
        np.testing.assert_allclose(part @ part, part, atol=1e-12)
        assert np.abs(part @ parts[-1]).max() < 1e-12 or part is parts[-1] or np.allclose(part, parts[-1])


@of_every_group
def test_matrices_are_orthogonal_and_multiply_as_the_group_does(kind, n):
    products = table(kind, n)
    for irrep in irreps(products)[-3:]:
        rho = matrices(irrep, products)
        assert rho.shape == (len(products), irrep.dimension, irrep.dimension)
        np.testing.assert_allclose(rho[0], np.eye(irrep.dimension), atol=1e-9)
        np.testing.assert_allclose(np.trace(rho, axis1=1, axis2=2), irrep.character, atol=1e-9)
        for g in (1, len(products) // 2, len(products) - 1):
            np.testing.assert_allclose(rho[g] @ rho, rho[products[g]], atol=1e-9)
            np.testing.assert_allclose(rho[g] @ rho[g].T, np.eye(irrep.dimension), atol=1e-9)


@pytest.mark.parametrize(("kind", "n"), DIMENSIONS)
def test_dimensions_are_those_of_the_textbooks(kind, n):
    assert [irrep.dimension for irrep in irreps(table(kind, n))] == DIMENSIONS[kind, n]


def test_characters_of_s5_are_those_of_fixed_points_and_double_transpositions():
    """fix(g) points stay, and c₂(g) cycles have length two."""
    from grokbench.tasks.domains.alternating_group import even
    from grokbench.tasks.domains.symmetric_group import every_permutation

    images = every_permutation(5)
    fixed = (images == np.arange(5)).sum(axis=1)
    back = np.take_along_axis(images, images, axis=1) == np.arange(5)
    swaps = (back & (images != np.arange(5))).sum(axis=1) // 2
    sign = np.where(even(images), 1, -1)
    five = fixed * (fixed - 3) // 2 + swaps
    expected = {
        "1a": np.ones(120),
        "1b": sign,
        "4a": fixed - 1,
        "4b": (fixed - 1) * sign,
        "5a": five,
        "5b": five * sign,
        "6a": (fixed - 1) * (fixed - 2) // 2 - swaps,
    }
    found = {irrep.name: irrep.character for irrep in irreps(table("symmetric", 5))}
    assert set(found) == set(expected)
    for name, character in expected.items():
        np.testing.assert_allclose(found[name], character, atol=1e-9, err_msg=name)


def test_the_two_representations_of_a5_in_three_dimensions_have_the_golden_ratio():
    first, second = (irrep for irrep in irreps(table("alternating", 5)) if irrep.dimension == 3)
    golden = (1 + 5**0.5) / 2
    assert {round(float(x), 6) for x in first.character} == {
        3.0,
        0.0,
        -1.0,
        round(golden, 6),
        round(1 - golden, 6),
    }
    both = first.character + second.character
    np.testing.assert_allclose(both, np.round(both), atol=1e-9)


def test_a_rotation_of_a_dihedral_group_has_the_cosine_and_a_reflection_nothing():
    characters = [irrep.character for irrep in irreps(table("dihedral", 59)) if irrep.dimension == 2]
    waves = {tuple(np.round(2 * np.cos(2 * np.pi * k * np.arange(59) / 59), 6)) for k in range(1, 30)}
    assert {tuple(np.round(character[:59], 6)) for character in characters} == waves
    assert np.abs([character[59:] for character in characters]).max() < 1e-9


def test_a_frequency_of_a_cyclic_group_is_one_real_representation_of_a_complex_pair():
    found = irreps(table("cyclic", 5))
    assert [(irrep.name, irrep.commutant, irrep.rank) for irrep in found] == [
        ("1a", 1, 1),
        ("2a", 2, 2),
        ("2b", 2, 2),
    ]
    assert [irrep.faithful for irrep in found] == [False, True, True]


def test_the_quaternions_have_one_real_representation_that_splits_into_two_equal_ones():
    products = quaternions()
    found = irreps(products)
    assert [(irrep.dimension, irrep.commutant, irrep.rank) for irrep in found] == [(1, 1, 1)] * 4 + [
        (4, 4, 4)
    ]
    rho = matrices(found[-1], products)
    np.testing.assert_allclose(rho[1] @ rho[1], -np.eye(4), atol=1e-9)


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((2, 3), dtype=int), np.zeros((2, 2), dtype=int), np.eye(2, dtype=int), np.zeros((1, 1))],
    ids=["no square", "no latin square", "no identity at 0", "no integers"],
)
def test_what_is_no_table_of_a_group_is_refused(wrong):
    with pytest.raises(InputError):
        irreps(wrong)


def test_a_loop_that_is_not_associative_is_refused():
    rows = ["01234", "10342", "24013", "32401", "43120"]
    with pytest.raises(InputError, match="not that of a group"):
        checked_group(np.array([[int(c) for c in row] for row in rows]))


def test_inverses_undo():
    products = table("symmetric", 4)
    assert (products[np.arange(24), inverses(products)] == 0).all()
