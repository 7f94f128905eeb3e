"""No wrapper: the optimizer is given the gradient as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grokbench.specs.types import Section
from grokbench.training.kinds import Wrapper


@dataclass(frozen=True)
class Fields:
    """nothing: the optimizer sees the gradient as it is"""


def build(table: Section, rule: Any) -> Any:
    """The optimizer itself."""
    return rule


NONE = Wrapper("none", Fields, build, stacks=True)
