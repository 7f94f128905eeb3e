"""The same command gives the same numbers, whatever else the store holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grokbench
from grokbench.runs import cutting
from grokbench.specs.types import Record

NETWORKS: dict[str, dict[str, Any]] = {
    "gromov2023/adamw": {"task.domain.p": 13, "model.width": 32},
    "power2022/transformer": {"task.domain.p": 13, "model.d_model": 16, "model.layers": 1},
}
BUDGETS = (0, 1, 2, 3, 10, 37, 50, 60, 77, 100, 101, 119, 120)


def run(baseline: str, steps: int, **more: Any) -> Record:
    return grokbench.run(
        "addition", baseline, alpha=0.6, seed=1, steps=steps, settings=NETWORKS[baseline], **more
    )


def same(one: Record, other: Record) -> bool:
    return (
        one.curves.keys() == other.curves.keys()
        and all(np.array_equal(one.curves[name], other.curves[name]) for name in one.curves)
        and one.outcome == other.outcome
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
    run(baseline, 120, store=tmp_path)
    for steps in BUDGETS:
        assert same(run(baseline, steps, store=tmp_path), run(baseline, steps)), steps


def test_a_budget_off_the_cadence_is_no_cut_of_a_longer_run() -> None:
    longer, shorter = run("power2022/transformer", 120), run("power2022/transformer", 101)
    assert shorter.curves["step"][-1] == 101
    assert 101 not in longer.curves["step"]
    assert cutting.cut(longer, shorter.trial) is None


def test_the_row_that_only_the_longer_runs_own_budget_asked_for_is_left_out() -> None:
    # A run that waits for its T_gen to be confirmed goes on past its budget, whose row a longer budget would not have.
    longer = run("gromov2023/adamw", 400)
    on = [int(step) for step in longer.curves["step"]]
    generalised = int(longer.t_gen) if hasattr(longer, "t_gen") else on[-1]
    budget = next(step for step in range(generalised, 400) if step not in on)
    waited = run("gromov2023/adamw", budget)
    assert waited.facts["steps"] > budget
    wanted = run("gromov2023/adamw", on[on.index(next(s for s in on if s > budget))])
    answer = cutting.cut(waited, wanted.trial)
    assert answer is not None
    assert budget not in answer.curves["step"]
    assert same(answer, wanted)


@pytest.mark.parametrize("probe", ["ipr", "trace"])
def test_probes_are_cut_to_the_rows_that_the_shorter_run_has(tmp_path: Path, probe: str) -> None:
    run("gromov2023/adamw", 120, store=tmp_path, probes=[probe])
    for steps in BUDGETS:
        again = run("gromov2023/adamw", steps, store=tmp_path, probes=[probe])
        assert same(again, run("gromov2023/adamw", steps, probes=[probe])), steps


def test_a_run_that_diverged_answers_a_longer_budget_and_is_cut_before_it(tmp_path: Path) -> None:
    settings = {**NETWORKS["gromov2023/adamw"], "optimizer.lr": 1e30}

    def diverging(steps: int, **more: Any) -> Record:
        return grokbench.run("addition", "gromov2023/adamw", steps=steps, settings=settings, **more)

    whole = diverging(200, store=tmp_path)
    assert whole.outcome == "diverged"
    end = int(whole.facts["steps"])
    for steps in (300, end, max(end - 1, 0)):
        assert same(diverging(steps, store=tmp_path), diverging(steps)), steps
