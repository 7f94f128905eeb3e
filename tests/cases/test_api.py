"""What users pass to Python calls: numbers of every type, paths, one in place of a list, specs as values. Never a traceback."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import grokbench
from grokbench import parts
from grokbench.plan import resolve
from grokbench.plan import sweep_words as sweeping
from grokbench.specs import schema, values
from grokbench.specs.types import Trial
from grokbench.store import keys

SMALL: dict[str, Any] = {"task.domain.p": 11, "model.width": 16}
TASK = """
id = "mine"
title = "A sum"
operation = "x + y"
domain = { kind = "integers-mod", p = 11 }
"""


def trial(**words: Any) -> Trial:
    plain = {"task": "addition", "baseline": "gromov2023/adamw", "alpha": 0.3, "seed": 3, "steps": 5}
    return resolve.resolve_trial(**{**plain, "settings": SMALL, **words})


def run(**words: Any) -> grokbench.Record:
    return grokbench.run(
        **{"task": "addition", "baseline": "gromov2023/adamw", "steps": 5, "settings": SMALL, **words}
    )


def planned(tmp_path: Path, **words: Any) -> Any:
    plain = {"alphas": (0.5,), "seeds": 1, "steps": 5, "settings": SMALL, "store": tmp_path}
    return sweeping.plan("addition", "gromov2023/adamw", **{**plain, **words})


def refusal(call: Callable[[], object]) -> str:
    """The sentence of the error, on one line."""
    with pytest.raises(grokbench.GrokbenchError) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text
    assert "--" not in text  # the command line's options are not Python's fields
    return text


SAME: dict[str, dict[str, Any]] = {
    "seed of numpy": {"seed": np.int64(3)},
    "seed of one byte": {"seed": np.uint8(3)},
    "seed as an array without axes": {"seed": np.array(3)},
    "seed 3.0": {"seed": 3.0},
    "steps of numpy": {"steps": np.int64(5)},
    "steps 5.0": {"steps": 5.0},
    "steps as a decimal": {"steps": Decimal("5")},
    "alpha of numpy": {"alpha": np.float64(0.3)},
    "alpha in single precision": {"alpha": np.float32(0.3)},
    "alpha as a fraction": {"alpha": Fraction(3, 10)},
    "alpha as a decimal": {"alpha": Decimal("0.3")},
    "settings of numpy": {"settings": {"task.domain.p": np.int64(11), "model.width": np.int32(16)}},
    "settings that are whole floats": {"settings": {"task.domain.p": 11.0, "model.width": 1.6e1}},
    "settings in tables": {"settings": {"task": {"domain": {"p": 11}}, "model": {"width": 16}}},
}


@pytest.mark.parametrize("words", SAME.values(), ids=SAME.keys())
def test_one_number_makes_one_key_whatever_its_type(words: dict[str, Any]) -> None:
    found = trial(**words)
    assert keys.key(found) == keys.key(trial())
    assert found == trial()
    assert {type(found.seed), type(found.budget), type(found.alpha)} == {int, float}
    assert {type(found.task.domain["p"]), type(found.recipe.model["width"])} == {int}


def test_learning_rates_of_numpy_are_those_of_python() -> None:
    rates = (0.01, np.float64(0.01), np.float32(0.01), Decimal("0.01"), Fraction(1, 100))
    assert len({keys.key(trial(settings={**SMALL, "optimizer.lr": rate})) for rate in rates}) == 1
    assert trial(settings={**SMALL, "optimizer": {"lr": 0.02}}).recipe.optimizer["lr"] == 0.02


def test_half_of_the_table_is_meant_where_neither_alpha_nor_rows_is_named() -> None:
    assert trial(alpha=None) == trial(alpha=0.5)
    assert trial(alpha=None, rows=60).alpha == trial(alpha=60 / 121).alpha
    with pytest.raises(grokbench.GrokbenchError, match="alpha must be a number; got None"):
        grokbench.compare("gromov2023/gd", "gromov2023/adamw", task="addition", alpha=None)  # type: ignore[arg-type]


def test_a_table_of_another_kind_replaces_the_recipes_own() -> None:
    found = trial(settings={**SMALL, "optimizer": {"lr": 0.5, "kind": "gd"}}).recipe.optimizer
    assert found == trial(settings={**SMALL, "optimizer.kind": "gd", "optimizer.lr": 0.5}).recipe.optimizer
    assert "betas" not in found


def test_the_largest_seed_works_in_the_store_and_in_exports_too(tmp_path: Path) -> None:
    first = run(seed=2**63 - 1, store=tmp_path)
    assert first.trial.seed == 2**63 - 1
    assert run(seed=2**63 - 1, store=tmp_path) == first
    pytest.importorskip("pyarrow", reason="the extra export is not installed")
    grokbench.export(seed=2**63 - 1, store=tmp_path, out=tmp_path / "out", format="parquet")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "alpha as text": ({"alpha": "0.3"}, "alpha must be a number; got '0.3'"),
    "alpha and rows": ({"alpha": 0.5, "rows": 10}, "alpha and rows say the same thing; give one of them"),
    "alpha True": ({"alpha": True}, "alpha must be a number; got True"),
    "alpha nan": ({"alpha": float("nan")}, "α must lie between 0 and 1"),
    "seed True": ({"seed": True}, "seed must be a whole number; got True"),
    "seed of numpy's truth": ({"seed": np.bool_(True)}, "seed must be a whole number"),
    "seed None": ({"seed": None}, "seed must be a whole number; got None"),
    "seed as text": ({"seed": "3"}, "seed must be a whole number; got '3'"),
    "seed 1.5": ({"seed": 1.5}, "seed must be a whole number; got 1.5"),
    "seed -1": ({"seed": -1}, "seed must be 0 or more; got -1"),
    "seed 2^63": ({"seed": 2**63}, "seed must be below 2^63; got 9223372036854775808"),
    "a seed of thousands of digits": ({"seed": 10**5000}, "below 2^63; got a number of thousands of digits"),
    "seeds": ({"seed": [0, 1]}, "seed must be a whole number; got [0, 1]"),
    "steps 2.5": ({"steps": 2.5}, "steps must be a whole number"),
    "steps inf": ({"steps": float("inf")}, "steps must be a whole number"),
    "steps 1e10": ({"steps": 1e10}, "steps must be at most 1000000000; got 10000000000"),
    "a rate as text": ({"settings": {"optimizer.lr": "1e-2"}}, "optimizer.lr: expected number; got '1e-2'"),
    "settings in a list": ({"settings": [("optimizer.lr", 1)]}, "settings must be a table"),
    "settings by number": ({"settings": {3: 1}}, "a field of settings must be text; got 3"),
    "a setting twice": ({"settings": {"optimizer": {"lr": 1}, "optimizer.lr": 2}}, "give optimizer.lr twice"),
    "no table": ({"settings": {"title": "x"}}, "title cannot be set"),
    "unknown probe": ({"probes": ["irp"]}, "unknown probe 'irp'; did you mean 'ipr'?"),
    "probes that are none": ({"probes": 3}, "probes must be text; got 3"),
    "task None": ({"task": None}, "task must be an id or a file; got None"),
    "baseline as a table": ({"baseline": {"lr": 1}}, "baseline must be an id or a file"),
    "specs None": ({"specs": None}, "specs must be a path; got None"),
    "specs nowhere": ({"specs": "nowhere"}, "nowhere: no such folder of specs"),
    "device of torch": ({"device": torch.device("cpu")}, "device must be text"),
    "device by number": ({"device": "cuda:0"}, "unknown device 'cuda:0'"),
    "unknown device": ({"device": "cpus"}, "did you mean 'cpu'"),
    "store that is no path": ({"store": 3}, "store must be a path; got 3"),
    "an empty store": ({"store": ""}, "store is an empty path; name one, or leave it out"),
    "an empty file": ({"save": ""}, "save is an empty path; name one, or leave it out"),
    "save that is no path": ({"save": True}, "save must be a path; got True"),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_meant_is_one_sentence(words: dict[str, Any], said: str) -> None:
    assert said in refusal(lambda: run(**words))


def test_one_probe_or_folder_is_a_list_of_one(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "mine.toml").write_text(TASK, encoding="utf-8")
    for specs in (tmp_path, str(tmp_path), [tmp_path]):
        assert trial(task="mine", specs=specs, settings={"model.width": 16}).task.id == "mine"
    assert trial(probes="ipr") == trial(probes=["ipr", "ipr"])
    assert grokbench.validate(tmp_path / "tasks" / "mine.toml") == [tmp_path / "tasks" / "mine.toml"]


def test_a_task_and_a_recipe_may_be_a_path_or_what_was_loaded(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TASK, encoding="utf-8")
    width = {"model.width": 16}
    assert trial(task=path, settings=width) == trial(task=str(path), settings=width)
    assert trial(task=grokbench.load_task(path), settings=width) == trial(task=path, settings=width)
    assert trial(task=grokbench.load_task("addition", p=np.int64(11)), settings=width) == trial()
    assert trial(baseline=grokbench.load_baseline("gromov2023/adamw")) == trial()


def test_a_sweep_of_what_was_loaded_names_what_makes_it_again(tmp_path: Path) -> None:
    task = grokbench.load_task("addition", p=11)
    job = sweeping.plan(
        task,
        grokbench.load_baseline("gromov2023/adamw"),
        alphas=0.5,
        seeds=1,
        steps=5,
        settings={"model.width": 16},
        store=tmp_path,
    )
    assert "--task addition --baseline gromov2023/adamw" in job.command
    assert "--set task.domain.p=11 --set model.width=16" in job.command
    (tmp_path / "mine.toml").write_text(TASK, encoding="utf-8")
    lost = grokbench.load_task(tmp_path / "mine.toml")
    with pytest.raises(grokbench.GrokbenchError, match="no folder of specs has the task 'mine'"):
        sweeping.plan(lost, "gromov2023/adamw", alphas=0.5, seeds=1, store=tmp_path)


def test_home_is_what_a_tilde_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    run(store="~/records", save="~/x.safetensors")
    assert (tmp_path / "records").is_dir()
    assert grokbench.load_network("~/x.safetensors") is not None


def test_a_sweep_takes_scalars_and_arrays(tmp_path: Path) -> None:
    assert planned(tmp_path, alphas=0.5).alphas == (0.5,)
    assert planned(tmp_path, alphas=np.arange(0.3, 0.6, 0.1)).alphas == (0.3, 0.4, 0.5)
    assert planned(tmp_path, alphas=np.linspace(0.3, 0.5, 3, dtype=np.float32)).alphas == (0.3, 0.4, 0.5)
    for two in (
        2,
        2.0,
        np.int64(2),
        np.array(2),
        [0, 1],
        [0.0, 1.0],
        np.arange(2),
        range(2),
        (s for s in (0, 1)),
    ):
        assert planned(tmp_path, seeds=two).seeds == (0, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"alphas": "0.3,0.5"}, "alphas must be numbers, as in alphas=[0.3, 0.5]; got '0.3,0.5'"),
        ({"alphas": [float("nan")]}, "α must lie between 0 and 1"),
        ({"alphas": []}, "at least one training fraction"),
        ({"seeds": "0,1"}, "seeds must be numbers, as in seeds=[0, 1]; got '0,1'"),
        ({"seeds": True}, "seeds must be a whole number; got True"),
        ({"seeds": -1}, "seeds must be 0 or more; got -1"),
        ({"seeds": [0, -1]}, "seeds must be 0 or more; got -1"),
        ({"seeds": 10**9}, "seeds must be at most"),
        ({"seeds": [0, 2**63]}, "seeds must be below 2^63"),
        ({"seeds": 0}, "at least one seed"),
        ({"steps": 0}, "steps must be 1 or more; got 0"),
    ],
)
def test_a_sweep_that_cannot_be_meant_is_one_sentence(
    tmp_path: Path, words: dict[str, Any], said: str
) -> None:
    assert said in refusal(lambda: planned(tmp_path, **words))


@pytest.mark.parametrize(
    ("workers", "said"), [(0, "1 or more; got 0"), (-1, "1 or more"), (1.5, "a whole number")]
)
def test_workers_are_a_whole_number(workers: Any, said: str) -> None:
    words = {"alphas": 0.5, "seeds": 1, "workers": workers}
    assert f"workers must be {said}" in refusal(
        lambda: grokbench.sweep("addition", "gromov2023/adamw", **words)
    )
    assert f"workers must be {said}" in refusal(
        lambda: grokbench.reproduce("gromov2023", "smoke", workers=workers)
    )


def test_words_of_a_paper_that_are_none_are_one_sentence(tmp_path: Path) -> None:
    assert "tier must be text" in refusal(lambda: grokbench.reproduce("gromov2023", 3))  # type: ignore[arg-type]
    assert "paper must be an id" in refusal(lambda: grokbench.reproduce(None))  # type: ignore[arg-type]
    assert "unknown claim of gromov2023 'no-such'" in refusal(
        lambda: grokbench.reproduce("gromov2023", claims="no-such")
    )
    assert "seeds must be below 2^63" in refusal(lambda: grokbench.reproduce("gromov2023", seeds=[2**63]))
    assert "no such folder of records" in refusal(
        lambda: grokbench.reproduce("gromov2023", reuse=tmp_path / "none")
    )
    assert "domain.q: unknown key" in refusal(lambda: grokbench.load_task("addition", q=5))


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_trained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    words: dict[str, Any] = {"store": tmp_path / "store", "out": tmp_path / "file"}
    assert "cannot be written to" in refusal(lambda: grokbench.reproduce("gromov2023", "smoke", **words))
    assert "cannot be written to" in refusal(
        lambda: grokbench.sweep("addition", "gromov2023/adamw", alphas=0.5, seeds=1, **words)
    )
    assert not (tmp_path / "store").exists()


def test_a_file_that_is_no_network_is_one_sentence(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    empty, foreign, broken = (tmp_path / f"{name}.safetensors" for name in ("empty", "foreign", "broken"))
    empty.write_bytes(b"")
    save_file({"W": np.zeros(2, dtype=np.float32)}, foreign)
    save_file(
        {"W": np.zeros(2, dtype=np.float32)}, broken, {"grokbench": '{"model": {"kind": "quadratic-mlp"}}'}
    )
    assert "is a folder" in refusal(lambda: grokbench.load_network(tmp_path))
    assert "no weights can be read" in refusal(lambda: grokbench.load_network(empty))
    with pytest.raises(grokbench.GrokbenchError, match="does not say which network"):
        grokbench.load_network(foreign)
    assert "do not go together" in refusal(lambda: grokbench.load_network(broken))


def test_records_compare_by_what_came_out() -> None:
    first, again, other = run(), run(), run(seed=1)
    assert first == again
    assert first != other
    assert first != "something else"
    assert len({first, again, other}) == 2
    assert pickle.loads(pickle.dumps(first)) == copy.deepcopy(first) == first
    assert hash(first.trial) == hash(again.trial)


def test_a_record_prints_as_one_short_line() -> None:
    text = repr(run(seed=4))
    assert text == (
        "<Record addition, gromov2023/adamw, α = 0.5, seed 4: finished after 5 steps, T_mem not reached, T_gen not reached>"
    )


def test_a_record_without_curves_prints_too() -> None:
    record = dataclasses.replace(run(seed=4), ended="failed", curves={})
    assert repr(record) == "<Record addition, gromov2023/adamw, α = 0.5, seed 4: failed>"


def test_a_record_knows_its_times() -> None:
    record = run(settings={"task.domain.p": 11, "model.width": 64}, steps=40)
    first = int(np.flatnonzero(record.curves["train_accuracy"] >= 0.99)[0])
    assert record.t_mem == record.curves["step"][first]
    assert record.t_gen == np.inf


def test_the_probes_that_can_be_named_are_those_there_are() -> None:
    entry = schema.schema("paper")["properties"]["experiment"]["items"]
    for kind in ("probes", "analyses"):
        items = entry["properties"][kind]["items"]
        assert items == {"enum": list(parts.BUILT_IN[kind]), "parts": kind}


def test_plain_values_hold_nothing_of_numpy() -> None:
    found = values.plain([np.int8(1), np.array([1.5, 2.0]), np.str_("a"), np.bool_(True), (np.float32(0.1),)])
    assert found == [1, [1.5, 2.0], "a", True, [0.1]]
    assert [type(item) for item in found] == [int, list, str, bool, list]
