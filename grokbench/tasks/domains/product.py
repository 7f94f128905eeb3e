"""The direct product of groups: tuples of one element of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.tasks.domain import Domain, make_domain
from grokbench.tasks.groups import Group, direct_product

EXAMPLE = [{"kind": "cyclic-group", "n": 2}, {"kind": "cyclic-group", "n": 3}]
FACTOR = {"type": "object", "required": ["kind"], "parts": "domains"}


@dataclass(frozen=True)
class Fields:
    """tuples of one element of each group, the last of which runs fastest"""

    factors: list[Any] = field(
        help="two groups or more, each a table as the domain of a task is",
        schema={"type": "array", "minItems": 2, "items": FACTOR, "examples": [EXAMPLE]},
    )


def build(table: Section) -> Group:
    """The product of the groups in ``factors``. Errors: InputError for fewer than two, or for a domain that is no group."""
    tables = table["factors"]
    if len(tables) < 2:
        raise InputError(f"a product is of two groups or more, not {len(tables)}")
    factors = [make_domain(factor) for factor in tables]
    for factor, found in zip(tables, factors, strict=True):
        if not isinstance(found, Group):
            raise InputError(f"a product is of groups; {factor['kind']!r} is none, cyclic-group is one")
    return direct_product(factors)


DOMAIN = Domain("product", Fields, build, example={"factors": '[{ kind = "cyclic-group", n = 5 }, …]'})
