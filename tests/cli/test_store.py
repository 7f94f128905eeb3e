"""``grokbench store`` on a store of two records, one of them damaged."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from grokbench.store import archive
from grokbench.store.folder import Store
from tests import processes
from tests.store.test_keys_and_store import make_record, make_trial


@pytest.fixture
def store(tmp_path: Path) -> Path:
    own = Store(tmp_path / "store")
    for seed in (0, 1):
        own.save(make_record(make_trial(seed=seed)))
    (own.folder(make_trial(seed=1)) / "record.json").write_text("{}")
    return own.root


def test_a_store_is_listed_checked_cleaned_and_merged(store: Path, tmp_path: Path) -> None:
    def run(*words: str, status: int = 0) -> str:
        done = processes.grokbench("store", *words, "--store", str(store))
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    assert "gromov2023/gd" in (listed := run("list"))
    assert "1 damaged" in listed
    assert "damaged: " in run("verify", status=1)
    assert "1 removed" in run("prune", "--dry-run")
    assert "1 removed" in run("prune")
    assert "1 sound record(s), 0 that cannot be used" in run("verify")
    assert json.loads(run("list", "--json"))["records"][0]["records"] == 1

    other = Store(tmp_path / "other")
    for seed in (0, 2):
        other.save(make_record(make_trial(seed=seed)))
    assert "1 new, 1 the same" in run("merge", str(other.root))
    assert "0 removed" in run("prune")


def test_records_that_answer_nothing_are_counted_and_are_no_damage(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.save(make_record(make_trial(seed=0)))
    old = [dataclasses.replace(make_record(make_trial(seed=seed)), environment={}) for seed in (1, 2)]
    archive.write(tmp_path / "records", "gd", old)
    merged = processes.grokbench("store", "merge", str(tmp_path / "records"), "--store", str(store.root))
    assert "2 left out" in merged.stdout
    assert "2 committed record(s) do not say in which arithmetic they were made" in merged.stderr

    for record in old:
        store.save(record)
    store.note_failure(make_trial(seed=9), "Traceback")
    told = processes.grokbench("store", "verify", "--store", str(store.root))
    assert told.returncode == 0
    assert "1 sound record(s), 0 that cannot be used" in told.stdout
    assert "2 of unstated arithmetic; their trials will be trained again" in told.stdout
    assert "1 a failure's traceback" in told.stdout
    found = json.loads(processes.grokbench("store", "verify", "--json", "--store", str(store.root)).stdout)
    assert found["else"] == {"of unstated arithmetic": 2, "a failure's traceback": 1}
    listed = processes.grokbench("runs", "--store", str(store.root))
    assert listed.stderr.count("note: ") == 1


def test_what_is_no_store_is_one_sentence(tmp_path: Path) -> None:
    for words in (["list", "--store", str(tmp_path / "none")], ["merge", str(tmp_path)]):
        done = processes.grokbench("store", *words, "--store", str(tmp_path / "none"))
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1
