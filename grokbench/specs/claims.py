"""A claim of a paper, as a value: each field with what ``claims.toml`` may say of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from grokbench.specs.fields import ID, TEXT, part, schema_of, tables
from grokbench.specs.fields import field as spec

KINDS: Mapping[str, str] = {
    "exact": "a number without chance in it. Every seed's must lie in the region; one seed is enough",
    "construction": "a number of networks that are drawn, not trained. The 95 % interval of its median lies in the region, or "
    "apart from it; 100 draws at least",
    "event": "something happens in a run, such as grokking: rule D. On its control it does not",
    "existence": "it happens at least once. One seed that says yes confirms; 20 that all say no contradict",
    "never": "it does not happen. One seed contradicts; 6 that fitted leave it standing, if they ran for the budget and the "
    "control generalised",
    "value": "a number lies in a band around the paper's: rule D",
    "ratio": "a number of a run over another, against a bound: rule D",
    "ordering": "one arm comes before another on the same seed: rule D",
    "equality": "two arms on the same seed differ by no more than δ: rule D. That no difference was found is no equality",
    "trend": "a number follows a swept field, such as α, within a seed: rule D",
    "threshold": "the least level from which all larger ones work lies in a band, for each seed: rule D",
    "best-of": "one arm is the best of several on the same seed, ties against it: rule D",
    "shape": "landmarks of a curve stand in an order, or so far apart: rule D. On its control they do not",
    "structure": "the weights or activations are made in some way: rule D. On its control they are not",
}
"""Kind of claim → what it says, and how the numbers of its seeds become a verdict."""
CLAIM_KINDS = tuple(KINDS)
VERDICTS = ("REPRODUCED", "NOT REPRODUCED", "INCONCLUSIVE", "NOT RUN")
PILOTS = 9000  # seeds from here on are for pilots

Section = Mapping[str, Any]


def list_of(item: Section, **more: Any) -> dict[str, Any]:
    """The schema of a list of such items, none twice."""
    return {"type": "array", "items": item, "uniqueItems": True, **more}


def one_or_list_of(item: Section) -> dict[str, Any]:
    """The schema of one such item, or of a list of them."""
    return {"oneOf": [item, list_of(item, minItems=1)]}


SEEDS = {
    "oneOf": [
        {"type": "integer", "minimum": 1, "maximum": PILOTS},
        list_of({"type": "integer", "minimum": 0, "maximum": PILOTS - 1}, minItems=1),
    ]
}


@dataclass(frozen=True)
class Condition:
    """One measured number and the region in which it is accepted."""

    measure: str = spec(help="name of a measure; `grokbench list measures` prints them", schema=ID)
    reason: str = spec(help="why the region is this one", schema=TEXT)
    args: Section = spec({}, help="arguments of the measure", schema={"type": "object"})
    min: float | None = spec(None, help="least number accepted [default: unbounded]")
    max: float | None = spec(None, help="largest number accepted [default: unbounded]")


@dataclass(frozen=True)
class Reported:
    """What the paper itself says the number is."""

    value: str | float = spec(
        help="the number, or a few words where it is a range",
        schema={"type": ["number", "string"], "minLength": 1},
    )
    source: str = spec(help="where the paper says so, and how exact that is", schema=TEXT)


@dataclass(frozen=True)
class Place:
    """Where a claim stands among those that ask a paper's sentences of every reading of a recipe that it leaves open."""

    heading: str = spec(
        help="what is read in several ways; claims with one heading stand in one table", schema=TEXT
    )
    row: str = spec(help="the paper's sentence", schema=TEXT)
    column: str = spec(help="the reading", schema=TEXT)


@dataclass(frozen=True)
class Claim:
    """A falsifiable sentence of a paper and the rule that decides it."""

    id: str = spec(help="what the report calls it", schema=ID)
    title: str = spec(help="", schema=TEXT)
    source: str = spec(help="section, figure or equation of the paper", schema=TEXT)
    statement: str = spec(help="what the paper says, in other words", schema=TEXT)
    kind: str = spec(
        choices=CLAIM_KINDS,
        help="how the numbers of seeds become a verdict: REPRODUCE.md, How to read a verdict",
    )
    grade: str = spec(
        choices=("A", "B", "C"),
        help="how the claim is known. A: from the paper itself; B: second-hand; C: derived by us",
    )
    rule: tuple[Condition, ...] = tables(
        Condition, key="rule", most=2, help="conditions that all have to hold for a seed to say yes"
    )
    experiments: tuple[str, ...] = spec(
        (),
        help="the experiment under test, or several: first that one, then what it is compared with",
        schema=one_or_list_of(ID),
        key="experiment",
        optional=True,
    )
    computation: Section = part(
        "computations",
        optional=True,
        help="a pure function of its fields and a seed, in place of an experiment, for claims of kind exact or construction",
    )
    seeds: tuple[int, ...] = spec(
        (),
        help="of the computation: a count (0…count−1) or the seeds themselves; one where they are left out",
        schema=SEEDS,
        optional=True,
    )
    control: str | None = spec(
        None,
        help="experiment on whose records the rule must say no; of a never, the one that generalises",
        schema=ID,
    )
    pairs: bool = spec(
        False,
        help="whether seeds are compared two by two, first with second, third with fourth: the second one's records follow as "
        "further arms",
    )
    budget: int | None = spec(
        None,
        help="optimizer steps within which the paper says that it never happens; without it, ten times the control's median "
        "T_gen",
        least=1,
    )
    known: str | None = spec(
        None, choices=("NOT REPRODUCED", "INCONCLUSIVE"), help="a verdict already found and explored"
    )
    tried: str = spec(
        "",
        help="what else was tried before a NOT REPRODUCED was written down",
        schema=TEXT,
        optional=True,
    )
    figure: str | None = spec(None, help="figure shown with the claim", schema=ID)
    reported: Reported | None = spec(
        None,
        help="the paper's own number, shown beside ours; no part of the rule",
        schema={"type": "object", **schema_of(Reported)},
    )
    grid: Place | None = spec(
        None,
        help="its place in a table of sentences by readings, where the paper leaves the recipe open; no part of the rule",
        schema={"type": "object", **schema_of(Place)},
    )
    headline: bool = spec(False, help="whether the claim stands in the first table of the report")

    def figure_in(self, known: Collection[str]) -> str | None:
        """The figure that the claim asks for: ``figure-<its first experiment>``, else ``figure``; None where neither is known."""
        names = (*(f"{self.figure}-{name}" for name in self.experiments[:1]), self.figure)
        return next((name for name in names if name in known), None) if self.figure else None


@dataclass(frozen=True)
class Superseded:
    """A claim whose rule was found wanting after its seeds were seen: what it said, and what replaces it."""

    id: str = spec(help="what the report called it", schema=ID)
    title: str = spec(help="", schema=TEXT)
    superseded_by: str = spec(help="the claim that replaces it, on seeds of its own", schema=ID)
    verdict: str = spec(choices=VERDICTS, help="the last verdict on it")
    yes: int = spec(help="seeds that met its rule", least=0)
    n: int = spec(help="seeds that it was decided on", least=0)
    commit: str = spec(
        help="a commit in which its rule and its report stand",
        schema={"type": "string", "pattern": "^[0-9a-f]{7,40}$"},
    )
    reason: str = spec(help="what was wanting in its rule", schema=TEXT)
