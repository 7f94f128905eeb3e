"""What ``grokbench bench`` times, and what its table says; how long things take is no matter here."""

from __future__ import annotations

import math
from typing import Any

import pytest

from grokbench import figures, parts
from grokbench.cli.bench_command import _table
from grokbench.plan import bench, costs, growth, profile
from grokbench.plan.bench import Case
from grokbench.plan.growth import Growth
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


def test_growth_times_each_value_of_each_field_and_states_its_operations(tmp_path):
    tiny = Case("tiny", "addition", "gromov2023/gd", set=TINY)
    chosen = [
        Growth("p", "tiny", "task.domain.p", (3, 5)),
        Growth("α", "tiny", "alpha", (0.4, 0.8)),
        Growth("trials in a batch", "tiny", "trials", (1, 3)),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench, "cases", lambda: (tiny,))
        found = list(growth.points(Library(), chosen, run=here))
    assert [one.value for one in found] == [3, 5, 0.4, 0.8, 1, 3]
    assert [one.engine for one in found] == ["fast"] * 5 + ["batched"]
    assert all(0 < one.ms < math.inf for one in found)
    assert found[3].operations == pytest.approx(2 * found[2].operations, rel=0.1)  # twice the rows
    figures.draw_growth(found, tmp_path / "growth")
    assert {path.name for path in tmp_path.iterdir()} == {"growth.png", "growth.svg"}


def test_what_growth_times_are_cases_and_fields_that_there_are():
    library = Library()
    for one in growth.growths():
        sizes = [
            costs.work(one.trials(library, value)[0], 10).step for value in (one.values[0], one.values[-1])
        ]
        assert one.field == "trials" or sizes[0] < sizes[1]


def test_a_profile_shares_out_the_whole_time():
    found = profile.profiled(Library(), Case("tiny", "addition", "gromov2023/gd", set=TINY), run=here)
    assert sum(found["shares"].values()) == pytest.approx(1)
    assert list(found["shares"])[-1] == profile.REST
    assert all(share >= profile.LEAST for share in list(found["shares"].values())[:-1])


def test_a_profile_that_fails_says_why():
    silent = profile.profiled(Library(), Case("tiny", "addition", "gromov2023/gd"), run=lambda *ignored: None)
    assert silent == {"error": "its worker process ended without a word"}


def test_a_case_that_fails_is_a_line_that_says_why():
    case = Case("tiny", "addition", "gromov2023/gd", set=TINY)
    (line,) = bench.lines(Library(), [case], run=lambda jobs, workers, tell: None)
    assert line.error == "its worker process ended without a word"
    assert line.error in _table([line], 50.0, "cpu")
