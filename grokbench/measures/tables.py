"""Tables of operations compared with one another; nothing is trained for them."""

from __future__ import annotations

import numpy as np

from grokbench.analysis.circulant import powers_of_the_least_root
from grokbench.measures.cells import SeedView
from grokbench.specs.types import TaskSpec
from grokbench.tasks.domain import modulus
from grokbench.tasks.table import build_table


def relabelled_share(view: SeedView, additive: int = 0, multiplicative: int = 1) -> float:
    """Share of rows of one arm's table modulo p − 1 that are rows of another's modulo p once n is renamed gⁿ.

    g is the least primitive root of p. Rows with a zero are left out of the table modulo p. 1: one table under two names;
    0 also where they have not equally many rows, or the moduli do not fit.
    """
    ours, theirs = (view.arms[arm][0].record.trial.task for arm in (additive, multiplicative))
    return share_of_renamed_rows(ours, theirs)


def share_of_renamed_rows(ours: TaskSpec, theirs: TaskSpec) -> float:
    """``relabelled-share`` of a task modulo p − 1 and one modulo p."""
    p = _modulus(theirs)
    if _modulus(ours) != p - 1:
        return 0.0
    rows, others = build_table(ours).rows, build_table(theirs).rows
    others = others[(others != 0).all(axis=1)]
    renamed = powers_of_the_least_root(p)[rows]
    if len(renamed) != len(others):
        return 0.0
    known = {tuple(row) for row in others.tolist()}
    return float(np.mean([tuple(row) in known for row in renamed.tolist()]))


def _modulus(task: TaskSpec) -> int:
    return modulus(task) or 0
