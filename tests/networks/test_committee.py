"""The committee on squared projections: the notebook's equations, both forms of its sum, and its hand-written step."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from grokbench.networks.committee import ARCHITECTURE, Committee
from grokbench.networks.registry import build, restored
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.tasks.source import Vectors
from grokbench.tasks.trained import trial_rows
from grokbench.training.engine import checked_rows, set_up, train
from grokbench.training.engines import make_engine

LIBRARY = Library()
SMALL = {"task.domain.d": 6, "task.source.rows": 30, "task.source.test_rows": 20, "training.dtype": "float64"}


def trial(**own: Any) -> Trial:
    settings = SMALL | {name.replace("__", "."): value for name, value in own.items()}
    task, recipe = LIBRARY.resolve("squared-projection", "kumar2023/polynomial", settings)
    return Trial(task, recipe, alpha=0.5, seed=9000, budget=5)


def engines(one: Trial) -> tuple[Any, Any]:
    rows, _ = checked_rows(one)
    plain, fast = (make_engine(name, ARCHITECTURE, set_up(one, rows)) for name in ("plain", "fast"))
    return plain, fast


@pytest.mark.parametrize("width", [2, 40])
def test_outputs_are_the_mean_of_linear_units_with_a_square(width: int) -> None:
    generator = np.random.default_rng(0)
    w, x = generator.standard_normal((width, 5)), generator.standard_normal((8, 5))
    h = x @ w.T
    wanted = (h + 0.5 * 0.3 * h**2).mean(1)
    found = Committee({"W": torch.from_numpy(w)}, 0.3)(torch.from_numpy(x))
    np.testing.assert_allclose(found.detach().numpy()[:, 0], wanted, rtol=1e-12)


@pytest.mark.parametrize("width", [2, 40])
@pytest.mark.parametrize("subtract", [False, True])
def test_the_hand_written_step_is_autograds(width: int, subtract: bool) -> None:
    plain, fast = engines(
        trial(model__width=width, training__subtract_start=subtract, training__output_scale=2.5)
    )
    for _ in range(2):  # a second pass forgets the first
        wanted, found = plain.train_pass(accuracy=True), fast.train_pass(accuracy=True)
        assert found.loss == pytest.approx(wanted.loss, rel=1e-12)
        assert found.accuracy == wanted.accuracy
        for one, other in zip(fast.gradients, plain.gradients, strict=True):
            assert np.linalg.norm(one - other) < 1e-10 * np.linalg.norm(other)
        assert fast.score("test").loss == pytest.approx(plain.score("test").loss, rel=1e-12)
        for net in (plain, fast):
            net.parameters[0].sub_(net.gradients[0])


def test_steps_are_the_notebooks() -> None:
    """Gradient descent on mean((f(θ) − f(θ₀) − y)²) with learning rate η₀ / α², in numpy."""
    one = trial(model__width=40, training__output_scale=2.0, optimizer__lr=3.0)
    record = train(one)
    rows = trial_rows(one).train
    x, y = rows[:, :-1], rows[:, -1]
    first = build(one.recipe.model, Vectors(6, 1), 9000).W.detach().numpy()
    w, eps = first.copy(), 0.5

    def outputs(w: np.ndarray) -> np.ndarray:
        h = x @ w.T
        return np.asarray(2.0 * (h + eps / 2 * h**2).mean(1))

    for _ in range(5):
        r = outputs(w) - outputs(first) - y
        slopes = 2.0 * (1 + eps * x @ w.T) / len(w)  # (n, N)
        w = w - 3.0 / 2.0**2 * (2 / len(y)) * (slopes * r[:, None]).T @ x
    np.testing.assert_allclose(record.weights["W"], w, rtol=1e-6)


def test_weights_are_normal_and_it_answers_with_one_number() -> None:
    network = build({"kind": "committee", "width": 50, "epsilon": 0.1}, Vectors(20, 1), 0)
    assert float(network.W.detach().std()) == pytest.approx(1, abs=0.1)
    assert torch.equal(restored({"kind": "committee", "epsilon": 0.1}, {"W": network.W.data}).W, network.W)
    assert ARCHITECTURE.size({"width": 50}, Vectors(20, 1)).weights == network.W.numel()
    with pytest.raises(InputError, match="one real number, not 3"):
        build({"kind": "committee"}, Vectors(20, 3), 0)
    recipe = LIBRARY.recipe("kumar2023/polynomial")
    wrong = dataclasses.replace(recipe, loss={"kind": "logistic"})
    assert [field for field, _ in ARCHITECTURE.faults(wrong)] == ["loss.kind"]
