"""The integers modulo p: residues, which are numbered as themselves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import assert_never

import numpy as np

from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.tasks.comparing import check_constants, check_varies
from grokbench.tasks.domain import Domain, Indices, Mask, whole
from grokbench.tasks.limits import MAX_ROWS
from grokbench.tasks.tree import (
    Binary,
    Choice,
    Comparison,
    Condition,
    Constant,
    Negative,
    Node,
    Odd,
    Power,
    Value,
    Variable,
    children,
    to_text,
)


@dataclass(frozen=True)
class Fields:
    """integers modulo p"""

    p: int = field(help="the modulus", least=2)


@dataclass(frozen=True)
class IntegersMod:
    """Z/pZ, of p elements. Up to p = 7071 (``MAX_ROWS``) every product of two residues fits an int64."""

    p: int

    def __post_init__(self) -> None:
        if not whole(self.p):
            raise InputError(f"the modulus p must be an integer, not {self.p!r}")
        if self.p < 2:
            raise InputError(f"the modulus p must be at least 2, not {self.p}")
        if self.p**2 > MAX_ROWS:
            raise InputError(
                f"p = {self.p} makes a table of {self.p**2:,} rows, over the limit of {MAX_ROWS:,}; "
                f"use p <= {math.isqrt(MAX_ROWS)}"
            )

    @property
    def modulus(self) -> int:
        """See ``Elements``."""
        return self.p

    @property
    def names(self) -> tuple[str, ...]:
        """See ``Elements``."""
        return tuple(map(str, range(self.p)))

    def answers(self, tree: Value) -> tuple[Indices, Mask]:
        """See ``Elements``. Raises InputError for a division over a composite p, and a comparison that decides nothing."""
        _check_division(tree, self)
        for node in _walk(tree):
            if isinstance(node, Condition):
                check_constants(node, self.p)
        return _residues(tree, self)

    @property
    def size(self) -> int:
        """How many elements there are."""
        return self.p

    @cached_property
    def is_prime(self) -> bool:
        """Whether every residue but 0 has an inverse."""
        return all(self.p % d for d in range(2, math.isqrt(self.p) + 1))

    @cached_property
    def inverses(self) -> Indices:
        """a⁻¹ for each residue a, (p,); the entry of 0, which has none, is 0. For p prime only."""
        found = self._raised(np.arange(self.p, dtype=np.int64), self.p - 2)  # Fermat
        found[0] = 0
        return found

    def powers(self, exponent: int) -> Indices:
        """a^exponent for each residue a, (p,). 0⁰ = 1; a negative exponent is a power of the inverse."""
        base = np.arange(self.p, dtype=np.int64) if exponent >= 0 else self.inverses
        return self._raised(base, abs(exponent))

    def _raised(self, base: Indices, exponent: int) -> Indices:
        result = np.full_like(base, 1 % self.p)
        while exponent:
            if exponent & 1:
                result = result * base % self.p
            base = base * base % self.p
            exponent >>= 1
        return result


def _residues(node: Value, domain: IntegersMod) -> tuple[Indices, Mask]:
    """Values modulo p, and where they are defined; both broadcast to (p, p)."""
    p = domain.p
    always = np.ones((1, 1), dtype=np.bool_)
    match node:
        case Constant(value):
            return np.full((1, 1), value % p, dtype=np.int64), always
        case Variable(name):
            return np.arange(p, dtype=np.int64).reshape((p, 1) if name == "x" else (1, p)), always
        case Negative(operand):
            a, defined = _residues(operand, domain)
            return -a % p, defined
        case Power(base, exponent):
            a, defined = _residues(base, domain)
            return domain.powers(exponent)[a], defined & (a != 0) if exponent < 0 else defined
        case Binary(operator, left, right):
            a, a_defined = _residues(left, domain)
            b, b_defined = _residues(right, domain)
            defined = a_defined & b_defined
            if operator == "/":
                return a * domain.inverses[b] % p, defined & (b != 0)
            return (a + b if operator == "+" else a - b if operator == "-" else a * b) % p, defined
        case Choice(condition, chosen, otherwise):
            holds, defined = _truth(condition, domain)
            if isinstance(condition, Comparison):
                check_varies(condition, holds, defined)
            a, a_defined = _residues(chosen, domain)
            b, b_defined = _residues(otherwise, domain)
            return np.where(holds, a, b), defined & np.where(holds, a_defined, b_defined)
        case _:
            assert_never(node)


def _truth(node: Condition, domain: IntegersMod) -> tuple[Mask, Mask]:
    """Where a condition holds on the representatives 0…p−1, and where it is defined."""
    if isinstance(node, Odd):
        a, defined = _residues(node.operand, domain)
        return a % 2 == 1, defined
    a, a_defined = _residues(node.left, domain)
    b, b_defined = _residues(node.right, domain)
    compare = {"==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal}[node.operator]
    return compare(a, b), a_defined & b_defined


def _check_division(tree: Value, domain: IntegersMod) -> None:
    if domain.is_prime:
        return
    for node in _walk(tree):
        inverts = node.exponent < 0 if isinstance(node, Power) else False
        if inverts or (isinstance(node, Binary) and node.operator == "/"):
            raise InputError(f"{to_text(node)!r} divides, for which p must be prime; p = {domain.p} is not")


def _walk(tree: Node) -> Iterator[Node]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(children(node))


def build(table: Section) -> IntegersMod:
    """Z/pZ."""
    return IntegersMod(table["p"])


DOMAIN = Domain("integers-mod", Fields, build, example={"p": 97})
