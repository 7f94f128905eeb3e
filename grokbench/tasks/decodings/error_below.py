"""Outputs are the answer itself, real numbers; they are right where their mean squared error is below a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.tasks.decoding import Answers, Array, Decoding


@dataclass(frozen=True)
class Fields:
    """real answers, which are right where the mean squared error over a row's numbers is below a threshold"""

    error: float = field(0.01, help="mean squared error below which a row is right", above=0.0)


def outputs(table: Section, answers: Answers) -> int:
    """As many as numbers in an answer. Errors: InputError for classes."""
    if not answers.real:
        raise InputError(f"decode.kind 'error-below' reads real answers; the task's are {answers}")
    return answers.real


def targets(table: Section, answers: Array, kept: Any) -> Array:
    """The answers themselves, (n, outputs)."""
    return answers


def right(table: Section, outputs: Any, targets: Any, kept: Any) -> Any:
    """Whether the mean squared error of a row is below the threshold."""
    return ((outputs - targets) ** 2).mean(-1) < table["error"]


DECODING = Decoding("error-below", Fields, "numbers", outputs, right, targets)
