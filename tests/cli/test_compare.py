"""``grokbench compare`` from the command line and from Python, on a task of 49 rows."""

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
from tests import processes

SCHEMA = json.loads((files("grokbench") / "specs/schemas/compare.schema.json").read_text(encoding="utf-8"))
ARMS = ["gromov2023/adamw", "gromov2023/adamw-wd5"]
SMALL = ["--task", "addition", "--alpha", "0.5", "--set", "task.domain.p=7", "--set", "model.width=32"]
GROKFAST = ["lee2024/none", "lee2024/ema", "--task", "multiplication", "--alpha", "0.5"]
STAND_IN = ["--set", "model.d_model=16", "--set", "model.layers=1", "--steps", "20", "--seeds", "2"]


def compare(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return processes.grokbench("compare", *more, "--store", str(folder / "store"), cwd=folder)


def test_a_comparison_ends_with_what_differs_a_ratio_and_a_plot(tmp_path: Path) -> None:
    first = compare(tmp_path, *ARMS, *SMALL, "--steps", "40", "--seeds", "2", "--workers", "2")
    assert first.returncode == 0, first.stderr
    assert "2 seed(s), budget 40 steps: 4 trials, 0 already stored" in first.stderr
    assert first.stdout.index("A and B differ in optimizer.weight_decay alone") < first.stdout.index(
        "T_gen of A"
    )
    stem = next((tmp_path / "comparisons").glob("addition-gromov2023-adamw-against-*.md")).stem
    names = {path.name for path in (tmp_path / "comparisons").iterdir()}
    assert names == {f"{stem}.{ending}" for ending in ("md", "json", "png", "svg")}

    again = compare(tmp_path, *ARMS, *SMALL, "--steps", "40", "--seeds", "0,1", "--json", "--out", "there")
    assert again.returncode == 0, again.stderr
    assert "nothing to train" in again.stderr
    document = json.loads(again.stdout)
    jsonschema.Draft7Validator(SCHEMA).validate(document)
    assert document == json.loads((tmp_path / f"there/{stem}.json").read_text(encoding="utf-8"))

    remade = compare(tmp_path, *shlex.split(document["command"])[2:], "--json")
    assert json.loads(remade.stdout) == document

    found = grokbench.compare(
        *ARMS,
        task="addition",
        alpha=0.5,
        seeds=2,
        steps=40,
        settings={"task.domain.p": 7, "model.width": 32},
        store=tmp_path / "store",
    )
    assert list(found.confounds) == document["confounded"] == []
    assert [record.content for record in found.records.values()] == [
        arm["runs"][seed]["content"] for seed in (0, 1) for arm in document["arms"]
    ]


def test_the_published_arms_of_grokfast_are_confounded_and_a_dry_run_plans_the_two_by_two(
    tmp_path: Path,
) -> None:
    result = compare(tmp_path, *GROKFAST, *STAND_IN, "--isolate", "--dry-run")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "confounded: weight_decay"
    assert "4 arms, as a factorial of these fields:" in lines
    assert [line.split(": 2 trial(s)")[0].strip() for line in lines if ": 2 trial(s)" in line] == [
        "A: lee2024/none",
        "B: lee2024/ema",
        "A with weight_decay of B",
        "A with wrapper of B",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_of_a_tuning_says_its_seeds_and_values(tmp_path: Path) -> None:
    tune = ["--tune", "optimizer.lr=1e-3:1e-1", "--trials", "3"]
    result = compare(tmp_path, *ARMS, *SMALL, *tune, "--dry-run", "--json")
    assert result.returncode == 0, result.stderr
    plan: dict[str, Any] = json.loads(result.stdout)
    assert plan["to_train"] == 2 * 3 + 2 * 6
    assert "0.001, 0.01, 0.1 in each arm, on seed(s) 9000, which are not compared" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--tune", "optimizer.lr"], "--tune optimizer.lr: expected FIELD=RANGE"),
        (["--tune", "optimizer.lr=0.1:0.2"], "as in --trials 5"),
        (["--trials", "3"], "--trials are those of a tuning"),
        (["--under-test", "lrr"], "field in which the recipes differ"),
    ],
)
def test_bad_words_end_with_one_sentence_in_flags(tmp_path: Path, words: list[str], said: str) -> None:
    result = compare(tmp_path, *ARMS, *SMALL, *words)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
