"""A store under stress: a full disk, a clock set back, a removed folder, links, and others who read and write at once."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grokbench.specs.errors import StoreError
from grokbench.store import checkpoints, files, survey
from grokbench.store.folder import Store
from grokbench.store.locks import STALE_SECONDS, Holder, Lock
from grokbench.store.places import identity
from grokbench.training.record import Record
from grokbench.training.taken import Taken
from tests.store.test_keys_and_store import make_record, make_trial
from tests.store.test_survey import states

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
SMALL_RUN = [
    *("run", "--task", "addition", "--baseline", "gromov2023/adamw", "--steps", "3"),
    *("--set", "task.domain.p=5", "--set", "model.width=4"),
]


def command(*words: str, **how: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "grokbench", *words],
        env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, check=False, **how,  # type: ignore[call-overload]
    )  # fmt: skip


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB, which only root can mount."""
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if os.geteuid() or shutil.which("mount") is None or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here; the next test limits the size of files instead")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(store: Store, saved: list[int]) -> None:
    for seed in range(10_000):
        store.save(make_record(make_trial(seed=seed)))
        saved.append(seed)


def filled(store: Store) -> int:
    """Save records until the disk is full; how many there are."""
    saved: list[int] = []
    with pytest.raises(StoreError, match="No space left on device"):
        fill(store, saved)
    return len(saved)


def to_the_last_byte(disk: Path) -> None:
    (disk / "rest").write_bytes(b"")
    with contextlib.suppress(OSError), (disk / "rest").open("wb", buffering=0) as rest:
        while rest.write(bytes(4096)):
            pass


def test_a_lock_that_finds_the_disk_full_is_none(disk: Path) -> None:
    store = Store(disk / "store")
    lock = store.lock(make_trial())
    lock.take()
    lock.release()
    to_the_last_byte(disk)
    with pytest.raises(OSError, match="No space left on device"):
        lock.take()
    assert not lock.path.exists()
    (disk / "rest").unlink()
    assert store.lock(make_trial()).take() is None


def test_on_a_full_disk_finished_records_stay_whole_and_one_sentence_says_so(disk: Path) -> None:
    store = Store(disk / "store")
    count = filled(store)
    assert count > 5
    to_the_last_byte(disk)
    assert list(states(store, weights=True).values()) == [survey.SOUND] * count
    assert all(store.find(make_trial(seed=seed)) is not None for seed in range(count))
    with pytest.raises(StoreError, match="No space left on device"):
        store.save(make_record(make_trial(seed=0)))  # again: what is there stays
    assert store.find(make_trial(seed=0)) is not None
    kept = checkpoints.Checkpoint(disk / "store" / "checkpoints" / "run")
    kept.save(Taken({}), {})  # hinders nothing
    assert not list(disk.rglob(".*"))
    assert "No space left on device" in store.note_failure(make_trial(seed=99), "Traceback\nKeyError: 1")
    (disk / "rest").unlink()
    survey.prune(survey.survey(store))
    shutil.rmtree(store.folder(make_trial(seed=1)))
    store.save(make_record(make_trial(seed=0)))
    assert set(states(store, weights=True).values()) == {survey.SOUND}


@pytest.mark.thorough
@pytest.mark.parametrize(
    "words",
    [
        (*SMALL_RUN, "--seed", "9000"),
        ("reproduce", "gromov2023", "--tier", "smoke"),
        ("sweep", *SMALL_RUN[1:], "--alphas", "0.3:0.5:0.1", "--seeds", "2"),
    ],
)
def test_a_command_on_a_full_disk_ends_in_one_sentence(words: tuple[str, ...], disk: Path) -> None:
    filled(Store(disk / "store"))
    to_the_last_byte(disk)
    done = command(*words, "--store", str(disk / "store"), cwd=disk.parent)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert set(states(Store(disk / "store"), weights=True).values()) <= {survey.SOUND, survey.FAILURE}


