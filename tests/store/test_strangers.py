"""What a stranger made is data: a record, an archive, a checkpoint or weights run nothing, lead nowhere and fill no memory."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import pickle
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grokbench.specs.errors import InputError
from grokbench.store import archive, checkpoints, codec, keys, merging, survey, zips
from grokbench.store.files import END
from grokbench.store.folder import Store
from grokbench.training import run
from tests.fuzz.guard import small, watched
from tests.fuzz.heads import HEAD, whole, write_head
from tests.store.test_keys_and_store import make_record, make_trial


class Payload:
    """Its pickle makes a folder when it is loaded."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.place),)


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # pickles objects
    return buffer.getvalue()


def sealed(folder: Path, changes: dict[str, bytes] | None = None, **head: object) -> None:
    """Change files and entries of a record, and make its checksums right again: a stranger's record."""
    document = json.loads((folder / "record.json").read_text())
    for name, data in (changes or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        document["checksums"][name] = hashlib.sha256(data).hexdigest()
    write_head(folder, document | head)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    own = Store(tmp_path / "store")
    own.save(make_record(make_trial()))
    return own


@pytest.fixture
def folder(store: Store) -> Path:
    return store.folder(make_trial())


def refused(store: Store) -> str:
    """Why the record of the trial is none."""
    told: list[str] = []
    own = Store(store.root, told.append)
    assert own.find(make_trial()) is None
    assert own.kept(make_trial()) is None
    (lying,) = survey.survey(store, weights=True)
    assert lying.state == survey.DAMAGED
    (text,) = told
    return text


# -- pickles ---------------------------------------------------------------------------------------------


def test_the_payload_of_these_tests_does_run(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Payload(tmp_path / "ran")))
    assert (tmp_path / "ran").is_dir()


def test_a_pickle_in_a_record_is_refused_and_not_run(store: Store, folder: Path, tmp_path: Path) -> None:
    objects = np.array([Payload(tmp_path / "ran")], dtype=object)
    for data in (npz(**{"curves/step": objects}), pickle.dumps(Payload(tmp_path / "ran"))):
        sealed(folder, {"arrays.npz": data})
        with watched():
            assert "is damaged" in refused(store)
    sealed(folder, {"weights.safetensors": pickle.dumps(Payload(tmp_path / "ran"))})
    with watched():
        assert "is damaged" in refused(store)
    assert not (tmp_path / "ran").exists()


def test_a_pickle_in_an_archive_is_refused_and_not_run(tmp_path: Path) -> None:
    record = dataclasses.replace(make_record(make_trial()), weights={})
    path, key = archive.write(tmp_path, "gd", [record]), keys.key(record.trial)
    heads = zipfile.ZipFile(path).read("records.json")
    objects = np.array([Payload(tmp_path / "ran")], dtype=object)
    for arrays in (npz(**{"curves/step": objects}), pickle.dumps(Payload(tmp_path / "ran"))):
        with zipfile.ZipFile(path, "w") as out:
            out.writestr("records.json", heads)
            out.writestr(f"{key}.npz", arrays)
        with watched(), pytest.raises(InputError, match="damaged"):
            archive.read(tmp_path, "gd")
        with watched(), pytest.raises(InputError, match="damaged"):
            archive.Archive(tmp_path).find(record.trial)
    assert not (tmp_path / "ran").exists()


def test_a_pickle_in_a_checkpoint_or_an_end_is_begun_anew_and_not_run(tmp_path: Path) -> None:
    objects = np.array([Payload(tmp_path / "ran")], dtype=object)
    text = np.frombuffer(json.dumps({"format": 1, "made": {}, "trials": []}).encode(), dtype=np.uint8)
    for data in (npz(**{"state.json": text, "0": objects}), npz(**{"state.json": objects})):
        path = tmp_path / END
        path.write_bytes(hashlib.sha256(data).hexdigest().encode() + data)
        with watched():
            assert checkpoints.read_end(path) is None
            assert checkpoints.Checkpoint(path).load({}) is None
            assert checkpoints.names_in(path) == ()
    assert not (tmp_path / "ran").exists()


