"""A trial that begins at the end of another one: what it computes, what it is called, and how an experiment asks for it."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from grokbench.plan.expand import expand
from grokbench.plan.resolve import resolve_trial
from grokbench.specs.errors import GrokbenchError, InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import Start, Trial
from grokbench.store import codec, keys
from grokbench.training.batched.likeness import why_singly
from grokbench.training.engine import train

SMALL = {"task.domain.p": 11, "model.width": 20}


def trial(steps: int, recipe: str = "gromov2023/adamw", alpha: float = 0.5, **settings) -> Trial:
    return resolve_trial(
        "addition", recipe, seed=9000, alpha=alpha, steps=steps, settings={**SMALL, **settings}
    )


def begun(second: Trial, first: Trial, state: bool = False) -> Trial:
    return dataclasses.replace(second, start=Start(first, state))


@pytest.mark.parametrize("engine", ["fast", "plain"])
def test_with_the_optimizers_state_two_halves_are_the_whole_run_to_the_bit(engine):
    whole = train(trial(40), engine=engine)
    halves = train(begun(trial(20), trial(20), state=True), engine=engine)
    assert all(np.array_equal(halves.weights[name], w) for name, w in whole.weights.items())
    assert halves.curves["step"][0] == 0
    assert halves.curves["train_loss"][-1] == whole.curves["train_loss"][-1]


def test_without_it_the_run_begins_with_the_weights_alone():
    first = train(trial(20))
    second = train(begun(trial(20), trial(20)))
    assert second.curves["train_loss"][0] == pytest.approx(first.curves["train_loss"][-1], rel=1e-6)
    assert second.curves["train_loss"][-1] != train(trial(40)).curves["train_loss"][-1]


def test_a_smaller_fraction_of_the_second_run_is_part_of_the_first_ones_rows():
    from grokbench.tasks.trained import trial_rows

    few, many = (trial_rows(trial(1, alpha=alpha)).train for alpha in (0.2, 0.9))
    assert set(map(tuple, few.tolist())) < set(map(tuple, many.tolist()))


def test_the_key_holds_the_run_before_and_a_record_remembers_it():
    second = trial(20)
    names = {keys.key(second)}
    for first, state in (
        (trial(20), False),
        (trial(20), True),
        (trial(21), False),
        (trial(20, alpha=0.9), False),
    ):
        names.add(keys.key(begun(second, first, state)))
    assert len(names) == 5
    asked = begun(second, trial(20, alpha=0.9), True)
    assert codec.trial_from_json(json.loads(json.dumps(codec.trial_to_json(asked)))) == asked
    assert "start" not in codec.trial_to_json(second)


def test_such_a_trial_is_not_in_a_batch():
    assert why_singly(begun(trial(20), trial(20)))
    assert not why_singly(trial(20))


def test_a_state_that_cannot_go_on_is_refused():
    with pytest.raises(InputError, match="another optimizer"):
        train(begun(trial(2), trial(2, recipe="gromov2023/gd"), state=True))
    wrapped = {"optimizer.wrapper": {"kind": "orthogonal-grad"}}
    with pytest.raises(InputError, match="no state that can go on"):
        train(begun(trial(2, **wrapped), trial(2, **wrapped), state=True))


PAPER = """
[paper]
id = "own"
title = "t"
authors = "a"
[[experiment]]
id = "first"
title = "t"
task = "addition"
baseline = "gromov2023/adamw"
set = { "task.domain.p" = 11 }
tier.quick = { seeds = [100, 101], steps = 7, alphas = [0.9] }
[[experiment]]
id = "second"
title = "t"
task = "addition"
baseline = "gromov2023/adamw"
set = { "task.domain.p" = 11, "optimizer.weight_decay" = 1.0 }
start = { experiment = "SOURCE", state = true }
tier.quick = { seeds = [100, 101], steps = 9, rows = [20, 40] }
[[claim]]
id = "c"
title = "t"
source = "s"
statement = "s"
experiment = ["second", "first"]
kind = "value"
grade = "C"
rule = [{ measure = "final-test-accuracy", min = 0, reason = "r" }]
"""


def library(tmp_path, text: str) -> Library:
    folder = tmp_path / "baselines" / "own"
    folder.mkdir(parents=True)
    (folder / "claims.toml").write_text(text, encoding="utf-8")
    return Library((tmp_path,))


def test_an_experiment_starts_each_trial_from_the_one_of_its_seed(tmp_path):
    own = library(tmp_path, PAPER.replace("SOURCE", "first"))
    first, second = own.paper("own").experiments
    planned = expand(own, second, "quick")
    assert len(planned) == 4
    for one in planned:
        assert one.trial.start is not None
        assert one.trial.start.state
        before = one.trial.start.trial
        assert (before.seed, before.budget, before.alpha) == (one.seed, 7, 0.9)
        assert before == expand(own, first, "quick", [one.seed])[0].trial
        assert one.on(105).trial.start.trial.seed == 105
        assert (
            one.seconds > dataclasses.replace(one, trial=dataclasses.replace(one.trial, start=None)).seconds
        )


@pytest.mark.parametrize("source", ["nowhere", "second"])
def test_a_start_that_there_is_not_is_named_with_the_nearest(tmp_path, source):
    with pytest.raises(GrokbenchError, match="no experiment without a start of its own"):
        library(tmp_path, PAPER.replace("SOURCE", source)).paper("own")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("alphas = [0.9]", "alphas = [0.8, 0.9]", "has 2 trials of seed 100"),
        (
            'set = { "task.domain.p" = 11 }',
            'set = { "task.domain.p" = 11, "model.width" = 9 }',
            "another model",
        ),
    ],
)
def test_a_start_with_several_trials_or_another_model_is_refused(tmp_path, old, new, message):
    own = library(tmp_path, PAPER.replace("SOURCE", "first").replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        expand(own, own.paper("own").experiments[1], "quick")
