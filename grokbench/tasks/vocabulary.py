"""The one vocabulary of openai/grok, and a table's rows as its sequences (Power et al., arXiv 2201.02177, Appendix A.1).

Every task shares 239 tokens: 0 ``<|eos|>``, 1 ``=``, 2…21 operators as sorted strings, 22…118 the residues 0…96, 119…238 the 120
permutations of five things in lexicographic order. A row x∘y = z reads ``<|eos|> x ∘ y = z <|eos|>``, seven tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grokbench.specs.errors import InputError
from grokbench.tasks.domain import make_domain
from grokbench.tasks.expression import parse
from grokbench.tasks.tree import to_text

OPERATORS = (
    "(x._value//y)if(y._value%2==1)else(x-y)_mod_97",
    "*",
    "**2+",
    "**3+",
    "+",
    "+*",
    "+-",
    "-",
    "/",
    "copy",
    "reverse",
    "s5",
    "s5aba",
    "s5conj",
    "sort",
    "x**2+y**2+x*y+x_mod_97",
    "x**2+y**2+x*y_mod_97",
    "x**2+y**2_mod_97",
    "x**3+x*y**2+y_mod_97",
    "x**3+x*y_mod_97",
)
RESIDUES, THINGS = 97, 5
VOCABULARY = (
    "<|eos|>",
    "=",
    *OPERATORS,
    *(str(residue) for residue in range(RESIDUES)),
    *("".join(map(str, images)) for images in permutations(range(THINGS))),
)
EOS, EQUALS = 0, 1
FIRST_RESIDUE = 2 + len(OPERATORS)
FIRST_PERMUTATION = FIRST_RESIDUE + RESIDUES

_OPERATORS = {
    FIRST_RESIDUE: {
        "x + y": "+",
        "x - y": "-",
        "x * y": "*",
        "x / y": "/",
        "x**2 + y": "**2+",
        "x**3 + y": "**3+",
        "x / y if odd(y) else x - y": "(x._value//y)if(y._value%2==1)else(x-y)_mod_97",
        "x**2 + y**2": "x**2+y**2_mod_97",
        "x**2 + x * y + y**2": "x**2+y**2+x*y_mod_97",
        "x**2 + x * y + y**2 + x": "x**2+y**2+x*y+x_mod_97",
        "x**3 + x * y": "x**3+x*y_mod_97",
        "x**3 + x * y**2 + y": "x**3+x*y**2+y_mod_97",
    },
    FIRST_PERMUTATION: {"x * y": "s5", "x * y * x**-1": "s5conj", "x * y * x": "s5aba"},
}
"""Token of the domain's element 0 → operation → its operator."""
OTHER = (
    "copy"  # an operator that openai/grok reserves and cannot build; here it stands for any that has no token
)


def operator_token(domain: Mapping[str, Any], operation: str) -> int:
    """The token of an operation, however it is spaced.

    One that the vocabulary lacks takes the slot of ``OTHER``: the token is the same in every row of a task, so that which one
    it is changes nothing but the row of the embedding that is read.

    Errors as in ``first_element``.

    >>> operator_token({"kind": "integers-mod", "p": 97}, "x+y")
    6
    """
    known = {_canonical(text): token for text, token in _OPERATORS[first_element(domain)].items()}
    return VOCABULARY.index(known.get(_canonical(operation), OTHER), EQUALS + 1)


def first_element(domain: Mapping[str, Any]) -> int:
    """The token of the domain's element 0. Raises InputError where the vocabulary lacks some of its elements."""
    names = tuple(getattr(make_domain(domain), "names", ()))
    for first in (FIRST_RESIDUE, FIRST_PERMUTATION) if names else ():
        if VOCABULARY[first : first + len(names)] == names:
            return first
    raise InputError(
        f"the vocabulary of 239 tokens has the residues 0 to {RESIDUES - 1} and the permutations of {THINGS} things; "
        f"use p <= {RESIDUES} or n = {THINGS}, not {dict(domain)}"
    )


def encode(rows: NDArray[np.int64], domain: Mapping[str, Any], operation: str) -> NDArray[np.int64]:
    """(n, 3) element indices x, y, x∘y -> (n, 7) tokens ``<|eos|> x ∘ y = x∘y <|eos|>``.

    Raises InputError where the vocabulary lacks some of the domain's elements.
    """
    first = first_element(domain)
    tokens = np.full((len(rows), 7), EOS, dtype=np.int64)
    tokens[:, [1, 3, 5]] = rows + first
    tokens[:, 2] = operator_token(domain, operation)
    tokens[:, 4] = EQUALS
    return tokens


def _canonical(operation: str) -> str:
    return to_text(parse(operation))
