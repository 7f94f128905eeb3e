"""Steps are timed on a machine before its first plan is printed, and a probe that fails leaves the plan as it was."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grokbench.plan import costs, memory, probe, speed, together
from grokbench.plan.costs import Kind
from grokbench.plan.estimate import START_SECONDS, estimated
from grokbench.plan.expand import Plan, PlannedTrial
from grokbench.plan.here import HERE
from grokbench.plan.probe import Chosen
from grokbench.plan.resolve import resolve_trial
from grokbench.specs.errors import InputError

LSTM = Kind("lstm", "cross-entropy", "float32", "float32")


@pytest.fixture(autouse=True)
def _forgetful(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which nothing was timed, and no record of the LSTM."""
    monkeypatch.setenv("GROKBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(speed, "_learned", {})
    monkeypatch.setattr(speed, "_recalled", lambda name: memory.recall(name, speed.KEPT_SECONDS))
    monkeypatch.setattr(speed, "flops_per_second", lambda: 2 * costs.CORE)
    others = {kind: cost for kind, cost in costs.recorded().items() if kind != LSTM}
    monkeypatch.setattr(costs, "recorded", lambda: others)


def planned(baseline: str, steps: int = 100_000, alpha: float = 0.5, p: int = 97) -> PlannedTrial:
    trial = resolve_trial(
        "addition", baseline, alpha=alpha, seed=0, steps=steps, settings={"task.domain.p": p}
    )
    return PlannedTrial(trial, "x", {}, 0, steps)


def chosen(*own: PlannedTrial) -> list[Chosen]:
    return [Chosen((one.trial,), one.work) for one in own]


def test_of_steps_that_take_long_the_longest_trial_is_probed_once() -> None:
    long, longer = planned("hu2024/lstm-one-hot"), planned("hu2024/lstm-one-hot", alpha=0.9)
    recorded = planned("gromov2023/gd")  # on other machines, perhaps
    assert probe.unmeasured([recorded, long, longer], 2) == chosen(recorded, longer)
    assert probe.unmeasured([planned("hu2024/lstm-one-hot", steps=5)], 2) == []
    speed.learn(longer.work, 100.0)
    assert probe.unmeasured([recorded, long, longer], 2) == chosen(recorded)


def test_small_tables_are_probed_apart_from_large_ones() -> None:
    small, large = planned("gromov2023/gd", p=23, steps=1_000_000), planned("gromov2023/gd")
    assert probe.unmeasured([small, large], 2) == chosen(small, large)


def answering(*news: dict[str, Any]) -> probe.Run:
    def run(jobs: Sequence[Any], workers: int, tell: Any) -> None:
        assert workers == 1
        for index, one in enumerate(news):
            tell(index, one)

    return run


@pytest.mark.parametrize("baseline", ["hu2024/lstm-one-hot", "nanda2023/transformer"])
def test_what_was_timed_is_what_is_planned(baseline: str) -> None:
    own = planned(baseline, steps=1000)
    assert probe.measure(chosen(own), answering({"step": 5.0, "evaluation": 2.0, "setup": 100.0})) == {}
    assert speed.known(own.work)
    assert speed.seconds(own.work) == pytest.approx((1001 * 5 + own.work.evaluations * 2 + 100) / 1e3)
    assert own.seconds == costs.seconds(own.work)  # in reports, the same on every machine


@pytest.mark.parametrize("news", [{"error": "no such file"}, {"trace": "killed", "sentence": ""}])
def test_a_probe_that_fails_leaves_a_guess_and_says_why(news: dict[str, str]) -> None:
    own = planned("hu2024/lstm-one-hot")
    (why,) = probe.measure(chosen(own), answering(news)).values()
    assert why == news.get("error", "its worker process ended without a word")
    assert not speed.known(own.work)
    assert speed.seconds(own.work) == costs.seconds(own.work) / 2


def test_where_no_worker_can_start_the_cost_stays_unknown() -> None:
    def run(jobs: Sequence[Any], workers: int, tell: Any) -> None:
        raise InputError("no worker here")

    assert probe.measure(chosen(planned("hu2024/lstm-one-hot")), run) == {LSTM: "no worker here"}


def test_a_job_can_be_sent_to_a_worker_and_times_some_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MOST_STEPS", 3)
    own = planned("hu2024/lstm-one-hot", p=7)
    job = pickle.loads(pickle.dumps(probe.Timing((own.trial,))))
    found = job()
    assert {*found} == {"step", "evaluation", "setup"}
    assert all(ms > 0 for ms in found.values())
    assert probe.measure(chosen(own), HERE.run) == {}
    assert speed.known(own.work)


def test_a_trial_that_cannot_be_trained_is_a_sentence() -> None:
    own = planned("hu2024/lstm-one-hot", p=7)
    broken = own.trial.recipe.loss | {"kind": "nowhere"}
    import dataclasses

    trial = dataclasses.replace(own.trial, recipe=dataclasses.replace(own.trial.recipe, loss=broken))
    assert "nowhere" in probe.Timing((trial,))()["error"]


def tiny(n: int, steps: int = 400_000) -> list[PlannedTrial]:
    """``n`` trials that are alike, and so small that a plan trains them as one model."""
    own = planned("gromov2023/gd", steps=steps, p=5)
    small = own.trial.recipe.model | {"width": 8}
    trial = replace(own.trial, recipe=replace(own.trial.recipe, model=small))
    return [replace(own, trial=trial).on(seed) for seed in range(n)]


def test_a_batch_is_timed_as_one_and_its_trials_are_planned_by_their_part_of_it() -> None:
    todo = tiny(6)
    (found,) = probe.unmeasured(todo, 1)
    assert {trial.seed for trial in found.trials} == {0, 1, 2, 3, 4, 5}
    assert found.work.kind == todo[0].work.kind._replace(engine="batched")
    probe.measure([found], answering({"step": 0.01, "evaluation": 0.1, "setup": 3.0}))
    (part, *_) = together.works(todo, 1)
    assert speed.seconds(part) == pytest.approx((400_001 * 0.01 + part.evaluations * 0.1 + 3.0) / 1e3)
    assert not speed.timed(todo[0].work)  # nothing is said of trials by themselves
    assert estimated(Plan(tuple(todo)), todo, (), 1).minutes * 60 == pytest.approx(
        6 * speed.seconds(part) + START_SECONDS
    )


def test_steps_of_a_batch_are_timed_in_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MOST_STEPS", 3)
    found = probe.Timing(tuple(one.trial for one in tiny(4)))()
    assert {*found} == {"step", "evaluation", "setup"}
    assert all(ms > 0 for ms in found.values())
