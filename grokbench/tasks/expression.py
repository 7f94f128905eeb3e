"""The language in which a task's operation is written.

    expression := comparison ["if" comparison "else" expression]
    comparison := sum [("==" | "!=" | "<" | "<=") sum]
    sum        := term (("+" | "-") term)*
    term       := unary (("*" | "/") unary)*
    unary      := "-" unary | power
    power      := primary ["**" unary]            an exponent is a constant, worked out while parsing
    primary    := INTEGER | "x" | "y" | "odd" "(" expression ")" | "(" expression ")"

Precedence is Python's; no Python is run.
"""

from __future__ import annotations

import re
from typing import NoReturn

from grokbench.specs.errors import InputError
from grokbench.tasks.hints import HINTS
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

MAX_LENGTH = 1000  # characters
MAX_NESTING = 30  # parentheses, minus signs, exponents and else-branches within one another
MAX_DEPTH = 100  # of the tree, which long sums deepen too
MAX_EXPONENT = 10**18


def parse(text: str) -> Value:
    """The tree of an operation.

    >>> parse("x**2 + y")
    Binary(operator='+', left=Power(base=Variable(name='x'), exponent=2), right=Variable(name='y'))

    Raises InputError, one sentence that names the offending piece, for anything outside the grammar above.
    """
    if len(text) > MAX_LENGTH:
        raise InputError(f"the operation is {len(text)} characters long; the limit is {MAX_LENGTH}")
    return _Parser(text).whole()


# One alternative a kind of piece; whatever the first four do not know is "other", refused when it is reached.
_PIECE = re.compile(
    r"\s*(?:(?P<number>[0-9][0-9A-Za-z_.]*)|(?P<name>[A-Za-z_][0-9A-Za-z_]*)"
    r"|(?P<other>//|>=|'[^']*'?|\"[^\"]*\"?|[^-+*/()<=!\s]|=(?!=)|!(?!=))"
    r"|(?P<sign>\*\*|==|!=|<=|[-+*/()<]))"
)


