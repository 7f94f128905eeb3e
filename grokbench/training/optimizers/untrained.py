"""No updates: the weights that a network is built with are what is measured."""

from __future__ import annotations

from dataclasses import dataclass

from grokbench.specs.types import Section
from grokbench.training.kinds import Optimizer


@dataclass(frozen=True)
class Fields:
    """no updates (steps = 0)"""


def build(table: Section, noise: object) -> None:
    """No rule."""


NONE = Optimizer("none", Fields, build)
