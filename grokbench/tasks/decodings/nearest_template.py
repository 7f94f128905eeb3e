"""Each answer owns a fixed random vector, which outputs are fitted to; the nearest one is the answer (Liu et al. 2022, §3).

The vectors are drawn from N(0, 1), once for each seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.tasks.decoding import Answers, Array, Decoding, need_classes


@dataclass(frozen=True)
class Fields:
    """the answer whose fixed random vector lies nearest to the outputs (Liu et al. 2022)"""

    width: int = field(30, help="numbers in a vector, which are the outputs", least=1)


def outputs(table: Section, answers: Answers) -> int:
    """As many as numbers in a vector. Errors: InputError for real answers."""
    need_classes("nearest-template", answers)
    return int(table["width"])


def templates(table: Section, answers: Answers, generator: np.random.Generator) -> Array:
    """Y (classes, width), N(0, 1)."""
    return generator.standard_normal((answers.classes, table["width"]))


def targets(table: Section, answers: Array, kept: Any) -> Array:
    """The vector of each row's answer, (n, width)."""
    found: Array = kept[answers]
    return found


def nearest(outputs: Any, kept: Any) -> Any:
    """The place of the nearest vector, (…, n); of outputs (…, n, width) and vectors (…, classes, width)."""
    return ((outputs[..., :, None, :] - kept[..., None, :, :]) ** 2).sum(-1).argmin(-1)


def right(table: Section, outputs: Any, targets: Any, kept: Any) -> Any:
    """Whether outputs lie nearest to the vector that their target is."""
    return nearest(outputs, kept) == nearest(targets, kept)


DECODING = Decoding("nearest-template", Fields, "numbers", outputs, right, targets, templates)
