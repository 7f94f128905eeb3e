"""Claims on a computation looked at before they are judged."""

from __future__ import annotations

from collections.abc import Iterator

from grokbench import parts
from grokbench.claims.rules import what_decides
from grokbench.measures.computation import Computation
from grokbench.specs.errors import Mistake, nearest
from grokbench.specs.fields import checked
from grokbench.specs.types import Claim, Paper

KINDS = ("exact", "construction")
"""The kinds of claim that may name a computation."""


def computation_mistakes(paper: Paper, file: str) -> Iterator[Mistake]:
    """What would keep a claim on a computation from being judged, and seeds of claims that have none of their own."""
    for claim in paper.claims:
        if claim.computation:
            yield from _mistakes(claim, file)
        elif claim.seeds:
            text = "only a claim on a computation has seeds; those of records are the experiment's"
            yield Mistake(file, f"claim {claim.id}.seeds", text)


def _mistakes(claim: Claim, file: str) -> Iterator[Mistake]:
    where = f"claim {claim.id}"
    if claim.kind not in KINDS:
        text = f"a claim on a computation is of kind {' or '.join(KINDS)}, not {claim.kind}"
        yield Mistake(file, f"{where}.kind", text)
    elif needed := what_decides(claim, len(claim.seeds)):
        text = f"{len(claim.seeds)} seeds cannot decide a claim of kind {claim.kind}; {needed} can"
        yield Mistake(file, f"{where}.seeds", text)
    for key in ("control", "pairs", "figure"):
        if getattr(claim, key):
            yield Mistake(
                file, f"{where}.{key}", "a claim on a computation has no records for it; leave it out"
            )
    name = str(claim.computation["kind"])
    part: Computation = parts.find("computations", name)
    for index, condition in enumerate(claim.rule):
        rule = f"{where}.rule[{index}]"
        if condition.measure not in part.numbers:
            text = f"no number {condition.measure!r}; {name} gives {', '.join(part.numbers)}"
            yield Mistake(file, f"{rule}.measure", text, nearest(condition.measure, part.numbers))
        if condition.args:
            text = "a number of a computation takes no arguments; they stand in the computation's table"
            yield Mistake(file, f"{rule}.args", text)
    stranger = parts.outside("computations", name)
    with parts.blamed([] if stranger is None else [stranger]):
        faults = getattr(part, "faults", None)
        for field, text in faults(checked(part.fields, claim.computation, "computation")) if faults else ():
            yield Mistake(file, f"{where}.computation.{field}", text)
