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
import grokbench.plan.resolve
from grokbench.cli import run_command
from grokbench.plan import executor
from grokbench.plan.expand import PlannedTrial
from grokbench.specs.types import Trial
from grokbench.store.folder import Store
from grokbench.training.record import Record
from tests import processes


def command(store: Path, *more: str) -> subprocess.CompletedProcess[str]:
    words = ["run", "--task", "addition", "--baseline", "gromov2023/adamw"]
    words += ["--set", "model.width=64", "--steps", "40", "--store", str(store), *more]
    return processes.grokbench(*words, check=True)


def run(store: Path, *more: str) -> dict[str, Any]:
    result = command(store, "--json", *more)
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


def here(**more: Any) -> Record:
    """The same trial in this process."""
    return grokbench.run("addition", "gromov2023/adamw", steps=40, settings={"model.width": 64}, **more)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[Trial]:
    """The trials that were trained in this process."""
    from grokbench.training import engine

    found: list[Trial] = []
    train = engine.train

    def noted(trial: Trial, *rest: Any) -> Record:
        found.append(trial)
        return train(trial, *rest)

    monkeypatch.setattr(engine, "train", noted)
    return found


def test_python_and_the_command_line_save_one_file(tmp_path: Path, trained: list[Trial]) -> None:
    run(tmp_path / "a", "--save", str(tmp_path / "a.safetensors"))
    here(save=tmp_path / "b.safetensors")
    here(save=tmp_path / "c.safetensors", store=tmp_path / "a")
    assert len(trained) == 1
    contents = {(tmp_path / f"{name}.safetensors").read_bytes() for name in "abc"}
    assert len(contents) == 1
    assert grokbench.load_network(tmp_path / "b.safetensors") is not None


def test_python_and_the_command_line_read_one_store(tmp_path: Path, trained: list[Trial]) -> None:
    first = here(store=tmp_path / "a")
    assert "nothing to train" in run(tmp_path / "a")["stderr"]
    again = here(store=tmp_path / "a")
    assert len(trained) == 1
    assert (again.content, again.cost) == (first.content, first.cost)
    assert again.weights.keys() == first.weights.keys() != set()
    assert here(store=tmp_path / "a", force=True).content == first.content
    assert len(trained) == 2
    here()
    assert len(trained) == 3


def test_a_construction_is_kept_without_its_weights_and_saved_with_them(
    tmp_path: Path, trained: list[Trial]
) -> None:
    for save in (None, None, tmp_path / "w.safetensors", tmp_path / "again.safetensors"):
        grokbench.run("addition", "gromov2023/analytic", store=tmp_path / "a", save=save)
    assert len(trained) == 2
    assert (tmp_path / "w.safetensors").read_bytes() == (tmp_path / "again.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"device": "cuda"}, "CUDA"),
        ({"device": "tpu"}, "unknown device 'tpu'"),
        ({"save": "no/w.safetensors"}, "no such folder"),
        ({"save": "."}, "is a folder"),
    ],
)
def test_what_cannot_be_had_is_said_before_anything_is_trained(
    more: dict[str, Any], expected: str, trained: list[Trial]
) -> None:
    with pytest.raises(grokbench.GrokbenchError, match=expected):
        here(**more)
    assert trained == []


def summary(test: list[float], ended: str = "finished", budget: int | None = None) -> dict[str, Any]:
    """What ``run --json`` prints of a run that has fitted at its first evaluation, step 1."""
    steps = np.arange(1, len(test) + 1)
    curves = {"step": steps, "train_accuracy": np.ones(len(test)), "test_accuracy": np.array(test)}
    trial = grokbench.plan.resolve.resolve_trial(
        "addition", "gromov2023/adamw", alpha=0.5, seed=0, steps=budget or len(test)
    )
    facts = {"memoriser_baseline": 0.0, "steps": len(test)}
    return run_command._summary(Record(trial, ended, curves, facts, cost={"seconds": 1.0}))


