"""The state of a run as plain values and arrays, for those who never load torch. ``training.state`` takes it and puts it."""

from __future__ import annotations

from typing import Any

import numpy as np

Node = Any
"""What JSON can hold. An array stands in it as {"array": its place in ``Taken.arrays``}."""


class UnkeptError(Exception):
    """Something whose state cannot be kept; the text is a sentence that says what."""


class Taken:
    """A state: ``node``, and the ``arrays`` that it refers to."""

    def __init__(self, node: Node = None, arrays: list[np.ndarray[Any, Any]] | None = None) -> None:
        self.node, self.arrays = node, [] if arrays is None else arrays
