"""A paper with its experiments and claims, as values: each field with what ``claims.toml`` may say of it.

A file may be shorter than the value: ``seeds = 6`` is 0…5, a string is a list of one. ``specs.parse`` writes it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grokbench.specs.claims import PILOTS, SEEDS, Claim, Section, Superseded, list_of, one_or_list_of
from grokbench.specs.fields import ID, TEXT, URL, schema_of, tables
from grokbench.specs.fields import field as spec

TIERS = ("smoke", "quick", "paper")
LEAST_HORIZON = 1.2  # the window that confirms a T_gen ends there


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
        schema=SEEDS,
    )
    steps: int = spec(help="budget of a trial", unit="optimizer steps", least=0)
    alphas: tuple[float, ...] = spec(  # as written; a trial keeps 10 digits
        (0.5,),
        help="training fractions: shares of the operation's table",
        schema=list_of({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, minItems=1),
    )
    rows: tuple[int, ...] = spec(
        (),
        help="numbers of training rows, in place of alphas",
        schema=one_or_list_of({"type": "integer", "minimum": 1}),
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
    set: Section = spec(
        {},
        help="dotted recipe or task field → value, over the experiment's own: smoke takes a small table",
        schema={"type": "object"},
        optional=True,
    )


@dataclass(frozen=True)
class Beginning:
    """another experiment of the paper, at whose end each trial begins: that of the same seed, which is trained first"""

    experiment: Any = spec(  # an id in files, the Experiment in values
        help="its id; it has one trial for each seed, the same model, and no start of its own", schema=ID
    )
    at: str = spec("end", choices=("end",), help="where in that run")
    state: bool = spec(
        False, help="whether the optimizer's state goes on, its count of updates too; else it begins anew"
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
    start: Beginning | None = spec(
        None,
        help="where its weights come from; without it they are drawn",
        schema={"type": "object", **schema_of(Beginning)},
    )
    probes: tuple[str, ...] = spec(
        (), help="series recorded while it trains", schema=list_of({"enum": [], "parts": "probes"})
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
        help="what is made of the snapshots and the final weights once the training has ended",
        schema=list_of({"enum": [], "parts": "analyses"}),
    )


@dataclass(frozen=True)
class Discrepancy:
    """A point in which a paper and its code do not say the same, and the experiments that read it either way."""

    what: str = spec(help="what it is about, such as weight decay", schema=TEXT)
    paper: str = spec(help="what the paper says, or that it says nothing", schema=TEXT)
    code: str = spec(help="what its code does", schema=TEXT)
    source: str = spec(help="where both stand: a section, and a file of the code", schema=TEXT)
    as_paper: tuple[str, ...] = spec(
        (), help="experiments that do as the paper says", schema=one_or_list_of(ID), optional=True
    )
    as_code: tuple[str, ...] = spec(
        (), help="experiments that do as the code does", schema=one_or_list_of(ID), optional=True
    )


@dataclass(frozen=True)
class Paper:
    """A paper with its experiments and claims (``baselines/<paper>/claims.toml``), and its figures (``figures.toml`` there)."""

    id: str = spec(help="the folder's name", schema=ID)
    title: str = spec(help="", schema=TEXT)
    authors: str = spec(help="as the report prints them", schema=TEXT)
    claims: tuple[Claim, ...] = tables(Claim, key="claim", help="what is decided, and by which rule")
    experiments: tuple[Experiment, ...] = tables(
        Experiment,
        key="experiment",
        help="what is trained: a task under a recipe, over seeds and settings; none where every claim is a computation's",
        least=0,
    )
    superseded: tuple[Superseded, ...] = tables(
        Superseded,
        key="superseded",
        help="claims that others have replaced; neither trained nor judged",
        least=0,
    )
    discrepancies: tuple[Discrepancy, ...] = tables(
        Discrepancy,
        key="discrepancy",
        help="points in which the paper and its code do not say the same",
        least=0,
    )
    year: int | None = spec(
        None, help="of publication; left out, as the address is, where several papers are compared"
    )
    url: str | None = spec(None, help="address of the paper", schema=URL)
    deviations: tuple[str, ...] = spec(
        (),
        help="a sentence for each point in which the experiments differ from the paper",
        schema={"type": "array", "items": TEXT},
    )

    figures: tuple[Section, ...] = spec(
        (), help="the tables of ``figures.toml``, with their defaults", schema={"type": "array"}
    )

    def claim_id(self, name: str) -> str | None:
        """The id of the claim that ``name`` means: that id, or ``paper.claim`` as ``grokbench list claims`` prints it.

        None where the paper has no such claim.
        """
        own = name.removeprefix(f"{self.id}.")
        return own if any(claim.id == own for claim in self.claims) else None
