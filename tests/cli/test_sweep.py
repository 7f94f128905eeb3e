"""``grokbench sweep`` from the command line and from Python, on a task of 49 rows."""

from __future__ import annotations

import json
import shlex
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import grokbench
from grokbench.cli import options
from tests import processes

SCHEMA = json.loads((files("grokbench") / "specs/schemas/sweep.schema.json").read_text(encoding="utf-8"))
RECIPE = ["--task", "addition", "--baseline", "gromov2023/adamw"]
SMALL = [*RECIPE, "--set", "task.domain.p=7", "--set", "model.width=32", "--steps", "60"]


def sweep(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return processes.grokbench("sweep", *more, "--store", str(folder / "store"), cwd=folder)


def test_a_sweep_ends_with_a_table_a_sentence_and_a_plot(tmp_path: Path) -> None:
    first = sweep(tmp_path, *SMALL, "--alphas", "0.3:0.7:0.2", "--seeds", "2", "--workers", "2")
    assert first.returncode == 0, first.stderr
    assert "2 seed(s) × 3 fraction(s), budget 60 steps: 6 trials, 0 already stored" in first.stderr
    assert "no confidence interval" in first.stdout
    assert [line.split()[0] for line in first.stdout.splitlines()[2:5]] == ["0.3", "0.5", "0.7"]
    stem = next((tmp_path / "sweeps").glob("addition-gromov2023-adamw-*.md")).stem
    names = {path.name for path in (tmp_path / "sweeps").iterdir()}
    assert names == {f"{stem}.{ending}" for ending in ("md", "json", "png")}

    again = sweep(tmp_path, *SMALL, "--alphas", "0.3,0.5,0.7", "--seeds", "0,1", "--json", "--out", "there")
    assert again.returncode == 0, again.stderr
    assert "nothing to train" in again.stderr
    document = json.loads(again.stdout)
    jsonschema.Draft7Validator(SCHEMA).validate(document)
    assert document == json.loads((tmp_path / f"there/{stem}.json").read_text(encoding="utf-8"))
    assert document["levels"][0]["alpha"] == 0.3
    assert 0 < len(document["trials"]) <= 6
    assert all(one["steps"] <= 75 for one in document["trials"])

    remade = sweep(tmp_path, *shlex.split(document["command"])[2:], "--json")
    assert {**json.loads(remade.stdout), "command": ""} == {**document, "command": ""}

    def same(**more: Any) -> Any:
        return grokbench.sweep(
            "addition",
            "gromov2023/adamw",
            alphas=(0.3, 0.5, 0.7),
            seeds=2,
            steps=60,
            settings={"task.domain.p": 7, "model.width": 32},
            store=tmp_path / "store",
            **more,
        )

    found = same()
    assert [level.status for level in found.threshold.levels] == [one["status"] for one in document["levels"]]
    assert {cell: record.content for cell, record in found.records.items()} == {
        (one["seed"], one["alpha"]): one["content"] for one in document["trials"]
    }


def test_a_dry_run_trains_and_writes_nothing(tmp_path: Path) -> None:
    result = sweep(tmp_path, *SMALL, "--alphas", "0.3:0.7:0.1", "--seeds", "6", "--dry-run", "--json")
    assert result.returncode == 0, result.stderr
    plan = json.loads(result.stdout)
    assert (plan["cells"], plan["stored"], plan["most"]) == (30, 0, 30)
    assert plan["likely"] == 18
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_prints_its_plan_on_stdout(tmp_path: Path) -> None:
    result = sweep(tmp_path, *SMALL, "--alphas", "0.3:0.7:0.1", "--seeds", "6", "--dry-run")
    assert result.stdout.startswith("6 seed(s) × 5 fraction(s), budget 60 steps: 30 trials, 0 already stored")
    assert result.stderr == ""


def test_the_schema_is_a_draft_07_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--alphas", "0.3:0.6"], "ranges"),
        (["--alphas", "a"], "ranges"),
        (["--alphas", "nan"], "ranges"),
        (["--alphas", "0.3:0.6:0"], "above 0"),
        (["--alphas", "0.6:0.3:0.1"], "rises"),
        (["--alphas", "0:1:1e-9"], "more than"),
        (["--alphas", "0.5:1:0.5"], "between 0 and 1"),
        (["--alphas", "0.5", "--seeds", "0"], "number of seeds"),
        (["--alphas", "0.5", "--seeds", "-3"], "number of seeds"),
        (["--alphas", "0.5", "--seeds", "many"], "number of seeds"),
        (["--alphas", "0.5", "--workers", "0"], "1 or more"),
        (["--alphas", "0.5", "--steps", "0"], "1 or more"),
        (["--alphas", "0.5", "--set", "optimizer.weight_deca=1.0"], "did you mean"),
        (["--seeds", "2"], "Missing option"),
    ],
)
def test_bad_input_is_answered_with_a_sentence(words: list[str], expected: str, tmp_path: Path) -> None:
    result = sweep(tmp_path, *RECIPE, *words)
    assert result.returncode == 2, result.stderr
    assert expected in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_ranges_include_their_end_and_fractions_keep_their_digits() -> None:
    assert options.fractions("0.1:0.9:0.1") == (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    assert options.fractions("0.2:0.75:0.1")[-1] == 0.7
    assert options.fractions("0.5,0.3,0.3") == (0.3, 0.5)
    assert options.fractions("0.33333333333333") == (0.33333333333333,)
    assert options.seeds("0,3,7") == (0, 3, 7)
    assert options.seeds("9000,") == (9000,)
