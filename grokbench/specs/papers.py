"""A paper with its experiments and claims, as values: each field with what ``claims.toml`` may say of it.

A file may be shorter than the value: ``seeds = 6`` is 0…5, a string is a list of one. ``specs.parse`` writes it out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from grokbench.specs.fields import ID, TEXT, schema_of, tables
from grokbench.specs.fields import field as spec

TIERS = ("smoke", "quick", "paper")
PROBES = ("trace", "ipr", "phases", "spectrum")
PORTRAITS = ("phases", "spectrum")
ANALYSES = ("progress", "circuit", "circles")
CLAIM_KINDS = (
    "exact",
    "construction",
    "event",
    "existence",
    "never",
    "value",
    "ratio",
    "ordering",
    "equality",
    "trend",
    "threshold",
    "best-of",
    "shape",
    "structure",
)
VERDICTS = ("REPRODUCED", "NOT REPRODUCED", "INCONCLUSIVE", "NOT RUN")
LEAST_HORIZON = 1.2  # the window that confirms a T_gen ends there
PILOTS = 9000  # seeds from here on are for pilots

Section = Mapping[str, Any]


def _list(item: Section, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": item, "uniqueItems": True, **more}


def _one_or_list(item: Section) -> dict[str, Any]:
    return {"oneOf": [item, _list(item, minItems=1)]}


_VALUES = {
    "type": "object",
    "additionalProperties": {"type": "array", "minItems": 1, "uniqueItems": True},
}
_MULTIPLE = {"type": "number", "minimum": LEAST_HORIZON}


@dataclass(frozen=True)
class TierPlan:
    """What one tier of an experiment runs."""

    seeds: tuple[int, ...] = spec(
        help=f"a count (0…count−1) or the seeds themselves; {PILOTS} and above are for pilots",
        schema={
            "oneOf": [
                {"type": "integer", "minimum": 1, "maximum": PILOTS},
                _list({"type": "integer", "minimum": 0, "maximum": PILOTS - 1}, minItems=1),
            ]
        },
    )
    steps: int = spec(help="budget of a trial", unit="optimizer steps", least=0)
    alphas: tuple[float, ...] = spec(  # as written; a trial keeps 10 digits
        (0.5,),
        help="training fractions: shares of the operation's table",
        schema=_list({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, minItems=1),
    )
    rows: tuple[int, ...] = spec(
        (),
        help="numbers of training rows, in place of alphas",
        schema=_one_or_list({"type": "integer", "minimum": 1}),
        optional=True,
    )
    vary: Mapping[str, tuple[Any, ...]] = spec(
        {},
        help="dotted recipe or task field → values; every combination is run [default: the experiment's]",
        schema=_VALUES,
        optional=True,
    )
    expected_steps: int | None = spec(
        None,
        help="optimizer steps that most trials are expected to take, for the plan's estimate [default: the budget]",
        least=0,
    )


@dataclass(frozen=True)
class Experiment:
    """A task under a recipe over seeds and a grid of settings."""

    id: str = spec(help="what claims and figures call it", schema=ID)
    title: str = spec(help="", schema=TEXT)
    task: str = spec(help="id of a task", schema=TEXT)
    baseline: str = spec(help="id of a recipe, paper/name", schema=TEXT)
    tiers: Mapping[str, TierPlan] = spec(
        help="what each tier runs; paper runs what quick does where it has no table of its own",
        schema={
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {tier: {"$ref": "#/definitions/tier"} for tier in TIERS},
        },
        key="tier",
    )
    set: Section = spec({}, help="dotted recipe or task field → value", schema={"type": "object"})
    vary: Mapping[str, tuple[Any, ...]] = spec(
        {}, help="dotted recipe or task field → values, for tiers without their own", schema=_VALUES
    )
    horizon: float | None = spec(
        None,
        help='"budget", or the multiple of T_gen at which training stops',
        schema={
            "oneOf": [
                {"const": "budget"},
                _MULTIPLE,
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["t_gen"],
                    "properties": {
                        "t_gen": {**_MULTIPLE, "description": "the multiple of T_gen"},
                    },
                },
            ],
            "default": "budget",
        },
    )
    probes: tuple[str, ...] = spec(
        (), help="series recorded while it trains", schema=_list({"enum": [*PROBES]})
    )
    portraits: tuple[str, ...] = spec(
        (), help="what is kept of the network before and after training", schema=_list({"enum": [*PORTRAITS]})
    )
    snapshots: tuple[int, ...] = spec(
        (),
        help='steps whose weights are kept: numbers, or ranges "first:last:step" that include their end',
        schema={
            "type": "array",
            "items": {
                "oneOf": [
                    {"type": "integer", "minimum": 0},
                    {"type": "string", "pattern": "^[0-9]+:[0-9]+:[1-9][0-9]*$"},
                ]
            },
        },
    )
    analyses: tuple[str, ...] = spec(
        (),
        help="what is measured over the snapshots and the final weights once the training has ended",
        schema=_list({"enum": [*ANALYSES]}),
    )


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
class Claim:
    """A falsifiable sentence of a paper and the rule that decides it."""

    id: str = spec(help="what the report calls it", schema=ID)
    title: str = spec(help="", schema=TEXT)
    source: str = spec(help="section, figure or equation of the paper", schema=TEXT)
    statement: str = spec(help="what the paper says, in other words", schema=TEXT)
    experiments: tuple[str, ...] = spec(
        help="the experiment under test, or several: first that one, then what it is compared with",
        schema=_one_or_list(ID),
        key="experiment",
    )
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
    headline: bool = spec(False, help="whether the claim stands in the first table of the report")

    def figure_in(self, known: Collection[str]) -> str | None:
        """The figure that the claim asks for: ``figure-<its first experiment>``, else ``figure``; None where neither is known."""
        names = (f"{self.figure}-{self.experiments[0]}", self.figure)
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


@dataclass(frozen=True)
class Paper:
    """A paper with its experiments and claims (``baselines/<paper>/claims.toml``)."""

    id: str = spec(help="the folder's name", schema=ID)
    title: str = spec(help="", schema=TEXT)
    authors: str = spec(help="as the report prints them", schema=TEXT)
    experiments: tuple[Experiment, ...] = tables(
        Experiment, key="experiment", help="what is trained: a task under a recipe, over seeds and settings"
    )
    claims: tuple[Claim, ...] = tables(Claim, key="claim", help="what is decided, and by which rule")
    superseded: tuple[Superseded, ...] = tables(
        Superseded,
        key="superseded",
        help="claims that others have replaced; neither trained nor judged",
        least=0,
    )
    year: int | None = spec(
        None, help="of publication; left out, as the address is, where several papers are compared"
    )
    url: str | None = spec(None, help="address of the paper", schema=TEXT)
    deviations: tuple[str, ...] = spec(
        (),
        help="a sentence for each point in which the experiments differ from the paper",
        schema={"type": "array", "items": TEXT},
    )

    def claim_id(self, name: str) -> str | None:
        """The id of the claim that ``name`` means: that id, or ``paper.claim`` as ``grokbench list claims`` prints it.

        None where the paper has no such claim.
        """
        own = name.removeprefix(f"{self.id}.")
        return own if any(claim.id == own for claim in self.claims) else None
