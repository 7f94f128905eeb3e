"""A script's numbers in few bytes: lists of numbers as differences, then deflated, in base85. Nothing is lost."""

from __future__ import annotations

import base64
import json
import zlib
from decimal import Decimal
from itertools import pairwise
from typing import Any

FEWEST = 5  # numbers of a list that are worth it
EXACT = 2**53
PLACES = 15
"""The most decimal places: a whole number below 2⁵³ over a power of ten to 10²² is the nearest float to that decimal."""


def script(name: str, text: str) -> str:
    """A script that hands text over to the page, about a third of its size."""
    packed = base64.b85encode(zlib.compress(text.encode(), 9)).decode()
    return f'grokbench.take("{name}","{packed}")\n'


def document(value: Any) -> str:
    """JSON in which ``{"Δ": [places, first, difference, …]}`` stands for a list of numbers; site.js reads it.

    Errors: ValueError for a number that is not finite.
    """
    return _text(_shorter(value))


def differences(values: list[int | float]) -> list[int] | None:
    """The decimal places, the first number and the differences, in units of the last place; None where they are not exact.

    >>> differences([0.5, 0.75, 1, 1, 0.25])
    [2, 50, 25, 25, 0, -75]
    """
    decimals = [Decimal(repr(value)) for value in values]
    places = max(0, *(-int(one.normalize().as_tuple().exponent) for one in decimals))
    units = [int(one.scaleb(places)) for one in decimals] if places <= PLACES else []
    if not units or max(map(abs, units)) >= EXACT:
        return None
    return [places, units[0], *(after - before for before, after in pairwise(units))]


def _shorter(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shorter(one) for key, one in value.items()}
    if not isinstance(value, list | tuple):
        return value
    if len(value) < FEWEST or not all(type(one) in (int, float) for one in value):
        return [_shorter(one) for one in value]
    _text(value)  # refuses what is not finite
    found = differences(list(value))
    short = {"Δ": found} if found else value
    return short if len(_text(short)) < len(_text(value)) else value


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
