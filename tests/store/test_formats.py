"""Records of older formats are read as they were meant, and those of newer ones are refused and left alone."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from grokbench.specs.errors import GrokbenchError, StoreError
from grokbench.store import archive, codec, formats, keys, survey
from grokbench.store.folder import Store
from tests.store.test_keys_and_store import make_record, make_trial

OLD = Path(__file__).parents[1] / "data"
KEY = "c2ce6ac2ebdb2600ae6baa9086089be9932a8207b06fd54dfc69d3cf983b3086"
CONTENT = "c73c0468ebf4888d4afb3bee8bf5abcf20280c9251c58ac1737166d7b79eab73"


def test_a_record_is_kept_of_every_format_before_this_one() -> None:
    kept = {int(path.name.removeprefix("record-format-")) for path in OLD.glob("record-format-*")}
    assert kept == {*formats.UPGRADES} == {*range(1, formats.FORMAT_VERSION)}


def test_a_record_of_format_1_is_read_whole_and_answers_its_trial(tmp_path: Path) -> None:
    store = Store(tmp_path)
    record = store.opened(OLD / "record-format-1", weights=True)
    assert record is not None
    shutil.copytree(OLD / "record-format-1", store.folder(record.trial))
    found = store.kept(record.trial)
    assert found is not None
    assert (keys.key(found.trial), found.content, found.ended) == (KEY, CONTENT, "finished")
    assert (found.trial.probes, found.trial.analyses) == (("ipr",), ("neuron-phases",))
    assert found.curves["step"].tolist() == [0, 1, 2, 4, 8]
    assert found.probes["ipr"]["step"].tolist() == [0, 1, 2, 4, 8]
    assert found.analyses["neuron-phases"].keys() == {"initial", "final"}
    assert found.weights["W1"].shape == (4, 10)
    assert found.snapshots.keys() == {0, 2}
    assert [one.state for one in survey.survey(store, weights=True)] == [survey.SOUND]


def test_a_record_of_format_1_that_is_written_again_is_of_this_format(tmp_path: Path) -> None:
    store = Store(tmp_path)
    old = store.opened(OLD / "record-format-1", weights=True)
    assert old is not None
    new = store.opened(store.save(old), weights=True)
    assert new is not None
    head = json.loads((store.folder(old.trial) / "record.json").read_text())
    assert head["format_version"] == formats.FORMAT_VERSION
    assert head["key"] == KEY
    assert codec.head(new) == codec.head(old)
    assert {name: values.tobytes() for name, values in codec.arrays(new).items()} == {
        name: values.tobytes() for name, values in codec.arrays(old).items()
    }


def test_the_trial_that_a_run_starts_from_is_upgraded_too() -> None:
    first = {"analyses": ["progress"], "portraits": ["spectrum"]}
    head = {"format_version": 1, "trial": {**first, "start": {"trial": first, "state": True}}, "analyses": {}}
    trial = formats.upgraded(head)["trial"]
    assert trial["analyses"] == trial["start"]["trial"]["analyses"] == ["preactivation-power", "progress"]
    assert formats.array_name("portraits/spectrum/final", 1) == "analyses/preactivation-power/final"
    assert formats.array_name("curves/step", 1) == "curves/step"


def make_newer(folder: Path) -> bytes:
    head = folder / "record.json"
    document = {**json.loads(head.read_text()), "format_version": formats.FORMAT_VERSION + 1, "new": True}
    head.write_text(json.dumps(document))
    return head.read_bytes()


def test_a_record_of_a_newer_format_is_refused_in_a_sentence_and_never_replaced(tmp_path: Path) -> None:
    told: list[str] = []
    store, trial = Store(tmp_path, told.append), make_trial()
    before = make_newer(store.save(make_record(trial)))
    assert store.find(trial) is None
    (sentence,) = told
    assert f"was written by a newer grokbench, in format {formats.FORMAT_VERSION + 1} of records" in sentence
    assert "Update grokbench" in sentence
    with pytest.raises(StoreError, match="written by a newer grokbench"):
        store.check_writable([trial])
    with pytest.raises(StoreError, match="written by a newer grokbench"):
        store.save(make_record(trial))
    (lying,) = survey.survey(store)
    assert lying.state == survey.NEWER
    assert survey.prune([lying]) == []
    assert (store.folder(trial) / "record.json").read_bytes() == before


def test_an_archive_of_a_newer_format_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = dataclasses.replace(make_record(make_trial()), weights={})
    with monkeypatch.context() as later:
        later.setattr(formats, "FORMAT_VERSION", formats.FORMAT_VERSION + 1)
        archive.write(tmp_path, "gd", [record])
    for read in (lambda: archive.read(tmp_path, "gd"), lambda: archive.Archive(tmp_path).find(record.trial)):
        with pytest.raises(GrokbenchError, match=r"gd.zip was written by a newer grokbench"):
            read()


@pytest.mark.parametrize("version", [0, -1, "2", None, 1.0, True])
def test_what_is_no_format_is_damage(version: object, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no format of records"):
        formats.upgraded({"format_version": version})