def test_a_run_tells_crossings_delay_and_dips() -> None:
    late = summary([0.0] * 9 + [0.6, 0.96, 1.0, 1.0, 0.5, 1.0, 1.0, 1.0, 1.0, 0.97, 0.8])
    assert {name: late[name] for name in ("t_mem", "f_95", "f_99", "t_gen")} == {
        "t_mem": 1,
        "f_95": 11,
        "f_99": 12,
        "t_gen": 12,
    }
    assert (late["outcome"], late["strong"], late["half_rise_ratio"]) == ("grokking", True, 10.0)
    assert (late["dips"], late["below_99"]) == (2, 3 / 8)
    soon = summary([0.0] * 5 + [1.0] * 6)
    assert (soon["outcome"], soon["strong"], soon["half_rise_ratio"]) == ("grokking", False, 6.0)
    assert (soon["dips"], soon["below_99"]) == (0, 0.0)
    never = summary([0.0] * 8)
    names = ("t_gen", "f_99", "f_95", "half_rise_ratio", "dips", "below_99")
    assert [never[name] for name in names] == [None] * 6
    assert set(names) == set(never["why"])
    assert never["why"]["t_gen"] == "not reached within 8 steps"
    assert never["strong"] is False


def test_a_level_that_a_run_was_stopped_below_is_not_said_to_be_out_of_reach() -> None:
    stopped = summary([0.0] * 4 + [0.9] * 6, "stopped", 100)
    assert (stopped["f_95"], stopped["why"]["f_95"]) == (None, "stopped at step 10, before it was reached")
    whole = summary([0.0] * 4 + [0.9] * 6)
    assert whole["why"]["f_95"] == "not reached within 10 steps"


def test_the_text_says_what_the_document_says(tmp_path: Path) -> None:
    text = command(tmp_path / "a").stdout
    lines = dict(line.split(maxsplit=1) for line in text.splitlines())
    assert {*run(tmp_path / "a")} - {"stderr", "why", "probes"} == {*lines}
    assert (lines["f_95"], lines["dips"], lines["strong"]) == (
        "not reached within 40 steps",
        "no t_gen",
        "no",
    )


def test_one_and_two_workers_leave_the_same_records(tmp_path: Path) -> None:
    trials = [
        grokbench.plan.resolve.resolve_trial(
            "addition", "gromov2023/adamw", alpha=0.5, seed=seed, steps=20, settings={"model.width": 32}
        )
        for seed in range(3)
    ]
    contents = []
    for workers in (1, 2):
        store = Store(tmp_path / str(workers))
        planned = [PlannedTrial(trial, "x", {}, trial.seed, 20) for trial in trials]
        assert executor.execute([one.trial for one in planned], store, workers, lambda event: None) == []
        contents.append([store.find(trial).content for trial in trials])  # type: ignore[union-attr]
    assert contents[0] == contents[1]


def test_a_trial_that_raises_is_a_failure_with_a_traceback(tmp_path: Path) -> None:
    import dataclasses

    trial = grokbench.plan.resolve.resolve_trial("addition", "gromov2023/gd", alpha=0.5, seed=0, steps=5)
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


@pytest.mark.thorough
def test_a_trial_whose_worker_is_killed_twice_fails_and_no_other(tmp_path: Path) -> None:
    def trial(seed: int, steps: int) -> Trial:
        return grokbench.plan.resolve.resolve_trial(
            "addition", "gromov2023/adamw", alpha=0.5, seed=seed, steps=steps, settings={"model.width": 32}
        )

    endless, short = trial(0, 10**7), [trial(seed, 5) for seed in (1, 2, 3)]
    store = Store(tmp_path / "store")
    killed = []

    def kill_twice(event: executor.Event) -> None:
        if event.trial is endless and event.kind == "evaluated":
            for process in multiprocessing.active_children():
                if process not in killed:
                    killed.append(process)
                    process.kill()

    failures = executor.execute([endless, *short], store, 1, kill_twice)
    assert len(killed) == 2
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
    processes.grokbench(*words, check=True)
    network = grokbench.load_network(target)
    record = grokbench.run(
        "addition", "nanda2023/transformer", alpha=0.5, seed=9000, steps=60, settings=SMALL
    )
    rows = grokbench.load_task("addition", p=13).table()
    with torch.no_grad():
        logits = network(network.tokens(rows[:, :2]))  # type: ignore[operator]
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
        str(tmp_path / "w.safetensors"),
    ]
    processes.grokbench("run", *words, check=True)
    assert load_file(tmp_path / "w.safetensors")["W1"].shape == (500, 194)


@pytest.mark.parametrize(
    "name", ["list", "show", "validate", "run", "reproduce", "sweep", "report", "bench", "doctor"]
)
def test_every_command_has_help(name: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "grokbench", name, "--help"], capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("Usage:")
