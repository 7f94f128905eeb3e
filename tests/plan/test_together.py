"""The planner groups trials that differ in numbers only; a batch is one job, and each of its trials has a record of its own."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import pytest

import grokbench
from grokbench.cli.measuring import batched
from grokbench.plan import executor, together, worker
from grokbench.plan.batch import Together, make_together
from grokbench.plan.device import resolved
from grokbench.plan.estimate import estimated
from grokbench.plan.executor import Event
from grokbench.plan.expand import Plan, PlannedTrial
from grokbench.plan.pace import Expected, Pace
from grokbench.plan.resolve import resolve_trial
from grokbench.plan.together import How, batches, groups
from grokbench.plan.worker import Job
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import Trial
from grokbench.store.folder import Store
from grokbench.training.batched import stack

SETTINGS = {"task.domain.p": 5, "model.width": 4, "evaluation.growth": 2.0}
BATCHED = How("batched")


def trials(n: int, steps: int = 3, **settings: Any) -> list[Trial]:
    one = resolve_trial("addition", "gromov2023/adamw", seed=9000, steps=steps, settings=SETTINGS | settings)
    return [dataclasses.replace(one, seed=9000 + i) for i in range(n)]


def test_small_trials_that_differ_in_numbers_only_are_one_batch_for_each_worker():
    small, other = trials(10, 1000), trials(4, 1000, **{"model.width": 5})
    rates = [
        dataclasses.replace(
            one, recipe=dataclasses.replace(one.recipe, optimizer={**one.recipe.optimizer, "lr": lr})
        )
        for lr, one in zip((0.1, 0.2), trials(2, 1000), strict=True)
    ]
    assert groups([*small, *rates], 2) == [(0, 1, 2, 3, 4, 5), (6, 7, 8, 9, 10, 11)]
    assert groups([*small, *other], 1) == [tuple(range(10)), (10, 11, 12, 13)]
    assert groups(small, 1, How("plain")) == [(i,) for i in range(10)]
    assert len(groups(trials(2 * together.MOST["cpu"], 100), 1)) == 2


def test_few_short_or_large_trials_train_singly_unless_a_batch_is_asked_for():
    large = trials(8, 1000, **{"task.domain.p": 97, "model.width": 500})
    for own in (trials(3, 1000), trials(8, 3), large):
        assert groups(own, 1) == [(i,) for i in range(len(own))]
        assert groups(own, 1, BATCHED) == [tuple(range(len(own)))]


def test_a_hand_written_step_that_beats_a_batch_is_left_alone_unless_one_is_asked_for():
    settings = {"task.domain.d": 8, "task.source.rows": 20}
    one = resolve_trial(
        "sparse-linear", "lyu2023/diagonal", alpha=0.5, seed=9000, steps=1000, settings=settings
    )
    own = [dataclasses.replace(one, seed=9000 + i) for i in range(6)]
    assert groups(own, 1) == [(i,) for i in range(6)]
    assert groups(own, 1, BATCHED) == [tuple(range(6))]


def test_what_no_batch_can_train_says_why():
    learner = resolve_trial("addition", "mallinar2024/rfm", seed=9000, steps=3)
    drawn = resolve_trial("addition", "gromov2023/analytic", seed=9000)
    found = batches([*trials(2), learner, drawn], 1, BATCHED)
    assert (found.trials, found.batches) == (2, 1)
    assert sorted(found.singly) == [
        "Nothing is updated in 0 steps.",
        "rfm is a learner, which has no gradient to batch.",
    ]
    assert batches([learner], 1) == together.NONE


def ran(
    folder: Path, wanted: list[Trial], how: How, name: str = "here"
) -> tuple[Store, list[Event], list[Any]]:
    store, events = Store(folder / name), list[Event]()
    failures = executor.execute(wanted, store, 2, events.append, executor=name, how=how)
    return store, events, failures


def test_a_batch_leaves_a_record_and_an_event_for_each_trial(tmp_path):
    wanted = trials(3)
    store, events, failures = ran(tmp_path, wanted, BATCHED)
    assert failures == []
    assert {event.trial for event in events if event.kind == "done"} == set(wanted)
    assert {event.together for event in events} == {3}
    assert {event.trial for event in events if event.kind == "evaluated"} == set(wanted)
    for trial in wanted:
        record = store.find(trial)
        assert record is not None
        assert record.environment["engine"] == "batched"
        assert (record.environment["together"], record.environment["device"]) == (3, "cpu")
        assert store.lock(trial).holder() is None
        assert {"cpu_seconds", "ms_per_step"} <= set(record.cost)


def test_a_trial_that_fails_fails_alone(tmp_path):
    wanted = trials(3)
    wanted[1] = dataclasses.replace(wanted[1], analyses=("nowhere",))
    store, _, failures = ran(tmp_path, wanted, BATCHED)
    assert ["unknown analysis 'nowhere'" in one.sentence for one in failures] == [True]
    assert [store.find(one) is not None for one in wanted] == [True, False, True]


def test_a_trial_that_somebody_else_trains_is_left_to_them(tmp_path):
    wanted, store = trials(3), Store(tmp_path)
    lock = store.lock(wanted[2])
    assert lock.take() is None
    job = pickle.loads(pickle.dumps(Together(tuple(wanted), Job(str(tmp_path), how=BATCHED))))
    answer = job()
    lock.release()
    assert [set(one) == worker.ENDED for one in answer["together"]] == [True, True, False]
    assert set(answer["together"][2]) == {"busy"}
    again = Together(tuple(wanted), Job(str(tmp_path), how=BATCHED))()
    assert [one["elsewhere"] for one in again["together"]] == [True, True, False]


def test_what_torch_cannot_map_trains_singly_and_its_record_says_why(tmp_path, monkeypatch):
    def refuse(*given: Any, **more: Any) -> None:
        raise RuntimeError("data-dependent control flow")

    monkeypatch.setattr(stack, "functional_call", refuse)
    found = make_together(trials(2), None, Job("", how=BATCHED))
    for record in found.values():
        assert record.environment["engine"] == "fast"
        assert (
            record.environment["singly"] == "torch.func cannot map this network: data-dependent control flow"
        )


def test_run_takes_an_engine_and_refuses_a_device_that_is_not_there():
    more = {"settings": SETTINGS, "steps": 3, "seed": 9000}
    engines = ("auto", "plain", "batched")
    found = [grokbench.run("addition", "gromov2023/adamw", engine=name, **more) for name in engines]
    assert [one.environment["engine"] for one in found] == ["fast", "plain", "batched"]
    for one in found[1:]:
        assert one.curves["train_loss"] == pytest.approx(found[0].curves["train_loss"], rel=1e-4)
    with pytest.raises(UnknownNameError, match="engine"):
        resolved("cpu", "bached")
    with pytest.raises(InputError, match="'plain' trains on the CPU"):
        resolved("cuda", "plain")


def test_a_batch_is_paced_by_the_share_that_each_trial_has():
    pace = Pace({i: Expected(10.0, 100) for i in range(4)}, 1)
    for i in range(4):
        pace.evaluated(i, 0, 0.0, together=4)
        pace.evaluated(i, 50, 8.0, together=4)  # half of four trials in 8 s, planned as 20 s
    assert pace.seconds_left(8.0) == pytest.approx(8.0)


def test_a_plan_says_what_it_trains_in_batches():
    small, one = trials(8, 1000), trials(1, 1000, **{"model.width": 5})
    planned = [PlannedTrial(trial, "toy", {}, trial.seed, 1000) for trial in (*small, *one)]
    found = estimated(Plan(tuple(planned)), planned, (), 2)
    assert (found.batches.trials, found.batches.batches) == (8, 2)
    assert batched(found.batches, together.AUTO) == "; 8 of them in 2 batch(es) of the batched engine on cpu"
    assert batched(together.NONE, together.AUTO) == ""
    learner = together.Batches(0, 0, {"rfm is a learner, which has no gradient to batch.": 3})
    assert batched(learner, BATCHED) == "; 3 singly: rfm is a learner, which has no gradient to batch"
    assert BATCHED.asked() == [("--engine", "batched")]
