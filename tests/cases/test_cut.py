"""The same command gives the same numbers, whatever else the store holds."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grokbench
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.store import cutting
from grokbench.training.evaluation import Cadence
from grokbench.training.record import Record

NETWORKS: dict[str, dict[str, Any]] = {
    "gromov2023/adamw": {"task.domain.p": 13, "model.width": 32},
    "power2022/transformer": {"task.domain.p": 13, "model.d_model": 16, "model.layers": 1},
}
BUDGETS = (0, 1, 2, 10, 37, 50, 77, 79, 80)


def run(baseline: str, steps: int, **more: Any) -> Record:
    return grokbench.run(
        "addition", baseline, alpha=0.6, seed=1, steps=steps, settings=NETWORKS[baseline], **more
    )


def same(one: Record, other: Record) -> bool:
    return (
        one.curves.keys() == other.curves.keys()
        and all(np.array_equal(one.curves[name], other.curves[name], equal_nan=True) for name in one.curves)
        and one.ended == other.ended
        and dict(one.facts) == dict(other.facts)
        and one.probes.keys() == other.probes.keys()
        and all(
            np.array_equal(np.float32(column), np.float32(other.probes[probe][name]))
            for probe, columns in one.probes.items()
            for name, column in columns.items()
        )
    )


@pytest.mark.parametrize("baseline", NETWORKS)
def test_any_budget_after_a_longer_run_is_what_it_would_have_been_alone(
    tmp_path: Path, baseline: str
) -> None:
    run(baseline, 80, store=tmp_path)
    for steps in BUDGETS:
        assert same(run(baseline, steps, store=tmp_path), run(baseline, steps)), steps


def test_a_budget_off_the_cadence_is_no_cut_of_a_longer_run() -> None:
    longer, shorter = run("power2022/transformer", 120), run("power2022/transformer", 101)
    assert shorter.curves["step"][-1] == 101
    assert 101 not in longer.curves["step"]
    assert cutting.cut(longer, shorter.trial) is None


def test_the_row_that_only_a_runs_own_budget_asked_for_is_left_out() -> None:
    # A run that waits for its T_gen to be confirmed goes on past its budget, whose row a longer budget would not have.
    task, recipe = Library().resolve("addition", "gromov2023/gd", {})
    series = list(itertools.takewhile(lambda step: step <= 200, Cadence(1.02).steps()))
    budget = next(step for step in range(100, 200) if step not in series)
    wanted = next(step for step in series if step > budget)
    steps = np.array(sorted([*series, budget]))
    accuracy = np.where(steps >= 100, 1.0, 0.0)
    column = np.zeros(len(steps))
    curves = {"step": steps, "train_loss": column, "test_loss": column}
    record = Record(
        Trial(task, recipe, 0.5, 0, budget),
        "finished",
        {**curves, "train_accuracy": accuracy, "test_accuracy": accuracy},
        facts={"steps": 200},
        content="abc",
    )
    answer = cutting.cut(record, Trial(task, recipe, 0.5, 0, wanted))
    assert answer is not None
    assert answer.curves["step"].tolist() == [step for step in series if step <= answer.facts["steps"]]
    assert answer.facts["steps"] >= 120  # the window of T_gen = 100
    assert answer.content != record.content
    assert budget in record.curves["step"]


@pytest.mark.parametrize("probe", ["ipr", "trace"])
def test_probes_are_cut_to_the_rows_that_the_shorter_run_has(tmp_path: Path, probe: str) -> None:
    run("gromov2023/adamw", 80, store=tmp_path, probes=[probe])
    for steps in BUDGETS:
        again = run("gromov2023/adamw", steps, store=tmp_path, probes=[probe])
        assert same(again, run("gromov2023/adamw", steps, probes=[probe])), steps


def test_a_run_that_diverged_answers_a_longer_budget_and_is_cut_before_it(tmp_path: Path) -> None:
    settings = {**NETWORKS["gromov2023/adamw"], "optimizer.lr": 1e30}

    def diverging(steps: int, **more: Any) -> Record:
        return grokbench.run("addition", "gromov2023/adamw", steps=steps, settings=settings, **more)

    whole = diverging(200, store=tmp_path)
    assert whole.ended == "diverged"
    end = int(whole.facts["steps"])
    for steps in (300, end, max(end - 1, 0)):
        assert same(diverging(steps, store=tmp_path), diverging(steps)), steps
