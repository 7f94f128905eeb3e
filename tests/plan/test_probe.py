"""Steps that no record has are timed before a plan is printed, and a probe that fails leaves a guess."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import pytest

from grokbench.plan import costs, probe
from grokbench.plan.costs import Kind
from grokbench.plan.expand import PlannedTrial
from grokbench.plan.here import HERE
from grokbench.plan.resolve import resolve_trial
from grokbench.specs.errors import InputError

LSTM = Kind("lstm", "cross-entropy", "float32", "float32")


@pytest.fixture(autouse=True)
def _forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "_probed", {})
    monkeypatch.setattr(probe, "flops_per_second", lambda: 2 * costs.CORE)
    monkeypatch.setattr(probe, "slowdown", lambda: 0.5)


def planned(baseline: str, steps: int = 100_000, alpha: float = 0.5, p: int = 97) -> PlannedTrial:
    trial = resolve_trial(
        "addition", baseline, alpha=alpha, seed=0, steps=steps, settings={"task.domain.p": p}
    )
    return PlannedTrial(trial, "x", {}, 0, steps)


def test_only_a_kind_without_records_that_takes_long_is_probed_and_of_it_the_longest_trial() -> None:
    long, longer = planned("hu2024/lstm-one-hot"), planned("hu2024/lstm-one-hot", alpha=0.9)
    chosen = probe.unmeasured([planned("gromov2023/gd"), long, longer])
    assert chosen == {LSTM: longer}
    assert probe.unmeasured([planned("hu2024/lstm-one-hot", steps=5)]) == {}


def answering(*news: dict[str, Any]) -> probe.Run:
    def run(jobs: Sequence[Any], workers: int, tell: Any) -> None:
        assert workers == 1
        for index, one in enumerate(news):
            tell(index, one)

    return run


def test_what_was_timed_is_kept_at_the_rate_of_a_plain_core() -> None:
    own = planned("hu2024/lstm-one-hot", steps=1000)
    assert probe.measure({LSTM: own}, answering({"step": 5.0, "evaluation": 2.0, "setup": 100.0})) == {}
    assert costs.known(LSTM)
    expected = 2 * (1001 * 5 + own.work.evaluations * 2 + 100) / 1e3
    assert own.seconds == pytest.approx(expected)
    assert planned("hu2024/lstm-one-hot", steps=1000, p=31).seconds < own.seconds / 4


@pytest.mark.parametrize("news", [{"error": "no such file"}, {"trace": "killed", "sentence": ""}])
def test_a_probe_that_fails_leaves_a_guess_and_says_why(news: dict[str, str]) -> None:
    own = planned("hu2024/lstm-one-hot")
    (why,) = probe.measure({LSTM: own}, answering(news)).values()
    assert why == news.get("error", "its worker process ended without a word")
    assert not costs.known(LSTM)
    assert own.seconds > 0


def test_where_no_worker_can_start_the_cost_stays_unknown() -> None:
    def run(jobs: Sequence[Any], workers: int, tell: Any) -> None:
        raise InputError("no worker here")

    assert probe.measure({LSTM: planned("hu2024/lstm-one-hot")}, run) == {LSTM: "no worker here"}


def test_a_job_can_be_sent_to_a_worker_and_times_some_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MOST_STEPS", 3)
    own = planned("hu2024/lstm-one-hot", p=7)
    job = pickle.loads(pickle.dumps(probe.Timing(own.trial)))
    found = job()
    assert {*found} == {"step", "evaluation", "setup"}
    assert all(ms > 0 for ms in found.values())
    assert probe.measure({LSTM: own}, HERE.run) == {}
    assert costs.known(LSTM)


def test_a_trial_that_cannot_be_trained_is_a_sentence() -> None:
    own = planned("hu2024/lstm-one-hot", p=7)
    broken = own.trial.recipe.loss | {"kind": "nowhere"}
    import dataclasses

    trial = dataclasses.replace(own.trial, recipe=dataclasses.replace(own.trial.recipe, loss=broken))
    assert "nowhere" in probe.Timing(trial)()["error"]
