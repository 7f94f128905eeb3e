"""The bar on a terminal, and what is said when the user interrupts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

import grokbench.cli
from grokbench.cli import InterruptionError
from grokbench.cli import bar as bars
from grokbench.cli.bar import TrainingBar, train
from grokbench.plan.executor import Event
from grokbench.plan.expand import PlannedTrial
from grokbench.plan.pace import Expected
from grokbench.plan.together import AUTO
from grokbench.specs.errors import FullError, LostError
from grokbench.specs.types import Trial


def trial(seed: int = 0) -> Trial:
    from grokbench.plan.resolve import resolve_trial

    return resolve_trial("addition", "gromov2023/adamw", alpha=0.5, seed=seed, steps=1000)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A terminal, and the seconds that its clock shows."""
    now = [0.0]
    monkeypatch.setattr(bars.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    return now


def test_the_bar_of_a_single_run_counts_its_steps(clock: list[float]) -> None:
    one = trial()
    with TrainingBar(1, {id(one): Expected(10.0, 1000)}, 1) as bar:
        assert (bar._bar.tasks[0].completed, bar._bar.tasks[0].total) == (0, 1000)
        clock[0] = 100.0  # the worker has loaded what it needs
        bar(Event("evaluated", one, step=250, train_accuracy=0.875, test_accuracy=0.125))
        found = bar._bar.tasks[0]
        assert (found.completed, found.total) == (250, 1000)
        assert "about 0.1 min left" in found.description
        assert "train 0.88 test 0.12" in found.description
        clock[0] = 160.0
        bar(Event("evaluated", one, step=500, train_accuracy=1.0, test_accuracy=0.5))
        assert "about 2.0 min left" in found.description
        bar(Event("done", one, step=1003))
        assert bar._bar.tasks[0].completed == 1000


def test_the_bar_of_several_trials_counts_trials(clock: list[float]) -> None:
    trials = [trial(seed) for seed in range(2)]
    with TrainingBar(2, {id(one): Expected(10.0, 1000) for one in trials}, 2) as bar:
        bar(Event("evaluated", trials[0], step=250))
        assert (bar._bar.tasks[0].completed, bar._bar.tasks[0].total) == (0, 2)
        bar(Event("done", trials[0], step=1000))
        assert bar._bar.tasks[0].completed == 1


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, LostError("the scheduler is gone"), FullError("the scheduler is gone")]
)
def test_an_interrupted_round_says_what_is_kept_and_the_command_that_goes_on(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = [PlannedTrial(trial(seed), "sweep", {}, seed, 1000) for seed in range(2)]

    class Broken:
        failures: ClassVar[list[object]] = []
        how = AUTO

        def next_batch(self, workers: int) -> list[PlannedTrial]:
            return trials

        def begun(self, trials: Sequence[Trial], batched: Sequence[bool]) -> Sequence[int]:
            return [0 for _ in trials]

        def train(self, batch: object, workers: int, tell: Callable[[Event], None], executor: str) -> None:
            tell(Event("done", trials[0].trial, step=1000))
            raise error

    monkeypatch.setattr(sys, "argv", ["/usr/bin/grokbench", "sweep", "--set", "a='b c'"])
    with pytest.raises(InterruptionError, match="1 of 2 trials of this round are done and kept") as stopped:
        train(Broken(), 2)  # type: ignore[arg-type]
    assert str(stopped.value).endswith("""\n  grokbench sweep --set 'a='"'"'b c'"'"''""")
    assert ("The scheduler is gone. " in str(stopped.value)) == isinstance(error, (LostError, FullError))


RUN = ["run", "--task", "addition", "--baseline", "gromov2023/adamw", "--steps", "2"]
INTERRUPTED = {
    "run": ("executor.execute", RUN, "Interrupted. What was trained is kept, and the same command goes on."),
    "reproduce": (
        "expand.plan_paper",
        ["reproduce", "gromov2023"],
        "Interrupted. Finished trials are kept, and running ones as far as they came; the same command goes on.",
    ),
    "list": (None, ["list"], "Interrupted."),
}


@pytest.mark.parametrize("name", INTERRUPTED)
def test_an_interruption_promises_what_is_so(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where, words, expected = INTERRUPTED[name]

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(
        f"grokbench.plan.{where}" if where else "grokbench.specs.loader.Library.each", interrupt
    )
    monkeypatch.setattr(sys, "argv", ["grokbench", *words])
    monkeypatch.setenv("GROKBENCH_STORE", str(tmp_path))
    with pytest.raises(SystemExit) as stopped:
        grokbench.cli.main()
    assert stopped.value.code == 1
    assert capsys.readouterr().err.rstrip().splitlines()[-1] == expected
