"""The rows that a trial is trained and tested on, with the labels that it sees.

Test rows keep their true labels. A recipe's ``data.corruption`` may change those of training rows; whatever looks at training
rows one by one takes them from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grokbench import parts
from grokbench.specs.errors import InputError
from grokbench.specs.fields import checked
from grokbench.specs.types import Recipe, Section, Trial
from grokbench.tasks.domain import Indices, Mask
from grokbench.tasks.source import Rows, rows_of, source
from grokbench.tasks.splits import Split, split_table
from grokbench.tasks.streams import stream
from grokbench.tasks.table import Table

Relabel = Callable[[Section, Indices, Indices, int, np.random.Generator], tuple[Indices, Mask]]


@dataclass(frozen=True)
class Corruption:
    """A corruption of labels as a part.

    relabel: (its table, true classes (n_rows,) of all rows, numbers (n_train,) of the training rows, number of classes,
    generator) → classes (n_train,) that are trained on, and which of these rows were chosen, (n_train,).
    """

    kind: str
    fields: type
    relabel: Relabel


@dataclass(frozen=True, eq=False)
class TrialRows:
    """The rows of a trial: ``train`` and ``test``, and which training rows are corrupted, (n_train,)."""

    table: Table
    split: Split
    train: Rows
    test: Rows
    corrupted: Mask

    @property
    def n_wrong(self) -> int:
        """Training rows whose label is not the true one; a corruption may happen to draw that one."""
        return int((self.train[:, -1] != self.table.rows[self.split.train, -1]).sum())

    def parts(self) -> dict[str, Rows]:
        """Training rows apart, where some are corrupted: "clean", "corrupted", and "corrected", those with their true labels."""
        if not self.corrupted.any():
            return {}
        found = {
            "clean": self.train[~self.corrupted],
            "corrupted": self.train[self.corrupted],
            "corrected": self.table.rows[self.split.train[self.corrupted]],
        }
        return {name: rows for name, rows in found.items() if len(rows)}


def corruption(recipe: Recipe) -> Section | None:
    """The recipe's ``data.corruption`` with its defaults; None without one. Errors: UnknownNameError, InputError."""
    table = recipe.data.get("corruption")
    if not table:
        return None
    return checked(parts.find("corruptions", str(table.get("kind"))).fields, table, "data.corruption")


def trial_rows(trial: Trial, table: Table | None = None) -> TrialRows:
    """The rows of a trial; ``table``, of this task and seed, where it is built already.

    Errors as in ``rows_of`` and ``split_table``.
    """
    table = rows_of(trial.task, trial.seed) if table is None else table
    split = split_table(table, trial.task, trial.alpha, trial.recipe.data, trial.seed, trial.rows)
    train, test = table.rows[split.train], table.rows[split.test]
    own = corruption(trial.recipe)
    if own is None:
        return TrialRows(table, split, train, test, np.zeros(len(train), dtype=np.bool_))
    if table.real:
        raise InputError(
            f"data.corruption draws other classes for training rows; the answers of {trial.task.id!r} are real numbers"
        )
    if source(trial.task).fresh is not None:
        raise InputError(
            f"data.corruption changes labels of fixed training rows; the source {trial.task.source['kind']!r} has none"
        )
    part: Corruption = parts.find("corruptions", own["kind"])
    truth = table.rows[:, -1].astype(np.int64, copy=False)
    generator = stream(trial.seed, "corruption", trial.task.id)
    train[:, -1], corrupted = part.relabel(own, truth, split.train, table.classes, generator)
    return TrialRows(table, split, train, test, corrupted)


def check_true_labels(recipe: Recipe, what: str) -> None:
    """Raises InputError where ``what`` measures training rows against the operation, and the recipe corrupts their labels."""
    if recipe.data.get("corruption"):
        raise InputError(
            f"{what} measures training rows against the operation; leave out data.corruption, which changes their labels"
        )
