"""An estimate's experiments add up to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grokbench.plan import worker
from grokbench.plan.estimate import START_SECONDS, ahead, estimated
from grokbench.plan.expand import Plan, PlannedTrial
from grokbench.plan.worker import Job
from grokbench.reproduction import Reproduction
from grokbench.specs.types import Trial
from grokbench.store import checkpoints
from grokbench.store.folder import Store
from tests.training.test_batch_keeping import Stops as StopsBatch
from tests.training.test_batch_keeping import together
from tests.training.test_batched import eight
from tests.training.test_keeping import stopped


@pytest.mark.parametrize("force", [False, True])
def test_the_experiments_share_the_whole_cost_among_them(force: bool, tmp_path: Path) -> None:
    found = Reproduction("gromov2023", store=tmp_path, force=force).estimate(2)
    parts = found.experiments
    assert sum(part.to_train for part in parts) == found.to_train > 0
    assert sum(part.steps for part in parts) == found.steps
    assert sum(part.minutes for part in parts) + START_SECONDS / 60 == pytest.approx(found.minutes)


def test_a_trial_that_two_experiments_share_is_trained_for_one(tmp_path: Path) -> None:
    found = Reproduction("gromov2023", "paper", store=tmp_path).estimate(2)
    parts = {part.id: part for part in found.experiments}
    small = parts["analytic-small-widths"]
    assert 0 < small.to_train < small.trials
    assert small.stored == 0
    assert sum(part.trials for part in found.experiments) > found.trials


def planned(trial: Trial, expected: int = 400) -> PlannedTrial:
    return PlannedTrial(trial, "own", {}, trial.seed, expected)


def test_what_was_begun_is_counted_from_where_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "END_SECONDS", 0.0)
    store, trials = Store(tmp_path), eight("quadratic-mlp", 400)
    worker.make_here(replace(trials[0], budget=25), store, Job(str(tmp_path)))  # a shorter run
    stopped(trials[1], store.checkpoints.of(trials[1]).path, 7)  # one that was killed
    together(
        trials[2:4], StopsBatch(store.checkpoints.of_batch(trials[2:4], None).path, 3)
    )  # a batch that was
    store.checkpoints.of(trials[4]).path.write_bytes(b"damaged")
    other = store.checkpoints.of(trials[5]).path
    stopped(trials[5], other, 7)
    document, arrays = checkpoints.read(other)
    checkpoints.write(other, document | {"format": 7}, arrays)
    batched = [False, False, True, True, False, False]
    begun = store.begun(trials[:6], batched)
    assert begun[0] == 25
    assert all(0 < step < 25 for step in begun[1:4])
    assert begun[4:] == [0, 0]
    assert store.begun(trials[1:2], [True]) == [0]  # a batch cannot go on from a single run
    assert store.begun(trials[2:3], [False]) == [0]  # alone it cannot go on from a batch
    assert store.begun([], []) == []
    todo = [planned(trial) for trial in trials[:6]]
    whole = estimated(Plan(tuple(todo)), todo, (), 1)
    rest = estimated(Plan(tuple(todo)), todo, (), 1, begun=lambda one, two: store.begun(one, batched))
    assert (whole.steps, rest.steps) == (6 * 400, 6 * 400 - sum(begun))
    assert rest.minutes < whole.minutes
    assert rest.megabytes == whole.megabytes


def test_a_run_that_went_on_for_longer_than_expected_may_go_on_to_its_budget() -> None:
    trial = eight("quadratic-mlp", 400)[0]
    (rest,) = ahead([planned(trial, 100)], lambda trials, batched: [150], 1)
    assert rest.expected_steps == 250


@pytest.mark.parametrize("force", [False, True])
def test_a_forced_plan_begins_anew(force: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = Reproduction("gromov2023", store=tmp_path, force=force)
    trial = job.next_batch(1)[0].trial
    monkeypatch.setattr(Store, "begun", lambda store, trials, batched: [10 for _ in trials])
    assert job.begun([trial], [False]) == [0 if force else 10]
    fresh = Reproduction("gromov2023", store=tmp_path, force=True).estimate(1)
    assert (job.estimate(1).steps < fresh.steps) is not force
