"""A larger budget goes on from the end of a shorter run, and ends as the run that was never stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grokbench.plan import batch, worker
from grokbench.plan.together import How
from grokbench.plan.worker import Job
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.store import checkpoints, survey
from grokbench.store.cutting import goes_on
from grokbench.store.files import END
from grokbench.store.folder import Store
from grokbench.store.merging import merge
from grokbench.training.engine import train
from grokbench.training.record import Record
from tests.training.test_batch_keeping import together
from tests.training.test_batched import CASES, eight
from tests.training.test_keeping import same

SHORT, LONG = 25, 41  # both off the cadence: 18, 23, 29, 37, 48


@pytest.fixture(autouse=True)
def every_end_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "END_SECONDS", 0.0)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steps from which runs and batches have begun."""
    seen: list[int] = []
    resume = worker.Store.shorter

    def shorter(store: Store, trial: Trial) -> checkpoints.Earlier | None:
        found = resume(store, trial)
        seen.append(0 if found is None else found.step)
        return found

    monkeypatch.setattr(Store, "shorter", shorter)
    return seen


def here(trial: Trial, folder: Path, **how: object) -> Record:
    return worker.make_here(trial, Store(folder), Job(str(folder), how=How(**how)))  # type: ignore[arg-type]


def evaluations(record: Record) -> list[int]:
    return [int(step) for step in record.curves["step"]]


@pytest.mark.parametrize("engine", ["plain", "auto"])
@pytest.mark.parametrize("case", CASES)
def test_every_network_optimizer_and_noise_goes_on_from_a_shorter_run_bit_for_bit(
    case: str, engine: str, tmp_path: Path, steps: list[int]
) -> None:
    trial = eight(case, LONG)[2]
    short = here(replace(trial, budget=SHORT), tmp_path, engine=engine)
    assert SHORT in evaluations(short)
    found = here(trial, tmp_path, engine=engine)
    assert steps == [0, SHORT]
    assert SHORT not in evaluations(found)
    same(train(trial, engine=engine), found)


@pytest.mark.parametrize("case", CASES)
def test_a_batch_goes_on_from_shorter_runs_bit_for_bit(case: str, tmp_path: Path, steps: list[int]) -> None:
    trials = eight(case, LONG)[2:6]
    whole, job = together(trials), Job(str(tmp_path), how=How("batched"))
    batch.make_together([replace(trial, budget=SHORT) for trial in trials], Store(tmp_path), job)
    found = batch.make_together(trials, Store(tmp_path), job)
    assert steps == [0] * 4 + [SHORT] * 4
    assert len(found) == 4
    for record, place in zip(whole.values(), sorted(found), strict=True):
        same(record, found[place])


def test_probes_snapshots_and_the_search_for_t_gen_go_on_from_a_shorter_run(
    tmp_path: Path, steps: list[int]
) -> None:
    trial = replace(
        eight("quadratic-mlp", 90)[0], horizon=1.2, snapshots=(5, 20, 70), probes=("trace", "ipr")
    )
    for budget in (20, 40):
        here(replace(trial, budget=budget, snapshots=(5, 20)[: 1 + (budget > 20)]), tmp_path)
    found = here(trial, tmp_path)
    assert steps == [0, 20, 40]  # a run goes on from one that went on
    same(train(trial), found)


def test_a_learner_goes_on_from_a_shorter_run(tmp_path: Path, steps: list[int]) -> None:
    spec, recipe = Library().resolve("addition", "mallinar2024/rfm", {"task.domain.p": 7})
    trial = Trial(spec, recipe, alpha=0.5, seed=9000, budget=6)
    here(replace(trial, budget=3), tmp_path)
    same(train(trial), here(trial, tmp_path))
    assert steps == [0, 3]


def test_a_batch_of_one_goes_on_too(tmp_path: Path, steps: list[int]) -> None:
    trial = eight("quadratic-mlp", LONG)[0]
    here(replace(trial, budget=SHORT), tmp_path, engine="batched")
    found = here(trial, tmp_path, engine="batched")
    assert found.environment["engine"] == "batched"
    assert steps == [0, SHORT]
    (whole,) = together([trial]).values()
    same(whole, found)


