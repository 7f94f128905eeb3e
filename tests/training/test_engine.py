"""The loop: same seed same bits, what looks does not touch, and every way a run can end."""

from __future__ import annotations

import dataclasses
import doctest

import numpy as np
import pytest
import torch

from grokbench.specs.errors import GrokbenchError, UnknownNameError
from grokbench.specs.types import Recipe, TaskSpec, Trial
from grokbench.training import arithmetic, evaluation
from grokbench.training.analyses.making import analysed
from grokbench.training.engine import train

ADAMW = {"kind": "adamw", "lr": 0.01, "beta1": 0.9, "beta2": 0.98, "eps": 1e-8, "weight_decay": 5.0}
FOLDED = {"kind": "quadratic-mlp", "width": 64, "convention": "folded", "init_std": 0.0}
ANALYTIC = {"kind": "analytic-quadratic-mlp", "width": 300, "cover": "even", "readout": "plain"}
LOOKS = {
    "probes": ("trace", "ipr", "phases", "spectrum"),
    "analyses": ("neuron-phases", "preactivation-power"),
    "snapshots": (0, 7),
}


def trial(
    p: int = 23, model=None, optimizer=None, operation: str = "x + y", dtype: str = "float32", **fields
) -> Trial:
    recipe = Recipe(
        id="test/recipe",
        title="",
        origin="inferred",
        source="",
        model=model or FOLDED,
        loss={"kind": "mse", "reduction": "mean"},
        optimizer=optimizer or ADAMW,
        data={"rounding": "floor", "split": "seed"},
        training={"dtype": dtype, "batch": "full", "weight_noise": 0.0},
        evaluation={"growth": 1.1, "spacing": 1, "probe_growth": 1.5},
    )
    task = TaskSpec("addition", "", operation, {"kind": "integers-mod", "p": p})
    return Trial(task=task, recipe=recipe, **{"alpha": 0.6, "seed": 9000, "budget": 30, **fields})


def test_the_same_seed_makes_the_same_content_and_another_does_not():
    first, second, other = train(trial()), train(trial()), train(trial(seed=9001))
    assert first.content == second.content != other.content
    assert len(first.content) == 64


def test_probes_analyses_and_snapshots_do_not_touch_the_run():
    bare, watched = train(trial()), analysed(train(trial(**LOOKS)))
    assert bare.content == watched.content
    for name, weight in bare.weights.items():
        assert weight.tobytes() == watched.weights[name].tobytes()
    assert set(watched.snapshots) == {0, 7}
    assert not bare.snapshots


@pytest.mark.skipif(not torch.set_flush_denormal(False), reason="this CPU has no such mode")
def test_denormals_are_flushed_while_training_and_only_then():
    tiny = torch.tensor(1e-39)
    with arithmetic.denormals(flushed=True):
        inside = float(tiny * 1)
        with arithmetic.denormals(flushed=True):
            pass
        nested = float(tiny * 1)
    assert inside == nested == 0
    assert float(tiny * 1) > 0


def test_both_engines_make_the_same_run():
    fast, plain = (train(trial(dtype="float64", **LOOKS), engine=name) for name in ("fast", "plain"))
    assert (fast.environment["engine"], plain.environment["engine"]) == ("fast", "plain")
    for name, curve in fast.curves.items():
        np.testing.assert_allclose(curve, plain.curves[name], rtol=1e-9)
    for name, column in fast.probes["trace"].items():
        np.testing.assert_allclose(column, plain.probes["trace"][name], rtol=1e-9)
    for name, weight in fast.weights.items():
        np.testing.assert_allclose(weight, plain.weights[name], rtol=1e-5, atol=1e-7)


def test_curves_follow_the_cadence_and_end_on_the_budget():
    record = train(trial(budget=29))
    assert record.ended == "finished"
    assert record.facts["steps"] == 29
    assert record.curves["step"].tolist() == [*range(21), 22, 24, 26, 28, 29]
    assert {c.dtype for name, c in record.curves.items() if name != "step"} == {np.dtype(np.float64)}
    assert record.curves["step"].dtype == np.int64
    assert doctest.testmod(evaluation).failed == 0


def test_accuracy_and_loss_of_the_curve_are_those_of_the_weights():
    seen = []
    record = train(trial(snapshots=(3,)), on_evaluation=lambda *row: seen.append(row))
    assert [row[0] for row in seen] == record.curves["step"].tolist()
    assert [row[2] for row in seen] == record.curves["test_accuracy"].tolist()
    w1, w2 = record.snapshots[3]["W1"], record.snapshots[3]["W2"]
    x, y = np.divmod(np.arange(23 * 23), 23)
    f = (w1[:, x] + w1[:, 23 + y]).T ** 2 @ w2.T
    right, squares = f.argmax(1) == (x + y) % 23, ((f - np.eye(23)[(x + y) % 23]) ** 2).mean(1)
    n_train, n_test = record.facts["n_train"], record.facts["n_test"]
    weighted = {
        k: record.curves[f"train_{k}"][3] * n_train + record.curves[f"test_{k}"][3] * n_test
        for k in ("accuracy", "loss")
    }
    assert weighted["accuracy"] == pytest.approx(right.sum())
    assert weighted["loss"] == pytest.approx(squares.sum(), rel=1e-5)


