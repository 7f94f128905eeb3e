"""What a trial leaves, and the times that are read off it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grokbench.analysis import timing
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import Array, Section, Trial
from grokbench.training.taken import End

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """What a trial leaves.

    curves: ``step`` (int64), ``train_loss``, ``train_accuracy``, ``test_loss``, ``test_accuracy`` (float64), one
    row an evaluation. Where labels are corrupted also ``train_accuracy_clean`` and ``train_accuracy_corrupted``, of these rows
    apart, and ``train_accuracy_corrected``: the share of corrupted rows that are answered by their true label.
    probes: name → columns, each of which starts with ``step``; further columns are (rows,) or (rows, k).
    analyses: name → arrays made of the snapshots and the final weights once the training had ended; none where an archive
    left them out, as of what only figures read.
    facts: ``n_train``, ``n_test``, ``n_elements``, ``memoriser_baseline`` (b), ``steps`` (updates done). Where labels are
    corrupted ``n_corrupted`` (rows that were relabelled) and ``n_wrong`` (those whose label is not the true one).
    end: the state in which it came to its budget, from where a larger budget goes on; None where it was not kept.
    ended: ``finished`` (budget used), ``stopped`` (horizon reached), ``diverged`` (a non-finite loss) or ``failed``.

    Two records are equal where their trials are and the same numbers came out.
    """

    trial: Trial
    ended: str
    curves: Mapping[str, Array]
    facts: Section
    probes: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    analyses: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    weights: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    snapshots: Mapping[int, Mapping[str, NDArray[np.float32]]] = field(default_factory=dict)
    environment: Section = field(default_factory=dict)
    cost: Section = field(default_factory=dict)  # seconds, train_seconds, evaluation_seconds, ms_per_step
    error: str | None = None
    content: str = ""  # SHA-256 of curves, how it ended, and final weights
    end: End | None = None

    @property
    def levels(self) -> timing.Levels:
        """The accuracies that the task counts as fitting and as generalising."""
        return timing.Levels(**self.trial.task.thresholds)

    @property
    def outcome(self) -> str:
        """Outcome class within the budget: "grokking", "comprehension", …; see ``timing.outcome_class``."""
        baseline, diverged = float(self.facts["memoriser_baseline"]), self.ended == "diverged"
        return timing.outcome_class(self.curves, self.trial.budget, baseline, diverged, self.levels)

    @property
    def t_mem(self) -> float:
        """T_mem: first evaluation with train accuracy ≥ 0.99, within the budget; inf when there is none.

        In place of 0.99, here and at T_gen, stands what the task names in ``thresholds``.
        """
        return self.fitted(self.trial.budget)

    @property
    def t_gen(self) -> float:
        """T_gen: first evaluation with test accuracy ≥ 0.99 that its window confirms, within the budget; else inf."""
        return timing.t_gen(
            self.curves["step"], self.curves["test_accuracy"], self.trial.budget, self.levels.t_gen
        )

    def crossing(self, q: float) -> float:
        """F_q: first evaluation with test accuracy ≥ q, within the budget; inf when there is none.

        nan where the run was stopped before it, as after a T_gen of less accuracy than q: nobody knows.
        """
        steps, budget = self.curves["step"], self.trial.budget
        found = timing.first_crossing(steps, self.curves["test_accuracy"], q, budget)
        if math.isinf(found) and self.ended == "stopped" and steps[-1] < budget:
            return math.nan
        return found

    def fitted(self, budget: float = math.inf) -> float:
        """T_mem within ``budget``, here the whole record."""
        return timing.t_mem(self.curves["step"], self.curves["train_accuracy"], budget, self.levels.t_mem)

    def stays(self, until: float) -> float:
        """Whether it generalises and does not lose it again up to step ``until``: 1, 0 or nan; see ``timing.stays``."""
        return timing.stays(
            self.curves["step"], self.curves["test_accuracy"], self.t_gen, until, self.levels.t_gen
        )

    def keeps(self, until: float) -> float:
        """As ``stays``, up to a step that may lie close to T_gen; see ``timing.keeps``."""
        return timing.keeps(
            self.curves["step"], self.curves["test_accuracy"], self.t_gen, until, self.levels.t_gen
        )

    def dips(self) -> tuple[int, float]:
        """Excursions of the test accuracy after T_gen, and the share of evaluations below its level; see ``timing.dips``."""
        return timing.dips(self.curves["step"], self.curves["test_accuracy"], self.t_gen, self.levels.t_gen)

    def to_frame(self, probe: str | None = None) -> pd.DataFrame:
        """The curves, or the series of one probe, as a pandas DataFrame: a row each time that was looked, with its ``step``.

        A series of k numbers becomes the columns ``name_0`` to ``name_{k-1}``. Errors: UnknownNameError for a probe that
        the record has not, InputError where pandas is not installed.
        """
        if probe is not None and probe not in self.probes:
            raise UnknownNameError("probe of this record", str(probe), self.probes)
        try:
            import pandas as pd
        except ImportError:
            raise InputError(
                "to_frame needs pandas, which is not installed; install it with pip install 'grokbench[pandas]'"
            ) from None
        return pd.DataFrame(dict(_flat(self.curves if probe is None else self.probes[probe])))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        # The content is a hash of everything that came out; one made by hand has none.
        same = bool(self.content) and (self.trial, self.content) == (other.trial, other.content)
        return self is other or same

    def __hash__(self) -> int:
        return hash((self.trial, self.content))

    def __repr__(self) -> str:
        trial = self.trial
        setting = f"{trial.task.id}, {trial.recipe.id}, α = {trial.alpha:.6g}, seed {trial.seed}"
        if not len(self.curves.get("step", ())):
            return f"<Record {setting}: {self.ended}>"
        times = f"T_mem {_time(self.t_mem)}, T_gen {_time(self.t_gen)}"
        return f"<Record {setting}: {self.ended} after {int(self.curves['step'][-1])} steps, {times}>"


def _time(step: float) -> str:
    return f"{step:.0f}" if math.isfinite(step) else "not reached"


def _flat(columns: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    """Columns of one number a row."""
    for name, values in columns.items():
        if values.ndim == 1:
            yield name, values
        else:
            yield from ((f"{name}_{i}", values[:, i]) for i in range(values.shape[1]))
