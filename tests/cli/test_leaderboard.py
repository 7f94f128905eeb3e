"""``grokbench leaderboard`` from the command line and from Python, on a track that trains in seconds."""

from __future__ import annotations

import json
import subprocess
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

import grokbench
from grokbench.plan import blocks
from tests import processes, tracks

SCHEMA = json.loads((files("grokbench") / "specs/schemas/leaderboard.schema.json").read_text("utf-8"))


def board(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    words = ("--specs", str(folder), "--store", str(folder / "store"))
    return processes.grokbench("leaderboard", "toy", *more, *words, cwd=folder)


def test_a_track_from_tuning_over_the_commit_to_its_page(tmp_path: Path) -> None:
    folder = tracks.written(tmp_path / "track", tuned=False, committed=False)
    for name in ("adamw", "lion"):
        tuned = board(folder, "--tune", name, "--workers", "1")
        assert tuned.returncode == 0, tuned.stderr
        assert "written to" in tuned.stdout
    text = tracks.submission(folder, "lion").read_text(encoding="utf-8")
    assert text.count("t_star = ") == text.count("[workload.") == 2
    again = board(folder, "--tune", "lion", "--json")
    assert json.loads(again.stdout)["submission"] == "toy/lion"
    found = grokbench.tune_submission("toy", "lion", specs=folder, store=folder / "store")
    assert found == json.loads(again.stdout)["workload"]
    assert tracks.submission(folder, "lion").read_text(encoding="utf-8") == text

    dry = board(folder, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "toy/lion is provisional" in dry.stdout
    assert "56 trials, 8 already stored, 48 to train" in dry.stdout

    tracks.git(folder, "init", "-q")
    (folder / ".gitignore").write_text("store\n", encoding="utf-8")
    commit = tracks.commit(folder)
    first = board(folder, "--workers", "2", "--json", "--out", "reports")
    assert first.returncode == 0, first.stderr
    document = json.loads(first.stdout)
    jsonschema.Draft7Validator(SCHEMA).validate(document)
    assert {own["commit"] for own in document["entries"]} == {commit}
    assert {tuple(own["seeds"]) for own in document["entries"]} == {blocks.drawn(commit, 12)}
    parity = {own["name"]: own["workloads"][1] for own in document["entries"]}["adamw"]
    assert parity["kept"] >= 6  # of 12: AdamW learns the parity of two bits
    assert document == json.loads((folder / "reports/leaderboard-toy.json").read_text(encoding="utf-8"))
    assert (folder / "reports/leaderboard-toy/figures/profiles.png").is_file()

    records = folder / "reports/leaderboard-toy/records"
    made = processes.grokbench(
        "leaderboard", "toy", "--specs", str(folder), "--store", "empty", "--records", str(records), "--out", "there",
        cwd=folder,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    for name in ("leaderboard-toy.md", "leaderboard-toy.json"):
        assert (folder / "there" / name).read_bytes() == (folder / "reports" / name).read_bytes()
    found = grokbench.leaderboard("toy", specs=folder, store=folder / "empty", records=records)
    assert len(found.records) == 48


def test_what_cannot_be_asked_is_told_in_flags(tmp_path: Path) -> None:
    folder = tracks.written(tmp_path / "track", tuned=False, committed=False)
    result = board(folder)
    assert result.returncode == 2
    assert "toy/adamw, with which others are paired, is not tuned; name it as --tune NAME" in result.stderr
    assert board(folder, "--tune", "lion", "--block", "maintainer").returncode == 2
    wrong = board(folder, "--submission", "lyon")
    assert wrong.returncode == 2
    assert "toy/lion" in wrong.stderr
    assert not (folder / "store").exists()


def test_tracks_and_submissions_are_listed_shown_and_validated(tmp_path: Path) -> None:
    folder = tracks.written(tmp_path / "track", committed=False)
    specs = ("--specs", str(folder))
    listed = processes.grokbench("list", "tracks", *specs, cwd=folder).stdout
    assert "A toy" in listed
    assert "small" in listed
    assert "toy/lion" in processes.grokbench("list", "submissions", *specs, cwd=folder).stdout
    shown = processes.grokbench("show", "toy/lion", "--json", *specs, cwd=folder)
    assert json.loads(shown.stdout)["workloads"]["mlp"]["t_star"] == 60
    shown = processes.grokbench("show", "toy", "--resolved", *specs, cwd=folder)
    assert "workloads[1].id = 'parity'" in shown.stdout
    valid = processes.grokbench("validate", str(folder), cwd=folder)
    assert valid.stdout == "3 files, no mistakes\n"
    path = tracks.submission(folder, "lion")
    path.write_text(
        path.read_text(encoding="utf-8").replace('optimizer.lr" = 0.03', 'model.width" = 9'), "utf-8"
    )
    refused = processes.grokbench("validate", str(path), cwd=folder)
    assert refused.returncode == 2
    assert "toy/lion on mlp changes model.width" in refused.stderr


def test_a_new_submission_passes_its_check_as_it_stands(tmp_path: Path) -> None:
    made = processes.grokbench("new", "submission", "small/mine", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "tasks/tracks/small/mine.toml").is_file()
    checked = processes.grokbench("validate", "tasks/tracks/small/mine.toml", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    "own", [tracks.WORKLOADS.format(mlp=60, parity=40), "[workload]\nmlp.t_star = 60\nparity.t_star = 40\n"]
)
def test_tables_that_tuning_cannot_write_are_refused_before_anything_is_trained(
    own: str, tmp_path: Path
) -> None:
    folder = tracks.written(tmp_path / "track", tuned=False, committed=False)
    with tracks.submission(folder, "lion").open("a", encoding="utf-8") as file:
        file.write(own)
    for more in ((), ("--dry-run",)):
        refused = board(folder, "--tune", "lion", "--workers", "1", *more)
        assert refused.returncode == 2
        assert "has tables [workload.…] of its own; remove them" in refused.stderr
        assert not refused.stdout
    with pytest.raises(grokbench.GrokbenchError, match="of its own; remove them"):
        grokbench.tune_submission("toy", "lion", specs=folder, store=folder / "store")
    assert not (folder / "store").exists()
