"""How answers are read off outputs: how many outputs there are, what the loss compares them with, and when they are right.

A decoding is a part. It is written for arrays that add, multiply and index alike in numpy and torch, so that its file loads
neither torch nor a network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grokbench import parts
from grokbench.specs.errors import InputError
from grokbench.specs.fields import checked
from grokbench.specs.types import Section, TaskSpec
from grokbench.tasks.streams import stream

Array = NDArray[Any]


class Answers(NamedTuple):
    """What a row's answer is: one of so many ``classes``, or so many ``real`` numbers; the other one is 0."""

    classes: int
    real: int = 0

    def __str__(self) -> str:
        return f"{self.real} real number{'s' * (self.real > 1)}" if self.real else f"{self.classes} classes"


@dataclass(frozen=True)
class Decoding:
    """A decoding as a part. Its functions take the task's ``decode`` table first.

    gives: what a loss compares outputs with, "classes" or "numbers" of the outputs' shape.
    outputs: (table, ``Answers``) → how many outputs a network has. Raises InputError for answers that it cannot read.
    right: (table, outputs (…, n, outputs), targets, kept) → whether each answer is right, (…, n), as torch tensors. Leading
    dimensions are those of a batch of trials.
    targets: (table, answers of rows as the table has them, kept) → targets (n, …), in numpy. None: the network's own classes.
    kept: (table, ``Answers``, random stream) → numbers that are drawn once for each seed, such as templates; None without.
    """

    kind: str
    fields: type
    gives: str
    outputs: Callable[[Section, Answers], int]
    right: Callable[[Section, Any, Any, Any], Any]
    targets: Callable[[Section, Array, Any], Array] | None = None
    kept: Callable[[Section, Answers, np.random.Generator], Array] | None = None


@dataclass(frozen=True, eq=False)
class Decoder:
    """The decoding of a task with its table, for one seed. kept: what was drawn for it."""

    part: Decoding
    table: Section
    answers: Answers
    kept: Array | None

    @property
    def by_class(self) -> bool:
        """Whether targets are the classes that the network itself makes of rows, so that hand-written steps apply."""
        return self.part.targets is None

    def outputs(self) -> int:
        """How many outputs a network has. Errors: InputError for answers that cannot be read in this way."""
        return int(self.part.outputs(self.table, self.answers))

    def targets(self, rows: Array) -> Array:
        """What the loss compares the outputs of these rows with, (n, …)."""
        assert self.part.targets is not None
        own = rows[:, -max(self.answers.real, 1) :]
        return self.part.targets(
            self.table, own if self.answers.real else own[:, 0].astype(np.int64), self.kept
        )

    def right(self, outputs: Any, targets: Any, kept: Any) -> Any:
        """Which outputs are right; see ``Decoding``. kept: as these outputs' type has it, one for each trial of a batch."""
        return self.part.right(self.table, outputs, targets, kept)


def decoding(task: TaskSpec) -> Decoding:
    """The part that a task's ``decode`` names. Errors: UnknownNameError."""
    found: Decoding = parts.find("decodings", str(task.decode.get("kind")))
    return found


def decoder(task: TaskSpec, answers: Answers, seed: int | None = None) -> Decoder:
    """The task's decoding for its ``answers``; without a seed, with nothing drawn.

    What is drawn comes from the stream ("decoding", task id). Errors: UnknownNameError, InputError.
    """
    part = decoding(task)
    table = checked(part.fields, task.decode, "decode")
    if seed is None or part.kept is None:
        return Decoder(part, table, answers, None)
    return Decoder(part, table, answers, part.kept(table, answers, stream(seed, "decoding", task.id)))


def need_classes(kind: str, answers: Answers) -> int:
    """How many classes answers are of. Raises InputError for real numbers, which the decoding ``kind`` cannot read."""
    if answers.real:
        raise InputError(
            f"decode.kind {kind!r} reads one of several classes; the task's answers are {answers}"
        )
    return answers.classes
