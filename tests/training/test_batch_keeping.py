"""A batch that is kept in the middle goes on as if it had never stopped, all of it or some of its trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from grokbench.specs.types import Trial
from grokbench.store import keys
from grokbench.store.checkpoints import BatchCheckpoint
from grokbench.store.folder import Store
from grokbench.training.batched.keeping import Keep
from grokbench.training.batched.loop import train_together
from grokbench.training.record import Record
from grokbench.training.taken import Taken
from tests.training.test_batched import CASES, eight
from tests.training.test_keeping import same

STEPS = 30


class Stops(BatchCheckpoint):
    """Keeps a batch after so many updates, and ends the process there, as far as a test may."""

    def __init__(self, path: Path, after: int, source: Path | None = None) -> None:
        super().__init__(path, source)
        self._left = after

    def due(self) -> bool:
        self._left -= 1
        return not self._left

    def save(self, state: Taken, made: Mapping[str, object], names: Sequence[str] = ()) -> None:
        super().save(state, made, names)
        raise SystemExit


def together(trials: Sequence[Trial], keeper: BatchCheckpoint | None = None) -> dict[str, Record]:
    names, found = tuple(map(keys.key, trials)), {}  # type: tuple[str, ...], dict[str, Any]

    def on_end(i: int, record: Any) -> None:
        found[names[i]] = record

    try:
        train_together(trials, on_end, keep=None if keeper is None else Keep(names, keeper))
    except SystemExit:
        assert isinstance(keeper, Stops)
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_batch_goes_on_bit_for_bit(case: str, tmp_path: Path) -> None:
    trials, path = eight(case, STEPS), tmp_path / "kept"
    whole = together(trials)
    assert together(trials, Stops(path, 4)) == {}
    first = together(trials, Stops(path, 20))  # one trial ends at step 10
    assert len(first) == 1
    left = [trial for trial in trials if keys.key(trial) not in first]
    rest = together(left, BatchCheckpoint(tmp_path / "other", path))
    assert {**first, **rest}.keys() == whole.keys()
    for name, record in {**first, **rest}.items():
        same(whole[name], record)


def test_trials_that_were_begun_apart_go_on_apart_and_new_ones_begin(tmp_path: Path) -> None:
    store, trials = Store(tmp_path), eight("quadratic-mlp", STEPS)
    sources = []
    for own, after in ((trials[2:4], 3), (trials[4:7], 5)):
        keeper = store.checkpoints.of_batch(own, None)
        together(own, Stops(keeper.path, after))
        sources.append(keeper.path)
    shared = {tuple(places): path for places, path in store.checkpoints.begun(trials)}
    assert shared == {(2, 3): sources[0], (4, 5, 6): sources[1], (0, 1, 7): None}


def test_a_kept_batch_is_removed_once_all_of_its_trials_have_records(tmp_path: Path) -> None:
    store, trials = Store(tmp_path), eight("quadratic-mlp", STEPS)[2:4]
    keeper = store.checkpoints.of_batch(trials, None)
    together(trials, Stops(keeper.path, 3))
    for record in together(trials, keeper).values():
        assert keeper.path.exists()
        store.save(record)
        store.checkpoints.forget_batch(keeper.path)
    assert not keeper.path.exists()
