"""What looks at a trial's weights: probes while it trains, analyses once it has ended. Torch-free; a string is "module:name".

A probe and an analysis say for which trials they are, so that a spec is refused before anything is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from grokbench import parts
from grokbench.analysis import spectra
from grokbench.networks.registry import rescaled
from grokbench.specs.errors import InputError
from grokbench.specs.types import Recipe, TaskSpec
from grokbench.tasks.domain import modulus
from grokbench.tasks.trained import check_true_labels

Faults = Callable[[TaskSpec, Recipe], Iterable[str]]
"""A task and a recipe → a sentence for each reason why their trials cannot be looked at in this way."""


def faultless(task: TaskSpec, recipe: Recipe) -> Iterable[str]:
    """Every trial can be looked at in this way."""
    return ()


def no_passes(snapshots: int) -> float:
    """No pass over the whole table."""
    return 0.0


class Pass(NamedTuple):
    """The pass over the rows of the next update, as a probe of every step sees it.

    accuracy: nan where nobody counts it. names: of the parameters, as the plain module has them. parameters, gradients: torch
    tensors, in the order of ``names``.
    """

    loss: float
    accuracy: float
    names: Sequence[str]
    parameters: Sequence[Any]
    gradients: Sequence[Any]


@dataclass(frozen=True)
class Probe:
    """A series of numbers read off the weights while a run goes on. It only looks.

    look: (name → array of weights) → numbers by name, each a number or a 1-D array whose shape stays. It is called on the
    recipe's probe cadence and at the last step.
    every_step: then ``look`` takes a ``Pass`` at every step, before the update.
    counts: of a probe of every step, whether it needs the accuracy of each pass, which then is counted.
    summary: the line that ``grokbench list probes`` prints.
    """

    kind: str
    look: str | Callable[..., Any]
    faults: Faults = faultless
    every_step: bool = False
    counts: bool = False
    summary: str = ""


@dataclass(frozen=True)
class Analysis:
    """Arrays made of a record's weights once its training has ended.

    version: raise it when the numbers change; records then get new ones from their stored weights, without training.
    make: (trial, weights by step, last step) → arrays by name. Weights are name → array, float32. They are those of the
    trial's snapshots and of the last step.
    first: the weights before the first step are given too, as step 0, where no snapshot has them.
    passes: number of snapshots → passes over the whole table that it takes, for the plan's estimate.
    scaled: whether it knows of ``training.output_scale`` and ``subtract_start``; any other takes a network's outputs as they are.
    summary: the line that ``grokbench list analyses`` prints.
    """

    kind: str
    version: int
    make: str | Callable[..., Any]
    faults: Faults = faultless
    first: bool = False
    passes: Callable[[int], float] = no_passes
    scaled: bool = False
    summary: str = ""


def fits(
    what: str,
    *,
    networks: tuple[str, ...] = (),
    odd_residues: bool = False,
    operation: str = "",
    true_labels: bool = False,
) -> Faults:
    """The ``faults`` of what is for these kinds of network, for residues modulo an odd p, or for one operation.

    what: how sentences name the probe or analysis. true_labels: it reads labels of training rows, which must not be corrupted.
    Whatever is left out may be anything.
    """

    def faults(task: TaskSpec, recipe: Recipe) -> Iterator[str]:
        kind, p = (recipe.learner or recipe.model).get("kind"), modulus(task)
        if networks and kind not in networks:
            named = " or ".join(map(repr, networks))
            yield f"{what} is for the model kind {named}, not {kind!r}"
        try:
            if true_labels:
                check_true_labels(recipe, what)
            if odd_residues and p is not None:
                spectra.n_frequencies(p)
        except InputError as error:
            yield str(error)
        if odd_residues and p is None:
            yield f"{what} is for residues modulo p ('integers-mod'), not for {task.domain['kind']!r}"
        if operation and "".join(task.operation.split()) != "".join(operation.split()):
            yield f"{what} is for the operation {operation!r}, not {task.operation!r}"

    return faults


def watching_faults(kind: str, names: Iterable[str], task: TaskSpec, recipe: Recipe) -> Iterator[str]:
    """A sentence for each reason why these "probes" or "analyses" cannot look at trials of a task and a recipe.

    Errors: UnknownNameError for a name that there is not; InputError for a part that cannot be used or fails.
    """
    for name in names:
        part = parts.part(kind, name)
        own = parts.load(part)
        with parts.blamed(parts.outsiders([part])):
            yield from own.faults(task, recipe)
        if kind == "analyses" and rescaled(recipe) and not own.scaled:
            yield f"analysis {name!r} does not know of training.output_scale and training.subtract_start"


def check_watched(kind: str, names: Iterable[str], task: TaskSpec, recipe: Recipe) -> None:
    """Raises InputError with the first of the ``watching_faults``. Cheap enough to ask before training."""
    for text in watching_faults(kind, names, task, recipe):
        raise InputError(f"{recipe.id}: {text}")


def version(name: str) -> int | str | None:
    """What a record says of the analysis that made its arrays; None for an analysis that there is not.

    Built in: its version. From outside: its package's version and the hash of its source. Arrays of another version are
    no hit.
    """
    stranger = parts.outside("analyses", name)
    if stranger is not None:
        return f"{stranger.label} {stranger.digest}"
    known = name in parts.BUILT_IN["analyses"]
    return int(parts.find("analyses", name).version) if known else None
