"""The experiments of the paper that its figures show, and the numbers of its analyses."""

from __future__ import annotations

import numpy as np

from grokbench.figures import layout
from grokbench.measures.cells import Cell

WHOLE = "end-state"  # the main recipe to the paper's own budget
MAIN = "mainline"  # the main recipe until it has generalised
FIRST = "mainline-first"  # the same on the seeds of the arms that were run first
CONTROL = "high-alpha"  # the main recipe on so much of the table that it is generalised at once
ALPHA = 0.3  # the fraction of the main recipe
LEAST_LOSS = 1e-12


def said(experiment: str, cells: tuple[Cell, ...]) -> str:
    """What the caption says of the runs: the experiment they come from, and how many steps they took."""
    steps = sorted({int(record.curves["step"][-1]) for _, _, record in cells})
    took = (
        layout.thousands(steps[0])
        if len(steps) == 1
        else f"{layout.thousands(steps[0])} to {layout.thousands(steps[-1])}"
    )
    return f"Final networks of `{experiment}`, after {took} steps."


def number(cell: Cell, name: str) -> float:
    """A single number of the analysis ``circuit``."""
    return float(np.ravel(layout.values(cell, "circuit", name))[0])


def keys(cell: Cell) -> list[int]:
    """The key frequencies k of the final network."""
    return [int(k) for k in np.ravel(layout.values(cell, "circuit", "key"))]
