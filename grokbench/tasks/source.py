"""Where the rows of a task come from, and what is common to all sources: how many there are, their shape, the rows themselves.

A source is a part. What is no table of a binary operation gives inputs, targets and a split the same way: rows whose last
numbers are the answer, split into training and test rows by α and the stream ("split", task id).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray

from grokbench import parts
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.decoding import Answers, Decoder, decoder
from grokbench.tasks.table import Table


class Pairs(NamedTuple):
    """The shape of a task whose inputs are pairs of ``elements``, where there are not as many ``classes`` as elements."""

    elements: int
    classes: int


class Vectors(NamedTuple):
    """The shape of a task whose inputs are vectors of ``width`` numbers, and whose answers are among ``classes``."""

    width: int
    classes: int


Rows = NDArray[Any]
"""(n, 3) of pairs, or (n, width + 1) of vectors; the last number is the class. Real answers may have several numbers."""
Fresh = Callable[[int], Rows]
"""Number of rows → that many new ones, drawn from a named stream."""
Shape = int | Pairs | Vectors
"""Inputs are pairs of so many elements, and answers the elements themselves; or ``Pairs``, or ``Vectors``.

What a source says has its classes, 0 where answers are real numbers. What a network is built for has its outputs in their place.
"""


def no_real(task: TaskSpec) -> int:
    """Answers are classes."""
    return 0


@dataclass(frozen=True)
class Source:
    """A source as a part.

    gives: "pairs" of elements, or "vectors" of numbers. shape: task → ``Shape``, cheap. count: task → number of rows that are
    split. real: task → how many real numbers an answer is; 0 where it is a class. rows: (task, seed) → ``Table``, which is split
    into training and test rows. fresh: (task, seed) → ``Fresh``, where every update sees new rows in place of training rows; None
    where it does not. held: task → number of the rows that are a test set of their own, ``Table.held``; None without.
    ready: raises InputError where the rows of a task need something that is not installed; None where they need nothing.
    """

    kind: str
    fields: type
    gives: str
    shape: Callable[[TaskSpec], Shape]
    count: Callable[[TaskSpec], int]
    rows: Callable[[TaskSpec, int], Table]
    fresh: Callable[[TaskSpec, int], Fresh] | None = None
    real: Callable[[TaskSpec], int] = no_real
    held: Callable[[TaskSpec], int] | None = None
    ready: Callable[[TaskSpec], None] | None = None


def source(task: TaskSpec) -> Source:
    """The source that a task names. Errors: UnknownNameError."""
    found: Source = parts.find("sources", str(task.source.get("kind")))
    return found


def rows_of(task: TaskSpec, seed: int) -> Table:
    """The rows that a task is split into. Raises InputError, one sentence that begins with the task's id."""
    rows: Table = _asked(task, lambda: source(task).rows(task, seed))
    return rows


def count_rows(task: TaskSpec) -> int:
    """How many rows of ``rows_of`` may be trained on, whatever the seed. Errors as there."""
    return int(_asked(task, lambda: source(task).count(task)))


def count_held(task: TaskSpec) -> int:
    """How many rows are a test set of their own, whatever is trained on. Errors as in ``rows_of``."""
    own = source(task).held
    return 0 if own is None else int(_asked(task, lambda: own(task)))


def check_ready(task: TaskSpec) -> None:
    """Raises InputError where the rows of a task need something that is not installed. Cheap: nothing is read."""
    own = source(task).ready
    if own is not None:
        _asked(task, lambda: own(task))


def shape_of(task: TaskSpec) -> Shape:
    """What a network for the task is built for. Errors as in ``rows_of``, and for answers that its decoding cannot read."""
    shape: Shape = _asked(task, lambda: source(task).shape(task))
    outputs = _asked(task, lambda: decoder(task, _answers(task, shape)).outputs())
    if isinstance(shape, Vectors):
        return Vectors(shape.width, outputs)
    elements = elements_of(shape)
    return elements if outputs == elements else Pairs(elements, outputs)


def elements_of(shape: Shape) -> int:
    """How many elements pairs are of; of vectors, their width."""
    return shape if isinstance(shape, int) else shape[0]


def outputs_of(shape: Shape) -> int:
    """How many outputs a network of this shape has."""
    return shape if isinstance(shape, int) else shape.classes


def decoder_of(task: TaskSpec, seed: int) -> Decoder:
    """The task's decoding with what is drawn for a seed. Errors as in ``shape_of``."""
    shape: Shape = _asked(task, lambda: source(task).shape(task))
    found: Decoder = _asked(task, lambda: decoder(task, _answers(task, shape), seed))
    return found


def _answers(task: TaskSpec, shape: Shape) -> Answers:
    real = source(task).real(task)
    return Answers(0, real) if real else Answers(outputs_of(shape))


def _asked(task: TaskSpec, ask: Callable[[], Any]) -> Any:
    start = f"task {task.id!r}: "
    try:
        with parts.blamed(parts.of_task(task)):
            return ask()
    except UnknownNameError:
        raise
    except InputError as error:
        raise InputError(f"{start}{str(error).removeprefix(start)}") from None
