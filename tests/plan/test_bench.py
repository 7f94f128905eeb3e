"""What ``grokbench bench`` times, and what its table says; how long things take is no matter here."""

from __future__ import annotations

import math
from typing import Any

import pytest

from grokbench import parts
from grokbench.cli.bench_command import _table
from grokbench.plan import bench
from grokbench.plan.bench import Case
from grokbench.specs.loader import Library

TINY = {"task.domain.p": 5, "model.width": 4}


@pytest.fixture(autouse=True)
def once(monkeypatch):
    monkeypatch.setattr(bench, "TURNS", 1)
    monkeypatch.setattr(bench, "SECONDS", 0.0)
    monkeypatch.setattr(bench, "CUDA_STEPS", 2)


def here(jobs: Any, workers: int, tell: Any) -> None:
    for index, job in enumerate(jobs):
        tell(index, job())


def test_every_case_can_be_trained_and_every_network_that_trains_has_one():
    library = Library()
    trials = [case.trials(library, 2) for case in bench.cases()]
    untrained = {"analytic-quadratic-mlp"}
    assert {first.recipe.model["kind"] for first, _ in trials} == {*parts.names("networks")} - untrained
    assert all((first.seed, second.seed) == (9000, 9001) for first, second in trials)
    assert len({case.id for case in bench.cases()}) == len(bench.cases())


def test_a_hand_written_step_is_timed_beside_the_plain_one():
    case = Case("tiny", "addition", "gromov2023/gd", set=TINY)
    fast, plain = bench.lines(Library(), [case], run=here)
    assert [(one.engine, one.trials, one.network, one.loss) for one in (fast, plain)] == [
        ("fast", 1, "quadratic-mlp", "mse"),
        ("plain", 1, "quadratic-mlp", "mse"),
    ]
    for one in (fast, plain):
        assert 0 < one.gflops < math.inf
        assert math.isnan(one.seconds)
    # width · p multiply-adds a row, 12 rows of 25, forward and twice backward
    assert fast.gflops * fast.ms / 1e3 == pytest.approx(2 * 3 * 4 * 5 * 12.5 / 1e9, rel=0.05)


def test_whole_trials_are_compared_with_a_batch_of_them():
    case = Case("tiny", "addition", "gromov2023/gd", set=TINY, together=3, steps=4)
    found = list(bench.lines(Library(), [case], run=here))
    assert [(one.engine, one.trials) for one in found] == [("fast", 1), ("batched", 3)]
    assert all(one.seconds > 0 for one in found)
    last = _table(found, 50.0, "cpu").splitlines()[3]
    assert f"{found[0].seconds / found[1].seconds:.1f}" in last


def test_batches_on_a_device_are_timed_by_their_size_after_a_smoke_run(monkeypatch):
    case = Case("tiny", "addition", "gromov2023/adamw", set=TINY)
    timing = bench.Timing(case.trials(Library(), 3), device="cpu", sizes=(1, 3))
    assert [(engine, n) for engine, n, *_ in timing()["found"]] == [("batched", 1), ("batched", 3)]
    monkeypatch.setattr(bench, "ALIKE", -1.0)
    assert "after 5 steps the loss is" in timing()["error"]


def test_a_case_that_fails_is_a_line_that_says_why():
    case = Case("tiny", "addition", "gromov2023/gd", set=TINY)
    (line,) = bench.lines(Library(), [case], run=lambda jobs, workers, tell: None)
    assert line.error == "its worker process ended without a word"
    assert line.error in _table([line], 50.0, "cpu")
