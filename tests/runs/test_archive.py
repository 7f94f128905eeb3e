"""Archives that grow beside records which must stay."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from grokbench.runs import archive, keys
from grokbench.runs.store import cut, training_of
from grokbench.specs.errors import InputError
from tests.reports import synthetic


def records(n: int) -> list[synthetic.Record]:
    recipe = synthetic.recipe()
    return [
        dataclasses.replace(synthetic.record(seed, recipe, last=300), content=f"run {seed}")
        for seed in range(n)
    ]


def test_what_an_archive_holds_stays_and_what_it_lacks_is_added(tmp_path: Path) -> None:
    two, three = records(2), records(3)
    path = archive.write(tmp_path, "gd", two)
    before = path.read_bytes()
    other = [dataclasses.replace(record, content="another run of it") for record in three]
    archive.add(tmp_path, "gd", other[:2])
    assert path.read_bytes() == before
    archive.add(tmp_path, "gd", other)
    source = archive.Archive(tmp_path)
    found = [source.find(record.trial) for record in three]
    assert [record.content for record in found if record] == ["run 0", "run 1", "another run of it"]
    archive.add(tmp_path, "new", three)
    assert archive.Archive(tmp_path, ["new"]).find(three[2].trial) is not None


def test_an_archive_of_some_experiments_looks_at_no_other(tmp_path: Path) -> None:
    (record,) = records(1)
    archive.write(tmp_path, "gd", [record])
    (tmp_path / "broken.zip").write_bytes(b"no archive")
    assert archive.Archive(tmp_path, ["gd"]).find(record.trial) is not None
    assert archive.Archive(tmp_path, ["absent"]).find(record.trial) is None
    with pytest.raises(InputError, match="damaged"):
        archive.Archive(tmp_path).find(record.trial)
    with pytest.raises(InputError, match="damaged"):
        archive.add(tmp_path, "broken", [record])


def test_a_cut_record_names_the_training_that_it_was_cut_from() -> None:
    first, second = records(2)
    short = cut(first, dataclasses.replace(first.trial, budget=100))
    assert short is not None
    shorter = cut(short, dataclasses.replace(first.trial, budget=50))
    assert shorter is not None
    assert keys.key(shorter.trial) != keys.key(first.trial)
    assert training_of(first) == training_of(short) == training_of(shorter)
    assert training_of(first) != training_of(second)
    again = dataclasses.replace(first, content="trained once more")
    assert training_of(first) != training_of(again)


def test_an_archive_that_has_gone_answers_nothing_more(tmp_path: Path) -> None:
    (record,) = records(1)
    gone = archive.write(tmp_path, "cut", [record])
    source = archive.Archive(tmp_path)
    assert source.find(record.trial) is not None
    archive.write(tmp_path, "whole", [record])
    gone.unlink()
    assert source.find(record.trial) is None
    assert archive.Archive(tmp_path).find(record.trial) is not None
