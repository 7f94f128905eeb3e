"""What a network says of itself to those who never load torch: its fields, what it fits, how large it is, where its code lies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from grokbench.specs.types import Recipe, Section, TaskSpec


class Size(NamedTuple):
    """Of a network: multiply-adds for one row's outputs, and number of weights."""

    multiply_adds: float
    weights: float


def faultless(recipe: Recipe) -> Iterable[tuple[str, str]]:
    """No fields contradict one another."""
    return ()


def together(model: Section) -> str:
    """Trials of this network can train as one model."""
    return ""


def one_row(model: Section) -> int:
    """A batch may have a single row."""
    return 1


def no_closed_form(model: Section) -> str | Callable[..., Any]:
    """The tangent kernel can be had from gradients only."""
    return ""


def fits_any(task: TaskSpec, recipe: Recipe) -> None:
    """A network that can be trained on every task."""


@dataclass(frozen=True)
class Architecture:
    """A network as a part. Strings are "module:name", loaded in the process that trains; outside parts may give the functions.

    takes: "pairs" of elements, or "vectors" of numbers; then n_elements is a ``tasks.source.Vectors``.
    outputs: "elements", as many as those; or "any" number that a task asks for: then n_elements may be a ``tasks.source.Pairs``,
    and targets may be whatever the task's decoding makes of answers.
    answers: "classes", or "numbers" where real numbers are all that it can answer with.
    build: (model, n_elements, seed) → module with drawn weights in float64; each parameter has its own stream, named after it.
    restore: (model, weights) → module with these weights, in their own type. A module is a ``networks.base.Network``.
    fast: loss kind → hand-written step, where there is one; any other loss trains on the plain engine. That of a network with
    "any" outputs gives None for targets that it is not written for.
    size: (model, n_elements) → ``Size``, by which a plan scales what steps took. fits: raises InputError where the network
    cannot be trained on a task. faults: dotted field and sentence for each way in which the recipe's fields contradict one
    another.
    facts: (network, rows) → numbers that a record keeps beside the curves.
    tangent_kernel: (model) → where the kernel K(x, x′) = Σ_c ∇f_c(x) · ∇f_c(x′) has a closed form, the function that computes it:
    (network, inputs (n, d) in float64) → (n, n). Empty where there is none.
    drawn: fields that only initial weights and noise depend on. Trials that differ in them can train as one model.
    singly: (model) → a sentence that says why its trials cannot train as one model; empty where they can.
    least_rows: (model) → rows that a training batch needs at least.
    seeded: whether another seed draws other weights; False where the start is the same for all.
    rescales: whether its hand-written steps know of outputs that are scaled (``networks.scaled``); any other trains them plainly.
    alone: whether its hand-written step beats a batch of trials on a CPU, however small it is.
    """

    kind: str
    fields: type
    build: str | Callable[..., Any]
    restore: str | Callable[..., Any]
    size: Callable[[Section, Any], Size]
    fast: Mapping[str, str | Callable[..., Any]] = field(default_factory=dict)
    fits: Callable[[TaskSpec, Recipe], None] = fits_any
    faults: Callable[[Recipe], Iterable[tuple[str, str]]] = faultless
    facts: str | Callable[..., Any] = ""
    tangent_kernel: Callable[[Section], str | Callable[..., Any]] = no_closed_form
    takes: str = "pairs"
    outputs: str = "elements"
    answers: str = "classes"
    drawn: tuple[str, ...] = ()
    singly: Callable[[Section], str] = together
    least_rows: Callable[[Section], int] = one_row
    alone: bool = False
    rescales: bool = False
    seeded: bool = True
