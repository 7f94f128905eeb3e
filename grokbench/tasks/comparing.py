"""Conditions that cannot mean what they say: values are compared as their representatives 0…p−1, never reduced again.

A constant that is compared must be such a representative, and a condition must hold on some rows and fail on others.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from grokbench.specs.errors import InputError
from grokbench.tasks.tree import Binary, Comparison, Condition, Constant, Negative, Odd, Power, Value, to_text

LARGE = 10**30  # beyond any modulus; powers are not worked out further


def check_constants(condition: Condition, p: int) -> None:
    """Raises InputError for a constant side of ``condition`` that is none of the integers 0…p−1."""
    sides = (condition.operand,) if isinstance(condition, Odd) else (condition.left, condition.right)
    for side in sides:
        number = constant(side)
        if number is not None and not (number.denominator == 1 and 0 <= number < p):
            raise InputError(
                f"{to_text(side)!r} in {to_text(condition)!r} is compared with values modulo {p}, which are the integers "
                f"0 to {p - 1}; write one of them"
            )


def check_varies(condition: Comparison, holds: NDArray[np.bool_], defined: NDArray[np.bool_]) -> None:
    """Raises InputError where ``condition`` is true on every row on which it is defined, or on none."""
    where = np.broadcast_to(holds, np.broadcast_shapes(holds.shape, defined.shape))[
        np.broadcast_to(defined, np.broadcast_shapes(holds.shape, defined.shape))
    ]
    if where.size and where.all() == where.any():
        truth = "true" if where.all() else "false"
        raise InputError(
            f"the condition {to_text(condition)!r} is {truth} on every row, so that its 'if' decides nothing{_why(condition)}"
        )


def constant(node: Value) -> Fraction | None:
    """The number that a tree without x and y stands for, worked out without a modulus; None for any other tree.

    >>> constant(Negative(Constant(1)))
    Fraction(-1, 1)
    """
    match node:
        case Constant(value):
            return Fraction(value)
        case Negative(operand):
            number = constant(operand)
            return None if number is None else -number
        case Power(base, exponent):
            number = constant(base)
            return None if number is None else _power(number, exponent)
        case Binary(operator, left, right):
            a, b = constant(left), constant(right)
            if a is None or b is None or (operator == "/" and b == 0):
                return None
            return (
                a + b
                if operator == "+"
                else a - b
                if operator == "-"
                else a * b
                if operator == "*"
                else a / b
            )
        case _:
            return None


def _power(number: Fraction, exponent: int) -> Fraction | None:
    """``number`` to ``exponent``, or ``LARGE`` for what no modulus reaches; None for a division by zero."""
    if number == 0 and exponent < 0:
        return None
    if abs(number) in (0, 1):
        return Fraction(number ** (2 + exponent % 2 if exponent else 0))
    return Fraction(number**exponent) if abs(exponent) < 200 and abs(number) < LARGE else Fraction(LARGE)


def _why(condition: Comparison) -> str:
    """What a person may have meant by a comparison with 0."""
    signed = {"<": (condition.right, condition.left), "<=": (condition.left, condition.right)}
    zero, value = signed.get(condition.operator, (None, None))
    if zero != Constant(0):
        return ""
    text = ": a value modulo p is never below 0"
    if not (isinstance(value, Binary) and value.operator == "-"):
        return text
    first, second = (value.left, value.right) if condition.operator == "<" else (value.right, value.left)
    return f"{text}; write '{to_text(Comparison(condition.operator, first, second))}'"
