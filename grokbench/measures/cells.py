"""What a rule looks at: for every seed, the records of each arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from grokbench.training.record import Record


class Cell(NamedTuple):
    """One record and its place in an experiment's grid: its seed, and settings such as ``{"alpha": 0.49, "model.width": 20}``."""

    seed: int
    settings: Mapping[str, Any]
    record: Record


Cells = Mapping[str, tuple[Cell, ...]]  # by experiment id


@dataclass(frozen=True)
class SeedView:
    """All that one seed left: ``arms[i]`` holds the cells of the claim's i-th experiment, in grid order."""

    seed: int
    arms: tuple[tuple[Cell, ...], ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of all arms."""
        return tuple(cell for arm in self.arms for cell in arm)

    @property
    def complete(self) -> bool:
        """Whether every arm has a record for this seed."""
        return bool(self.arms) and all(self.arms)