def test_probes_have_a_row_at_the_start_and_at_the_end_and_the_trace_one_a_step():
    record = train(trial(**LOOKS))
    assert record.probes["trace"]["step"].tolist() == list(range(31))
    assert record.probes["trace"]["loss"][5] == record.curves["train_loss"][5]
    for name in ("ipr", "phases", "spectrum"):
        steps = record.probes[name]["step"].tolist()
        assert steps[0] == 0
        assert steps[-1] == 30
        assert len(steps) < 31
        assert set(steps) <= set(record.curves["step"].tolist())
    assert record.probes["phases"]["histogram"].shape == (len(record.probes["phases"]["step"]), 32)
    record = analysed(record)
    assert {name: a.shape for name, a in record.analyses["preactivation-power"].items()} == {
        "initial": (23, 23),
        "final": (23, 23),
    }
    assert record.analyses["neuron-phases"]["final"].shape == (64,)


def test_norms_of_the_trace_are_those_of_the_weights():
    record = train(trial(snapshots=(4,), probes=("trace",)))
    w1 = record.snapshots[4]["W1"].astype(np.float64)
    assert record.probes["trace"]["weight_norm_1"][4] == pytest.approx(np.sqrt((w1**2).mean()), rel=1e-6)


def test_a_run_stops_at_its_horizon():
    record = train(trial(p=31, alpha=0.8, budget=400, horizon=2.0, model={**FOLDED, "width": 200}))
    assert record.ended == "stopped"
    assert record.facts["steps"] < 400
    assert record.curves["test_accuracy"][-1] > 0.99


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_loss_that_is_not_finite_ends_the_run_with_its_record(dtype):
    explosive = {"kind": "gd", "lr": 1e4, "momentum": 0.0, "weight_decay": 0.0}
    record = train(trial(optimizer=explosive, dtype=dtype, **LOOKS))
    assert record.ended == "diverged"
    assert 0 < record.facts["steps"] < 30
    assert not np.isfinite(record.curves["train_loss"][-1])
    assert record.curves["step"][-1] == record.facts["steps"] == record.probes["ipr"]["step"][-1]
    assert np.isfinite(record.curves["train_loss"][0])


def test_a_divergence_between_evaluations_is_seen_and_given_its_row():
    seldom = trial(optimizer={"kind": "gd", "lr": 1e4, "momentum": 0.0, "weight_decay": 0.0})
    recipe = dataclasses.replace(
        seldom.recipe, evaluation={"growth": 100.0, "spacing": 1, "probe_growth": 100.0}
    )
    record = train(dataclasses.replace(seldom, recipe=recipe))
    assert record.ended == "diverged"
    assert record.curves["step"].tolist() == [0, 1, record.facts["steps"]]
    assert not np.isfinite(record.curves["train_loss"][-1])
    assert np.isfinite(record.curves["train_accuracy"][-1])


def test_an_analytic_model_is_a_trial_without_steps():
    looks = {"probes": ("ipr",), "analyses": ("neuron-phases",)}
    record = analysed(train(trial(model=ANALYTIC, optimizer={"kind": "none"}, budget=0, **looks)))
    assert record.ended == "finished"
    assert record.facts["steps"] == 0
    assert record.curves["step"].tolist() == [0]
    assert record.curves["test_accuracy"].tolist() == [1.0]
    assert record.facts["analytic_peak"] == pytest.approx(1.0, abs=1e-6)
    assert 0 < record.facts["analytic_peak_std"] < 0.2
    assert record.probes["ipr"]["ipr"].tolist() == pytest.approx([1.0])
    np.testing.assert_allclose(record.analyses["neuron-phases"]["final"], 0, atol=1e-5)


def test_facts_and_cost_say_what_was_done():
    record = train(trial())
    assert record.facts["n_train"] + record.facts["n_test"] == 529
    assert record.facts["n_elements"] == 23
    assert 0 < record.facts["memoriser_baseline"] < 1
    assert {"seconds", "train_seconds", "evaluation_seconds", "ms_per_step"} <= set(record.cost)
    assert {"torch", "numpy", "python", "engine", "threads", "platform", "cpu", "blas"} <= set(
        record.environment
    )
    assert all(w.dtype == np.float32 for w in record.weights.values())
    assert {name: w.shape for name, w in record.weights.items()} == {"W1": (64, 46), "W2": (23, 64)}


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"probes": ("iprr",)}, "ipr"),
        ({"analyses": ("neuron-phase",)}, "neuron-phases"),
        ({"model": {"kind": "quadratic"}}, "model.kind"),
        ({"dtype": "float16"}, "training.dtype"),
        ({"budget": -1}, "budget"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(wrong, names):
    with pytest.raises(GrokbenchError, match=names):
        train(trial(**wrong))


def test_an_unknown_engine_is_refused_by_name():
    with pytest.raises(UnknownNameError, match="fast"):
        train(trial(), engine="fats")
