"""The 1797 handwritten digits that scikit-learn ships, 8×8 pixels each (Alpaydin and Kaynak; UCI, CC BY 4.0).

A row is its 64 pixels in [0, 1], line by line, and its class is the digit. There is no table of pairs and nothing is drawn: the
rows are the same for every seed, and the source "vectors" gives them all. They are read by scikit-learn, the extra "digits".
"""

from __future__ import annotations

import functools
import importlib.util
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grokbench.specs.errors import InputError
from grokbench.specs.types import Section
from grokbench.tasks.domain import Domain

COUNT = 1797
WIDTH = 64
DARKEST = 16  # the largest value of a pixel in the data set
OPERATION = "class"


@dataclass(frozen=True)
class Fields:
    """the handwritten digits of scikit-learn, 64 pixels in [0, 1]; needs the extra `digits`"""


class Digits:
    """What ``sources.vectors`` asks of a data set."""

    width, classes, count = WIDTH, 10, COUNT

    def check(self, operation: str) -> None:
        """Errors: InputError for another operation than "class"."""
        if operation.strip() != OPERATION:
            raise InputError(f"operation {operation!r}: digits have the operation {OPERATION!r} alone")

    def ready(self) -> None:
        """Errors: InputError where scikit-learn is not installed."""
        if importlib.util.find_spec("sklearn") is None:
            raise InputError(
                "the digits need scikit-learn, which is not installed; "
                "install it with pip install 'grokbench[digits]'"
            )

    def vectors(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Pixels (1797, 64) and classes (1797,), in the order of the data set. Errors: InputError without scikit-learn."""
        self.ready()
        pixels, classes = _read()
        return pixels / DARKEST, classes


@functools.cache
def _read() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    from sklearn.datasets import load_digits

    pixels, classes = load_digits(return_X_y=True)
    return np.asarray(pixels, dtype=np.float64), np.asarray(classes, dtype=np.int64)


def build(table: Section) -> Any:
    """The digits. There is nothing to choose."""
    return Digits()


DOMAIN = Domain("digits", Fields, build)
