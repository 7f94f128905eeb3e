"""Numbers in a base are written as the authors' encoders write them (facebookresearch/GCD @fdccc55)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grokbench.tasks.digits import digits, of_pair, trailing, vocabulary, words

DATA = np.load(Path(__file__).parent.parent / "data" / "charton2023-encoding.npz")
BASES = (2, 6, 10, 30, 31, 420, 1000)


def numbered(row: np.ndarray) -> list[int]:
    return [int(i) for i in row if i >= 0]


@pytest.mark.parametrize("base", BASES)
def test_words_and_their_numbers_are_the_references(base):
    assert vocabulary(base) == DATA[f"vocabulary/{base}"].tolist()
    number = {word: i for i, word in enumerate(vocabulary(base))}
    rows = zip(
        DATA["pairs"].tolist(),
        DATA["gcd"].tolist(),
        DATA[f"input_ids/{base}"],
        DATA[f"output_ids/{base}"],
        strict=True,
    )
    for (a, b), answer, read, written in rows:
        assert [number[word] for word in of_pair(a, b, base)] == numbered(read)
        assert [number[word] for word in words([answer], base)] == numbered(written)


def test_a_negative_number_has_its_sign_and_zero_has_a_digit():
    assert words([-12, 0], 10) == ["-", "1", "2", "+", "0"]


@pytest.mark.parametrize("base", BASES)
def test_last_digits_are_the_rest_of_a_division(base):
    numbers = np.random.default_rng(0).integers(1, 10**6, 50)
    for n, rest in zip(numbers.tolist(), trailing(numbers, base, 2).tolist(), strict=True):
        assert digits(rest, base) == digits(
            sum(d * base**i for i, d in enumerate(digits(n, base)[::-1][:2])), base
        )
