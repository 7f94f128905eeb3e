from __future__ import annotations

import json
import multiprocessing
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
from grokbench.specs.types import Trial


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


def test_a_killed_worker_fails_its_own_trial_and_no_other(tmp_path: Path) -> None:
    def trial(seed: int, steps: int) -> Trial:
        return grokbench.api.resolve_trial(
            "addition", "gromov2023/adamw", alpha=0.5, seed=seed, steps=steps, settings={"model.width": 32}
        )

    endless, short = trial(0, 10**7), [trial(seed, 5) for seed in (1, 2, 3)]
    store = Store(tmp_path / "store")
    killed = []

    def kill_once(event: executor.Event) -> None:
        if event.trial is endless and not killed:
            killed.extend(multiprocessing.active_children())
            for process in killed:
                process.kill()

    failures = executor.execute([endless, *short], store, 1, kill_once)
    assert [failure.trial for failure in failures] == [endless]
    assert all(store.find(one) is not None for one in short)


SMALL = {
    "task.domain.p": 13,
    "model.d_model": 16,
    "model.d_head": 4,
    "model.d_mlp": 32,
    "model.mlp_biases": "frozen",
}


def test_a_saved_transformer_loads_back_into_the_plain_module(tmp_path: Path) -> None:
    import torch

    target = tmp_path / "network.safetensors"
    words = ["run", "--task", "addition", "--baseline", "nanda2023/transformer", "--alpha", "0.5"]
    words += ["--seed", "9000", "--steps", "60", "--save", str(target), "--store", str(tmp_path / "store")]
    for name, value in SMALL.items():
        words += ["--set", f"{name}={json.dumps(value)}"]
    subprocess.run([sys.executable, "-m", "grokbench", *words], capture_output=True, check=True)
    network = grokbench.load_network(target)
    record = grokbench.run(
        "addition", "nanda2023/transformer", alpha=0.5, seed=9000, steps=60, settings=SMALL
    )
    rows = grokbench.load_task("addition", p=13).table()
    with torch.no_grad():
        logits = network(network.tokens(rows[:, :2]))[:, -1]  # type: ignore[operator]
    right = int((logits.argmax(1).numpy() == rows[:, 2]).sum())
    curves, facts = record.curves, record.facts
    wanted = curves["train_accuracy"][-1] * facts["n_train"] + curves["test_accuracy"][-1] * facts["n_test"]
    assert right == round(wanted)
    assert "b_in" not in dict(network.named_parameters())


@pytest.mark.parametrize("content", [b"", b"not safetensors"])
def test_a_file_without_weights_of_ours_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(grokbench.GrokbenchError, match="no weights can be read"):
        grokbench.load_network(path)


def test_weights_that_do_not_say_whose_they_are_are_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"W": np.zeros(3)}, tmp_path / "w.safetensors")
    with pytest.raises(grokbench.GrokbenchError, match="does not say"):
        grokbench.load_network(tmp_path / "w.safetensors")


def test_an_untrained_network_can_be_saved(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    words = [
        "--task",
        "addition",
        "--baseline",
        "gromov2023/analytic",
        "--store",
        str(tmp_path / "a"),
        "--save",
        str(tmp_path / "w"),
    ]
    subprocess.run([sys.executable, "-m", "grokbench", "run", *words], capture_output=True, check=True)
    assert load_file(tmp_path / "w")["W1"].shape == (500, 194)


@pytest.mark.parametrize(
    "name", ["list", "show", "validate", "run", "reproduce", "sweep", "report", "doctor"]
)
def test_every_command_has_help(name: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "grokbench", name, "--help"], capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("Usage:")