def test_a_run_that_was_less_than_a_minute_leaves_no_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "END_SECONDS", 60.0)
    here(eight("quadratic-mlp", SHORT)[0], tmp_path)
    assert not list(tmp_path.rglob(END))


def test_an_end_that_is_damaged_missing_or_of_another_environment_only_costs_time(
    tmp_path: Path, steps: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = eight("quadratic-mlp", LONG)[0]
    whole = train(trial)
    here(replace(trial, budget=SHORT), tmp_path)
    (end,) = tmp_path.rglob(END)
    end.write_bytes(end.read_bytes()[:-5])
    same(whole, here(trial, tmp_path))
    assert steps == [0, 0]
    assert Store(tmp_path).find(replace(trial, budget=SHORT)) is not None  # the record stays sound
    assert (
        checkpoints.Checkpoint(
            tmp_path / "none",
            ends=[checkpoints.Earlier(SHORT, checkpoints.Taken(), {"torch": "another"}, 1.0)],
        ).load({"torch": "this"})
        is None
    )


@pytest.mark.parametrize(
    "node", [None, 3, {"object": {}}, {"object": {"step": 1, "seconds": 0.0, "run": {"each": []}}}, {"os": 1}]
)
def test_a_state_that_is_none_of_this_run_is_left_alone_and_the_run_begins_anew(
    node: object, tmp_path: Path
) -> None:
    trial = eight("quadratic-mlp", LONG)[0]
    whole, (batch_whole,) = train(trial), together([trial]).values()
    for engine in ("auto", "batched"):
        short = here(replace(trial, budget=SHORT), tmp_path / engine, engine=engine)
        assert short.end is not None
        end = short.end._replace(state=checkpoints.Taken(node, short.end.state.arrays))
        Store(tmp_path / engine).save(replace(short, end=end))
        found = here(trial, tmp_path / engine, engine=engine)
        same(whole if engine == "auto" else batch_whole, found)


def test_force_trains_from_the_first_step(tmp_path: Path, steps: list[int]) -> None:
    trial = eight("quadratic-mlp", LONG)[0]
    here(replace(trial, budget=SHORT), tmp_path)
    worker.make_here(trial, Store(tmp_path), Job(str(tmp_path), again=True))
    assert steps == [0]


def test_a_run_goes_on_only_from_one_that_it_was_up_to_there() -> None:
    long = replace(eight("quadratic-mlp", LONG)[0], horizon=1.5, snapshots=(5, 30))
    short = replace(long, budget=SHORT, snapshots=(5,))
    assert goes_on(short, long)
    assert goes_on(replace(short, horizon=1.2), long)
    assert goes_on(short, replace(long, horizon=None))
    assert not goes_on(replace(short, horizon=None), long)  # it may have gone on where the longer one stops
    assert not goes_on(replace(short, horizon=1.6), long)
    assert not goes_on(replace(short, snapshots=()), long)
    assert not goes_on(replace(short, probes=("ipr",)), long)
    assert not goes_on(replace(short, budget=0), long)
    assert not goes_on(long, long)


def test_only_the_end_of_the_longest_run_stays(tmp_path: Path) -> None:
    trial, store = eight("quadratic-mlp", LONG)[0], Store(tmp_path)
    for budget in (SHORT, LONG):
        here(replace(trial, budget=budget), tmp_path)
    spent, kept = (store.folder(replace(trial, budget=budget)) / END for budget in (SHORT, LONG))
    assert [one.path for one in survey.prune(survey.survey(store))] == [spent]
    assert not spent.exists()
    assert {one.state for one in survey.survey(store, weights=True)} == {survey.SOUND}
    kept.write_bytes(b"spoilt")
    assert [one.path for one in survey.survey(store, weights=True) if one.state == survey.DAMAGED] == [kept]


def test_the_end_of_a_colleagues_run_comes_with_its_record(tmp_path: Path, steps: list[int]) -> None:
    trial = eight("quadratic-mlp", LONG)[0]
    here(replace(trial, budget=SHORT), tmp_path / "theirs")
    assert [one.what for one in merge(Store(tmp_path / "mine"), Store(tmp_path / "theirs"))] == ["new"]
    same(train(trial), here(trial, tmp_path / "mine"))
    assert steps == [0, SHORT]
