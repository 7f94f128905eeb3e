"""The frozen values that travel between stages: task, recipe, trial, experiment, claim, paper. Records: training/record.py.

Tables inside them (``recipe.model`` and its like) are plain dicts, checked and completed by the JSON Schemas
when they are loaded; they are read, never written, after that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from grokbench.specs.fields import field as spec
from grokbench.specs.fields import part, table

TIERS = ("smoke", "quick", "paper")

Array = NDArray[Any]
Section = Mapping[str, Any]


@dataclass(frozen=True)
class IntegersMod:
    """integers modulo p"""

    p: int = spec(help="the modulus", least=2)


@dataclass(frozen=True)
class SymmetricGroup:
    """permutations, in lexicographic order"""

    n: int = spec(help="permutations of n points", least=1, most=6)


DOMAINS: Mapping[str, type] = {"integers-mod": IntegersMod, "symmetric-group": SymmetricGroup}


@dataclass(frozen=True)
class TaskSpec:
    """A binary operation on a finite domain (``tasks/*.toml``)."""

    id: str = spec(
        help="the file's name without .toml", schema={"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"}
    )
    title: str = spec(help="", schema={"type": "string", "minLength": 1})
    operation: str = spec(
        help="an expression in x and y; see CONTRIBUTING.md",
        schema={"type": "string", "minLength": 1, "maxLength": 400},
    )
    domain: Section = part(
        "domains"
    )  # {"kind": "integers-mod", "p": 97} or {"kind": "symmetric-group", "n": 5}

    def __hash__(self) -> int:  # tables have no hash of their own
        return hash((self.id, self.operation))


@dataclass(frozen=True)
class Data:
    """how the table is split"""

    rounding: str = spec("floor", choices=("floor", "half-even"), help="how α·n becomes a count")
    split: str = spec(
        "seed",
        choices=("seed", "openai-grok", "mirrored"),
        help="drawn by each seed; the one of openai/grok whatever the seed; by seed, with (x, y) and (y, x) on one side",
    )


@dataclass(frozen=True)
class Training:
    """arithmetic, batches, and noise on the weights"""

    dtype: str = spec(
        "float32", choices=("float32", "float64"), help="floating-point type of weights and updates"
    )
    batch: str | int = spec(
        "full",
        help="rows an update sees: all, or min(batch, ⌈n/2⌉) of the n training rows, every epoch in a new order, its last batch "
        "what is left",
        schema={"oneOf": [{"const": "full"}, {"type": "integer", "minimum": 1}]},
    )
    weight_noise: float = spec(
        0.0,
        help="standard deviation of the Gaussian added to every weight in a training pass",
        least=0.0,
    )


@dataclass(frozen=True)
class Evaluation:
    """when the whole train and test set is evaluated"""

    growth: float = spec(1.02, help="ratio of successive evaluation steps", above=1.0, most=2.0)
    spacing: int = spec(1, help="least number of steps between evaluations", least=1)
    probe_growth: float = spec(1.1, help="least ratio of successive probe steps", above=1.0, most=4.0)


@dataclass(frozen=True)
class Recipe:
    """How a network is built and trained (``baselines/<paper>/*.toml``), every field filled in."""

    id: str = spec(
        help="paper/name, as the folder and the file are called",
        schema={"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$"},
    )
    title: str = spec(help="", schema={"type": "string", "minLength": 1})
    origin: str = spec(choices=("paper", "code", "inferred"), help="where the recipe comes from")
    source: str = spec(
        help="section, equation or file that the numbers come from",
        schema={"type": "string", "minLength": 1},
    )
    model: Section = part("networks")
    loss: Section = part("losses")
    optimizer: Section = part("optimizers")
    data: Section = table(Data)
    training: Section = table(Training)
    evaluation: Section = table(Evaluation)

    def __hash__(self) -> int:  # tables have no hash of their own
        return hash(self.id)


@dataclass(frozen=True)
class Trial:
    """One fully resolved training run.

    ``budget`` is in optimizer steps. With ``horizon = h`` training stops at the first evaluation at or after
    h · T_gen; with ``horizon = None`` it runs the whole budget. The window that confirms a T_gen may run past
    the budget. ``alpha`` is kept to 10 digits; ``rows`` is the number of training rows where those digits give another one.
    """

    task: TaskSpec
    recipe: Recipe
    alpha: float
    seed: int
    budget: int
    horizon: float | None = None
    probes: tuple[str, ...] = ()
    snapshots: tuple[int, ...] = ()
    analyses: tuple[str, ...] = ()
    rows: int | None = None


@dataclass(frozen=True)
class TierPlan:
    """What one tier of an experiment runs."""

    seeds: tuple[int, ...]
    steps: int
    alphas: tuple[float, ...]  # as written; a trial keeps 10 digits
    rows: tuple[int, ...] = ()  # numbers of training rows, in place of fractions
    vary: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    expected_steps: int | None = None  # for the plan's estimate only; the budget where none is given


@dataclass(frozen=True)
class Experiment:
    """A task under a recipe over seeds and a grid of settings (``[[experiment]]``)."""

    id: str
    title: str
    task: str
    baseline: str
    tiers: Mapping[str, TierPlan]
    set: Section = field(default_factory=dict)  # dotted recipe or task field → value
    horizon: float | None = None
    probes: tuple[str, ...] = ()
    snapshots: tuple[int, ...] = ()
    analyses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """One measured number and the region in which it is accepted; None is unbounded."""

    measure: str
    reason: str
    args: Section = field(default_factory=dict)
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True)
class Claim:
    """A falsifiable sentence of a paper and the rule that decides it (``[[claim]]``)."""

    id: str
    title: str
    source: str
    statement: str
    experiments: tuple[str, ...]  # the arm under test first, then what it is compared with
    kind: str
    grade: str  # A, B or C: see REPRODUCE.md, "Words"
    rule: tuple[Condition, ...]
    control: str | None = None  # experiment on whose records the rule must say no
    pairs: bool = False  # whether the rule compares seeds, two by two
    budget: int | None = None  # of a "never": the steps that the paper gave it
    known: str | None = None  # a verdict already found and explored
    tried: str = ""  # what else was tried before a NOT REPRODUCED was written down
    figure: str | None = None

    def figure_in(self, known: Collection[str]) -> str | None:
        """The figure that the claim asks for: ``figure-<its first experiment>``, else ``figure``; None where neither is known."""
        names = (f"{self.figure}-{self.experiments[0]}", self.figure)
        return next((name for name in names if name in known), None) if self.figure else None


@dataclass(frozen=True)
class Paper:
    """A paper with its experiments and claims (``baselines/<paper>/claims.toml``)."""

    id: str
    title: str
    authors: str
    year: int | None  # None, as the address is, where several papers are compared
    url: str | None
    experiments: tuple[Experiment, ...]
    claims: tuple[Claim, ...]
    deviations: tuple[str, ...] = ()

    def claim_id(self, name: str) -> str | None:
        """The id of the claim that ``name`` means: that id, or ``paper.claim`` as ``grokbench list claims`` prints it.

        None where the paper has no such claim.
        """
        own = name.removeprefix(f"{self.id}.")
        return own if any(claim.id == own for claim in self.claims) else None
