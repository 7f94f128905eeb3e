from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grokbench
from grokbench.runs import executor
from grokbench.runs.plan import PlannedTrial
from grokbench.runs.store import Store


def run(store: Path, *more: str) -> dict[str, Any]:
    words = [
        "run",
        "--task",
        "addition",
        "--baseline",
        "gromov2023/adamw",
        "--set",
        "model.width=64",
        "--steps",
        "40",
    ]
    result = subprocess.run(
        [sys.executable, "-m", "grokbench", *words, "--json", "--store", str(store), *more],
        capture_output=True,
        text=True,
        check=True,
    )
    document: dict[str, Any] = json.loads(result.stdout)
    return {**document, "stderr": result.stderr}


def test_one_seed_in_two_stores_and_in_this_process_has_one_content(tmp_path: Path) -> None:
    first, second = run(tmp_path / "a"), run(tmp_path / "b")
    here = grokbench.run("addition", "gromov2023/adamw", steps=40, settings={"model.width": 64})
    assert first["content"] == second["content"] == here.content
    assert first["steps"] == 40
    assert run(tmp_path / "a", "--seed", "1")["content"] != first["content"]


def test_the_second_run_trains_nothing_and_says_so(tmp_path: Path) -> None:
    first = run(tmp_path / "a")
    again = run(tmp_path / "a")
    assert "nothing to train" not in first["stderr"]
    assert "nothing to train" in again["stderr"]
    assert again["content"] == first["content"]


def test_saved_weights_are_the_networks(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    run(tmp_path / "a", "--save", str(tmp_path / "w.safetensors"))
    saved = load_file(tmp_path / "w.safetensors")
    here = grokbench.run("addition", "gromov2023/adamw", steps=40, settings={"model.width": 64})
    assert saved.keys() == here.weights.keys()
    for name, value in saved.items():
        np.testing.assert_array_equal(value, here.weights[name])


def test_one_and_two_workers_leave_the_same_records(tmp_path: Path) -> None:
    trials = [
        grokbench.api.resolve_trial(
            "addition", "gromov2023/adamw", alpha=0.5, seed=seed, steps=20, settings={"model.width": 32}
        )
        for seed in range(3)
    ]
    contents = []
    for workers in (1, 2):
        store = Store(tmp_path / str(workers))
        planned = [PlannedTrial(trial, "x", {}, trial.seed, 20) for trial in trials]
        assert executor.complete(planned, store, [store], workers, lambda event: None) == []
        contents.append([store.find(trial).content for trial in trials])  # type: ignore[union-attr]
    assert contents[0] == contents[1]


def test_a_trial_that_raises_is_a_failure_with_a_traceback(tmp_path: Path) -> None:
    import dataclasses

    trial = grokbench.api.resolve_trial("addition", "gromov2023/gd", alpha=0.5, seed=0, steps=5)
    broken = dataclasses.replace(
        trial, recipe=dataclasses.replace(trial.recipe, model={"kind": "no-such-model"})
    )
    store = Store(tmp_path / "store")
    events: list[executor.Event] = []
    failures = executor.execute([broken], store, 1, events.append)
    assert [failure.key for failure in failures]
    assert "no-such-model" in Path(failures[0].path).read_text()
    assert events[-1].kind == "failed"
    assert store.find(broken) is None


@pytest.mark.parametrize("name", ["list", "show", "validate", "run", "reproduce", "report", "doctor"])
def test_every_command_has_help(name: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "grokbench", name, "--help"], capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("Usage:")
