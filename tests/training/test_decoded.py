"""Training on a decoding's targets: what is compared, counted and refused, one by one and in a batch; a task's own thresholds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch

from grokbench import parts
from grokbench.api import resolve_trial
from grokbench.networks.registry import restored
from grokbench.specs.errors import InputError
from grokbench.specs.types import TaskSpec, Trial
from grokbench.store import codec, keys
from grokbench.store.cutting import cut
from grokbench.tasks.source import Source, Vectors, decoder_of
from grokbench.tasks.streams import stream
from grokbench.tasks.table import Table
from grokbench.tasks.trained import trial_rows
from grokbench.training.batched.likeness import likeness
from grokbench.training.batched.loop import train_together
from grokbench.training.engine import train
from grokbench.training.record import Record
from tests.parts.test_parts import PLUGIN, nothing_registered

__all__ = ["nothing_registered"]
BITS = {
    "task.operation": "parity",
    "task.domain": {"kind": "bits", "n": 7, "k": 2},
    "task.source": {"kind": "samples", "rows": 60},
    "model": {"kind": "vector-mlp", "width": 10, "head": "classes"},
    "loss": {"kind": "mse"},
    "optimizer": {"kind": "adamw", "lr": 0.01},
    "training.dtype": "float64",
    "evaluation.growth": 1.3,
}
TEMPLATES = {"task.decode": {"kind": "nearest-template", "width": 5}}
WIDTH_4 = {"task.decode": {"kind": "nearest-template", "width": 4}}
CLASSES = {"task.decode": {"kind": "classes"}}


def trial(seed: int = 9000, steps: int = 60, **settings: Any) -> Trial:
    flat = {}
    for name, value in (BITS | TEMPLATES | settings).items():
        flat |= (
            {f"{name}.{key}": own for key, own in value.items()} if isinstance(value, dict) else {name: value}
        )
    return resolve_trial("addition", "gromov2023/adamw", seed=seed, steps=steps, settings=flat)


def test_the_loss_is_the_squared_distance_to_the_template_and_the_nearest_one_answers():
    own = trial()
    record, rows = train(own), trial_rows(own).test
    weights = {name: torch.from_numpy(w.astype(np.float64)) for name, w in record.weights.items()}
    network, decoder = restored(own.recipe.model, weights), decoder_of(own.task, own.seed)
    outputs = network(torch.from_numpy(rows[:, :-1]), None).detach().numpy()
    aims = decoder.kept[rows[:, -1].astype(int)]
    assert record.curves["test_loss"][-1] == pytest.approx(np.mean((outputs - aims) ** 2), rel=1e-6)
    nearest = ((outputs[:, None] - decoder.kept) ** 2).sum(-1).argmin(-1)
    assert record.curves["test_accuracy"][-1] == np.mean(nearest == rows[:, -1])
    assert record.environment["engine"] == "plain"


def test_trials_of_a_batch_have_their_own_templates():
    trials = [trial(seed, **{"optimizer.lr": lr}) for seed, lr in ((9000, 0.01), (9001, 0.01), (9002, 0.003))]
    assert len({likeness(one) for one in trials}) == 1
    assert likeness(trial(**WIDTH_4)) != likeness(trials[0])
    found: dict[int, Record | Exception] = {}
    train_together(trials, found.__setitem__)
    for i, one in enumerate(map(train, trials)):
        other = found[i]
        assert isinstance(other, Record)
        for name, curve in one.curves.items():
            assert np.allclose(other.curves[name], curve, rtol=1e-8, atol=1e-12), name


def test_the_default_decoding_and_thresholds_join_no_key_and_others_do():
    plain = trial(**CLASSES, **{"task.thresholds.t_gen": 0.99})
    task = replace(plain.task)
    bare = TaskSpec(task.id, task.title, task.operation, task.domain, task.source)
    assert keys.key(replace(plain, task=bare)) == keys.key(plain)
    assert {"decode", "thresholds"}.isdisjoint(codec.trial_to_json(plain)["task"])
    changed = [trial(), trial(**WIDTH_4), trial(**{"task.thresholds.t_gen": 0.9}), plain]
    assert len({keys.key(one) for one in changed}) == 4
    for one in changed:
        assert codec.trial_from_json(codec.trial_to_json(one)) == one


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"loss.kind": "cross-entropy"}, "the loss 'cross-entropy' takes no numbers.*use mse"),
        (
            {
                "task.operation": "x + y",
                "task.domain": {"kind": "integers-mod", "p": 5},
                "task.source": {"kind": "table"},
                "model": {"kind": "quadratic-mlp", "width": 8},
            },
            "quadratic-mlp has one output an element; 'addition' has 5 elements, and asks for 5 outputs",
        ),
    ],
)
def test_a_network_or_a_loss_that_is_not_made_for_it_is_refused(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        train(trial(**settings))


@dataclass(frozen=True)
class Fields:
    """sums of squares of three numbers"""


def sums(task: TaskSpec, seed: int) -> Table:
    x = stream(seed, "samples", task.id).standard_normal((40, 3))
    return Table(np.column_stack([x, x[:, :2] * 0.5]), 0, real=2, pairs=False)


def test_real_answers_are_fitted_and_right_below_their_error(nothing_registered):
    source = Source(
        "sums", Fields, "vectors", lambda task: Vectors(3, 0), lambda task: 40, sums, real=lambda task: 2
    )
    parts.register("sources", "sums", source)
    own = trial(
        steps=300,
        **{"task.source": {"kind": "sums"}, "task.decode": {"kind": "error-below", "error": 0.05}},
        **{"task.thresholds": {"t_mem": 0.9, "t_gen": 0.8}},
    )
    record = train(own)
    assert record.curves["train_loss"][-1] < 0.05 < record.curves["train_loss"][0]
    assert record.facts["memoriser_baseline"] < 0.5
    assert math.isfinite(record.t_mem)
    at = list(record.curves["step"]).index(record.t_mem)
    assert record.curves["train_accuracy"][at] >= 0.9 > record.curves["train_accuracy"][at - 1]
    found: dict[int, Record | Exception] = {}
    train_together([own, replace(own, seed=9001)], found.__setitem__)
    assert np.allclose(found[0].curves["test_loss"], record.curves["test_loss"], rtol=1e-8)
    with pytest.raises(InputError, match="are real numbers"):
        train(trial(**{"task.source": {"kind": "sums"}, "task.decode": {"kind": "error-below"}} | NOISE))


NOISE = {"data.corruption": {"kind": "labels", "share": 0.5}}


def test_a_tasks_threshold_stops_a_run_and_cuts_it_alike():
    low = {"task.thresholds": {"t_mem": 0.7, "t_gen": 0.6}} | CLASSES
    whole = train(trial(steps=200, **low))
    assert whole.t_gen < train(trial(steps=200, **CLASSES)).t_gen < math.inf
    short = train(replace(whole.trial, horizon=1.5))
    assert (short.ended, short.t_gen) == ("stopped", whole.t_gen)
    again = cut(whole, short.trial)
    assert again is not None
    assert again.curves["step"].tolist() == short.curves["step"].tolist()


def test_a_decoding_from_a_script_is_used_keyed_and_named(nothing_registered):
    parts.run_plugin(PLUGIN)
    settings = {
        "task.decode": {"kind": "smallest"},
        "loss": {"kind": "cross-entropy", "precision": "float64"},
    }
    own = trial(steps=5, **settings)
    record = train(own)
    weights = {name: torch.from_numpy(w.astype(np.float64)) for name, w in record.weights.items()}
    rows = trial_rows(own).test
    outputs = restored(own.recipe.model, weights)(torch.from_numpy(rows[:, :-1]), None)
    smallest = outputs.argmin(-1).numpy() == rows[:, -1]
    assert record.curves["test_accuracy"][-1] == np.mean(smallest)
    assert [(kind, name) for kind, name, *_ in keys.family_fields(own)["parts"]] == [
        ("decodings", "smallest")
    ]
