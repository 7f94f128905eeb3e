"""Claims on a computation: the answer of each seed without a trial, and the verdict on them."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import Any

from grokbench import parts
from grokbench.claims.answers import Answer, meets
from grokbench.claims.decide import decide_answers
from grokbench.claims.verdict import Verdict, error
from grokbench.measures.computation import Computation
from grokbench.measures.reading import Between, ends
from grokbench.specs.errors import GrokbenchError, InputError
from grokbench.specs.fields import checked
from grokbench.specs.types import Claim


def answers(claim: Claim, seeds: Iterable[int]) -> list[Answer]:
    """What each seed says, as ``answers.answer`` does of records.

    Errors: InputError, one sentence that names the part and its package, where the computation fails or gives other numbers
    than those it names.
    """
    table = claim.computation
    part: Computation = parts.find("computations", str(table.get("kind", "")))
    fields = checked(part.fields, table, "computation")
    out = []
    for seed in seeds:
        numbers = _numbers(part.kind, part.compute, json.dumps(fields, sort_keys=True), seed)
        values = tuple(_ends(numbers, condition.measure) for condition in claim.rule)
        out.append(Answer(seed, values, meets(values, claim.rule)))
    return out


def judged(claim: Claim, tier: str) -> Verdict:
    """The verdict of a claim on a computation, the same at every tier but smoke, which takes one draw of a construction."""
    few = tier == "smoke" and claim.kind != "exact"
    try:
        said = answers(claim, claim.seeds[:1] if few else claim.seeds)
    except GrokbenchError as problem:
        return error(claim, tier, str(problem))
    return decide_answers(claim, said, tier)


@functools.cache
def _numbers(kind: str, compute: str | Callable[..., Any], fields: str, seed: int) -> Mapping[str, float]:
    """The computation's numbers; several verdicts of a report ask for the same."""
    stranger = parts.outside("computations", kind)
    with parts.blamed([] if stranger is None else [stranger]):
        found = parts.loaded(compute)(json.loads(fields), seed)
    names = parts.find("computations", kind).numbers
    said = found if isinstance(found, Mapping) else {}
    wrong = [name for name in names if not isinstance(said.get(name), Real) or isinstance(said[name], bool)]
    if wrong:
        got = (
            f"{wrong[0]} = {said[wrong[0]]!r}"
            if wrong[0] in said
            else f"a {type(found).__name__} without {wrong[0]}"
        )
        whose = stranger or parts.part("computations", kind)
        raise InputError(f"{whose} gives {got} where a mapping of numbers is expected: {', '.join(names)}")
    return {name: float(said[name]) for name in names}


def _ends(numbers: Mapping[str, float], name: str) -> Between:
    if name not in numbers:
        raise InputError(f"the computation gives {', '.join(numbers)}; there is no number {name!r}")
    return ends(numbers[name])
