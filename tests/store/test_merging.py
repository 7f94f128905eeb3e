"""Two stores, or an archive and a store, become one; nothing of the store's own is lost."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from grokbench.specs.errors import InputError
from grokbench.store import archive, merging
from grokbench.store.folder import Store
from tests.store.test_keys_and_store import make_record, make_trial


def stores(tmp_path: Path) -> tuple[Store, Store]:
    return Store(tmp_path / "mine"), Store(tmp_path / "theirs")


def merged(into: Store, source: Store | archive.Archive) -> list[str]:
    return sorted(one.what for one in merging.merge(into, source))


def test_what_only_one_store_has_is_in_both_afterwards(tmp_path: Path) -> None:
    mine, theirs = stores(tmp_path)
    mine.save(make_record(make_trial(seed=0)))
    for seed in (0, 1, 2):
        theirs.save(make_record(make_trial(seed=seed)))
    assert merged(mine, theirs) == ["new", "new", "the same"]
    for seed in (0, 1, 2):
        assert mine.kept(make_trial(seed=seed)) == theirs.kept(make_trial(seed=seed))
    assert merged(mine, theirs) == ["the same"] * 3


def test_of_two_unlike_records_the_stores_own_stays_and_the_conflict_is_told(tmp_path: Path) -> None:
    mine, theirs = stores(tmp_path)
    own = make_record(make_trial())
    mine.save(own)
    theirs.save(
        dataclasses.replace(own, content="other", environment={**own.environment, "engine": "batched"})
    )
    (found,) = merging.merge(mine, theirs)
    assert found.what == merging.CONFLICT
    assert found.why == "engine None here, batched there"
    kept = mine.kept(make_trial())
    assert kept is not None
    assert kept.content == "abc"


def test_weights_that_an_archive_lacks_come_from_an_equal_record(tmp_path: Path) -> None:
    mine, theirs = stores(tmp_path)
    record = make_record(make_trial())
    theirs.save(record)
    archive.write(tmp_path / "records", "gd", [record])
    assert merged(mine, archive.Archive(tmp_path / "records")) == ["new"]
    bare = mine.kept(make_trial())
    assert bare is not None
    assert not bare.weights
    assert merged(mine, theirs) == ["completed"]
    whole = mine.kept(make_trial())
    assert whole is not None
    np.testing.assert_array_equal(whole.weights["W1"], record.weights["W1"])
    assert merged(mine, archive.Archive(tmp_path / "records")) == ["the same"]  # loses nothing again


def test_a_committed_record_that_a_store_would_not_answer_with_is_left_out(tmp_path: Path) -> None:
    mine, _ = stores(tmp_path)
    old = dataclasses.replace(make_record(make_trial(seed=1)), environment={})
    archive.write(tmp_path / "records", "gd", [make_record(make_trial(seed=0)), old])
    source = archive.Archive(tmp_path / "records")
    assert source.find(old.trial) is not None
    assert merged(mine, source) == [merging.LEFT_OUT, "new"]
    assert not mine.folder(old.trial).exists()


def test_a_damaged_record_is_left_where_it_is(tmp_path: Path) -> None:
    mine, theirs = stores(tmp_path)
    told: list[str] = []
    folder = theirs.save(make_record(make_trial()))
    (folder / "record.json").write_text("{")
    assert merged(mine, Store(theirs.root, told.append)) == []
    assert "is damaged" in told[0]


def test_a_place_is_a_store_or_a_folder_of_archives(tmp_path: Path) -> None:
    mine, _ = stores(tmp_path)
    mine.save(make_record(make_trial()))
    archive.write(tmp_path / "records", "gd", [make_record(make_trial())])
    assert isinstance(merging.place(mine.root), Store)
    assert isinstance(merging.place(tmp_path / "records"), archive.Archive)
    with pytest.raises(InputError, match="is no store"):
        merging.place(tmp_path / "nowhere")
