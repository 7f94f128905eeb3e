"""Characters that solve a group, as a computation: the construction of Chughtai, Chan and Nanda (2023, arXiv 2302.03025, §4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from grokbench.measures.computation import Computation
from grokbench.specs.errors import GrokbenchError
from grokbench.specs.fields import field, part
from grokbench.specs.types import Section
from grokbench.tasks.domain import make_domain
from grokbench.tasks.groups import Group


@dataclass(frozen=True)
class Fields:
    """logits χ_ρ(a b c⁻¹) of one irreducible real representation at a time"""

    domain: Any = part("domains", help="the group", example={"kind": "symmetric-group", "n": 4})
    faithful: bool = field(
        True,
        help="whether representations in which only the identity acts as one are asked about, or the others",
    )


def faults(fields: Section) -> Iterator[tuple[str, str]]:
    """The domain is a group."""
    try:
        found = make_domain(fields["domain"])
    except GrokbenchError as error:
        yield "domain", str(error)
        return
    if not isinstance(found, Group):
        yield "domain", f"expected a group, such as symmetric-group; {fields['domain']['kind']!r} is none"


def compute(fields: Section, seed: int) -> dict[str, float]:
    """See ``NUMBERS``; the seed changes nothing.

    The largest logit of a pair is at c = ab, where the character is the dimension. It is an answer where no other c reaches it.
    """
    import math

    import numpy as np

    from grokbench.analysis.representations import irreps, quotients

    products = make_domain(fields["domain"]).products
    which = [irrep for irrep in irreps(products) if irrep.faithful == fields["faithful"]]
    by_product = [irrep.character[quotients(products)] for irrep in which]  # [g, c] = χ(c⁻¹ g)
    solved = [(np.delete(logits[0], 0) < logits[0, 0] - 1e-6).all() for logits in by_product]
    return {
        "representations": float(len(which)),
        "solved-share": float(np.mean(solved)) if which else math.nan,
    }


NUMBERS = {
    "representations": "how many representations were asked about",
    "solved-share": "share of them whose character alone answers every pair, without ties",
}
GROUP_CHARACTERS = Computation(
    "group-characters",
    Fields,
    NUMBERS,
    compute="grokbench.measures.group_characters:compute",
    faults=faults,
)
