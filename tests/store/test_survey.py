"""What lies in a store is told apart, and only what answers nothing is removed."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from pathlib import Path

import pytest

from grokbench.specs.errors import StoreError
from grokbench.store import survey
from grokbench.store.folder import Store
from tests.store.test_keys_and_store import make_record, make_trial


@pytest.fixture
def store(tmp_path: Path) -> Store:
    own = Store(tmp_path / "store")
    for seed in range(4):
        own.save(make_record(make_trial(seed=seed)))
    return own


def states(store: Store, **how: bool) -> dict[str, str]:
    return {one.path.name: one.state for one in survey.survey(store, **how)}


def folder(store: Store, seed: int) -> Path:
    return store.folder(make_trial(seed=seed))


def spoil(store: Store) -> dict[str, str]:
    """A store with one of each; their states by name."""
    (folder(store, 0) / "weights.safetensors").write_bytes(b"cut")
    head = folder(store, 1) / "record.json"
    head.write_text(head.read_text()[:100])
    half = folder(store, 2).parent / ".half-0123"
    half.mkdir()
    os.utime(half, (time.time() - 3600,) * 2)
    (folder(store, 2).parent / ".half-now").mkdir()  # may still be written to
    store.note_failure(make_trial(seed=9), "Traceback")
    store.lock(make_trial(seed=2)).take()  # is held by this process
    dead = store.root / "locks" / "dead.json"
    dead.write_text(json.dumps({"host": "nowhere", "pid": 1, "since": ""}))
    os.utime(dead, (time.time() - 3600,) * 2)
    (failure,) = (store.root / "failures").iterdir()
    return {
        folder(store, 0).name: survey.DAMAGED,
        folder(store, 1).name: survey.DAMAGED,
        folder(store, 2).name: survey.SOUND,
        folder(store, 3).name: survey.SOUND,
        ".half-0123": survey.HALF_WRITTEN,
        failure.name: survey.FAILURE,
        "dead.json": survey.LOCK,
    }


def test_each_thing_in_a_store_is_in_one_state(store: Store) -> None:
    expected = spoil(store)
    assert states(store, weights=True) == expected


def test_what_answers_nothing_is_removed_and_the_rest_stays(store: Store) -> None:
    expected = spoil(store)
    removed = survey.prune(survey.survey(store, weights=True))
    assert {one.path.name for one in removed} == {
        name for name, state in expected.items() if state != survey.SOUND
    }
    assert set(states(store, weights=True).values()) == {survey.SOUND}
    assert all(store.find(make_trial(seed=seed)) is not None for seed in (2, 3))
    assert store.lock(make_trial(seed=2)).holder() is not None
    assert not folder(store, 0).parent.exists()  # a family of its own


def test_a_record_of_another_version_is_no_damage(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grokbench.store.keys.TRAINING_VERSION", 10**6)
    assert set(states(store).values()) == {survey.OTHER_VERSION}


def test_a_record_of_unstated_arithmetic_is_no_damage_and_is_told_of_once(tmp_path: Path) -> None:
    told: list[str] = []
    store = Store(tmp_path / "store", told.append)
    store.save(make_record(make_trial(seed=0)))
    for seed in (1, 2, 3):
        store.save(dataclasses.replace(make_record(make_trial(seed=seed)), environment={}))
    assert sorted(states(store).values()) == [*[survey.UNSTATED] * 3, survey.SOUND]
    assert [kept.record.trial.seed for kept in store.each()] == [0]
    assert [store.find(make_trial(seed=seed)) for seed in (1, 2)] == [None, None]
    assert len(told) == 1
    assert told[0].startswith("3 record(s) in ")
    assert len(survey.prune(survey.survey(store))) == 3


def test_a_store_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store"):
        list(survey.survey(Store(tmp_path / "none")))
