"""Commands that a hint names can be pasted into a shell, whatever the path in them is called."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from grokbench.cli import looking
from grokbench.specs.loader import Library
from tests import processes
from tests.exports.records import stored, trial


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "my folder"


def test_the_site_of_reports(folder: Path) -> None:
    hint = looking.site_told(folder, "no-such-paper").split("`")[1]
    assert shlex.split(hint) == ["grokbench", "site", "--reports", str(folder), "--open"]
    assert looking.site_told(Path("reports"), "no-such-paper").split("`")[1] == "grokbench site --open"


def test_the_check_of_a_new_file(folder: Path) -> None:
    for kind in ("task", "loss"):
        done = processes.grokbench("new", kind, "mine", "--into", str(folder), check=True)
        written, hint = done.stdout.splitlines()
        assert shlex.split(hint)[-1] == written.removeprefix("wrote ")


def test_the_check_of_a_spec_that_is_left_out(folder: Path) -> None:
    path = folder / "tasks" / "broken.toml"
    path.parent.mkdir(parents=True)
    path.write_text("id = 3\n", encoding="utf-8")
    notes: list[str] = []
    list(Library(folder, notes.append).each("task"))
    (hint,) = (note.split("`")[-2] for note in notes)
    assert shlex.split(hint) == ["grokbench", "validate", str(path)]


def test_events_that_were_exported(folder: Path) -> None:
    pytest.importorskip("tensorboard", reason="the extra export is not installed")
    stored(folder / "store", trial(seed=0))
    words = ["--task", "addition", "--format", "tensorboard", "--store", str(folder / "store")]
    done = processes.grokbench("export", *words, "--out", str(folder / "out"), check=True)
    assert shlex.split(done.stdout)[-2:] == ["--logdir", str(folder / "out")]
