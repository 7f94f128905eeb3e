"""A plan's minutes follow the machine's measured speed."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from grokbench.plan import costs, estimate, memory, speed
from grokbench.plan.costs import CORE, Work
from grokbench.plan.resolve import resolve_trial
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


@pytest.fixture
def forgetful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which no steps were timed."""
    monkeypatch.setenv("GROKBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(speed, "_learned", {})
    monkeypatch.setattr(speed, "_recalled", lambda name: memory.recall(name, speed.KEPT_SECONDS))


def work(alpha: float = 0.5, p: int = 97, steps: int = 1000, baseline: str = "gromov2023/gd") -> Work:
    settings = {"task.domain.p": p}
    trial = resolve_trial("addition", baseline, alpha=alpha, seed=0, steps=steps, settings=settings)
    return costs.work(trial, steps)


@pytest.mark.usefixtures("forgetful")
def test_half_the_reference_rate_takes_twice_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "flops_per_second", lambda: CORE / 2)
    assert speed.slowdown(work()) == 2
    assert speed.seconds(work()) == 2 * costs.seconds(work())


@pytest.mark.usefixtures("forgetful")
def test_steps_that_were_timed_say_more_than_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "flops_per_second", lambda: CORE / 2)
    speed.learn(work(), 3 * costs.seconds(work()))
    assert speed.slowdown(work(alpha=0.6, steps=50)) == pytest.approx(3)
    assert speed.slowdown(work(p=23)) == 2  # which fits into a nearer cache
    assert speed.slowdown(work(baseline="nanda2023/transformer")) == 2


@pytest.mark.usefixtures("forgetful")
def test_what_was_timed_is_there_for_the_next_process_until_costs_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    speed.learn(work(), 3 * costs.seconds(work()))
    monkeypatch.setattr(speed, "_learned", {})  # as in a new process
    assert speed.timed(work()) == pytest.approx(3)
    other = costs.cost(work().kind)._replace(setup=1.0)
    monkeypatch.setattr(costs, "cost", lambda kind: other)
    assert speed.timed(work()) is None


def test_a_machine_half_as_fast_is_told_twice_the_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Reproduction("gromov2023", store=tmp_path)
    minutes = []
    for factor in (1.0, 2.0):
        monkeypatch.setattr(speed, "slowdown", lambda work, factor=factor: factor)
        minutes.append(
            job.estimate(2).minutes - estimate.START_SECONDS / 60
        )  # the workers' start is not training
    assert minutes[1] == pytest.approx(2 * minutes[0])
