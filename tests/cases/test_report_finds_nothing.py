"""A report from the wrong records says what it did not find, instead of a page of NOT RUN."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import grokbench
from grokbench.plan import worker
from grokbench.reproduction import Reproduction
from grokbench.specs.errors import NoRecordsError
from grokbench.store import archive
from tests import processes

SPECS = Path(__file__).parents[1] / "data" / "specs"


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the records of one of the paper's experiments, which trains nothing."""
    store = tmp_path_factory.mktemp("untrained") / "store"
    job = Reproduction("tiny", claims=["generalises-untrained"], store=store, specs=[SPECS])
    for planned in job.plan.trials:
        worker.train_here(planned.trial, job.store, worker.Job(str(job.store.root)))
    return store


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a record of no trial of the paper."""
    folder = tmp_path_factory.mktemp("foreign")
    record = grokbench.run(
        "addition", "gromov2023/adamw", steps=0, settings={"task.domain.p": 5, "model.width": 4}
    )
    archive.write(folder, "other", [record])
    return folder


def cli(*words: str) -> subprocess.CompletedProcess[str]:
    return processes.grokbench(*words, "--specs", str(SPECS))


def test_records_of_something_else_are_refused_and_nothing_is_written(foreign: Path, tmp_path: Path) -> None:
    result = cli("report", "tiny", "--records", str(foreign), "--out", str(tmp_path / "out"))
    assert result.returncode == 2
    assert f"no record in {foreign} is of a trial of tiny" in result.stderr
    assert "--records" in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_empty_store_is_refused_in_python_too(tmp_path: Path) -> None:
    with pytest.raises(NoRecordsError, match="grokbench reproduce tiny"):
        grokbench.report("tiny", store=tmp_path / "none", out=tmp_path / "out", specs=[SPECS])
    assert list(tmp_path.iterdir()) == []


def test_what_some_records_lack_is_noted(untrained: Path, tmp_path: Path) -> None:
    notes: list[str] = []
    page = grokbench.report("tiny", store=untrained, out=tmp_path, specs=[SPECS], on_note=notes.append)
    assert page == tmp_path / "tiny.md"
    assert len(notes) == 1
    claims = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))["claims"]
    left = sum(claim["verdict"] == "NOT RUN" for claim in claims)
    assert notes[0].startswith(
        f"{left} of {len(claims)} claims of tiny lack records (none of `train`, `long`"
    )
    assert str(untrained) in notes[0]


def test_an_empty_store_beside_an_earlier_report_is_noted(
    untrained: Path, foreign: Path, tmp_path: Path
) -> None:
    grokbench.report("tiny", store=untrained, out=tmp_path, specs=[SPECS])
    notes: list[str] = []
    grokbench.report("tiny", store=tmp_path / "none", out=tmp_path, specs=[SPECS], on_note=notes.append)
    assert notes == [
        f"no record in the store {tmp_path / 'none'} is of a trial of tiny; the report rests on the records in "
        f"{tmp_path / 'tiny' / 'records'}"
    ]
    with pytest.raises(NoRecordsError):
        grokbench.report("tiny", records=foreign, out=tmp_path, specs=[SPECS])


def test_a_paper_that_trains_nothing_rests_on_no_records(tmp_path: Path) -> None:
    notes: list[str] = []
    grokbench.report("charton2023", store=tmp_path / "none", out=tmp_path, on_note=notes.append)
    assert notes == []


def test_all_papers_are_reported_where_there_are_records(untrained: Path, tmp_path: Path) -> None:
    result = cli("report", "--all", "--json", "--store", str(untrained), "--out", str(tmp_path / "out"))
    assert result.returncode == 0, result.stderr
    assert list(json.loads(result.stdout)) == ["tiny", "charton2023"]  # the second trains nothing
    assert "note: no record in" in result.stderr
    none = cli("report", "--all", "--store", str(tmp_path / "none"), "--out", str(tmp_path / "nowhere"))
    assert none.returncode == 2
    assert "no paper has a record here" in none.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_lends_nothing_is_noted(foreign: Path, untrained: Path) -> None:
    words = ["reproduce", "tiny", "--dry-run", "--store", str(untrained), "--reuse", str(foreign)]
    result = cli(*words)
    assert result.returncode == 0
    assert f"note: {foreign}, which is to be re-used, has no record for any trial of tiny" in result.stderr
