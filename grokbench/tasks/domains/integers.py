"""The integers 0…p − 1 with whole-number arithmetic, nothing modulo anything (Liu et al., arXiv 2205.10343, §3).

An answer is any integer that the operation gives, such as 0…2p − 2 for x + y; answers are numbered in ascending order.
Where pairs are unordered, {x, y} is one row, with x ≤ y.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.tasks.comparing import check_varies
from grokbench.tasks.domain import Domain, Indices, Mask
from grokbench.tasks.groups import check_degree
from grokbench.tasks.tree import (
    Binary,
    Choice,
    Comparison,
    Condition,
    Constant,
    Negative,
    Odd,
    Power,
    Value,
    Variable,
    to_text,
)

PAIRS = ("ordered", "unordered")
MOST = 1024
LARGEST = 2**53


@dataclass(frozen=True)
class Fields:
    """integers from 0 to p − 1, without a modulus"""

    p: int = field(help="how many integers there are", least=2, most=MOST)
    pairs: str = field(
        "ordered", choices=PAIRS, help="whether (x, y) and (y, x) are two rows; unordered, x ≤ y in each"
    )


@dataclass(frozen=True)
class Integers:
    """0…p − 1."""

    p: int
    unordered: bool
    modulus = None

    @property
    def size(self) -> int:
        """How many elements there are."""
        return self.p

    @property
    def names(self) -> tuple[str, ...]:
        """See ``Elements``."""
        return tuple(map(str, range(self.p)))

    def n_answers(self, tree: Value) -> int:
        """How many different answers the operation has."""
        return len(_table(self.p, self.unordered, tree)[0])

    def values(self, tree: Value) -> Indices:
        """The different answers, ascending."""
        return _table(self.p, self.unordered, tree)[0]

    def answers(self, tree: Value) -> tuple[Indices, Mask]:
        """See ``Elements``. Raises InputError for a division, and where unordered pairs have two answers."""
        _, places, kept = _table(self.p, self.unordered, tree)
        return places, kept


@functools.lru_cache(maxsize=32)
def _table(p: int, unordered: bool, tree: Value) -> tuple[Indices, Indices, Mask]:
    """The different answers in ascending order, the place of each pair's answer among them (p, p), and which pairs are rows."""
    found = np.broadcast_to(_value(tree, p), (p, p))
    kept = np.ones((p, p), dtype=np.bool_)
    if unordered:
        if not np.array_equal(found, found.T):
            raise InputError(
                f"{to_text(tree)!r} differs for (x, y) and (y, x); leave out pairs = 'unordered'"
            )
        kept = np.triu(kept)
    values, places = np.unique(found, return_inverse=True)
    return values, places.reshape(p, p).astype(np.int64), kept


def _value(node: Value, p: int) -> Indices:
    """Values of an expression, which broadcast to (p, p)."""
    match node:
        case Constant(value):
            found = np.full((1, 1), value, dtype=object)
        case Variable(name):
            found = np.arange(p).astype(object).reshape((p, 1) if name == "x" else (1, p))
        case Negative(operand):
            found = -_value(operand, p)
        case Power(base, exponent):
            if exponent < 0:
                raise InputError(f"{to_text(node)!r} divides, which integers do not")
            found = _value(base, p).astype(object) ** exponent
        case Binary(operator, left, right):
            if operator == "/":
                raise InputError(f"{to_text(node)!r} divides, which integers do not")
            a, b = _value(left, p).astype(object), _value(right, p).astype(object)
            found = a + b if operator == "+" else a - b if operator == "-" else a * b
        case Choice(condition, chosen, otherwise):
            holds = _truth(condition, p)
            if isinstance(condition, Comparison):
                check_varies(condition, holds, np.ones((1, 1), dtype=np.bool_))
            found = np.where(holds, _value(chosen, p), _value(otherwise, p))
    if max(map(abs, found.ravel())) > LARGEST:  # of Python's own integers, which do not overflow
        raise InputError(f"{to_text(node)!r} has values over 2^53")
    return found.astype(np.int64)


def _truth(node: Condition, p: int) -> Mask:
    """Where a condition holds."""
    if isinstance(node, Odd):
        return np.asarray(_value(node.operand, p) % 2 == 1, dtype=np.bool_)
    a, b = _value(node.left, p), _value(node.right, p)
    compare = {"==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal}[node.operator]
    return np.asarray(compare(a, b), dtype=np.bool_)


def build(table: Section) -> Integers:
    """0…p − 1. Errors: InputError."""
    check_degree("the number p of integers", table["p"], 2, MOST)
    if table["pairs"] not in PAIRS:
        raise InputError(f"domain.pairs is one of {', '.join(PAIRS)}; got {table['pairs']!r}")
    return Integers(table["p"], table["pairs"] == "unordered")


DOMAIN = Domain("integers", Fields, build, example={"p": 10})