def test_what_a_state_names_is_put_into_what_is_there_and_makes_no_object() -> None:
    from grokbench.training.state import put
    from grokbench.training.taken import Taken, UnkeptError

    class Run:
        KEPT = ("step",)
        step = 0

    for node in ({"object": {"step": 1, "__class__": "os"}}, {"object": {"keep": 1}}):
        run = Run()
        with pytest.raises(UnkeptError):
            put(Taken(node, []), run)
        assert type(run) is Run
        assert run.step == 0


# -- names that lead out of a folder -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../../../../../secret", "/etc/hostname", "snapshot-/../../../../../../secret", "snapshot-1/.."]
)
def test_a_records_files_lie_in_its_folder(name: str, store: Store, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    document = json.loads((folder / "record.json").read_text())
    document["checksums"][name] = hashlib.sha256(b"secret").hexdigest()
    write_head(folder, document)
    assert "is damaged" in refused(store)


def test_members_of_an_archive_are_never_unpacked_to_a_disk(tmp_path: Path) -> None:
    record = dataclasses.replace(make_record(make_trial()), weights={})
    records = tmp_path / "a" / "b"
    path = archive.write(records, "gd", [record])
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    device = zipfile.ZipInfo("device")
    device.external_attr = (stat.S_IFCHR | 0o666) << 16
    with zipfile.ZipFile(path, "a") as out:
        for name in ("../../escaped", "/tmp/grokbench-escaped", "..\\escaped"):
            out.writestr(name, b"x")
        out.writestr(link, b"/etc/passwd")
        out.writestr(device, b"")
    assert archive.Archive(records).find(record.trial) is not None
    into = Store(tmp_path / "store")
    assert [one.what for one in merging.merge(into, archive.Archive(records))] == ["new"]
    inside = {p.relative_to(tmp_path).parts[0] for p in tmp_path.rglob("*")}
    assert inside == {"a", "store"}
    assert not Path("/tmp/grokbench-escaped").exists()


def test_a_record_under_another_ones_name_is_none(tmp_path: Path) -> None:
    record = dataclasses.replace(make_record(make_trial()), weights={})
    path = archive.write(tmp_path, "gd", [record])
    with zipfile.ZipFile(path) as stored:
        heads, arrays = json.loads(stored.read("records.json")), stored.read(f"{keys.key(record.trial)}.npz")
    for name in ("../../escaped", "0" * 64):
        with zipfile.ZipFile(path, "w") as out:
            out.writestr("records.json", json.dumps({name: next(iter(heads.values()))}))
            out.writestr(f"{name}.npz", arrays)
        with pytest.raises(InputError, match="damaged"):
            archive.Archive(tmp_path).find(record.trial)


@pytest.mark.parametrize("name", ["../escaped", "/etc/escaped", "a/b", "..", "", "A", "a\nb"])
def test_an_id_leads_to_no_other_folder(name: str, tmp_path: Path) -> None:
    from grokbench.specs import schema

    paper = {"paper": {"id": name, "title": "t", "authors": "a", "year": 2020}, "experiment": [{"id": name}]}
    wrong = {mistake.path for mistake in schema.mistakes("paper", paper, "claims.toml")}
    assert {"paper.id", "experiment[0].id"} <= wrong
    assert "id" in {mistake.path for mistake in schema.mistakes("task", {"id": name}, "task.toml")}
    recipe = schema.mistakes("recipe", {"id": f"{name}/{name}"}, "recipe.toml")
    assert "id" in {mistake.path for mistake in recipe}


# -- bombs -------------------------------------------------------------------------------------------------


def bomb(size: int, name: str = "records.json") -> bytes:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out,
        out.open(name, "w", force_zip64=True) as member,
    ):
        for _ in range(size // 2**20):
            member.write(bytes(2**20))
    return buffer.getvalue()


def declaring(data: bytes, size: int) -> bytes:
    """A zip of one member whose headers declare another size."""
    spoilt = bytearray(data)
    central = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", spoilt, central + 24, size)
    return bytes(spoilt)


def test_a_zip_bomb_is_refused_by_its_declared_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips.opened, "__defaults__", (2**22,))
    data = bomb(2**23)
    assert len(data) < 2**16
    (tmp_path / "gd.zip").write_bytes(data)
    with pytest.raises(InputError, match="it unpacks to 8388608 bytes; the limit is 4194304"):
        archive.read(tmp_path, "gd")


