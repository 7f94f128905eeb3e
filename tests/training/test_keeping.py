"""A run that is kept in the middle, and begun anew from there, ends as if it had never stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.store.checkpoints import Checkpoint
from grokbench.tasks.sources.online import Drawing
from grokbench.training.engine import train
from grokbench.training.record import Record
from grokbench.training.taken import Taken
from tests.training.test_batched import CASES, eight

STEPS = 30


class Stops(Checkpoint):
    """Keeps a run after so many updates, and ends the process there, as far as a test may."""

    def __init__(self, path: Path, after: int) -> None:
        super().__init__(path)
        self._left = after

    def due(self) -> bool:
        self._left -= 1
        return not self._left

    def save(self, state: Taken, made: Mapping[str, object]) -> None:
        super().save(state, made)
        raise SystemExit


def stopped(trial: Trial, path: Path, after: int, engine: str = "auto") -> None:
    with pytest.raises(SystemExit):
        train(trial, engine=engine, keeper=Stops(path, after))


def same(one: Record, other: Record) -> None:
    assert other == one
    assert other.content == one.content
    assert other.facts == one.facts
    for name, weight in one.weights.items():
        np.testing.assert_array_equal(other.weights[name], weight)
    assert {**one.probes}.keys() == {**other.probes}.keys()
    for name, columns in one.probes.items():
        for column, values in columns.items():
            np.testing.assert_array_equal(other.probes[name][column], values)
            assert other.probes[name][column].dtype == values.dtype
    assert {**one.snapshots}.keys() == {**other.snapshots}.keys()


@pytest.mark.parametrize("engine", ["plain", "auto"])
@pytest.mark.parametrize("case", CASES)
def test_every_network_optimizer_and_noise_goes_on_bit_for_bit(
    case: str, engine: str, tmp_path: Path
) -> None:
    trial = eight(case, STEPS)[2]
    whole = train(trial, engine=engine)
    for after in (1, 11):  # twice, from a run that was resumed
        stopped(trial, tmp_path / "kept", after, engine)
    same(whole, train(trial, engine=engine, keeper=Checkpoint(tmp_path / "kept")))


def test_probes_snapshots_and_the_search_for_t_gen_go_on(tmp_path: Path) -> None:
    trial = eight("quadratic-mlp", 60)[0]
    trial = replace(trial, horizon=1.2, snapshots=(5, 20, 40), probes=("trace", "ipr", "phases"))
    whole = train(trial)
    for after in (3, 15, 9):
        stopped(trial, tmp_path / "kept", after)
    same(whole, train(trial, keeper=Checkpoint(tmp_path / "kept")))


def test_a_learner_goes_on(tmp_path: Path) -> None:
    spec, recipe = Library().resolve("addition", "mallinar2024/rfm", {"task.domain.p": 7})
    trial = Trial(spec, recipe, alpha=0.5, seed=9000, budget=8)
    whole = train(trial)
    for after in (2, 3):
        stopped(trial, tmp_path / "kept", after)
    same(whole, train(trial, keeper=Checkpoint(tmp_path / "kept")))


def test_a_state_that_cannot_be_kept_hinders_no_training(tmp_path: Path, monkeypatch: Any) -> None:
    trial = eight("online", STEPS)[0]
    whole = train(trial)
    monkeypatch.delattr(Drawing, "KEPT")  # it then holds a domain, of which nothing says what changes in it
    kept = Stops(tmp_path / "kept", 5)
    same(whole, train(trial, keeper=kept))
    assert not kept.path.exists()


def test_what_another_machine_or_a_cut_off_write_has_left_is_begun_anew(tmp_path: Path) -> None:
    trial, path = eight("quadratic-mlp", STEPS)[0], tmp_path / "kept"
    whole = train(trial)
    stopped(trial, path, 9)
    sound = path.read_bytes()
    assert Checkpoint(path).load({"torch": "another"}) is None
    for spoilt in (sound[:-7], b"", sound.replace(b"state", b"stale")):
        path.write_bytes(spoilt)
        same(whole, train(trial, keeper=Checkpoint(path)))


def test_a_run_is_kept_at_most_once_a_minute_and_costs_little(tmp_path: Path, monkeypatch: Any) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    kept = Checkpoint(tmp_path / "kept")
    assert not kept.due()
    now[0] = 61.0
    assert kept.due()
    monkeypatch.setattr("grokbench.store.checkpoints.write", lambda *given: now.__setitem__(0, now[0] + 10.0))
    kept.save(Taken({}), {})  # took ten seconds, so that the next comes 500 later
    now[0] += 499
    assert not kept.due()
    now[0] += 2
    assert kept.due()
