"""From the ``model`` table of a recipe to a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from grokbench.models.analytic import analytic_mlp
from grokbench.models.mlp import QuadraticMLP, initial_mlp
from grokbench.specs.errors import UnknownNameError

Builder = Callable[[Mapping[str, Any], int, int], QuadraticMLP]

KINDS: dict[str, Builder] = {
    "quadratic-mlp": initial_mlp,
    "analytic-quadratic-mlp": analytic_mlp,
}


def build(model: Mapping[str, Any], n_elements: int, seed: int) -> QuadraticMLP:
    """The network that ``model`` names, over a domain of ``n_elements``; float64, cast by the engine.

    Raises UnknownNameError where ``model["kind"]`` is missing or names nothing.
    """
    kind = str(model.get("kind", ""))
    if kind not in KINDS:
        raise UnknownNameError("model.kind", kind, KINDS)
    return KINDS[kind](model, n_elements, seed)
