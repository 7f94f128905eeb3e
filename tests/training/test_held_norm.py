"""A norm that is held after every update, and weights that start larger or smaller than a network draws them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from grokbench.networks.registry import build, drawn
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.tasks.source import Vectors
from grokbench.training.updates import make_update

LIBRARY = Library()
SHAPE = Vectors(5, 5)


def updated(wrapper: dict[str, Any], steps: int = 3) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Weights W and b before and after gradient descent with the wrapper."""
    generator = torch.Generator().manual_seed(1)
    weights = [
        torch.randn(4, 3, generator=generator, dtype=torch.float64),
        torch.ones(4, dtype=torch.float64),
    ]
    before = [w.clone() for w in weights]
    update = make_update({"kind": "gd", "lr": 0.1, "wrapper": {"kind": "held-norm", **wrapper}})
    assert update is not None
    assert not update.elementwise
    update.rule.init(weights, ("W", "b"))
    for step in range(steps):
        update.rule.update(weights, [torch.ones_like(w) for w in weights], step)
    return before, weights


def norm(*weights: torch.Tensor) -> float:
    return float(sum(float((w**2).sum()) for w in weights)) ** 0.5


def test_all_weights_together_keep_the_norm_that_they_start_with_and_move_on_the_sphere() -> None:
    before, after = updated({})
    assert norm(*after) == pytest.approx(norm(*before), rel=1e-12)
    assert norm(after[1]) != pytest.approx(norm(before[1]), rel=1e-3)
    free = [w - 0.1 for w in before]
    first = updated({}, steps=1)[1]
    factor = norm(*before) / norm(*free)
    for one, other in zip(first, free, strict=True):
        np.testing.assert_allclose(one, factor * other, rtol=1e-12)


def test_each_tensor_keeps_its_own_norm_where_the_recipe_says_so() -> None:
    before, after = updated({"over": "matrix"})
    assert [norm(w) for w in after] == pytest.approx([norm(w) for w in before], rel=1e-12)


def test_a_radius_is_taken_and_weights_without_the_name_are_free() -> None:
    before, after = updated({"parameters": "W*", "radius": 7.0})
    assert norm(after[0]) == pytest.approx(7.0, rel=1e-12)
    np.testing.assert_allclose(after[1], before[1] - 0.3, rtol=1e-12)


def test_a_name_that_no_weight_has_is_refused() -> None:
    with pytest.raises(InputError, match="names no weight; there are W, b"):
        updated({"parameters": "U*"})


def test_a_start_is_scaled_and_only_where_the_recipe_names_weights() -> None:
    recipe = LIBRARY.recipe("omnigrok2022/teacher-student")
    own = dict(build(recipe.model, SHAPE, 3).named_parameters())
    for name, p in drawn(recipe, SHAPE, 3).named_parameters():
        assert torch.equal(p, 2 * own[name]), name
    some = dataclasses.replace(recipe, training={**recipe.training, "scaled": "W[12]"})
    for name, p in drawn(some, SHAPE, 3).named_parameters():
        assert torch.equal(p, (2 if name in ("W1", "W2") else 1) * own[name]), name
    none = dataclasses.replace(recipe, training={**recipe.training, "scaled": "E"})
    with pytest.raises(InputError, match=r"training\.scaled: 'E' names no weight"):
        drawn(none, SHAPE, 3)
