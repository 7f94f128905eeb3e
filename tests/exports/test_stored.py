"""A store is asked what it has: runs, called by the specs that have their fields."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner

import grokbench
from grokbench.cli import group
from grokbench.plan.resolve import resolve_trial
from grokbench.store import archive, keys
from tests.exports.records import SMALL, record, stored, trial


def test_every_run_is_listed_with_what_it_is_of(tmp_path: Path) -> None:
    trials = [trial(seed=seed, alpha=alpha) for alpha in (0.3, 0.5) for seed in (0, 7)]
    stored(tmp_path, *trials)
    found = grokbench.records(store=tmp_path)
    assert [(one.alpha, one.seed) for one in found] == [(0.3, 0), (0.3, 7), (0.5, 0), (0.5, 7)]
    assert {one.run for one in found} == {keys.key(one) for one in trials}
    one = found[0]
    assert (one.task, one.baseline, one.changes, one.own) == ("addition", "gromov2023/adamw", SMALL, False)
    assert (one.budget, one.steps, one.t_mem, one.t_gen) == (40, 40, 8, 20)
    assert one.outcome == record(trials[0]).outcome
    assert one.size == sum(path.stat().st_size for path in one.place.iterdir())
    assert one.read() == record(trials[0])
    assert one.read().weights["W1"].shape == (2, 3)


@pytest.mark.parametrize("settings", [{}, SMALL, {"optimizer.lr": 0.02, "data.split": "mirrored"}])
def test_what_is_listed_repeats_the_run(settings: dict[str, object], tmp_path: Path) -> None:
    own = trial(settings)
    stored(tmp_path, own)
    (one,) = grokbench.records(store=tmp_path)
    assert dict(one.changes) == settings
    again = resolve_trial(
        one.task, one.baseline, alpha=one.alpha, seed=one.seed, steps=one.budget, settings=one.changes
    )
    assert keys.key(again) == one.run


def test_settings_that_make_another_spec_are_called_by_it(tmp_path: Path) -> None:
    stored(tmp_path, trial({"optimizer.weight_decay": 5.0}))
    (one,) = grokbench.records(store=tmp_path)
    assert (one.baseline, one.changes) == ("gromov2023/adamw-wd5", {})
    assert grokbench.records(store=tmp_path, baseline="gromov2023/adamw") == ()


def test_a_recipe_that_no_spec_is_called_by_is_its_owners(tmp_path: Path) -> None:
    known = trial()
    stranger = dataclasses.replace(known.recipe, id="mylab2026/narrow")
    stored(tmp_path, dataclasses.replace(known, recipe=stranger))
    (one,) = grokbench.records(store=tmp_path, baseline="mylab2026/narrow")
    assert one.own
    printed = CliRunner().invoke(group, ["runs", "--store", str(tmp_path)]).output
    assert "mylab2026/narrow task.domain.p=11 (own)" in printed


@pytest.mark.parametrize(
    ("asked", "seeds"),
    [
        ({"seed": 7}, {7}),
        ({"seed": [7, 8]}, {7, 8}),
        ({"alpha": 0.333333}, {8}),
        ({"task": "division"}, set()),
        ({"baseline": ["gromov2023/gd", "gromov2023/adamw"]}, {7, 8, 9}),
        ({"baseline": "gromov2023/gd"}, {9}),
        ({"paper": "gromov2023"}, {9}),  # the others are of no experiment
        ({"paper": "power2022"}, set()),
    ],
    ids=str,
)
def test_what_is_named_chooses(asked: dict[str, object], seeds: set[int], tmp_path: Path) -> None:
    of_paper = trial({}, baseline="gromov2023/gd", seed=9, alpha=0.49)
    stored(tmp_path, trial(seed=7), trial(seed=8, alpha=1 / 3), of_paper)
    assert {one.seed for one in grokbench.records(store=tmp_path, **asked)} == seeds  # type: ignore[arg-type]


def test_the_beginning_of_a_key_chooses_one_run(tmp_path: Path) -> None:
    one, other = trial(), trial(seed=1)
    stored(tmp_path, one, other)
    (found,) = grokbench.records(store=tmp_path, run=keys.key(one)[:12])
    assert found.seed == 0


def test_a_name_that_nothing_has_is_an_error_and_the_nearest_is_offered(tmp_path: Path) -> None:
    with pytest.raises(grokbench.GrokbenchError, match="did you mean 'addition'"):
        grokbench.records(store=tmp_path, task="additoin")
    with pytest.raises(grokbench.GrokbenchError, match="unknown paper"):
        grokbench.records(store=tmp_path, paper="gromov")


def test_what_is_no_hit_is_told_of_and_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = stored(tmp_path, trial(), trial(seed=1))
    (place.folder(trial()) / "arrays.npz").write_bytes(b"")
    told: list[str] = []
    assert [one.seed for one in grokbench.records(store=tmp_path, on_damage=told.append)] == [1]
    assert len(told) == 1
    assert "is damaged" in told[0]
    monkeypatch.setattr(keys, "TRAINING_VERSION", 2)
    assert grokbench.records(store=tmp_path) == ()


def test_weights_are_read_only_when_they_are_asked_for(tmp_path: Path) -> None:
    place = stored(tmp_path, trial())
    (place.folder(trial()) / "weights.safetensors").write_bytes(b"not these")
    (one,) = grokbench.records(store=tmp_path)
    with pytest.raises(grokbench.GrokbenchError, match="cannot be read any more"):
        one.read()


def test_committed_records_are_listed_as_those_of_a_store_but_without_a_date(tmp_path: Path) -> None:
    trials = [trial(seed=seed) for seed in range(3)]
    stored(tmp_path / "store", *trials)
    for name in ("one", "two"):  # two experiments with the same runs
        archive.write(tmp_path / "records", name, map(record, trials))
    kept = grokbench.records(records=tmp_path / "records")
    own = grokbench.records(store=tmp_path / "store")
    leave = ("written", "size", "place", "_whole")
    fields = [one.name for one in dataclasses.fields(grokbench.StoredRun) if one.name not in leave]
    assert [[getattr(one, name) for name in fields] for one in kept] == [
        [getattr(one, name) for name in fields] for one in own
    ]
    assert [one.written for one in kept] == [None] * 3
    assert kept[0].read() == record(trials[0])


def test_a_store_and_a_folder_of_records_are_not_read_at_once(tmp_path: Path) -> None:
    with pytest.raises(grokbench.GrokbenchError, match="name one of them"):
        grokbench.records(store=tmp_path, records=tmp_path)


def test_the_command_prints_a_table_and_json_has_null_and_why(tmp_path: Path) -> None:
    place = stored(tmp_path, trial())
    place.save(record(trial(seed=1), groks=False))
    asked = CliRunner().invoke(group, ["runs", "--store", str(tmp_path)])
    lines = asked.stdout.splitlines()
    assert lines[0].split() == [
        "run",
        "task",
        "baseline",
        "α",
        "seed",
        "steps",
        "T_mem",
        "T_gen",
        "outcome",
        "written",
        "size",
    ]
    assert "gromov2023/adamw model.width=16 task.domain.p=11" in lines[1]
    assert "not reached" in lines[2]
    assert f"2 runs in the store {tmp_path}" in asked.stderr
    rows = json.loads(CliRunner().invoke(group, ["runs", "--store", str(tmp_path), "--json"]).stdout)
    assert [row["t_gen"] for row in rows] == [20, None]
    assert rows[1]["why"] == {"t_gen": "not reached"}
    assert rows[0]["changes"] == SMALL


def test_an_empty_store_is_no_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(group, ["runs", "--store", str(tmp_path / "none"), "--json"])
    assert (done.exit_code, json.loads(done.stdout)) == (0, [])
    assert not (tmp_path / "none").exists()


def test_times_that_were_not_reached_are_infinite(tmp_path: Path) -> None:
    place = stored(tmp_path)
    place.save(record(trial(), groks=False))
    (one,) = grokbench.records(store=tmp_path)
    assert math.isinf(one.t_gen)
