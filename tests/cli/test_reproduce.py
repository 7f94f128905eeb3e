"""``grokbench reproduce``: which papers and claims it takes, and the plan that a dry run prints."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from grokbench.plan import worker
from grokbench.reproduction import Reproduction
from tests import processes

SPECS = Path(__file__).parents[1] / "data" / "specs"


def reproduce(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    places = ("--specs", str(SPECS), "--store", str(folder / "store"), "--out", str(folder / "out"))
    return processes.grokbench("reproduce", *words, *places)


def plan(folder: Path, *words: str) -> Any:
    result = reproduce(folder, *words, "--dry-run", "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_dry_run_prints_its_plan_on_stdout_and_nothing_else_anywhere(tmp_path: Path) -> None:
    result = reproduce(tmp_path, "tiny", "--dry-run")
    assert result.returncode == 0
    assert result.stderr == ""
    head, _, trained, untrained, total = result.stdout.splitlines()
    assert head.split() == ["experiment", "trials", "stored", "to", "train", "steps", "minutes"]
    assert trained.split()[:5] == ["train", "6", "0", "6", "1,800"]
    assert untrained.split()[:5] == ["untrained", "6", "0", "6", "0"]
    assert total.startswith("tiny, tier quick: 12 trials, 0 already stored, 12 to train, some 1,800 steps")
    assert re.search(r" worker\(s\) of this CPU, [1-9]\d* GFLOP/s a core ", total)
    assert list(tmp_path.iterdir()) == []


def test_a_dry_runs_document_says_the_same(tmp_path: Path) -> None:
    job = Reproduction("tiny", claims=["generalises-untrained"], store=tmp_path / "store", specs=[SPECS])
    for planned in job.plan.trials:
        worker.train_here(planned.trial, job.store, worker.Job(str(job.store.root)))
    document = plan(tmp_path, "tiny")
    assert (document["paper"], document["tier"]) == ("tiny", "quick")
    assert (document["trials"], document["stored"], document["steps"]) == (12, 6, 1800)
    trained, untrained = document["experiments"]
    assert {key: trained[key] for key in ("id", "trials", "stored", "to_train", "steps")} == {
        "id": "train",
        "trials": 6,
        "stored": 0,
        "to_train": 6,
        "steps": 1800,
    }
    assert 0 < trained["minutes"] < document["minutes"]
    assert (untrained["stored"], untrained["to_train"], untrained["minutes"]) == (6, 0, 0.0)
    assert document["workers"] >= 1
    assert document["megabytes"] > 0


def test_all_papers_run_where_one_has_the_claim(tmp_path: Path) -> None:
    found = plan(tmp_path, "--all", "--claim", "generalises", "--claim", "hu2024.b30-groks-2")
    assert [(one["paper"], [part["id"] for part in one["experiments"]]) for one in found] == [
        ("hu2024", ["b30-fresh", "b90"]),  # the claim's run and its control
        ("tiny", ["train"]),
    ]


@pytest.mark.parametrize("claim", ["generalises-untrained", "tiny.generalises-untrained"])
def test_a_claim_may_be_called_as_the_list_prints_it(claim: str, tmp_path: Path) -> None:
    assert [one["id"] for one in plan(tmp_path, "tiny", "--claim", claim)["experiments"]] == ["untrained"]
    assert Reproduction("tiny", claims=[claim], specs=[SPECS]).claims == ("generalises-untrained",)
