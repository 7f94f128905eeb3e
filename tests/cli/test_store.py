"""``grokbench store`` on a store of two records, one of them damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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


def test_what_is_no_store_is_one_sentence(tmp_path: Path) -> None:
    for words in (["list", "--store", str(tmp_path / "none")], ["merge", str(tmp_path)]):
        done = processes.grokbench("store", *words, "--store", str(tmp_path / "none"))
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1
