"""What a loss says of itself to those who never load torch; networks have ``networks.architecture`` for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from grokbench.specs.types import Table


@dataclass(frozen=True)
class Loss:
    """A loss as a part.

    total: (outputs, targets, loss table) → Σ over rows, a scalar that autograd can differentiate.
    reduce: (total, loss table, n_rows, n_classes) → the loss that is trained on, from a tensor or a number.
    """

    kind: str
    fields: type
    total: Callable[[Any, Any, Table], Any]
    reduce: Callable[[Any, Table, int, int], Any]
