import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokbench.specs.errors import InputError
from grokbench.tasks.algebra import IntegersMod, SymmetricGroup

GROUPS = [SymmetricGroup(n) for n in range(2, 7)]
PRIMES = [2, 3, 5, 7, 97, 113, 7069]


@st.composite
def group_and_elements(draw: st.DrawFn, count: int) -> tuple[SymmetricGroup, list[int]]:
    group = draw(st.sampled_from(GROUPS))
    return group, [draw(st.integers(0, group.size - 1)) for _ in range(count)]


@given(group_and_elements(3))
def test_products_of_permutations_associate(drawn: tuple[SymmetricGroup, list[int]]) -> None:
    group, (a, b, c) = drawn
    product = group.products
    assert product[product[a, b], c] == product[a, product[b, c]]


@given(group_and_elements(1))
def test_the_identity_is_element_0_and_every_element_has_an_inverse(
    drawn: tuple[SymmetricGroup, list[int]],
) -> None:
    group, (a,) = drawn
    inverse = group.powers(-1)[a]
    assert group.products[a, 0] == group.products[0, a] == a
    assert group.products[a, inverse] == group.products[inverse, a] == 0


@given(group_and_elements(1), st.integers(-70, 70), st.integers(-70, 70))
def test_exponents_of_a_permutation_add(
    drawn: tuple[SymmetricGroup, list[int]], first: int, second: int
) -> None:
    group, (a,) = drawn
    assert group.products[group.powers(first)[a], group.powers(second)[a]] == group.powers(first + second)[a]


@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_a_multiplication_table_is_a_latin_square_of_lexicographic_ranks(group: SymmetricGroup) -> None:
    every = np.arange(group.size)
    assert [tuple(e) for e in group.elements] == sorted(tuple(e) for e in group.elements)
    assert (np.sort(group.products, axis=0) == every[:, None]).all()
    assert (np.sort(group.products, axis=1) == every[None, :]).all()


def test_a_product_applies_its_left_factor_first() -> None:
    group = SymmetricGroup(3)
    ranks = {tuple(e): i for i, e in enumerate(group.elements.tolist())}
    x, y = (1, 0, 2), (0, 2, 1)
    assert group.products[ranks[x], ranks[y]] == ranks[tuple(y[x[i]] for i in range(3))] == ranks[2, 0, 1]


def test_shared_tables_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        SymmetricGroup(3).products[0, 0] = 1


@pytest.mark.parametrize("p", PRIMES)
def test_a_residue_times_its_inverse_is_one(p: int) -> None:
    every = np.arange(p)
    assert (every[1:] * IntegersMod(p).inverses[1:] % p == 1 % p).all()
    assert IntegersMod(p).inverses[0] == 0


@given(st.sampled_from(PRIMES), st.integers(0, 10**18), st.data())
def test_powers_of_residues_are_pythons(p: int, exponent: int, data: st.DataObject) -> None:
    a = data.draw(st.integers(0, p - 1))
    assert IntegersMod(p).powers(exponent)[a] == pow(a, exponent, p)
    if a:
        assert IntegersMod(p).powers(-exponent)[a] == pow(a, -exponent, p)


@given(st.integers(2, 7071))
def test_primes_are_the_moduli_without_a_divisor(p: int) -> None:
    assert IntegersMod(p).is_prime == all(p % d for d in range(2, p))


@pytest.mark.parametrize("p", [1, 0, -7])
def test_a_modulus_below_2_is_refused(p: int) -> None:
    with pytest.raises(InputError, match=f"p must be at least 2, not {p}"):
        IntegersMod(p)


@pytest.mark.parametrize("n", [-1, 0, 1, 7, 100])
def test_a_degree_outside_2_to_6_is_refused(n: int) -> None:
    with pytest.raises(InputError, match=f"must be 2 to 6, not {n}"):
        SymmetricGroup(n)


@pytest.mark.parametrize("size", [97.0, "97", True, None])
def test_a_size_that_is_no_integer_is_refused(size: object) -> None:
    with pytest.raises(InputError, match="must be an integer"):
        IntegersMod(size)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="must be an integer"):
        SymmetricGroup(size)  # type: ignore[arg-type]