def test_a_zip_bomb_is_refused_by_its_real_size(tmp_path: Path) -> None:
    data = declaring(bomb(2**28), 100)  # 256 MiB that claim to be 100 bytes
    stored = zips.opened(data)
    assert stored.getinfo("records.json").file_size == 100
    with small(), pytest.raises(zips.DAMAGE):
        zips.member(stored, "records.json")
    (tmp_path / "gd.zip").write_bytes(data)
    with small(), pytest.raises(InputError, match="damaged"):
        archive.read(tmp_path, "gd")


def test_the_head_of_an_archive_has_its_own_limit() -> None:
    with pytest.raises(ValueError, match=r"records\.json unpacks to 67108864 bytes; the limit is 1024"):
        zips.member(zips.opened(bomb(2**26)), "records.json", 1024)


def test_an_array_that_claims_to_be_larger_than_its_bytes_takes_no_memory(store: Store, folder: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**40,)})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        out.writestr("curves/step.npy", header.getvalue() + bytes(64))
    sealed(folder, {"arrays.npz": buffer.getvalue()})
    with small():
        assert "is damaged" in refused(store)


def test_checkpoints_hold_no_compressed_arrays(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{"state.json": np.zeros(2**22, dtype=np.uint8)})
    data = buffer.getvalue()
    path = tmp_path / "kept"
    path.write_bytes(hashlib.sha256(data).hexdigest().encode() + data)
    with pytest.raises(ValueError, match="it unpacks to"):
        checkpoints.read(path)


# -- anything --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("environment", None),
        ("facts", []),
        ("cost", "dear"),
        ("analyses", []),
        ("outcome", "well"),
        ("content", 1),
        ("error", {}),
        ("cost", {**HEAD["cost"], "seconds": []}),
        ("cost", {**HEAD["cost"], "cpu_seconds": "dear"}),
        ("trial", {**HEAD["trial"], "task": {**HEAD["trial"]["task"], "thresholds": {"t_gen": "x"}}}),
        ("trial", {**HEAD["trial"], "task": {**HEAD["trial"]["task"], "thresholds": {"foo": 1}}}),
        *(("facts", {**HEAD["facts"], name: None}) for name in codec.FACTS),
    ],
)
def test_a_head_of_another_kind_is_damaged(name: str, value: Any, tmp_path: Path) -> None:
    store = Store(tmp_path, (told := []).append)
    record = whole()
    folder = store.save(record)
    sealed(folder, **{name: value})
    assert store.find(record.trial) is None
    (lying,) = survey.survey(store)
    assert (lying.state, lying.record) == (survey.DAMAGED, None)
    assert told == [f"the record {folder} is damaged; its trial will be trained again"]


def test_every_record_is_asked_for_the_curves_that_training_writes() -> None:
    assert codec.CURVES == run.CURVES


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 2000), st.booleans())
def test_an_archive_with_anything_in_it_is_read_or_refused(data: bytes, at: int, whole: bool) -> None:
    sound = pack()
    spoilt = data if whole else sound[: at % len(sound)] + data + sound[at % len(sound) + len(data) :]
    with watched(), small():
        try:
            found = zips.opened(spoilt)
            for name in found.namelist():
                zips.arrays(zips.member(found, name))
        except zips.DAMAGE:
            pass


def pack() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("a.npz", npz(step=np.arange(5), loss=np.ones(5)))
    return buffer.getvalue()
