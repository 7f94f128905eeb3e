"""The whole pipeline on a paper small enough for tests."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import grokbench
from grokbench.plan import worker
from grokbench.reproduction import Reproduction
from grokbench.specs import schema
from grokbench.store import archive
from tests import processes

SPECS = Path(__file__).parent / "data" / "specs"


def words(root: Path, *more: str) -> list[str]:
    base = ["reproduce", "tiny", "--specs", str(SPECS)]
    return [*base, "--store", str(root / "store"), "--out", str(root / "out"), *more]


def reproduce(root: Path, *more: str) -> tuple[dict[str, Any], str]:
    result = processes.grokbench(*words(root, "--json", *more), check=True, render=True)
    return json.loads(result.stdout), result.stderr


def by_id(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {claim["id"]: claim for claim in document["claims"]}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], str]:
    root = tmp_path_factory.mktemp("reproduction")
    document, said = reproduce(root)
    return root, document, said


def test_it_prints_the_plan_trains_decides_and_writes(done: tuple[Path, dict[str, Any], str]) -> None:
    root, document, said = done
    assert "12 trials, 0 already stored, 12 to train, some" in said
    assert "MB in" in said
    claims = by_id(document)
    assert claims["generalises"]["verdict"] == "REPRODUCED"
    assert claims["generalises"]["n_seeds"] == 6
    assert claims["generalises-untrained"]["verdict"] == "NOT REPRODUCED"
    assert claims["only-at-paper"]["verdict"] == "NOT RUN"
    assert "paper" in claims["only-at-paper"]["reason"]
    assert (root / "out" / "tiny.md").is_file()
    assert (root / "out" / "README.md").is_file()
    assert json.loads((root / "out" / "tiny.json").read_text(encoding="utf-8")) == document


def test_the_document_follows_its_schema(done: tuple[Path, dict[str, Any], str]) -> None:
    jsonschema.Draft7Validator(schema.schema("report")).validate(done[1])


def test_a_second_run_trains_nothing_and_says_so(done: tuple[Path, dict[str, Any], str]) -> None:
    document, said = reproduce(done[0])
    assert "nothing to train" in said
    assert by_id(document) == by_id(done[1])


def test_a_dry_run_trains_and_writes_nothing(tmp_path: Path) -> None:
    document, said = reproduce(tmp_path, "--dry-run")
    assert document["trials"] == 12
    assert "to train" in said
    assert list(tmp_path.iterdir()) == []


def test_the_report_is_made_again_from_its_records_without_training(
    done: tuple[Path, dict[str, Any], str], tmp_path: Path
) -> None:
    root, document, _ = done
    records = root / "out" / "tiny" / "records"
    grokbench.report("tiny", records=records, out=tmp_path, store=tmp_path / "empty", specs=[SPECS])
    again = json.loads((tmp_path / "tiny.json").read_text(encoding="utf-8"))
    kept = ("id", "verdict", "tier", "n_seeds", "statistic", "interval", "accepted", "values")
    for claim, other in zip(again["claims"], document["claims"], strict=True):
        assert [claim.get(name) for name in kept] == [other.get(name) for name in kept]


def test_committed_records_can_be_reused(done: tuple[Path, dict[str, Any], str], tmp_path: Path) -> None:
    records = done[0] / "out" / "tiny" / "records"
    _, said = reproduce(tmp_path, "--reuse", str(records))
    assert "nothing to train" in said
    assert "Taken from another store" in (tmp_path / "out" / "tiny.md").read_text(encoding="utf-8")


def test_several_folders_of_records_can_be_reused(
    done: tuple[Path, dict[str, Any], str], tmp_path: Path
) -> None:
    archives = sorted((done[0] / "out" / "tiny" / "records").glob("*.zip"))
    assert len(archives) > 1
    folders = [tmp_path / "some", tmp_path / "others"]
    for i, path in enumerate(archives):
        folders[i % 2].mkdir(exist_ok=True)
        shutil.copy(path, folders[i % 2])
    _, said = reproduce(tmp_path, *(word for folder in folders for word in ("--reuse", str(folder))))
    assert "nothing to train" in said


def test_one_claim_updates_its_own_entry(done: tuple[Path, dict[str, Any], str]) -> None:
    root, before, _ = done
    document, _ = reproduce(root, "--claim", "generalises-untrained")
    assert by_id(document).keys() == by_id(before).keys()
    assert by_id(document)["generalises"]["verdict"] == "REPRODUCED"


@pytest.fixture
def clone(done: tuple[Path, dict[str, Any], str], tmp_path: Path) -> Path:
    """A copy of the report with its records and figures, beside an empty store."""
    shutil.copytree(done[0] / "out", tmp_path / "out")
    return tmp_path


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.suffix in (".zip", ".png")
    }


def test_a_report_without_records_keeps_every_verdict_that_was_reached(clone: Path) -> None:
    out = clone / "out"
    before, files = json.loads((out / "tiny.json").read_text(encoding="utf-8")), files_in(out)
    assert {Path(name).suffix for name in files} == {".zip", ".png"}
    page = grokbench.report("tiny", store=clone / "store", out=out, specs=[SPECS])
    after = json.loads((out / "tiny.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema.schema("report")).validate(after)
    assert {name: claim["kept"] for name, claim in by_id(after).items()} == {
        "generalises": True,
        "generalises-untrained": True,
        "only-at-paper": False,
    }
    for name, claim in by_id(before).items():
        if name != "only-at-paper":
            assert {**claim, "kept": True} == by_id(after)[name]
    assert files_in(out) == files
    assert after["cost"] == before["cost"]
    assert after["figures"] == before["figures"]
    text = page.read_text(encoding="utf-8")
    assert "2 verdicts rest on records of an earlier run" in text
    assert "REPRODUCED under our reading (quick, kept)" in text
    assert "(quick, kept)" in (out / "README.md").read_text(encoding="utf-8")


def test_a_command_for_one_claim_changes_its_own_entry_and_keeps_the_others(clone: Path) -> None:
    files = files_in(clone / "out")
    document, _ = reproduce(clone, "--claim", "generalises-untrained")
    claims = by_id(document)
    assert [claims[name]["kept"] for name in ("generalises", "generalises-untrained")] == [True, False]
    assert claims["generalises"]["verdict"] == "REPRODUCED"
    assert files_in(clone / "out")["tiny/records/train.zip"] == files["tiny/records/train.zip"]


def test_a_rule_that_has_changed_is_applied_to_the_records_that_are_there(clone: Path) -> None:
    specs, files = shutil.copytree(SPECS, clone / "specs"), files_in(clone / "out")
    path = next(specs.rglob("claims.toml"))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("min = 1, reason", "max = 0, reason", 1), encoding="utf-8")
    grokbench.report("tiny", store=clone / "store", out=clone / "out", specs=[specs])
    after = by_id(json.loads((clone / "out" / "tiny.json").read_text(encoding="utf-8")))
    assert [after["generalises"][name] for name in ("verdict", "kept")] == ["NOT REPRODUCED", True]
    assert after["generalises-untrained"]["verdict"] == "NOT REPRODUCED"
    assert files_in(clone / "out") == files  # the records answer the same trials, whatever is asked of them
    assert "| train (earlier run) | 6 |" in (clone / "out" / "tiny.md").read_text(encoding="utf-8")


def test_more_seeds_that_were_there_before_are_read_beside_the_commands_own(
    done: tuple[Path, dict[str, Any], str], clone: Path
) -> None:
    records = clone / "out" / "tiny" / "records"
    whole, _ = reproduce(clone, "--tier", "paper", "--claim", "generalises")
    assert [by_id(whole)["generalises"][name] for name in ("tier", "n_seeds", "kept")] == ["paper", 12, False]
    six = done[0] / "store"  # of the quick tier
    grokbench.report("tiny", store=six, out=clone / "out", specs=[SPECS])
    found = by_id(json.loads((clone / "out" / "tiny.json").read_text(encoding="utf-8")))["generalises"]
    assert [found[name] for name in ("tier", "n_seeds", "kept")] == ["paper", 12, True]
    assert len(archive.read(records, "train")) == 12
    grokbench.report("tiny", records=records, out=clone / "again", specs=[SPECS])
    again = by_id(json.loads((clone / "again" / "tiny.json").read_text(encoding="utf-8")))["generalises"]
    assert {**again, "kept": True} == found


def test_the_commands_own_records_come_before_those_that_were_there(
    done: tuple[Path, dict[str, Any], str], clone: Path
) -> None:
    records = clone / "out" / "tiny" / "records"
    other = [dataclasses.replace(record, content="elsewhere") for record in archive.read(records, "train")]
    archive.write(records, "train", other)
    grokbench.report("tiny", store=done[0] / "store", out=clone / "out", specs=[SPECS])
    assert "elsewhere" not in {record.content for record in archive.read(records, "train")}


def test_the_folder_written_to_can_be_reused(clone: Path) -> None:
    files = files_in(clone / "out")
    document, said = reproduce(clone, "--reuse", str(clone / "out" / "tiny" / "records"))
    assert "nothing to train" in said
    assert by_id(document)["generalises"]["verdict"] == "REPRODUCED"
    assert files_in(clone / "out") == files


def test_a_verdict_on_another_recipe_is_not_kept(clone: Path) -> None:
    specs = shutil.copytree(SPECS, clone / "specs")
    recipe = next(specs.rglob("adamw.toml"))
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace("width = 64", "width = 65"), encoding="utf-8")
    with pytest.raises(grokbench.GrokbenchError, match="no record"):
        grokbench.report("tiny", store=clone / "store", out=clone / "out", specs=[specs])
    job = Reproduction("tiny", claims=["generalises-untrained"], store=clone / "store", specs=[specs])
    for planned in job.plan.trials:
        worker.train_here(planned.trial, job.store, worker.Job(str(job.store.root)))
    grokbench.report("tiny", store=clone / "store", out=clone / "out", specs=[specs])
    after = by_id(json.loads((clone / "out" / "tiny.json").read_text(encoding="utf-8")))
    assert after["generalises"]["verdict"] == "NOT RUN"
    assert not any(claim["kept"] for claim in after.values())
    assert not list((clone / "out").rglob("*.png"))


def test_smoke_writes_beside_and_decides_nothing_statistical(done: tuple[Path, dict[str, Any], str]) -> None:
    root, before, _ = done
    document, _ = reproduce(root, "--tier", "smoke")
    assert {claim["verdict"] for claim in document["claims"]} <= {"INCONCLUSIVE", "NOT RUN"}
    assert (root / "out" / "tiny.smoke.md").is_file()
    assert json.loads((root / "out" / "tiny.json").read_text(encoding="utf-8"))["tier"] == before["tier"]


def records_in(store: Path) -> int:
    """Records in a folder that is being written to."""
    walk = os.walk(store)  # passes over what vanishes meanwhile
    return sum("record.json" in files for folder, _, files in walk if not Path(folder).name.startswith("."))


def descendants(pid: int) -> list[int]:
    """Process ids of the children and of theirs, where the system tells them by file (Linux)."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    own = [int(word) for word in path.read_text().split()] if path.exists() else []
    return [*own, *(one for child in own for one in descendants(child))]


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not collected does not."""
    path = Path(f"/proc/{pid}/stat")
    try:
        return path.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.thorough
def test_a_killed_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "grokbench", *words(tmp_path, "--workers", "1")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    store = tmp_path / "store" / "records"
    limit = time.monotonic() + 60
    while records_in(store) < 3 and time.monotonic() < limit:
        pass
    workers = descendants(process.pid)
    process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    process.wait()
    while any(alive(pid) for pid in workers) and time.monotonic() < limit:
        pass
    assert not any(alive(pid) for pid in workers)
    job = Reproduction("tiny", "quick", store=tmp_path / "store", specs=[SPECS])
    stored = job.estimate().stored
    assert 3 <= stored < 12
    document, said = reproduce(tmp_path)
    assert f"{12 - stored} to train" in said or "nothing to train" in said
    assert by_id(document)["generalises"]["verdict"] == "REPRODUCED"


def test_a_damaged_record_is_trained_again_and_said_so(done: tuple[Path, dict[str, Any], str]) -> None:
    root = done[0]
    heads = sorted((root / "store" / "records").rglob("record.json"))
    victim = heads[0]
    trials = {path: json.loads(path.read_text(encoding="utf-8"))["trial"] for path in heads}
    own = [trial["seed"] for trial in trials.values() if trial["budget"] == 0]
    # A training may be the only record that answers the untrained trial of its seed.
    lost = 1 if trials[victim]["budget"] == 0 or trials[victim]["seed"] in own else 2
    victim.write_text(victim.read_text(encoding="utf-8").replace("memoriser", "memorizer"), encoding="utf-8")
    _, said = reproduce(root)
    assert "is damaged" in said
    assert f" {lost} to train" in said


def test_force_trains_everything_again(done: tuple[Path, dict[str, Any], str]) -> None:
    root = done[0]
    before = {path: path.stat().st_mtime_ns for path in (root / "store" / "records").rglob("record.json")}
    document, said = reproduce(root, "--force", "--claim", "generalises")
    assert "6 trials, 0 already stored, 6 to train" in said
    after = {path: path.stat().st_mtime_ns for path in before}
    assert sum(after[path] != before[path] for path in before) == 6
    assert by_id(document)["generalises"] == by_id(done[1])["generalises"]
