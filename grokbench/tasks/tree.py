"""The trees that operations are parsed into.

A tree is made of values (residues or permutations) and, after ``if`` alone, of conditions.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Constant:
    """An integer as written, so never negative; its residue is taken when it is evaluated."""

    value: int


@dataclass(frozen=True)
class Variable:
    """``x`` or ``y``."""

    name: str


@dataclass(frozen=True)
class Negative:
    """Minus a value."""

    operand: Value


@dataclass(frozen=True)
class Binary:
    """Two values joined by ``+ - *`` or ``/``."""

    operator: str
    left: Value
    right: Value


@dataclass(frozen=True)
class Power:
    """A value to a constant exponent of at most ``MAX_EXPONENT`` in size."""

    base: Value
    exponent: int


@dataclass(frozen=True)
class Odd:
    """Whether the representative of a value is odd."""

    operand: Value


@dataclass(frozen=True)
class Comparison:
    """Two representatives compared by ``== != <`` or ``<=``."""

    operator: str
    left: Value
    right: Value


@dataclass(frozen=True)
class Choice:
    """``chosen if condition else otherwise``."""

    condition: Condition
    chosen: Value
    otherwise: Value


Value = Constant | Variable | Negative | Binary | Power | Choice
Condition = Odd | Comparison
Node = Value | Condition


def to_text(node: Node) -> str:
    """The fully parenthesised text of a tree; ``expression.parse`` gives the same tree back.

    >>> to_text(Binary("+", Power(Variable("x"), 2), Variable("y")))
    '(x ** 2) + y'
    """
    match node:
        case Constant(value):
            return str(value)
        case Variable(name):
            return name
        case Negative(operand):
            return f"-{_bracketed(operand)}"
        case Power(base, exponent):
            return f"{_bracketed(base)} ** {exponent}"
        case Binary(operator, left, right) | Comparison(operator, left, right):
            return f"{_bracketed(left)} {operator} {_bracketed(right)}"
        case Odd(operand):
            return f"odd({to_text(operand)})"
        case Choice(condition, chosen, otherwise):
            return f"{_bracketed(chosen)} if {_bracketed(condition)} else {_bracketed(otherwise)}"


def children(node: Node) -> tuple[Node, ...]:
    """The trees right below a node, from left to right as written."""
    match node:
        case Negative(operand) | Odd(operand):
            return (operand,)
        case Power(base, _):
            return (base,)
        case Binary(_, left, right) | Comparison(_, left, right):
            return (left, right)
        case Choice(condition, chosen, otherwise):
            return (chosen, condition, otherwise)
        case _:
            return ()


def _bracketed(node: Node) -> str:
    text = to_text(node)
    return text if isinstance(node, Constant | Variable | Odd) else f"({text})"
