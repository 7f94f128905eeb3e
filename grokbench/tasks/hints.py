"""What a person meant who wrote a piece that the language of operations lacks, and how it is written here."""

from __future__ import annotations

REDUCED = "values are reduced modulo p anyway, so leave it out"
JOINED = "conditions cannot be joined; put one 'if' inside another's branch"
HINTS = {
    "^": "a power is written '**', as in x**2, and there is no exclusive 'or'",
    "%": REDUCED,
    "mod": REDUCED,
    "//": "there is no division with remainder; '/' divides modulo p",
    ">": "swap the sides and use '<'",
    ">=": "swap the sides and use '<='",
    "≥": "swap the sides and use '<='",
    "≤": "write '<='",
    "≠": "write '!='",
    "=": "two values are compared by '=='",
    "!": "two values are compared by '!='",
    "·": "a product is written '*'",
    "×": "a product is written '*'",
    "∙": "a product is written '*'",
    "⋅": "a product is written '*'",
    "∘": "a product is written '*'",
    "÷": "a quotient is written '/'",
    "−": "minus is written '-'",
    "–": "minus is written '-'",
    "²": "a square is written '**2'",
    "³": "a cube is written '**3'",
    ",": "an operation has one value, and no function here takes two",
    "&": JOINED,
    "|": JOINED,
    "and": JOINED,
    "or": JOINED,
    "not": "write the opposite condition, or swap the branches",
    "X": "the first element is called 'x'",
    "Y": "the second element is called 'y'",
    "a": "the two elements are called 'x' and 'y'",
    "b": "the two elements are called 'x' and 'y'",
    "min": "write 'x if x < y else y'",
    "max": "write 'y if x < y else x'",
    "abs": "a value has no sign; write 'x - y if y <= x else y - x'",
    "pow": "a power is written '**', as in x**2",
    "even": "use odd(·) and swap the branches",
    "True": "a condition is odd(·), ==, !=, < or <=",
    "False": "a condition is odd(·), ==, !=, < or <=",
}
"""Piece as written → what to write in its place. Whatever the grammar makes of it is refused with this sentence."""
