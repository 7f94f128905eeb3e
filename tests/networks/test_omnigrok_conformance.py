"""Given the weights of Omnigrok's notebook, teacher and student give its targets, outputs, losses, gradients and updates.

Data: KindXiaoming/Omnigrok @3a0a573, teacher-student notebook, 5-24-24-5 tanh with biases; the student has twice its weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from grokbench.networks.layered_mlp import LayeredMLP
from grokbench.networks.registry import build
from grokbench.specs.loader import Library
from grokbench.tasks.domains.tanh_teacher import Teacher
from grokbench.tasks.source import Vectors
from grokbench.training.losses import MSE
from grokbench.training.probes.norm import norm
from grokbench.training.updates import make_update

FOUND = dict(np.load(Path(__file__).parent.parent / "data" / "omnigrok2022-mlp.npz"))
NAMES = {
    f"{letter}{i}": f"l{i}.{word}" for i in (1, 2, 3) for letter, word in (("W", "weight"), ("b", "bias"))
}
ONE = "teacher-student/"
LIBRARY = Library()


def relative(found: Any, wanted: Any) -> float:
    found, wanted = (np.asarray(a, dtype=np.float64) for a in (found, wanted))
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def student() -> LayeredMLP:
    return LayeredMLP(
        {name: torch.tensor(FOUND[f"{ONE}weight/{theirs}"]) for name, theirs in NAMES.items()}, "tanh"
    )


def loss(outputs: torch.Tensor) -> torch.Tensor:
    fields, targets = {"reduction": "mean"}, torch.from_numpy(FOUND[f"{ONE}targets"])
    return MSE.reduce(MSE.total(outputs, targets, fields), fields, len(targets), targets.shape[1])


def updated(table: dict[str, Any], steps: int = 4) -> tuple[LayeredMLP, list[float], list[torch.Tensor]]:
    """The student after so many updates, its losses before each, and its first gradients."""
    net, losses, first = student(), [], []
    named = dict(net.named_parameters())
    held = [p.data for p in named.values()]
    update = make_update(table)
    assert update is not None
    update.rule.init(held, tuple(named))
    for step in range(steps):
        now = loss(net(torch.from_numpy(FOUND[f"{ONE}inputs"])))
        gradients = torch.autograd.grad(now, list(named.values()))
        first = first or [g.clone() for g in gradients]
        losses.append(float(now.detach()))
        update.rule.update(held, [g.clone() for g in gradients], step)
    return net, losses, first


def arrays(net: LayeredMLP) -> dict[str, np.ndarray]:
    return {name: p.detach().numpy() for name, p in net.named_parameters()}


def test_a_teacher_gives_the_references_targets() -> None:
    layers = tuple((FOUND[f"{ONE}teacher/l{i}.weight"], FOUND[f"{ONE}teacher/l{i}.bias"]) for i in (1, 2, 3))
    found = Teacher(5, 24, 5, layers).answered(FOUND[f"{ONE}inputs"])
    assert relative(found, FOUND[f"{ONE}targets"]) < 1e-12


def test_outputs_losses_gradients_and_four_updates_are_the_references() -> None:
    outputs = student()(torch.from_numpy(FOUND[f"{ONE}inputs"]))
    assert relative(outputs.detach(), FOUND[f"{ONE}outputs_step0"]) < 1e-6
    recipe = LIBRARY.recipe("omnigrok2022/teacher-student")
    net, losses, gradients = updated({**recipe.optimizer, "weight_decay": 0.5})
    np.testing.assert_allclose(losses, FOUND[f"{ONE}losses"], rtol=1e-6)
    for (name, weight), gradient in zip(arrays(net).items(), gradients, strict=True):
        assert relative(gradient, FOUND[f"{ONE}grad_step0/{NAMES[name]}"]) < 1e-5, name
        assert relative(weight, FOUND[f"{ONE}weight_after4/{NAMES[name]}"]) < 1e-5, name


def test_four_updates_on_the_sphere_are_the_references() -> None:
    recipe = LIBRARY.recipe("omnigrok2022/held")
    net, losses, _ = updated({**recipe.optimizer, "lr": 1e-3})
    np.testing.assert_allclose(losses, FOUND["sphere/losses"], rtol=1e-6)
    for name, weight in arrays(net).items():
        assert relative(weight, FOUND[f"sphere/weight_after4/{NAMES[name]}"]) < 1e-5, name
    assert norm(arrays(net))["all"] == pytest.approx(norm(arrays(student()))["all"], rel=1e-12)


def test_the_norm_counts_every_weight_once_and_the_notebooks_counts_one_matrix_twice() -> None:
    whole = norm(arrays(student()))["all"] ** 2
    assert whole == pytest.approx(float(FOUND[f"{ONE}sum_of_squares_true"]), rel=1e-6)
    doubled = whole + float(np.square(FOUND[f"{ONE}weight/l1.weight"]).sum())
    assert doubled == pytest.approx(float(FOUND[f"{ONE}sum_of_squares_as_coded"]), rel=1e-6)


def test_initial_weights_have_torchs_bounds() -> None:
    net = build({"kind": "layered-mlp", "width": 100, "activation": "tanh"}, Vectors(5, 3), 0)
    for name, fan_in in {"W1": 5, "b1": 5, "W2": 100, "b2": 100, "W3": 100, "b3": 100}.items():
        own = getattr(net, name).detach().abs() * fan_in**0.5
        assert own.max() <= 1
        assert own.numel() < 50 or own.max() > 0.9
    assert [tuple(p.shape) for p in net.parameters()] == [
        (100, 5),
        (100,),
        (100, 100),
        (100,),
        (3, 100),
        (3,),
    ]
