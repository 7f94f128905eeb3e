"""What a comparison plans, trains and takes from the store; training is replaced by a table of times."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grokbench
from grokbench.plan import compare_words, executor
from grokbench.plan.compare import HORIZON, TUNING_HORIZON, Compare
from grokbench.plan.executor import Failure
from grokbench.reports import comparing
from grokbench.specs.errors import FailedError, GrokbenchError
from grokbench.specs.types import Trial
from grokbench.store.folder import Store
from grokbench.training.record import Record

SMALL = {"task.domain.p": 7, "model.width": 32}
GROKFAST = {"model.d_model": 16, "model.layers": 1}
Truth = Callable[[Trial], float]


def plan(
    store: Path, first: str = "gromov2023/adamw", second: str = "gromov2023/adamw-wd5", **more: Any
) -> Compare:
    words: dict[str, Any] = {
        "task": "addition",
        "alpha": 0.5,
        "seeds": 6,
        "steps": 400,
        "settings": SMALL,
        **more,
    }
    return compare_words.plan(first, second, store=store, **words)


def grokfast(store: Path, **more: Any) -> Compare:
    return plan(store, "lee2024/none", "lee2024/ema", task="multiplication", settings=GROKFAST, **more)


def record(trial: Trial, t_gen: float) -> Record:
    """A run that generalises at that step and stays."""
    last = trial.budget if math.isinf(t_gen) else int((trial.horizon or 1) * t_gen) + 2
    steps = np.arange(0, last + 1, 2)
    accuracy = np.where(steps >= t_gen, 1.0, 0.2)
    curves = {
        "step": steps,
        "train_loss": np.zeros(steps.size),
        "train_accuracy": accuracy,
        "test_loss": np.zeros(steps.size),
        "test_accuracy": accuracy,
    }
    facts = {"n_train": 1, "n_test": 1, "n_elements": 7, "memoriser_baseline": 0.1, "steps": int(steps[-1])}
    ended = "finished" if math.isinf(t_gen) else "stopped"
    environment = {"arithmetic": "float32 products ieee"}
    return Record(
        trial=trial, ended=ended, curves=curves, facts=facts, environment=environment, content=str(trial)
    )


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Callable[[Truth], list[Trial]]:
    """Replace training by a table of times, nan for a trial that fails; returns what is trained, in order."""

    def use(truth: Truth) -> list[Trial]:
        seen: list[Trial] = []

        def execute(
            trials: Sequence[Trial], store: Store, workers: int, tell: Any, **_: Any
        ) -> list[Failure]:
            failed = []
            for trial in trials:
                seen.append(trial)
                time = truth(trial)
                if math.isnan(time):
                    failed.append(Failure(trial, "", "", "trace.txt"))
                else:
                    store.save(record(trial, time))
            return failed

        monkeypatch.setattr(executor, "execute", execute)
        return seen

    return use


def test_arms_are_paired_by_seed_and_watched_to_three_times_their_t_gen(tmp_path: Path, trained: Any) -> None:
    seen = trained(lambda trial: 60.0 if trial.recipe.optimizer["weight_decay"] else 120.0 + 10 * trial.seed)
    job = plan(tmp_path)
    job.run(1)
    assert len(seen) == 12
    assert {trial.horizon for trial in seen} == {HORIZON}
    found = job.result()
    assert found.times(0) == (120.0, 130.0, 140.0, 150.0, 160.0, 170.0)
    assert found.paired().ratio == pytest.approx((145 / 60, 145 / 60))
    assert found.paired().decided
    assert (found.under_test, found.confounds) == ("optimizer.weight_decay", ())
    assert found.shares_split
    assert found.shares_initialisation
    assert plan(tmp_path).next_batch(2) == ()  # all is in the store


def test_a_trial_that_failed_is_no_pair_and_is_not_tried_again(tmp_path: Path, trained: Any) -> None:
    seen = trained(lambda trial: math.nan if trial.seed == 3 else 60.0)
    job = plan(tmp_path)
    assert len(job.run(1)) == 2
    assert len(seen) == 12
    found = job.result().paired()
    assert (found.n, found.ties) == (5, 5)


def test_grokfasts_published_arms_are_confounded_by_weight_decay(tmp_path: Path) -> None:
    job = grokfast(tmp_path)
    found = job.result()
    assert found.under_test == "optimizer.wrapper.kind"
    assert found.confounds == ("weight_decay",)
    assert len(job.arms) == 2
    assert not list(tmp_path.iterdir())


def test_isolating_them_plans_the_two_by_two(tmp_path: Path) -> None:
    job = grokfast(tmp_path, isolate=True)
    table = {
        (base.recipe.optimizer["wrapper"]["kind"], base.recipe.optimizer["weight_decay"])
        for (base,) in job._bases
    }
    assert table == {(kind, decay) for kind in ("none", "grokfast-ema") for decay in (0.0, 0.005)}
    assert job.estimate(2).trials == 24
    contrasts = [(one.field, dict(one.held)) for one in job.result().contrasts()]
    wrapper, decay = "optimizer.wrapper.kind", "optimizer.weight_decay"
    expected = [
        (decay, {wrapper: "A"}),
        (decay, {wrapper: "B"}),
        (wrapper, {decay: "A"}),
        (wrapper, {decay: "B"}),
    ]
    assert sorted(contrasts, key=str) == sorted(expected, key=str)


def test_each_contrast_of_a_factorial_changes_one_field_alone(tmp_path: Path, trained: Any) -> None:
    """The wrapper halves the time and decay takes a third of it, so each says so whatever the other is."""

    def truth(trial: Trial) -> float:
        own = trial.recipe.optimizer
        return 120.0 / (2 if own["wrapper"]["kind"] != "none" else 1) / (3 if own["weight_decay"] else 1)

    trained(truth)
    job = grokfast(tmp_path, isolate=True, seeds=2)
    job.run(1)
    found = job.result()
    ratios = {(one.field, *one.held.values()): found.paired(arms=one.arms).ratio for one in found.contrasts()}
    assert ratios == {
        ("optimizer.weight_decay", "A"): (3.0, 3.0),
        ("optimizer.weight_decay", "B"): (3.0, 3.0),
        ("optimizer.wrapper.kind", "A"): (2.0, 2.0),
        ("optimizer.wrapper.kind", "B"): (2.0, 2.0),
    }
    assert found.paired().ratio == (6.0, 6.0)


def test_the_field_under_test_can_be_named_and_the_others_are_confounds(tmp_path: Path) -> None:
    both = ("gromov2023/gd", "gromov2023/adamw")
    assert plan(tmp_path, *both).result().confounds == ("convention", "lr")  # the optimizer's kind is tested
    found = plan(tmp_path, *both, under_test="lr").result()
    assert (found.under_test, found.confounds) == ("optimizer.lr", ("convention", "optimizer"))
    with pytest.raises(GrokbenchError, match=r"did you mean 'optimizer\.lr'"):
        plan(tmp_path, *both, under_test="optimizer.lrr")


def test_where_several_kinds_differ_none_is_taken_for_the_one_under_test(tmp_path: Path) -> None:
    found = plan(tmp_path, "hu2024/mlp-one-hot", "gromov2023/gd", settings={"task.domain.p": 7}).result()
    assert found.under_test is None
    assert {"model", "loss", "optimizer"} <= set(found.confounds)
    assert not found.shares_initialisation


def test_tuning_gives_both_arms_the_same_trials_on_seeds_that_are_not_compared(
    tmp_path: Path, trained: Any
) -> None:
    """A is best at 0.02, B at 0.01; each is compared at its own."""

    def truth(trial: Trial) -> float:
        best = 0.01 if trial.recipe.optimizer["weight_decay"] else 0.02
        return 60.0 if trial.recipe.optimizer["lr"] == best else 100.0

    seen = trained(truth)
    job = plan(tmp_path, seeds=[0, 9001], tune={"optimizer.lr": [0.01, 0.02, 0.04]}, trials=6)
    assert job.estimate(1).to_train == 16
    job.run(1)
    tuning = [trial for trial in seen if trial.horizon == TUNING_HORIZON]
    assert {trial.seed for trial in tuning} == {9000, 9002}
    assert len(tuning) == 12
    found = job.result()
    assert [one.chosen for one in found.tuned] == [0.02, 0.01]
    assert [one.at_the_edge for one in found.tuned] == [False, True]
    assert [arm.recipe.optimizer["lr"] for arm in found.arms] == [0.02, 0.01]
    assert found.times(0) == found.times(1) == (60.0, 60.0)
    assert found.confounds == ()  # each was given the same budget for it
    assert found.tuning is not None
    assert found.tuning.trials == 6


def test_where_no_tuning_trial_generalises_the_best_test_accuracy_decides(
    tmp_path: Path, trained: Any
) -> None:
    trained(lambda trial: math.inf)
    job = plan(tmp_path, seeds=1, tune={"optimizer.lr": "1e-3:1e-1"}, trials=3)
    job.run(1)
    found = job.result()
    assert [one.reached for one in found.tuned] == [False, False]
    assert [value for value, _ in found.tuned[0].tried] == [0.001, 0.01, 0.1]


def test_a_value_with_which_few_trials_generalise_is_not_called_one_with_none(
    tmp_path: Path, trained: Any
) -> None:
    trained(lambda trial: 60.0 if trial.seed == 9000 else math.inf)
    job = plan(tmp_path, seeds=1, tune={"optimizer.lr": [0.01, 0.02]}, trials=6)
    job.run(1)
    found = job.result()
    assert not any(one.reached for one in found.tuned)
    assert "with no value did most trials generalise" in comparing.tuning_sentences(found)[1]


def test_an_arm_that_cannot_be_tuned_is_an_error(tmp_path: Path, trained: Any) -> None:
    trained(lambda trial: math.nan)
    job = plan(tmp_path, seeds=1, tune={"optimizer.lr": "1e-3:1e-1"}, trials=2)
    with pytest.raises(FailedError, match="no trial that tunes"):
        job.run(1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"second": "gromov2023/adamw"}, "the same, field by field"),
        ({"isolate": True}, "nothing to separate"),
        ({"trials": 4}, "name the field in tune"),
        ({"tune": {"optimizer.lr": "1e-3:1e-1"}}, "needs the number of its values"),
        ({"tune": {"optimizer.lr": "1:0"}, "trials": 3}, "0 < low < high"),
        ({"tune": {"optimizer.lr": [0.1, 0.2]}, "trials": 3}, "a multiple of the 2 values"),
        ({"tune": {"optimizer.lr": [0.1, 0.2], "model.width": [1, 2]}}, "one field"),
        ({"tune": {"optimizer.lrr": [0.1, 0.2]}}, "optimizer.lr"),
        ({"tune": {"optimizer.lr": [0.1, 0.2]}, "isolate": True}, "not both"),
        ({"tune": {"task.domain.p": [7, 11]}}, "share their task and their rows"),
        ({"tune": {"data.rounding": ["floor", "half-even"]}}, "share their task and their rows"),
        ({"tune": {"optimizer.lr": [0.1, 0.2]}, "settings": {"optimizer.lr": 0.1}}, "set for both arms, too"),
        ({"seeds": []}, "at least one seed"),
        ({"first": "gromov2023/analytic"}, "is not trained"),
        ({"first": "hu2024/mlp-one-hot", "settings": {}, "isolate": True}, "compare recipes that are closer"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(tmp_path: Path, words: Any, said: str) -> None:
    with pytest.raises(GrokbenchError, match=said):
        plan(tmp_path, **words)


def test_recipes_from_python_are_compared_as_they_are(tmp_path: Path, trained: Any) -> None:
    trained(lambda trial: 40.0 if trial.recipe.optimizer["momentum"] else 80.0)
    plain = grokbench.load_baseline("gromov2023/gd")
    heavy = dataclasses.replace(plain, optimizer={**plain.optimizer, "momentum": 0.5})
    job = plan(tmp_path, plain, heavy)  # type: ignore[arg-type]
    job.run(1)
    found = job.result()
    assert found.paired().ratio == (2.0, 2.0)
    assert [arm.name for arm in found.arms] == ["A: gromov2023/gd", "B: gromov2023/gd"]
    assert found.command == ""  # no command names them
