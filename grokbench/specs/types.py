"""The frozen values that travel between stages: task, recipe, trial; experiment, claim and paper (specs/papers.py). Records:
training/record.py.

Tables inside them (``recipe.model`` and its like) are plain dicts, checked and completed by the JSON Schemas
when they are loaded; they are read, never written, after that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from grokbench.specs.claims import Claim, Condition, Place, Reported, Section, Superseded
from grokbench.specs.fields import ID, TEXT, part, table
from grokbench.specs.fields import field as spec
from grokbench.specs.papers import TIERS, Discrepancy, Experiment, Paper, TierPlan

__all__ = [
    "TIERS",
    "Array",
    "Claim",
    "Condition",
    "Data",
    "Discrepancy",
    "Evaluation",
    "Experiment",
    "Paper",
    "Place",
    "Recipe",
    "Reported",
    "Section",
    "Start",
    "Superseded",
    "TaskSpec",
    "Thresholds",
    "TierPlan",
    "Training",
    "Trial",
]

Array = NDArray[Any]


@dataclass(frozen=True)
class Thresholds:
    """accuracies from which a run has fitted and has generalised, where the paper has others than 0.99"""

    t_mem: float = spec(0.99, help="train accuracy at T_mem", above=0.0, most=1.0)
    t_gen: float = spec(
        0.99, help="test accuracy at T_gen, and median of the window after it", above=0.0, most=1.0
    )


@dataclass(frozen=True)
class TaskSpec:
    """An operation on a domain, where its rows come from, and when an answer is right (``tasks/*.toml``)."""

    id: str = spec(help="the file's name without .toml", schema=ID)
    title: str = spec(help="", schema=TEXT)
    operation: str = spec(
        help="an expression in x and y; see docs/specs.md",
        schema={"type": "string", "minLength": 1, "maxLength": 400},
    )
    domain: Section = part("domains")
    source: Section = part("sources", "table", help="where the rows come from")
    decode: Section = part(
        "decodings", "classes", help="what outputs are compared with, and when they are right"
    )
    thresholds: Section = table(Thresholds, filled=True)

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
    corruption: Section = part(
        "corruptions", optional=True, help="what is done to labels of training rows; left out, they are true"
    )


@dataclass(frozen=True)
class Training:
    """arithmetic, batches, noise on the weights, and their size at the start"""

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
    initial_scale: float = spec(1.0, help="factor on initial weights", least=0.0)
    scaled: str = spec(
        "*",
        help="names of the weights that this factor is on, as the plain network has them; * and ? stand for others' letters",
        schema={"type": "string", "minLength": 1},
    )
    output_scale: float = spec(1.0, help="factor α on the network's outputs, whatever the network", above=0.0)
    subtract_start: bool = spec(
        False, help="whether outputs are α (f(θ) − f(θ₀)), without those of the weights before the first step"
    )
    rate_power: float = spec(
        0.0,
        help="learning rates are the optimizer's over α to this power; with 2 and gradient descent outputs begin to move as fast "
        "whatever α is",
    )


@dataclass(frozen=True)
class Evaluation:
    """when the whole train and test set is evaluated"""

    growth: float = spec(1.02, help="ratio of successive evaluation steps", above=1.0, most=2.0)
    spacing: int = spec(1, help="least distance of evaluations", unit="optimizer steps", least=1)
    probe_growth: float = spec(1.1, help="least ratio of successive probe steps", above=1.0, most=4.0)


@dataclass(frozen=True)
class Recipe:
    """How a network is built and trained (``baselines/<paper>/*.toml``), every field filled in.

    A recipe has ``model``, ``loss`` and ``optimizer``, or in their place ``learner``; a table that it has not is empty.
    """

    id: str = spec(
        help="paper/name, as the folder and the file are called",
        schema={"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$"},
    )
    title: str = spec(help="", schema=TEXT)
    origin: str = spec(choices=("paper", "code", "inferred"), help="where the recipe comes from")
    source: str = spec(help="section, equation or file that the numbers come from", schema=TEXT)
    model: Section = part("networks", optional=True)
    loss: Section = part("losses", optional=True)
    optimizer: Section = part("optimizers", optional=True)
    data: Section = table(Data)
    training: Section = table(Training)
    evaluation: Section = table(Evaluation)
    learner: Section = part(
        "learners",
        optional=True,
        help="what learns without a gradient, in place of model, loss and optimizer",
    )

    def __hash__(self) -> int:  # tables have no hash of their own
        return hash(self.id)


@dataclass(frozen=True)
class Start:
    """The end of another training run, at which a trial begins: its weights, and with ``state`` its optimizer's state."""

    trial: Trial
    state: bool = False


@dataclass(frozen=True)
class Trial:
    """One fully resolved training run.

    ``budget`` is in optimizer steps. With ``horizon = h`` training stops at the first evaluation at or after
    h · T_gen; with ``horizon = None`` it runs the whole budget. The window that confirms a T_gen may run past
    the budget. ``alpha`` is kept to 10 digits; ``rows`` is the number of training rows where those digits give another one.
    ``start``: where its weights come from; None: they are drawn. Steps count from there.
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
    start: Start | None = None