LIMITED = """
import resource, sys
from grokbench.store.folder import Store
from grokbench.store import survey
from tests.store.test_keys_and_store import make_record, make_trial

store = Store(sys.argv[1])
store.save(make_record(make_trial(seed=0)))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
for seed in (0, 1):
    try:
        store.save(make_record(make_trial(seed=seed)))
        print("saved")
    except Exception as error:
        print(type(error).__name__, error)
print([one.state for one in survey.survey(store, weights=True)])
"""


def test_a_file_that_may_not_grow_is_an_error_and_no_record(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        env=ENVIRONMENT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    first, second, left = done.stdout.splitlines()
    assert first.startswith("FullError the record cannot be written")
    assert second.startswith("FullError the record cannot be written")
    assert "(File too large)" in second
    assert left == "['sound']"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", [["list", "papers"], ["list", "tasks", "--json"]])
def test_an_output_that_is_full_is_one_sentence(words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = command(*words, stdout=full)
    assert done.returncode == 2
    assert (
        done.stderr
        == "Error: nothing more can be written (No space left on device); make room and call it again\n"
    )


# -- the clock ---------------------------------------------------------------------------------------------


def test_a_clock_set_back_hides_no_record_and_removes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    for seed in (0, 1):
        store.save(make_record(make_trial(seed=seed)))
    kept = checkpoints.Checkpoint(tmp_path / "checkpoints" / "run")
    kept.save(Taken({}), {})
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 10 * 365 * 24 * 3600)
    assert store.find(make_trial(seed=0)) is not None
    assert survey.prune(survey.survey(store, weights=True)) == []
    store.save(make_record(make_trial(seed=0)))
    assert sorted(states(store).values()) == [survey.KEPT, survey.SOUND, survey.SOUND]
    assert kept.load({}) is not None


def test_a_lock_from_the_future_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = Lock(tmp_path / "a.json")
    lock.path.write_text('{"host": "elsewhere", "pid": 1, "since": "then"}')
    assert isinstance(lock.holder(), Holder)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 2 * STALE_SECONDS)
    assert lock.take() is None
    lock.release()


# -- folders that go ------------------------------------------------------------------------------------------


