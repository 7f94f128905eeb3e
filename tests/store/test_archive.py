"""Archives of records: what is written, read, and answered by what."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from grokbench.specs.errors import InputError
from grokbench.store import archive, codec, keys
from grokbench.store.cutting import cut
from grokbench.store.kept import training_of
from tests.reports import synthetic


def records(n: int) -> list[synthetic.Record]:
    recipe = synthetic.recipe()
    return [
        dataclasses.replace(synthetic.record(seed, recipe, last=300), content=f"run {seed}")
        for seed in range(n)
    ]


def test_an_archive_is_read_whole_and_an_absent_one_holds_nothing(tmp_path: Path) -> None:
    archive.write(tmp_path, "gd", records(3))
    assert [record.trial.seed for record in archive.read(tmp_path, "gd")] == [
        record.trial.seed for record in sorted(records(3), key=lambda record: keys.key(record.trial))
    ]
    assert archive.read(tmp_path, "absent") == []
    (tmp_path / "broken.zip").write_bytes(b"no archive")
    with pytest.raises(InputError, match="damaged"):
        archive.read(tmp_path, "broken")


def test_of_two_records_of_one_trial_the_first_is_written(tmp_path: Path) -> None:
    (old,) = records(1)
    archive.write(tmp_path, "gd", [dataclasses.replace(old, content="new"), old])
    assert [record.content for record in archive.read(tmp_path, "gd")] == ["new"]


def test_a_record_is_answered_by_itself_and_by_a_longer_one_of_its_trial(tmp_path: Path) -> None:
    whole, other = records(2)
    short = cut(whole, dataclasses.replace(whole.trial, budget=100))
    assert short is not None
    assert archive.answered(whole, [whole])
    assert archive.answered(short, [other, whole])
    assert not archive.answered(whole, [short])
    assert not archive.answered(whole, [other])


def test_a_folder_without_records_is_refused_unless_nobody_counts_on_it(tmp_path: Path) -> None:
    (record,) = records(1)
    with pytest.raises(InputError, match="holds no records"):
        archive.Archive(tmp_path).find(record.trial)
    assert archive.Archive(tmp_path, strict=False).find(record.trial) is None


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


def test_an_archive_answers_as_it_was_when_it_was_first_read(tmp_path: Path) -> None:
    # A report that is written over the records that it rests on still finds them.
    first, other = records(2)
    path = archive.write(tmp_path, "cut", [first])
    source = archive.Archive(tmp_path)
    assert source.find(first.trial) is not None
    archive.write(tmp_path, "cut", [other])
    assert source.find(first.trial) is not None
    assert source.find(other.trial) is None
    path.unlink()
    assert source.find(first.trial) is not None
    assert archive.Archive(tmp_path, strict=False).find(first.trial) is None


COMMITTED = sorted((Path(__file__).parents[2] / "reports").glob("*/records/*.zip"))


def test_every_committed_archive_opens_and_those_with_analyses_are_the_same_when_they_are_written_again(
    tmp_path: Path,
) -> None:
    seen: set[str] = set()
    for path in COMMITTED:
        found = archive.read(path.parent, path.stem)
        for record in found:
            assert set(record.analyses) >= set(record.trial.analyses), path
        new = {name for record in found for name, arrays in record.analyses.items() if arrays} - seen
        if new:  # the first that has them
            written = archive.write(tmp_path, path.stem, found).read_bytes()
            again = archive.read(tmp_path, path.stem)
            assert [whole(record) for record in again] == [whole(record) for record in found], path
            assert archive.write(tmp_path, path.stem, again).read_bytes() == written, path
        seen |= new
    older = {"circles", "circuit", "neuron-phases", "preactivation-power", "progress"}
    assert seen == older | {
        "anatomy",
        "characters",
        "collapse",
        "each-frequency",
        "label-peaks",
        "max-margins",
        "parallelograms",
        "periodic-neurons",
        "phase-shuffles",
        "pruning",
        "representations",
        "risk-split",
        "subnetwork",
        "tangent-kernel",
    }


def whole(record: synthetic.Record) -> tuple[object, dict[str, bytes]]:
    arrays = {name: values.tobytes() for name, values in codec.arrays(record).items()}
    return codec.head(record), arrays


def test_analyses_that_only_figures_read_join_the_key_and_no_other_request() -> None:
    (old,) = records(1)
    trial = dataclasses.replace(old.trial, analyses=("neuron-phases", "preactivation-power"))
    record = dataclasses.replace(old, trial=trial)
    document = codec.head(record)
    back = codec.unpack(document, codec.pack_arrays(codec.arrays(record), compress=False))
    assert back.trial == trial
    assert keys.key(back.trial) == document["key"] != keys.key(old.trial)
    assert keys.request(trial) == keys.key(trial)


def test_portraits_that_an_archive_left_out_are_no_miss(tmp_path: Path) -> None:
    asked = ("neuron-phases", "preactivation-power")
    made = [
        dataclasses.replace(one, trial=dataclasses.replace(one.trial, analyses=asked)) for one in records(2)
    ]
    archive.write(tmp_path, "gd", made)
    first, second = (archive.Archive(tmp_path).find(one.trial) for one in made)
    assert first is not None
    assert second is not None
    assert first.analyses["preactivation-power"]["final"].shape[0] > 1
    assert second.analyses == {name: {} for name in asked}
