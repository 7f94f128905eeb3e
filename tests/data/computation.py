"""A computation as a stranger's script registers it: the mean of normal draws, one mean a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import grokbench
from grokbench import Computation, field


@dataclass(frozen=True)
class Fields:
    """mean and spread of normal draws"""

    draws: int = field(help="how many", least=1)
    centre: float = field(0.0, help="their expected mean")


def faults(fields):
    if fields["draws"] == 13:
        yield "draws", "expected a number that brings no bad luck"


def compute(fields, seed):
    found = np.random.default_rng(seed).normal(fields["centre"], 1.0, fields["draws"])
    return {"mean-of-draws": found.mean(), "spread-of-draws": found.std()}


grokbench.register(
    "computations",
    "draws",
    Computation(
        "draws",
        Fields,
        {"mean-of-draws": "their mean", "spread-of-draws": "its root mean square"},
        compute,
        faults,
    ),
)
