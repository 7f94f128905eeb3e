import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokbench.specs.errors import InputError
from grokbench.tasks.domains.integers_mod import IntegersMod

PRIMES = [2, 3, 5, 7, 97, 113, 7069]


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


@pytest.mark.parametrize("size", [97.0, "97", True, None])
def test_a_size_that_is_no_integer_is_refused(size: object) -> None:
    with pytest.raises(InputError, match="must be an integer"):
        IntegersMod(size)  # type: ignore[arg-type]


def test_residues_are_named_and_say_their_modulus() -> None:
    assert (IntegersMod(3).names, IntegersMod(3).modulus, IntegersMod(3).size) == (("0", "1", "2"), 3, 3)
