"""The answer is the class with the largest output, or of a single output whether it is above 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grokbench.specs.types import Section
from grokbench.tasks.decoding import Answers, Decoding, need_classes


@dataclass(frozen=True)
class Fields:
    """the class with the largest output; of a single output its sign"""


def outputs(table: Section, answers: Answers) -> int:
    """As many as classes. Errors: InputError for real answers."""
    return need_classes("classes", answers)


def right(table: Section, outputs: Any, targets: Any, kept: Any) -> Any:
    """Whether the class that outputs (…, classes) stand for is the target (…)."""
    found = (outputs[..., 0] > 0).long() if outputs.shape[-1] == 1 else outputs.argmax(-1)
    return found == targets


DECODING = Decoding("classes", Fields, "classes", outputs, right)