def from_nowhere(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command whose working directory was removed before."""
    script = 'import os, sys, runpy; os.rmdir(os.getcwd()); sys.argv[:] = ["grokbench", *sys.argv[1:]]; '
    gone = tmp_path / "gone"
    gone.mkdir()
    return subprocess.run(
        [sys.executable, "-c", script + 'runpy.run_module("grokbench", run_name="__main__")', *words],
        cwd=gone, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("store", ["relative", "absolute"])
def test_a_removed_working_directory_is_one_sentence(store: str, tmp_path: Path) -> None:
    place = store if store == "relative" else str(tmp_path / "store")
    done = from_nowhere(tmp_path, *SMALL_RUN, "--store", place)
    assert done.returncode == 2
    assert done.stderr.startswith(
        "Error: the working directory was removed; change to a folder that is there"
    )
    assert "Traceback" not in done.stderr


def test_without_a_working_directory_a_store_is_still_read(tmp_path: Path) -> None:
    Store(tmp_path / "store").save(make_record(make_trial()))
    done = from_nowhere(tmp_path, "store", "verify", "--store", str(tmp_path / "store"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1 sound record(s)")


def test_a_store_that_was_removed_meanwhile_is_made_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.save(make_record(make_trial()))
    shutil.rmtree(store.root)
    store.save(make_record(make_trial(seed=1)))
    assert store.find(make_trial()) is None
    assert store.find(make_trial(seed=1)) is not None


# -- links --------------------------------------------------------------------------------------------------------


def test_a_store_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "store").symlink_to("disk")
    store = Store(tmp_path / "store")
    store.check_writable()
    store.save(make_record(make_trial()))
    assert Store(tmp_path / "disk").find(make_trial()) is not None
    assert set(states(store, weights=True).values()) == {survey.SOUND}
    assert (tmp_path / "store").is_symlink()


@pytest.fixture
def linked(tmp_path: Path) -> tuple[Store, Path]:
    """A store whose one record is a link to a folder elsewhere."""
    store = Store(tmp_path / "store")
    folder = store.save(make_record(make_trial()))
    shutil.move(folder, tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    return store, tmp_path / "elsewhere"


def test_a_record_that_is_a_link_answers_and_what_it_leads_to_is_never_removed(
    linked: tuple[Store, Path],
) -> None:
    store, elsewhere = linked
    assert store.find(make_trial()) is not None
    store.save(make_record(make_trial()))  # takes the place of the link
    assert not store.folder(make_trial()).is_symlink()
    assert (elsewhere / "record.json").is_file()
    assert store.opened(elsewhere, weights=True) is not None


def test_pruning_removes_a_link_to_a_damaged_record_and_not_the_record(linked: tuple[Store, Path]) -> None:
    store, elsewhere = linked
    (elsewhere / "arrays.npz").write_bytes(b"spoilt")
    (removed,) = survey.prune(survey.survey(store))
    assert removed.path.is_symlink() is False
    assert not os.path.lexists(removed.path)
    assert {path.name for path in elsewhere.iterdir()} == {"record.json", "arrays.npz", "weights.safetensors"}


@pytest.mark.parametrize("target", ["nowhere", "itself"])
def test_a_link_that_leads_nowhere_is_replaced(target: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    folder = store.folder(make_trial())
    folder.parent.mkdir(parents=True)
    folder.symlink_to(folder if target == "itself" else tmp_path / "nowhere")
    assert store.find(make_trial()) is None
    store.save(make_record(make_trial()))
    assert store.find(make_trial()) is not None
    assert not (tmp_path / "nowhere").exists()


# -- two at once ------------------------------------------------------------------------------------------------------

WRITER = """
import dataclasses, sys
from grokbench.store.folder import Store
from tests.store.test_keys_and_store import make_record, make_trial

store = Store(sys.argv[1])
for i in range(40):
    for seed in range(4):
        record = make_record(make_trial(seed=seed))
        store.save(dataclasses.replace(record, cost={"seconds": float(i)}, content=f"{i}"))
"""


def test_a_record_that_comes_while_it_is_looked_for_is_not_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    store, record = Store(tmp_path, told.append), make_record(make_trial())
    read = files.read

    def late(folder: Path, **how: bool) -> Record | None:
        monkeypatch.setattr(files, "read", read)
        store.save(record)
        raise FileNotFoundError(folder)

    monkeypatch.setattr(files, "read", late)
    assert store.find(record.trial) is None
    assert told == []
    assert store.find(record.trial) is not None


def test_a_record_that_is_replaced_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, record = Store(tmp_path), make_record(make_trial())
    folder, read = store.save(record), files.read

    def torn(folder: Path, **how: bool) -> Record | None:
        monkeypatch.setattr(files, "read", read)
        store.save(replace(record, content="another"))
        raise ValueError("half of one, half of the other")

    monkeypatch.setattr(files, "read", torn)
    found = store.find(record.trial)
    assert found is not None
    assert found.content == "another"
    seen = set()
    for _ in range(8):  # where an inode is given again at once, two of these would be one
        store.save(record)
        seen.add(identity(folder))
    assert len(seen) == 8


@pytest.mark.thorough
def test_verifying_while_two_others_write_the_same_records_finds_no_damage(tmp_path: Path) -> None:
    words = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen(words, env=ENVIRONMENT) for _ in range(2)]
    told: list[str] = []
    seen: set[str] = set()
    while any(writer.poll() is None for writer in writers):
        if (tmp_path / "records").is_dir():
            store = Store(tmp_path, told.append)
            seen |= {one.state for one in survey.survey(store, weights=True)}
            store.find(make_trial(seed=0))
    assert [writer.wait() for writer in writers] == [0, 0]
    assert told == []
    assert seen <= {survey.SOUND}
    final = states(Store(tmp_path), weights=True)
    assert list(final.values()) == [survey.SOUND] * 4
    assert not list(tmp_path.rglob(".*"))
