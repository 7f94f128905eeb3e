"""Trials that train as one model leave the records that they leave one by one, whatever the network and the recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from grokbench import parts
from grokbench.networks.registry import build
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.tasks.source import shape_of
from grokbench.tasks.trained import trial_rows
from grokbench.training import engine
from grokbench.training.batched import memory, stack
from grokbench.training.batched.likeness import likeness, why_singly
from grokbench.training.batched.loop import train_together
from grokbench.training.engine import train
from grokbench.training.record import Record
from grokbench.training.run import Run

STEPS, FEW = 200, 40
EVERY = {"training.dtype": "float64", "evaluation.growth": 1.3}
SMALL = EVERY | {"task.domain.p": 5}
CROSS = SMALL | {"loss.kind": "cross-entropy", "loss.precision": "float64"}
DECODER = SMALL | {"model.d_model": 8, "model.heads": 2, "loss.precision": "float64"}
ONE_LAYER = SMALL | {"model.d_model": 8, "model.d_head": 2, "model.d_mlp": 16, "loss.precision": "float64"}
PARITY = EVERY | {
    "task.operation": "parity",
    "task.domain.kind": "bits",
    "task.domain.n": 7,
    "task.domain.k": 2,
    "task.source.kind": "samples",
    "task.source.rows": 60,
    "model.kind": "vector-mlp",
    "model.width": 10,
    "loss.kind": "hinge",
    "optimizer.kind": "gd",
    "optimizer.lr": 0.1,
    "optimizer.weight_decay": 0.01,
}
PRODUCTS = EVERY | {
    "task.operation": "x * y",
    "task.domain.kind": "integers",
    "task.domain.p": 5,
    "task.source.kind": "numbers",
    "task.source.divisor": 25.0,
    "task.decode.kind": "error-below",
    "model.scale": 1.5,
    "optimizer.lr": 0.02,
}
HU = CROSS | {"model.hidden": 5, "model.d_embedding": 4}
RATES: tuple[Mapping[str, Any], ...] = ({}, {"optimizer.lr": 0.002}, {"optimizer.weight_decay": 0.3})
"""Trial i has the i-th of these, modulo their number."""

CASES: dict[str, tuple[str, Mapping[str, Any], Sequence[Mapping[str, Any]]]] = {
    "quadratic-mlp": (
        "gromov2023/gd-momentum",
        SMALL
        | {"model.width": 12, "model.init_std": 0.4, "optimizer.lr": 0.5, "optimizer.weight_decay": 0.01},
        ({}, {"optimizer.lr": 0.2}, {"model.init_std": 0.3, "optimizer.momentum": 0.5}),
    ),
    "analytic-quadratic-mlp": (
        "gromov2023/adamw",
        SMALL
        | {
            "model.kind": "analytic-quadratic-mlp",
            "model.width": 12,
            "training.batch": 6,
            "optimizer.weight_decay": 0.1,
        },
        RATES,
    ),
    "one-layer-transformer": (
        "nanda2023/dropout-02",
        ONE_LAYER,
        ({}, {"model.dropout": 0.4}, {"optimizer.lr": 0.003}),
    ),
    "decoder-transformer": (
        "power2022/weight-noise",
        DECODER | {"model.layers": 1, "model.dropout": 0.1, "training.batch": 7},
        ({}, {"training.weight_noise": 0.05}, {"optimizer.lr": 0.003, "optimizer.warmup": 4}),
    ),
    "pre-norm-decoder": (
        "lee2024/none",  # without L2 decay, see test_engines
        DECODER
        | {
            "model.layers": 2,
            "evaluation.spacing": 1,
            "training.batch": 7,
            "optimizer.wrapper.kind": "grokfast-ma",
            "optimizer.wrapper.window": 3,
            "optimizer.wrapper.lamb": 0.5,
        },
        (
            {},
            {"optimizer.wrapper.window": 5, "optimizer.beta1": 0.8},
            {"optimizer.wrapper.lamb": 0.2, "optimizer.lr": 0.003},
        ),
    ),
    "lstm": (
        "gromov2023/adamw",
        HU | {"model.kind": "lstm", "optimizer.l1": 1e-3, "optimizer.weight_decay": 0.1},
        RATES,
    ),
    "gru": (
        "gromov2023/adamw",
        HU
        | {
            "model.kind": "gru",
            "model.encoding": "embedding",
            "training.batch": 5,
            "optimizer.weight_decay": 0.1,
        },
        RATES,
    ),
    "relu-mlp": (
        "gromov2023/adamw",
        CROSS
        | {
            "model.kind": "relu-mlp",
            "model.width": 10,
            "optimizer.wrapper.kind": "grokfast-ema",
            "optimizer.groups": [{"parameters": "W*", "lr": 0.003}],
            "data.corruption.kind": "labels",
            "data.corruption.share": 0.3,
        },
        (
            {},
            {"optimizer.groups": [{"parameters": "W*", "lr": 0.001}]},
            {"optimizer.wrapper.lamb": 1.0, "data.corruption.share": 0.2},
        ),
    ),
    "vector-mlp": (
        "gromov2023/gd",
        PARITY | {"training.batch": 8},
        ({}, {"optimizer.lr": 0.05}, {"task.source.rows": 50}),
    ),
    "diagonal-linear": (
        "gromov2023/gd",
        {name: value for name, value in PARITY.items() if name != "model.width"}
        | {"model.kind": "diagonal-linear", "loss.kind": "logistic"},
        ({}, {"optimizer.lr": 0.05}, {"model.scale": 0.5}),
    ),
    "factored-mlp": (
        "chughtai2023/mlp",
        SMALL | {"model.width": 6, "model.d_embedding": 4},
        ({}, {"optimizer.lr": 0.003}, {"optimizer.weight_decay": 0.5}),
    ),
    "matrix-factors": ("lyu2023/completion", PRODUCTS, ({}, {"optimizer.lr": 0.01}, {"model.scale": 0.5})),
    "layered-mlp": (
        "omnigrok2022/teacher-student",
        EVERY
        | {
            "task.domain.kind": "tanh-teacher",
            "task.domain.d": 3,
            "task.domain.outputs": 2,
            "task.source.kind": "samples",
            "task.source.rows": 30,
            "task.decode.kind": "error-below",
            "task.operation": "teacher",
            "model.width": 7,
            "optimizer.wrapper": {"kind": "held-norm", "parameters": "W*", "over": "matrix"},
        },
        (
            {},
            {"training.initial_scale": 0.5, "optimizer.lr": 3e-3},
            {"optimizer.weight_decay": 1.0, "training.initial_scale": 3.0},
        ),
    ),
    "committee": (
        "kumar2023/polynomial",
        EVERY
        | {
            "task.domain.kind": "single-index",
            "task.domain.d": 6,
            "task.source.kind": "samples",
            "task.source.rows": 30,
            "task.decode.kind": "error-below",
            "task.operation": "square",
            "model.width": 7,
            "optimizer.lr": 1.0,
        },
        (
            {},
            {"training.output_scale": 3.0},
            {"optimizer.lr": 0.5, "training.output_scale": 0.5},
        ),
    ),
    "outputs times a factor": (
        "kumar2023/modular",
        SMALL | {"model.width": 12, "training.output_scale": 2.0, "optimizer.lr": 5.0},  # at 100 some diverge
        ({}, {"training.output_scale": 0.5}, {"optimizer.lr": 10.0}),
    ),
    "online": (
        "gromov2023/gd",
        PARITY | {"task.source.kind": "online", "training.batch": 8},
        ({}, {"optimizer.lr": 0.05}, {"training.batch": 5}),
    ),
    "summed-mlp": (
        "liu2022/regression",
        EVERY
        | {
            "task.domain.kind": "integers",
            "task.domain.p": 5,
            "task.domain.pairs": "unordered",
            "task.decode.kind": "nearest-template",
            "task.decode.width": 4,
            "model.width": 9,
            "model.d_embedding": 4,
            "model.join": "matrix-product",
            "optimizer.weight_decay": 0.1,
            "optimizer.groups.0.weight_decay": 0.2,
        },
        (
            {},
            {"optimizer.groups.0.lr": 0.01, "model.scale": 0.2},
            {"optimizer.groups.0.weight_decay": 1.0, "optimizer.lr": 3e-3, "optimizer.weight_decay": 5.0},
        ),
    ),
    "noise and decay to initial": (
        "gromov2023/adamw",
        SMALL
        | {
            "model.width": 8,
            "optimizer.weight_decay": 0.1,
            "optimizer.decay_to": "initial",
            "optimizer.update_noise": 0.2,
            "training.weight_noise": 0.01,
        },
        ({}, {"optimizer.update_noise": 0.1, "optimizer.beta1": 0.8}, {"training.weight_noise": 0.02}),
    ),
    "muon": (
        "gromov2023/adamw",
        SMALL
        | {"model.width": 8, "optimizer.kind": "muon", "optimizer.lr": 0.02, "optimizer.weight_decay": 0.1},
        RATES,
    ),
    "muon of fused heads": (
        "nanda2023/transformer",
        ONE_LAYER
        | {
            "model.init": "torch",
            "optimizer.kind": "muon",
            "optimizer.lr": 0.02,
            "optimizer.weight_decay": 0.1,
            "optimizer.joined": [
                {"parameters": ["W_Q", "W_K", "W_V"], "axis": "rows"},
                {"parameters": ["W_O"], "axis": "columns"},
            ],
            "optimizer.adamw_groups": [{"parameters": "W_[EU]", "lr": 0.001, "weight_decay": 1.0}],
        },
        RATES,
    ),
    "lion": (
        "gromov2023/adamw",
        SMALL
        | {"model.width": 8, "optimizer.kind": "lion", "optimizer.lr": 1e-3, "optimizer.weight_decay": 0.1},
        RATES,
    ),
    "adam": (
        "gromov2023/adamw",
        SMALL
        | {"model.width": 8, "optimizer.kind": "adam", "optimizer.lr": 0.01, "optimizer.weight_decay": 0.1},
        RATES,
    ),
}
"""A case for each network, under its name, and further ones: recipe, settings of all trials, and those of single ones."""


def eight(case: str, steps: int = FEW) -> list[Trial]:
    baseline, common, single = CASES[case]
    found = []
    for i in range(8):
        spec, recipe = Library().resolve("addition", baseline, common | single[i % len(single)])
        # Unequal numbers of rows, and one that leaves early.
        found.append(
            Trial(
                spec,
                recipe,
                alpha=0.5 + 0.05 * (i % 4),
                seed=9000 + i,
                budget=steps // 3 if i == 1 else steps,
            )
        )
    return found


def together(trials: Sequence[Trial], **more: Any) -> list[Record]:
    found: dict[int, Any] = {}
    train_together(trials, found.__setitem__, **more)
    for one in found.values():
        if isinstance(one, Exception):
            raise one
    return [found[i] for i in range(len(trials))]


@pytest.fixture(autouse=True)
def in_double_precision(monkeypatch):
    """Records keep weights as they were, not rounded to float32."""
    monkeypatch.setattr(engine, "float32", lambda weights: {n: w.numpy().copy() for n, w in weights.items()})


def agree(one: Record, other: Record) -> None:
    assert (one.ended, other.facts) == (other.ended, pytest.approx(one.facts, rel=1e-8))
    for name, curve in one.curves.items():
        np.testing.assert_allclose(other.curves[name], curve, rtol=1e-8, atol=1e-12, err_msg=name)
    assert one.weights.keys() == other.weights.keys()
    for name, weight in one.weights.items():
        scale = max(1e-12, np.abs(weight).max())
        np.testing.assert_allclose(other.weights[name], weight, rtol=0, atol=1e-8 * scale, err_msg=name)


@pytest.mark.thorough
@pytest.mark.parametrize("case", parts.names("networks"))
def test_after_many_steps_eight_trials_in_a_batch_are_those_eight(case):
    compare(eight(case, STEPS))


@pytest.mark.parametrize("case", CASES)
def test_eight_trials_in_a_batch_are_those_eight(case):
    compare(eight(case))


def compare(trials: Sequence[Trial]) -> None:
    found = together(trials)
    for trial, record in zip(trials, found, strict=True):
        assert (record.environment["engine"], record.environment["together"]) == ("batched", 8)
        agree(train(trial, engine="plain"), record)


def test_every_network_has_a_case():
    assert set(parts.names("networks")) <= CASES.keys()


def small(n: int, **more: Any) -> list[Trial]:
    spec, recipe = Library().resolve("addition", "gromov2023/adamw", SMALL | {"model.width": 12})
    first = Trial(spec, recipe, **{"alpha": 0.6, "seed": 9000, "budget": 40, **more})
    return [replace(first, seed=9000 + i) for i in range(n)]


def with_rate(trial: Trial, lr: float) -> Trial:
    return replace(trial, recipe=replace(trial.recipe, optimizer={**trial.recipe.optimizer, "lr": lr}))


def test_who_diverges_generalises_or_has_spent_its_budget_leaves_and_the_others_go_on():
    easy = {"model.width": 12, "task.operation": "x - x", "evaluation.growth": 1.1}
    spec, recipe = Library().resolve("addition", "gromov2023/adamw", SMALL | easy)
    first = Trial(spec, recipe, alpha=0.8, seed=9000, budget=60)
    trials = [
        with_rate(first, 1e155),
        replace(first, horizon=1.2, seed=9001),
        replace(first, budget=30, seed=9002),
        replace(first, seed=9003),
    ]
    left: list[tuple[int, str, int]] = []
    train_together(trials, lambda i, record: left.append((i, record.ended, record.facts["steps"])))
    assert [(i, ended) for i, ended, _ in left[::3]] == [(0, "diverged"), (3, "finished")]
    assert {(i, ended) for i, ended, _ in left} == {
        (0, "diverged"), (1, "stopped"), (2, "finished"), (3, "finished")
    }  # fmt: skip
    for i, record in enumerate(together(trials)):
        alone = train(trials[i], engine="plain")
        assert (record.ended, record.facts["steps"]) == (alone.ended, alone.facts["steps"])
        assert record.curves["step"].tolist() == alone.curves["step"].tolist()


def test_probes_and_snapshots_are_those_of_single_trials_and_do_not_touch_the_run():
    looks = {"probes": ("trace", "ipr", "phases"), "snapshots": (0, 7)}
    bare, watched = together(small(3)), together(small(3, **looks))
    for one, other, trial in zip(bare, watched, small(3, **looks), strict=True):
        assert one.content == other.content
        alone = train(trial, engine="plain")
        assert other.snapshots.keys() == alone.snapshots.keys()
        for name, columns in alone.probes.items():
            for column, values in columns.items():
                np.testing.assert_allclose(other.probes[name][column], values, rtol=1e-7, atol=1e-9)


def test_the_same_batch_makes_the_same_content_and_says_how_it_was_made():
    first, again = together(small(3)), together(small(3))
    assert [one.content for one in first] == [one.content for one in again]
    assert len({one.content for one in first}) == 3
    made = first[0].environment
    assert (made["engine"], made["device"], made["together"], made["products"]) == (
        "batched",
        "cpu",
        3,
        "blas",
    )
    assert 0 < sum(one.cost["train_seconds"] for one in first) < sum(one.cost["seconds"] for one in first)


def test_a_pass_that_memory_does_not_hold_is_halved_and_goes_on(monkeypatch):
    expected, tried = together(small(6)), []
    whole = stack.Stack._gradient

    def short(self: Any, at: slice, *given: Any) -> Any:
        tried.append(at.stop - at.start)
        if tried[-1] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(self, at, *given)

    monkeypatch.setattr(stack.Stack, "_gradient", short)
    found = together(small(6))
    assert tried[:6] == [6, 3, 1, 1, 1, 1]
    for one, other in zip(expected, found, strict=True):
        agree(one, other)


def test_a_batch_that_memory_does_not_hold_is_trained_in_halves(monkeypatch):
    expected, sizes = together(small(4)), []
    whole = stack.Stack.__init__

    def short(self: Any, setups: Any, device: Any) -> None:
        sizes.append(len(setups))
        if len(setups) > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")
        whole(self, setups, device)

    monkeypatch.setattr(stack.Stack, "__init__", short)
    found = together(small(4))
    assert sizes == [4, 2, 2]
    for one, other in zip(expected, found, strict=True):
        agree(one, other)


def test_passes_take_as_many_trials_as_have_room(monkeypatch):
    chunks = []
    measured = stack.Stack._measured

    def told(self: Any) -> dict[str, int]:
        chunks.append(measured(self))
        return chunks[-1]

    monkeypatch.setattr(stack.Stack, "_measured", told)
    needed = memory.bytes_of(lambda: torch.ones(8, dtype=torch.float64) + 1)
    assert needed == 2 * 8 * 8
    together(small(4))
    monkeypatch.setattr(memory, "room", lambda device: 1)
    together(small(4))
    assert chunks == [{"train": 4, "test": 4}, {"train": 1, "test": 1}]


def test_a_trial_whose_probe_fails_leaves_alone(monkeypatch):
    look, ended = Run.look, {}

    def failing(self: Run, *given: Any) -> None:
        if self.trial.seed == 9001 and self.step == 3:
            raise ZeroDivisionError("a probe")
        look(self, *given)

    monkeypatch.setattr(Run, "look", failing)
    train_together(small(3), ended.__setitem__)
    assert isinstance(ended[1], ZeroDivisionError)
    assert [ended[i].facts["steps"] for i in (0, 2)] == [40, 40]


def test_trials_that_differ_in_more_than_numbers_are_refused():
    one = small(1)[0]
    others = [
        replace(one, recipe=replace(one.recipe, model={**one.recipe.model, "width": 13})),
        replace(one, recipe=replace(one.recipe, optimizer={**one.recipe.optimizer, "weight_decay": 0.1})),
        replace(one, recipe=replace(one.recipe, training={**one.recipe.training, "batch": 5})),
    ]
    for other in others:
        assert likeness(one) != likeness(other)
        with pytest.raises(InputError, match="differ in numbers only"):
            train_together([one, other], lambda i, record: None)
    assert likeness(one) == likeness(with_rate(replace(one, alpha=0.7, seed=1), 0.3))
    assert why_singly(one) == ""
    with pytest.raises(InputError, match="0 steps"):
        train_together([replace(one, budget=0)], lambda i, record: None)


def test_a_network_that_is_not_what_its_fields_say_is_not_batched(monkeypatch):
    forward, calls = stack.functional_call, iter(range(1000))
    monkeypatch.setattr(stack, "functional_call", lambda *given: forward(*given) + next(calls) + 1)
    with pytest.raises(stack.UnlikeError, match="other outputs in a batch"):
        together(small(2))


@pytest.mark.parametrize("name", parts.names("networks"))
def test_a_pass_makes_no_tensor_on_another_device(name):
    """On CUDA it would fail; the device "meta" refuses it as well, and needs no card."""
    trial = eight(name)[0]
    network = build(trial.recipe.model, shape_of(trial.task), trial.seed)
    inputs = network.inputs(trial_rows(trial).train[:3], trial.task)
    noise = network.draw_noise(3, torch.Generator().manual_seed(0), torch.float64) if network.drops else None
    inputs = inputs.double() if inputs.is_floating_point() else inputs
    outputs = network.to("meta")(inputs.to("meta"), None if noise is None else noise.to("meta"))
    assert outputs.device.type == "meta"
