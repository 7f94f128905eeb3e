import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grokbench.specs.errors import InputError
from grokbench.tasks.streams import stream

NAMES = st.lists(st.text(max_size=8), min_size=1, max_size=3).map(tuple)
SEED = st.integers(0, 10**12)


def first(seed: int, *name: str) -> int:
    return int(stream(seed, *name).integers(2**62))


@given(SEED, NAMES)
def test_a_stream_starts_afresh_each_time_it_is_asked_for(seed: int, name: tuple[str, ...]) -> None:
    assert first(seed, *name) == first(seed, *name)


@given(SEED, NAMES, SEED, NAMES)
def test_other_seeds_and_names_give_other_numbers(
    seed: int, name: tuple[str, ...], other_seed: int, other_name: tuple[str, ...]
) -> None:
    assume((seed, name) != (other_seed, other_name))
    assert first(seed, *name) != first(other_seed, *other_name)


def test_a_name_is_not_the_name_of_its_parts_joined() -> None:
    assert (
        len({first(0, "a", "b"), first(0, "ab"), first(0, "b", "a"), first(0, "a,b"), first(0, 'a","b')}) == 5
    )


def test_streams_do_not_depend_on_the_order_they_are_drawn_in() -> None:
    names = [("split", "addition"), ("init", "U"), ("init", "V"), ("noise",)]
    drawn = [
        {name: stream(7, *name).standard_normal(4).tolist() for name in order}
        for order in itertools.permutations(names)
    ]
    assert all(one == drawn[0] for one in drawn)


def test_streams_are_the_same_in_every_release() -> None:
    assert first(0, "split", "addition") == 2210745258421687366
    assert stream(0, "order").permutation(8).tolist() == [6, 3, 2, 4, 0, 1, 7, 5]


def test_seeds_may_be_numpys_integers() -> None:
    assert first(np.int64(5), "order") == first(5, "order")  # type: ignore[arg-type]


def test_a_stream_needs_a_name_and_an_integer_seed() -> None:
    with pytest.raises(InputError, match="needs a name"):
        stream(0)
    with pytest.raises(InputError, match=r"a seed must be an integer, not 0\.5"):
        stream(0.5, "order")  # type: ignore[arg-type]
