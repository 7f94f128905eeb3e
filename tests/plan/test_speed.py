"""A plan's minutes follow the machine's measured speed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from grokbench.plan import estimate, speed
from grokbench.plan.flops import FLOPS_PER_SECOND
from grokbench.reproduction import Reproduction

WORK = 2.0 * speed.SHAPE[0] * speed.SHAPE[1] * speed.SHAPE[2]


def clock(seconds: Iterator[float]) -> Callable[[], float]:
    """A clock on which each product takes the next of ``seconds``: it is read before and after one."""
    now, odd = 0.0, False

    def read() -> float:
        nonlocal now, odd
        now, odd = now + (next(seconds) if odd else 0.0), not odd
        return now

    return read


def test_the_fastest_of_several_products_counts_by_wall_time() -> None:
    took = iter([0.5, 0.25, 2.0] + [1.0] * speed.REPEATS)
    assert speed.measured(lambda: None, clock(took)) == pytest.approx(WORK / 0.25)


def test_a_product_is_timed_on_one_thread() -> None:
    threads: set[int] = set()
    speed.measured(
        lambda: threads.update(x["num_threads"] for x in threadpool_info() if x["user_api"] == "blas")
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
    monkeypatch.setattr(speed, "flops_per_second", lambda: FLOPS_PER_SECOND / 2)
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
