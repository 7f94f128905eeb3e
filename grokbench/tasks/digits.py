"""Integers as words in a base, as a sequence model of arithmetic reads them (Charton 2023, arXiv 2308.15594, §2, and its code).

A number is its sign and then its digits, the most significant first. A pair begins with a word for its dimension, which the code
adds and the paper does not mention. The vocabulary is 15 special words, then the other words in the order of their spelling.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grokbench.tasks.domain import Indices

SPECIAL = ("<eos>", "<pad>", "<sep>", "(", ")", *(f"<SPECIAL_{i}>" for i in range(10)))


def vocabulary(base: int) -> list[str]:
    """Every word, in the order of their numbers."""
    return [*SPECIAL, *sorted(["+", "-", "V1", "V2", *map(str, range(base))])]


def digits(n: int, base: int) -> list[int]:
    """The digits of n ≥ 0, the most significant first.

    >>> digits(160, 10)
    [1, 6, 0]
    """
    found = [n % base]
    while n := n // base:
        found.append(n % base)
    return found[::-1]


def words(numbers: Sequence[int], base: int) -> list[str]:
    """Sign and digits of each number, one after the other."""
    return [word for n in numbers for word in ("+" if n >= 0 else "-", *map(str, digits(abs(n), base)))]


def of_pair(a: int, b: int, base: int) -> list[str]:
    """What a model reads of a pair."""
    return ["V2", *words((a, b), base)]


def trailing(n: Indices, base: int, count: int) -> Indices:
    """What the last ``count`` digits of each n ≥ 0 say: n modulo base to that power."""
    return np.asarray(n % base**count)
