"""Which training rows each update sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grokbench.networks.fitting import trained
from grokbench.specs.errors import InputError
from grokbench.specs.types import Recipe
from grokbench.tasks.streams import stream


def size_of(batch: str | int, n_rows: int) -> int:
    """Rows of an update. Errors: InputError."""
    if batch == "full":
        return n_rows
    if not isinstance(batch, int) or batch < 1:
        raise InputError(f'training.batch is "full" or a number of rows, 1 or more; got {batch!r}')
    return min(batch, -(-n_rows // 2))


def check_batches(recipe: Recipe, n_rows: int) -> None:
    """Raises InputError where a batch would have fewer rows than the network needs at once."""
    least = getattr(trained(recipe), "least_rows", None)
    needed = 1 if least is None else least(recipe.model)
    size = size_of(recipe.training["batch"], n_rows)
    left = n_rows % size or size
    if min(size, left) < needed:
        raise InputError(
            f"{recipe.id}: its network needs {needed} rows at once, and of {n_rows} training rows in batches of {size} the last "
            f"one of a pass has {left}; take another training.batch, or other rows"
        )


class Batches:
    """Full batches, or passes over the training rows in a new order each, cut into batches of min(batch, ⌈n/2⌉).

    The last batch of a pass is what is left (openai/grok's ``data.py``). Orders are drawn from the stream ("order",).
    """

    KEPT = ("_stream", "_order", "_at")

    def __init__(self, batch: str | int, n_rows: int, seed: int) -> None:
        self.size = size_of(batch, n_rows)
        self.whole = batch == "full" or n_rows == 1
        self._n_rows, self._stream = n_rows, stream(seed, "order")
        self._order: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._at = 0

    def next(self) -> NDArray[np.int64] | None:
        """Indices of the rows of the next update; None for all of them, in their own order."""
        if self.whole:
            return None
        if self._at >= len(self._order):
            self._order, self._at = self._stream.permutation(self._n_rows).astype(np.int64, copy=False), 0
        which = self._order[self._at : self._at + self.size]
        self._at += self.size
        return which