class _Parser:
    """Recursive descent over the pieces of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pieces = [(m.lastgroup or "", m[m.lastgroup or 0]) for m in _PIECE.finditer(text)]
        self.at = 0
        self.nesting = 0

    def whole(self) -> Value:
        if not self.pieces:
            raise InputError("the operation is empty; write an expression of x and y, such as 'x + y'")
        tree = self.expression()
        if self.at < len(self.pieces):
            self.unexpected()
        if isinstance(tree, Condition):
            text = to_text(self.checked(tree))
            self.refuse(
                f"the condition {text!r} cannot be the operation, which takes a value; write '1 if {text} else 0'"
            )
        return self.value(self.checked(tree), "the operation")

    # -- the grammar, one method a rule ------------------------------------------------------------------

    def expression(self) -> Node:
        self.enter()
        tree = self.comparison()
        if self.take("if"):
            condition = self.comparison()
            if not isinstance(condition, Condition):
                if self.peek() != "else" and self.at < len(self.pieces):
                    self.unexpected()
                self.refuse(f"{to_text(condition)!r} after 'if' is not a condition (odd(·), ==, !=, < or <=)")
            if not self.take("else"):
                if self.at < len(self.pieces):
                    self.unexpected()
                self.refuse(f"'if {to_text(condition)}' lacks its 'else'")
            otherwise = self.value(self.expression(), "a branch of 'if'")
            tree = Choice(condition, self.value(tree, "a branch of 'if'"), otherwise)
        self.nesting -= 1
        return tree

    def comparison(self) -> Node:
        tree = self.sum()
        if operator := self.take("==", "!=", "<", "<="):
            left = self.value(tree, f"the left side of '{operator}'")
            tree = Comparison(operator, left, self.value(self.sum(), f"the right side of '{operator}'"))
            if (again := self.peek()) in {"==", "!=", "<", "<="}:
                self.refuse(f"a second comparison {again!r} in a row is not allowed")
        return tree

    def sum(self) -> Node:
        tree = self.term()
        while operator := self.take("+", "-"):
            tree = self.binary(operator, tree, self.term())
        return self.checked(tree)

    def term(self) -> Node:
        tree = self.unary()
        while operator := self.take("*", "/"):
            tree = self.binary(operator, tree, self.unary())
        return self.checked(tree)

    def unary(self) -> Node:
        if not self.take("-"):
            return self.power()
        self.enter()
        tree = Negative(self.value(self.unary(), "the operand of '-'"))
        self.nesting -= 1
        return tree

    def power(self) -> Node:
        tree = self.primary()
        if not self.take("**"):
            return tree
        self.enter()
        base = self.value(tree, "the base of '**'")
        exponent = self.integer(self.unary())
        self.nesting -= 1
        return Power(base, exponent)

    def primary(self) -> Node:
        if self.at == len(self.pieces):
            self.refuse("something is missing at the end")
        kind, piece = self.pieces[self.at]
        if kind == "number":
            if not piece.isdecimal():
                self.refuse(f"{piece!r} is not an integer constant")
            self.at += 1
            return Constant(int(piece))
        if kind == "name" and piece not in {"if", "else"}:
            self.at += 1
            if piece in {"x", "y"}:
                return Variable(piece)
            if piece != "odd":
                hint = HINTS.get(piece, "there are x, y, odd(·), if and else")
                self.refuse(f"unknown name {piece!r}; {hint}")
            if not self.take("("):
                self.refuse("'odd' needs its argument in parentheses")
            return Odd(self.value(self.closed(), "the argument of odd(·)"))
        if self.take("("):
            return self.closed()
        return self.unexpected()

    def closed(self) -> Node:
        tree = self.expression()
        if self.take(")"):
            return tree
        if self.at < len(self.pieces):
            self.unexpected()
        return self.refuse("a closing parenthesis ')' is missing at the end")

    # -- exponents: plain integers, never larger than MAX_EXPONENT -----------------------------------------

    def integer(self, node: Node) -> int:
        """The integer that an exponent stands for. No intermediate result is ever larger than the limit."""
        match node:
            case Constant(value):
                result = value
            case Negative(operand):
                result = -self.integer(operand)
            case Power(base, exponent):
                number = self.integer(base)
                if exponent < 0:
                    self.refuse(f"the exponent {to_text(node)!r} is not an integer")
                if abs(number) >= 2 and exponent >= MAX_EXPONENT.bit_length():
                    self.too_large(node)
                result = number ** (exponent if abs(number) >= 2 else min(exponent, 2 + exponent % 2))
            case Binary("+" | "-" | "*" as operator, left, right):
                a, b = self.integer(left), self.integer(right)
                result = a + b if operator == "+" else a - b if operator == "-" else a * b
            case _:
                self.refuse(f"the exponent must be an integer constant, not {to_text(node)!r}")
        if abs(result) > MAX_EXPONENT:
            self.too_large(node)
        return result

    def too_large(self, node: Node) -> NoReturn:
        self.refuse(f"the exponent {to_text(node)!r} is beyond the limit of 10**18")

    # -- small steps ----------------------------------------------------------------------------------

    def binary(self, operator: str, left: Node, right: Node) -> Binary:
        first = self.value(left, f"the left side of '{operator}'")
        return Binary(operator, first, self.value(right, f"the right side of '{operator}'"))

    def value(self, node: Node, role: str) -> Value:
        if isinstance(node, Condition):
            self.refuse(f"the condition {to_text(node)!r} cannot be {role}, which takes a value")
        return node

    def peek(self) -> str:
        kind, piece = self.pieces[self.at] if self.at < len(self.pieces) else ("", "")
        return piece if kind in {"sign", "name"} else ""

    def take(self, *wanted: str) -> str:
        piece = self.peek()
        if piece not in wanted:
            return ""
        self.at += 1
        return piece

    def enter(self) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise InputError(f"the operation nests deeper than {MAX_NESTING} levels")

    def checked(self, tree: Node) -> Node:
        """The tree itself, if it is shallow enough for the recursive functions that read it."""
        level, depth = [tree], 0
        while level:
            depth += 1
            if depth > MAX_DEPTH:
                raise InputError(f"the operation chains or nests more than {MAX_DEPTH} steps")
            level = [child for node in level for child in children(node)]
        return tree

    def unexpected(self) -> NoReturn:
        piece = self.pieces[self.at][1]
        after = self.pieces[self.at + 1][1] if self.at + 1 < len(self.pieces) else ""
        if piece == "(" and after == "mod":
            piece = after
        hint = f"; {HINTS[piece]}" if piece in HINTS else ""
        self.refuse(f"unexpected {piece!r}{hint}")

    def refuse(self, why: str) -> NoReturn:
        text = self.text.strip()
        raise InputError(f"operation {text if len(text) <= 100 else text[:97] + '...'!r}: {why}")
