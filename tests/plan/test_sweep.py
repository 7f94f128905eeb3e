"""The adaptive loop: what it trains, what it takes from the store, and what it says when its assumption fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grokbench
from grokbench.analysis.thresholds import Bracket
from grokbench.plan import executor
from grokbench.plan import sweep_words as sweeping
from grokbench.plan.executor import Failure
from grokbench.plan.expand import PlannedTrial
from grokbench.plan.sweep import HORIZON, Sweep
from grokbench.specs.types import Trial
from grokbench.store.folder import Store
from grokbench.training.record import Record

ALPHAS = (0.2, 0.3, 0.4, 0.5, 0.6)
SMALL = {"task.domain.p": 7, "model.width": 32}

Truth = Callable[[int, float], bool]


def plan(store: Path, seeds: int | Sequence[int] = 6, **more: Any) -> Sweep:
    words: dict[str, Any] = {"alphas": ALPHAS, "seeds": seeds, "steps": 100, "settings": SMALL, **more}
    return sweeping.plan("addition", "gromov2023/adamw", store=store, **words)


def record(trial: Trial, good: bool) -> Record:
    """A run that generalises at step 50, or never."""
    steps = np.arange(0, 101, 2)
    accuracy = np.where(steps >= 50, 1.0 if good else 0.2, 0.0)
    zero = np.zeros(steps.size)
    keep = steps <= (60 if good else 100)
    curves = {
        "step": steps,
        "train_loss": zero,
        "train_accuracy": accuracy,
        "test_loss": zero,
        "test_accuracy": accuracy,
    }
    return Record(
        trial=trial,
        ended="stopped" if good else "finished",
        curves={name: values[keep] for name, values in curves.items()},
        facts={
            "n_train": 1,
            "n_test": 1,
            "n_elements": 7,
            "memoriser_baseline": 0.1,
            "steps": int(steps[keep][-1]),
        },
        environment={"arithmetic": "float32 products ieee"},
        content=f"{trial.seed} {trial.alpha}",
    )


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Callable[[Truth], list[tuple[int, float]]]:
    """Replace training by a table of outcomes; returns the list of the cells that are trained."""

    def use(truth: Truth) -> list[tuple[int, float]]:
        cells: list[tuple[int, float]] = []

        def execute(
            trials: Sequence[Trial], store: Store, workers: int, tell: Any, **_: Any
        ) -> list[Failure]:
            for trial in trials:
                cells.append((trial.seed, trial.alpha))
                store.save(record(trial, truth(trial.seed, trial.alpha)))
            return []

        monkeypatch.setattr(executor, "execute", execute)
        return cells

    return use


def run(job: Sweep, workers: int = 1) -> Sweep:
    while batch := job.next_batch(workers):
        job.train(batch, workers)
    return job


def test_an_adaptive_sweep_finds_what_the_exhaustive_one_finds(tmp_path: Path, trained: Any) -> None:
    def truth(seed: int, alpha: float) -> bool:
        return alpha > 0.25 + 0.1 * (seed % 3)

    cells = trained(truth)
    adaptive = run(plan(tmp_path / "a")).result()
    assert len(cells) == len(set(cells)) < 20
    cells.clear()
    whole = run(plan(tmp_path / "b", exhaustive=True)).result()
    assert len(cells) == 30
    assert adaptive.threshold.alpha50 == whole.threshold.alpha50 == 0.4
    assert adaptive.threshold.interval == whole.threshold.interval == Bracket(0.2, 0.5)
    assert whole.times(0.3) == (50.0, math.inf, math.inf, 50.0, math.inf, math.inf)


def test_a_second_sweep_trains_nothing(tmp_path: Path, trained: Any) -> None:
    cells = trained(lambda seed, alpha: alpha > 0.35)
    first = run(plan(tmp_path / "a")).result()
    cells.clear()
    again = plan(tmp_path / "a")
    assert again.next_batch(4) == ()
    assert again.estimate(2).likely == 0
    assert again.result().threshold == first.threshold
    assert cells == []


def test_a_finer_grid_goes_on_from_the_stored_records(tmp_path: Path, trained: Any) -> None:
    cells = trained(lambda seed, alpha: alpha > 0.32)
    run(plan(tmp_path / "a"))
    cells.clear()
    found = run(plan(tmp_path / "a", alphas=(*ALPHAS, 0.35))).result()
    assert set(cells) == {(seed, 0.35) for seed in range(6)}
    assert found.threshold.alpha50 == 0.35


def test_force_trains_again(tmp_path: Path, trained: Any) -> None:
    cells = trained(lambda seed, alpha: alpha > 0.35)
    run(plan(tmp_path / "a", seeds=1))
    once = list(cells)
    run(plan(tmp_path / "a", seeds=1, force=True))
    assert cells == once * 2


def test_stored_records_that_contradict_the_assumption_are_named(tmp_path: Path, trained: Any) -> None:
    trained(lambda seed, alpha: alpha in (0.2, 0.5, 0.6))
    run(plan(tmp_path / "a", seeds=1, exhaustive=True))
    found = plan(tmp_path / "a", seeds=1).result()
    assert found.threshold.reversals == ((0, 0.2, 0.3),)
    assert found.threshold.brackets == {0: Bracket(0.4, 0.5)}


def test_every_trial_has_the_budget_and_stops_once_it_is_solved(tmp_path: Path) -> None:
    batch = plan(tmp_path / "a", exhaustive=True).next_batch(1)
    assert len(batch) == 30
    assert {(one.trial.budget, one.trial.horizon) for one in batch} == {(100, HORIZON)}
    assert [one.trial.alpha for one in batch[:2]] == [one.settings["alpha"] for one in batch[:2]]


def test_a_failed_trial_is_not_tried_again_and_widens_its_bracket(
    tmp_path: Path, trained: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = trained(lambda seed, alpha: alpha > 0.35)
    honest = executor.execute

    def failing(trials: Sequence[Trial], *rest: Any, **more: Any) -> list[Failure]:
        broken = [one for one in trials if one.alpha == 0.4]
        honest([one for one in trials if one.alpha != 0.4], *rest, **more)
        return [Failure(one, "key", "trace", "path") for one in broken]

    monkeypatch.setattr(executor, "execute", failing)
    found = run(plan(tmp_path / "a", seeds=1)).result()
    assert (0, 0.4) not in cells
    assert [(one.trial.seed, one.trial.alpha) for one in found.failures] == [(0, 0.4)]
    assert found.threshold.brackets == {0: Bracket(0.3, 0.5)}
    assert found.threshold.alpha50 is None


def test_the_estimate_is_an_upper_bound_that_shrinks(tmp_path: Path, trained: Any) -> None:
    trained(lambda seed, alpha: alpha > 0.35)
    job = plan(tmp_path / "a")
    before = job.estimate(2)
    assert (before.cells, before.stored, before.likely, before.most) == (30, 0, 18, 30)
    job.train(job.next_batch(2), 2)
    after = job.estimate(2)
    assert after.stored > 0
    assert after.most < before.most
    whole = plan(tmp_path / "b", exhaustive=True).estimate(2)
    assert whole.likely == whole.most == 30


def test_cheap_trials_are_trained_one_a_seed_at_a_time(tmp_path: Path) -> None:
    assert {one.seed for one in plan(tmp_path / "a").next_batch(2)} == set(range(6))
    dear = plan(tmp_path / "a", steps=10**7).next_batch(2)
    assert [isinstance(one, PlannedTrial) and one.seed for one in dear] == [0, 1]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"alphas": ()}, "training fraction"),
        ({"seeds": 0}, "at least one seed"),
        ({"seeds": (0, -1)}, "0 or more"),
        ({"steps": 0}, "1 or more"),
        ({"alphas": (0.0001,)}, "empty"),
        ({"alphas": (0.5, 1.0)}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_swept_is_refused(tmp_path: Path, words: dict[str, Any], expected: str) -> None:
    with pytest.raises(grokbench.GrokbenchError, match=expected):
        plan(tmp_path / "a", **words)


def test_a_construction_is_not_swept(tmp_path: Path) -> None:
    with pytest.raises(grokbench.GrokbenchError, match="not trained"):
        sweeping.plan("addition", "gromov2023/analytic", alphas=(0.5,), seeds=2, store=tmp_path)
