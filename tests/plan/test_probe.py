"""Steps are timed on a machine before its first plan is printed, and a probe that fails leaves the plan as it was."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from grokbench.plan import costs, memory, probe, speed
from grokbench.plan.costs import Kind
from grokbench.plan.expand import PlannedTrial
from grokbench.plan.here import HERE
from grokbench.plan.resolve import resolve_trial
from grokbench.specs.errors import InputError

LSTM = Kind("lstm", "cross-entropy", "float32", "float32")


@pytest.fixture(autouse=True)
def _forgetful(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GROKBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(speed, "_learned", {})
    monkeypatch.setattr(speed, "_recalled", lambda name: memory.recall(name, speed.KEPT_SECONDS))
    monkeypatch.setattr(speed, "flops_per_second", lambda: 2 * costs.CORE)


def planned(baseline: str, steps: int = 100_000, alpha: float = 0.5, p: int = 97) -> PlannedTrial:
    trial = resolve_trial(
        "addition", baseline, alpha=alpha, seed=0, steps=steps, settings={"task.domain.p": p}
    )
    return PlannedTrial(trial, "x", {}, 0, steps)


def test_of_steps_that_take_long_the_longest_trial_is_probed_once() -> None:
    long, longer = planned("hu2024/lstm-one-hot"), planned("hu2024/lstm-one-hot", alpha=0.9)
    recorded = planned("gromov2023/gd")  # on other machines, perhaps
    assert probe.unmeasured([recorded, long, longer]) == [recorded, longer]
    assert probe.unmeasured([planned("hu2024/lstm-one-hot", steps=5)]) == []
    speed.learn(longer.work, 100.0)
    assert probe.unmeasured([recorded, long, longer]) == [recorded]


def test_small_tables_are_probed_apart_from_large_ones() -> None:
    small, large = planned("gromov2023/gd", p=23), planned("gromov2023/gd")
    assert probe.unmeasured([small, large]) == [small, large]


def answering(*news: dict[str, Any]) -> probe.Run:
    def run(jobs: Sequence[Any], workers: int, tell: Any) -> None:
        assert workers == 1
        for index, one in enumerate(news):
            tell(index, one)

    return run


@pytest.mark.parametrize("baseline", ["hu2024/lstm-one-hot", "nanda2023/transformer"])
def test_what_was_timed_is_what_is_planned(baseline: str) -> None:
    own = planned(baseline, steps=1000)
    assert probe.measure([own], answering({"step": 5.0, "evaluation": 2.0, "setup": 100.0})) == {}
    assert speed.known(own.work)
    assert speed.seconds(own.work) == pytest.approx((1001 * 5 + own.work.evaluations * 2 + 100) / 1e3)
    assert own.seconds == costs.seconds(own.work)  # in reports, the same on every machine


@pytest.mark.parametrize("news", [{"error": "no such file"}, {"trace": "killed", "sentence": ""}])
def test_a_probe_that_fails_leaves_a_guess_and_says_why(news: dict[str, str]) -> None:
    own = planned("hu2024/lstm-one-hot")
    (why,) = probe.measure([own], answering(news)).values()
    assert why == news.get("error", "its worker process ended without a word")
    assert not speed.known(own.work)
    assert speed.seconds(own.work) == costs.seconds(own.work) / 2


def test_where_no_worker_can_start_the_cost_stays_unknown() -> None:
    def run(jobs: Sequence[Any], workers: int, tell: Any) -> None:
        raise InputError("no worker here")

    assert probe.measure([planned("hu2024/lstm-one-hot")], run) == {LSTM: "no worker here"}


def test_a_job_can_be_sent_to_a_worker_and_times_some_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MOST_STEPS", 3)
    own = planned("hu2024/lstm-one-hot", p=7)
    job = pickle.loads(pickle.dumps(probe.Timing(own.trial)))
    found = job()
    assert {*found} == {"step", "evaluation", "setup"}
    assert all(ms > 0 for ms in found.values())
    assert probe.measure([own], HERE.run) == {}
    assert speed.known(own.work)


def test_a_trial_that_cannot_be_trained_is_a_sentence() -> None:
    own = planned("hu2024/lstm-one-hot", p=7)
    broken = own.trial.recipe.loss | {"kind": "nowhere"}
    import dataclasses

    trial = dataclasses.replace(own.trial, recipe=dataclasses.replace(own.trial.recipe, loss=broken))
    assert "nowhere" in probe.Timing(trial)()["error"]
