"""A longer record as the answer to a smaller budget, an earlier stop or fewer probes: exactly what that trial would have left.

A run is evaluated on the cadence of its recipe and at its own budget. So a longer record answers a request only where it has
every row that the request's own training would have made. Rows that only its own budget asked for are left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from grokbench import parts
from grokbench.analysis.timing import StopRule
from grokbench.specs.types import Array, Trial
from grokbench.training.evaluation import Cadence
from grokbench.training.record import Record


def on_cadence(trial: Trial, step: int) -> bool:
    """Whether a run of this trial's recipe is evaluated at ``step``, whatever its budget."""
    return next(due for due in _cadence(trial, None).steps() if due >= step) == step


def covers(longer: Trial, shorter: Trial) -> bool:
    """Whether a record of ``longer`` certainly answers ``shorter`` (both of one family)."""
    if not (set(longer.probes) >= set(shorter.probes) and set(longer.snapshots) >= set(shorter.snapshots)):
        return False
    if not set(longer.analyses) >= set(shorter.analyses):
        return False
    same_end = (longer.budget, longer.horizon) == (shorter.budget, shorter.horizon)
    if same_end:
        return True
    if shorter.snapshots or shorter.analyses:
        return False
    if shorter.horizon is None and not on_cadence(shorter, shorter.budget):
        return False
    if longer.horizon is None:
        # A budget that is run whole answers a horizon only where the horizon cannot pass it.
        needed = shorter.budget * max(1.2, shorter.horizon or 1.2)
        return longer.budget >= needed
    return (
        shorter.horizon is not None and longer.horizon >= shorter.horizon and longer.budget >= shorter.budget
    )


def goes_on(shorter: Trial, longer: Trial) -> bool:
    """Whether a run of ``longer`` is the run of ``shorter`` up to the budget of that (both of one family)."""
    budget = shorter.budget
    early = [{step for step in trial.snapshots if step < budget} for trial in (shorter, longer)]
    as_far = longer.horizon is None or (shorter.horizon is not None and shorter.horizon <= longer.horizon)
    alike = shorter.probes == longer.probes and early[0] == early[1]
    return 0 < budget < longer.budget and alike and as_far


def cut(record: Record, wanted: Trial) -> Record | None:
    """``record`` as the shorter or less closely watched ``wanted`` would have left it; None where it cannot say.

    Both are of one family (``keys.family``). The weights stay where both end at the same step.
    """
    have = record.trial
    if not set(have.probes) >= set(wanted.probes) or not set(record.analyses) >= set(wanted.analyses):
        return None
    if not set(have.snapshots) >= set(wanted.snapshots):
        return None
    rows = _evaluations(record, wanted)
    if rows is None:
        return None
    steps = np.asarray(record.curves["step"])
    end, whole = int(steps[rows[-1]]), rows[-1] == len(steps) - 1
    if not whole and (wanted.snapshots or wanted.analyses):
        return None
    probes = {name: _probe(name, record, wanted, steps[rows]) for name in wanted.probes}
    kept = {name: columns for name, columns in probes.items() if columns is not None}
    if len(kept) < len(probes):
        return None
    ended = "stopped" if end < wanted.budget else "finished"
    if whole and record.ended == "diverged":
        ended = "diverged"
    same = len(rows) == len(steps) and ended == record.ended
    return dataclasses.replace(
        record,
        trial=wanted,
        ended=ended,
        curves={name: values[rows] for name, values in record.curves.items()},
        probes=kept,
        analyses={name: record.analyses[name] for name in wanted.analyses},
        weights=record.weights if whole else {},
        facts={**record.facts, "steps": end},
        end=None,
        content=record.content if same else f"{record.content}@{end}",
    )


def _cadence(trial: Trial, also: int | None) -> Cadence:
    evaluation = trial.recipe.evaluation
    return Cadence(evaluation["growth"], evaluation["spacing"], also=also)


def _evaluations(record: Record, wanted: Trial) -> list[int] | None:
    """Indices of the rows that ``wanted`` would have, up to where it would stop; None where one of them is missing."""
    found = {int(step): index for index, step in enumerate(record.curves["step"])}
    last = max(found)
    rule = StopRule(wanted.budget, wanted.horizon, wanted.task.thresholds["t_gen"])
    rows: list[int] = []
    for step in _cadence(wanted, wanted.budget).steps():
        if (
            step >= last and record.ended == "diverged"
        ):  # where it diverged any such run is evaluated, and ends
            return [*rows, found[last]]
        if step not in found:
            return None
        rows.append(found[step])
        if rule.update(step, float(record.curves["test_accuracy"][rows[-1]])):
            return rows
    raise AssertionError("a cadence has no end")


def _probe(name: str, record: Record, wanted: Trial, steps: Array) -> Mapping[str, Array] | None:
    """The rows of a probe that ``wanted``, evaluated at ``steps``, would have; None where one of them is missing."""
    columns = record.probes[name]
    end = int(steps[-1])
    if parts.find("probes", name).every_step:
        due = list(range(end + 1))
    else:
        cadence = Cadence(wanted.recipe.evaluation["probe_growth"])
        due = [int(step) for step in steps if cadence.due(int(step)) or step == end]
    found = {int(step): index for index, step in enumerate(columns["step"])}
    if not found.keys() >= set(due):
        return None
    rows = [found[step] for step in due]
    return {column: values[rows] for column, values in columns.items()}
