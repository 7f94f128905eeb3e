"""A plan's minutes follow the machine's measured speed."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from grokbench.plan import estimate, speed
from grokbench.plan.costs import CORE
from grokbench.reproduction import Reproduction

WORK = 2.0 * speed.SHAPE[0] * speed.SHAPE[1] * speed.SHAPE[2]


def test_all_products_of_a_core_count_by_its_threads_own_clock() -> None:
    times = iter([3.0, 5.0])
    rate = speed.measured(lambda: None, lambda: next(times), cores=1)
    assert rate == pytest.approx(speed.REPEATS * WORK / 2)


def test_all_cores_multiply_at_once_and_the_rate_is_that_of_one() -> None:
    own = threading.local()
    both = threading.Barrier(2)

    def clock() -> float:
        own.reads = getattr(own, "reads", 0) + 1
        both.wait(10)  # the other thread is at the same place
        return float(own.reads)

    assert speed.measured(lambda: None, clock, cores=2) == pytest.approx(speed.REPEATS * WORK)


def test_a_product_is_timed_on_one_thread() -> None:
    threads: set[int] = set()
    speed.measured(
        lambda: threads.update(x["num_threads"] for x in threadpool_info() if x["user_api"] == "blas"),
        cores=2,
    )
    assert threads == {1}


def test_a_rate_is_believed_for_a_day(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "speed.json"
    assert speed.remembered(path) is None
    speed.remember(5e10, path, lambda: 1000.0)
    assert speed.remembered(path, lambda: 1000.0 + 86_399) == 5e10
    assert speed.remembered(path, lambda: 1000.0 + 86_401) is None
    assert speed.remembered(path, lambda: 999.0) is None  # the clock was set back
    assert [one.name for one in path.parent.iterdir()] == ["speed.json"]


def test_another_cpu_or_numpy_is_measured_afresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "speed.json"
    speed.remember(5e10, path)
    monkeypatch.setattr(speed, "cpu_name", lambda: "another one")
    assert speed.remembered(path) is None
    monkeypatch.undo()
    monkeypatch.setattr(speed.np, "__version__", "0.0")
    assert speed.remembered(path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"x": 1}', "{machine: 3}"])
def test_a_cache_that_cannot_be_read_is_measured_again(content: str, tmp_path: Path) -> None:
    path = tmp_path / "speed.json"
    path.write_text(content.replace("machine", json.dumps(speed._machine())), encoding="utf-8")
    assert speed.remembered(path) is None


def test_a_cache_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert speed.remember(5e10, tmp_path / "file" / "speed.json") == 5e10


def test_without_a_home_nothing_is_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GROKBENCH_CACHE")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: Path("~/.cache/grokbench"))
    monkeypatch.chdir(tmp_path)
    assert speed.remember(5e10) == 5e10
    assert list(tmp_path.iterdir()) == []


def test_a_process_measures_once_and_the_next_one_remembers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROKBENCH_CACHE", str(tmp_path))
    rates = iter([3e10])
    monkeypatch.setattr(speed, "measured", lambda: next(rates))
    for _ in range(2):
        speed.flops_per_second.cache_clear()  # as in a new process
        assert speed.flops_per_second() == 3e10
    speed.flops_per_second.cache_clear()


def test_half_the_reference_rate_takes_twice_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "flops_per_second", lambda: CORE / 2)
    assert speed.slowdown() == 2


def test_a_machine_half_as_fast_is_told_twice_the_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Reproduction("gromov2023", store=tmp_path)
    minutes = []
    for factor in (1.0, 2.0):
        monkeypatch.setattr(estimate, "slowdown", lambda factor=factor: factor)
        minutes.append(
            job.estimate(2).minutes - estimate.START_SECONDS / 60
        )  # the workers' start is not training
    assert minutes[1] == pytest.approx(2 * minutes[0])
