from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from grokbench.specs.errors import StoreError
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.store import archive, codec, keys
from grokbench.store.cutting import cut
from grokbench.store.folder import Store
from grokbench.training.record import Record

EVERY_TEN = {"evaluation.growth": 1.000001, "evaluation.spacing": 10}  # evaluations at 0, 10, 20, …


def make_trial(**changes: object) -> Trial:
    task, recipe = Library().resolve("addition", "gromov2023/gd", EVERY_TEN)
    return dataclasses.replace(Trial(task, recipe, alpha=0.5, seed=0, budget=100), **changes)  # type: ignore[arg-type]


def make_record(trial: Trial, accuracy: list[float] | None = None) -> Record:
    test = np.array(accuracy if accuracy is not None else [0.0] * 10 + [1.0] * 21)
    steps = np.arange(len(test), dtype=np.int64) * 10
    column = np.linspace(1, 0, len(test))
    curves = {
        "step": steps,
        "train_loss": column,
        "train_accuracy": 1 - column,
        "test_loss": column,
        "test_accuracy": test,
    }
    return Record(
        trial=trial,
        ended="finished",
        curves=curves,
        facts={
            "n_train": 4,
            "n_test": 5,
            "n_elements": 97,
            "memoriser_baseline": 0.5,
            "steps": int(steps[-1]),
        },
        probes={"ipr": {"step": steps, "ipr": column}} if "ipr" in trial.probes else {},
        weights={"W1": np.ones((2, 3), dtype=np.float32)},
        environment={"arithmetic": "float32 products ieee"},
        cost={"seconds": 1.5},
        content="abc",
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_the_key_ignores_what_the_trainer_does_not_read() -> None:
    trial = make_trial()
    renamed = dataclasses.replace(
        trial, recipe=dataclasses.replace(trial.recipe, title="other", source="x", id="a/b")
    )
    assert keys.key(renamed) == keys.key(trial)


@pytest.mark.parametrize(
    "changes",
    [
        {"alpha": 0.51},
        {"seed": 1},
        {"budget": 101},
        {"horizon": 1.5},
        {"probes": ("ipr",)},
        {"snapshots": (0,)},
    ],
    ids=lambda c: next(iter(c)),
)
def test_the_key_changes_with_everything_else(changes: dict[str, object]) -> None:
    assert keys.key(make_trial(**changes)) != keys.key(make_trial())


def test_an_analysis_is_no_part_of_the_key_and_its_absence_is_no_hit(store: Store) -> None:
    plain, analysed = make_trial(), make_trial(analyses=("progress",))
    assert keys.key(plain) == keys.key(analysed)
    store.save(make_record(plain))
    assert store.find(plain) is not None
    assert store.find(analysed) is None
    trained = store.trained(analysed)
    assert trained is not None
    assert trained.trial == analysed
    assert trained.weights
    progress = {"step": np.array([0, 300]), "test_loss": np.array([1.0, 0.5])}
    store.save(dataclasses.replace(trained, analyses={"progress": progress}))
    found = store.find(analysed)
    assert found is not None
    assert found.analyses["progress"]["test_loss"].tolist() == [1.0, 0.5]
    assert store.find(plain) is not None


def test_an_analysis_of_another_version_is_made_again_from_the_weights(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = make_trial(analyses=("progress",))
    store.save(dataclasses.replace(make_record(trial), analyses={"progress": {"step": np.array([0])}}))
    assert store.find(trial) is not None
    monkeypatch.setattr(codec, "version", lambda name: 99)
    assert store.find(trial) is None
    trained = store.trained(trial)
    assert trained is not None
    assert not trained.analyses


def test_snapshots_come_back_with_the_weights(store: Store) -> None:
    trial = make_trial(snapshots=(0, 50))
    snapshots = {step: {"W1": np.full((2, 3), float(step), dtype=np.float32)} for step in (0, 50)}
    store.save(dataclasses.replace(make_record(trial), snapshots=snapshots))
    trained = store.trained(trial)
    assert trained is not None
    assert list(trained.snapshots) == [0, 50]
    assert (trained.snapshots[50]["W1"] == 50).all()


def test_a_damaged_snapshot_is_no_source_of_analyses(store: Store) -> None:
    trial = make_trial(snapshots=(0,))
    folder = store.save(
        dataclasses.replace(make_record(trial), snapshots={0: {"W1": np.ones((2, 3), dtype=np.float32)}})
    )
    (folder / "snapshot-0.safetensors").write_bytes(b"")
    assert store.trained(trial) is None
    assert store.find(trial) is not None  # its numbers are sound


def test_a_field_at_its_default_changes_no_key() -> None:
    _, recipe = Library().resolve("addition", "gromov2023/gd", {})
    trial = make_trial(recipe=recipe)
    bare = dataclasses.replace(trial, recipe=dataclasses.replace(recipe, training={}, evaluation={}, data={}))
    assert keys.key(bare) == keys.key(trial)


def test_alpha_is_rounded_to_ten_digits() -> None:
    assert keys.key(make_trial(alpha=0.1 + 0.2)) == keys.key(make_trial(alpha=0.3))


def test_a_saved_record_comes_back_whole(store: Store) -> None:
    record = make_record(make_trial(probes=("ipr",)))
    store.save(record)
    found = store.find(record.trial)
    assert found is not None
    assert found.trial == record.trial
    assert found.ended == "finished"
    assert found.facts == record.facts
    np.testing.assert_array_equal(found.curves["test_accuracy"], record.curves["test_accuracy"])
    assert found.probes["ipr"]["ipr"].dtype == np.float32
    np.testing.assert_allclose(found.probes["ipr"]["ipr"], record.probes["ipr"]["ipr"], rtol=1e-6, atol=1e-7)


def test_a_longer_record_answers_a_smaller_budget_an_earlier_stop_and_fewer_probes(store: Store) -> None:
    store.save(make_record(make_trial(budget=300, probes=("ipr",))))
    shorter = store.find(make_trial(budget=50))
    assert shorter is not None
    assert shorter.curves["step"][-1] == 50
    assert shorter.probes == {}
    stopped = store.find(make_trial(budget=200, horizon=1.5))
    assert stopped is not None
    assert stopped.ended == "stopped"
    assert stopped.curves["step"][-1] == 150  # T_gen = 100
    assert store.find(make_trial(budget=400)) is None
    assert store.find(make_trial(budget=50, probes=("phases",))) is None


def test_a_record_that_diverged_later_answers_an_earlier_stop() -> None:
    record = dataclasses.replace(make_record(make_trial(budget=10_000)), ended="diverged")
    stopped = cut(record, make_trial(budget=10_000, horizon=1.5))
    assert stopped is not None
    assert (stopped.ended, stopped.curves["step"][-1]) == ("stopped", 150)
    longer = cut(record, make_trial(budget=5_000))
    assert longer is not None
    assert longer.ended == "diverged"


def test_a_run_cut_at_its_budget_is_finished() -> None:
    record = make_record(make_trial(budget=300), accuracy=[0.0] * 31)
    end = cut(record, make_trial(budget=100, horizon=1.5))
    assert end is not None
    assert (end.ended, end.curves["step"][-1]) == ("finished", 100)


def test_what_needs_the_last_weights_is_not_cut() -> None:
    record = make_record(make_trial(budget=300, analyses=("neuron-phases",)))
    assert cut(record, make_trial(budget=50, analyses=("neuron-phases",))) is None


@pytest.mark.parametrize("name", ["record.json", "arrays.npz", "weights.safetensors"])
def test_a_damaged_record_is_no_hit_and_is_told_once(tmp_path: Path, name: str) -> None:
    told: list[str] = []
    store = Store(tmp_path, told.append)
    trial = make_trial()
    path = store.save(make_record(trial)) / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    assert store.find(trial) is None
    assert store.find(trial) is None
    assert len(told) == 1
    assert "damaged" in told[0]
    store.save(make_record(trial))
    assert store.find(trial) is not None


def test_a_number_changed_by_hand_is_detected(store: Store) -> None:
    trial = make_trial()
    path = store.save(make_record(trial)) / "record.json"
    document = json.loads(path.read_text())
    document["facts"]["memoriser_baseline"] = 0.1
    path.write_text(json.dumps(document))
    assert store.find(trial) is None


def test_a_missing_file_is_no_hit(store: Store) -> None:
    trial = make_trial()
    (store.save(make_record(trial)) / "arrays.npz").unlink()
    assert store.find(trial) is None


def test_a_failed_record_is_no_hit(store: Store) -> None:
    trial = make_trial()
    store.save(dataclasses.replace(make_record(trial), ended="failed"))
    assert store.find(trial) is None


def test_saving_leaves_nothing_else_behind(store: Store) -> None:
    trial = make_trial()
    for _ in range(2):
        folder = store.save(make_record(trial))
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_store_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        Store(blocked / "store").check_writable()


def test_an_archive_answers_like_the_store_without_weights(tmp_path: Path) -> None:
    record = make_record(make_trial(budget=300, probes=("ipr",)))
    archive.write(tmp_path, "gd", [record])
    source = archive.Archive(tmp_path)
    whole, part = source.find(record.trial), source.find(make_trial(budget=50))
    assert whole is not None
    assert part is not None
    np.testing.assert_array_equal(whole.curves["train_loss"], record.curves["train_loss"])
    assert whole.weights == {}
    assert part.curves["step"][-1] == 50


def test_the_same_records_make_the_same_archive(tmp_path: Path) -> None:
    records = [make_record(make_trial(seed=seed)) for seed in (0, 1)]
    first = archive.write(tmp_path / "a", "gd", records).read_bytes()
    assert archive.write(tmp_path / "b", "gd", records[::-1]).read_bytes() == first


def test_a_picture_beside_the_records_is_none_of_them(tmp_path: Path) -> None:
    """``run`` draws its curves there."""
    told: list[str] = []
    store = Store(tmp_path, on_damage=told.append)
    trial = Trial(*Library().resolve("addition", "gromov2023/adamw", {}), alpha=0.5, seed=0, budget=3)
    beside = store.folder(trial).parent
    beside.mkdir(parents=True)
    (beside / "curves.png").write_bytes(b"")
    assert store.find(trial) is None
    assert told == []
