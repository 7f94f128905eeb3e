"""What a loss, an optimizer, a wrapper and a learner say of themselves to those who never load torch.

Networks have ``networks.architecture`` for it. A string is "module:name", loaded in the process that trains; a part that lies
outside this package may give the function itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from grokbench.networks.architecture import Size, faultless, fits_any
from grokbench.specs.fields import field, part
from grokbench.specs.types import Recipe, Section, TaskSpec


@dataclass(frozen=True)
class Loss:
    """A loss as a part.

    total: (outputs, targets, loss table) → Σ over rows, a scalar that autograd can differentiate.
    reduce: (total, loss table, n_rows, n_classes) → the loss that is trained on, from a tensor or a number.
    takes: what targets may be, as a decoding ``gives`` them: "classes", "numbers".
    """

    kind: str
    fields: type
    total: Callable[[Any, Any, Section], Any]
    reduce: Callable[[Any, Section, int, int], Any]
    takes: tuple[str, ...] = ("classes",)


@dataclass(frozen=True)
class Optimizer:
    """An optimizer as a part.

    build: (optimizer table, generator of noise) → ``updates.Rule``, or None where nothing is updated.
    elementwise: whether it treats each weight on its own. Any other is given weights in the plain module's shapes.
    equation: (optimizer table, weights, gradients of each step) → weights, in numpy, as the paper writes it; its contract
    compares the two.
    stacks: whether one rule can update a stack of trials, as ``optimizers.numbers`` says; else each trial has a rule of its own.
    """

    kind: str
    fields: type
    build: str | Callable[[Section, Any], Any]
    elementwise: bool = True
    equation: str | Callable[..., Any] = ""
    stacks: bool = False


@dataclass(frozen=True)
class Wrapper:
    """What stands around an optimizer, as a part: it changes the gradient before an update, or the weights after it.

    build: (wrapper table, the optimizer's ``updates.Rule``) → another, or that one itself. elementwise, stacks: as of an
    optimizer. stack: the same around the rule of a stack, where one that is not elementwise has to know of the trials' axis.
    """

    kind: str
    fields: type
    build: str | Callable[[Section, Any], Any]
    elementwise: bool = True
    stacks: bool = False
    stack: str | Callable[[Section, Any], Any] = ""


class Facts(NamedTuple):
    """What a learner is told of the domain: the number of its elements, which are also the classes, and the task."""

    n_elements: int
    task: TaskSpec


Streams = Callable[..., np.random.Generator]
"""A name, of one or more words → the random stream of that name for the trial's seed."""


@dataclass(frozen=True)
class Learner:
    """A learner as a part: it stands in place of network, loss and optimizer where there is no gradient.

    build: (fields, ``Facts``, ``Streams``, numpy dtype) → object with ``initial(rows)``, which fits the training rows (n, 3);
    ``step()``, one update; ``predict(rows)`` → outputs (rows, classes); ``state()`` → named arrays, a record's weights.
    size: (fields, n_elements, n_rows) → multiply-adds of one step, and numbers kept. loss: the kind of loss, with its
    defaults, that the curves show; nothing is trained on it. fits, faults, takes: as of an ``Architecture``.
    """

    kind: str
    fields: type
    build: str | Callable[..., Any]
    size: Callable[[Section, int, int], Size]
    loss: str = "mse"
    fits: Callable[[TaskSpec, Recipe], None] = fits_any
    faults: Callable[[Recipe], Iterable[tuple[str, str]]] = faultless
    takes: str = "pairs"


GROUP = {
    "type": "object",
    "additionalProperties": False,
    "required": ["parameters"],
    "properties": {
        "parameters": {
            "type": "string",
            "minLength": 1,
            "description": "names of weights, as the plain network has them; * and ? stand for others' letters",
        },
        "lr": {"type": "number", "exclusiveMinimum": 0.0, "description": "learning rate of these"},
        "weight_decay": {"type": "number", "minimum": 0.0, "description": "decay of these"},
        "l1": {"type": "number", "minimum": 0.0, "description": "an adamw's l1 for these"},
    },
}


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What every optimizer that updates weights takes beside its own fields, which are written in a subclass."""

    groups: list[Any] = field(
        (),
        help="weights with a learning rate, a decay or an l1 of their own; a weight belongs to the first group that names it",
        schema={"type": "array", "items": GROUP},
    )
    wrapper: Section = part(
        "wrappers", "none", help="what is done to the gradient before, or to the weights after an update"
    )
