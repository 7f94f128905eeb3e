"""Two tables that are one under two names, as a computation: Power et al. 2022 (arXiv 2201.02177), section 3.2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grokbench.measures.computation import Computation
from grokbench.specs.errors import GrokbenchError
from grokbench.specs.fields import field
from grokbench.specs.types import Section, TaskSpec


@dataclass(frozen=True)
class Fields:
    """an operation modulo p − 1 renamed by n ↦ gⁿ beside one modulo p; g is the least primitive root of p"""

    p: int = field(97, help="the prime", least=3)
    additive: str = field("x + y", help="operation modulo p − 1")
    multiplicative: str = field("x * y", help="operation modulo p, of which rows with a zero are left out")


def tasks(fields: Section) -> tuple[TaskSpec, TaskSpec]:
    """The task modulo p − 1 and the one modulo p."""
    asked = (("additive", fields["p"] - 1), ("multiplicative", fields["p"]))
    first, second = (
        TaskSpec(name, name, fields[name], {"kind": "integers-mod", "p": modulus}) for name, modulus in asked
    )
    return first, second


def faults(fields: Section) -> Iterator[tuple[str, str]]:
    """p is a prime, and both operations have a table."""
    from grokbench.analysis.circulant import powers_of_the_least_root
    from grokbench.tasks.table import build_table

    try:
        powers_of_the_least_root(fields["p"])
    except ValueError as error:
        yield "p", f"expected a prime; {error}"
        return
    for task in tasks(fields):
        try:
            build_table(task)
        except GrokbenchError as error:
            yield task.id, str(error)


def compute(fields: Section, seed: int) -> dict[str, float]:
    """``relabelled-share``; the seed changes nothing. Errors: InputError for an operation without a table."""
    from grokbench.measures.tables import share_of_renamed_rows

    return {"relabelled-share": share_of_renamed_rows(*tasks(fields))}


TABLE_RELABELLING = Computation(
    "table-relabelling",
    Fields,
    {
        "relabelled-share": "share of the renamed rows that are rows of the other table; 0 where they are not equally many"
    },
    compute="grokbench.measures.relabelling:compute",
    faults=faults,
)
