"""From the ``model`` table of a recipe to what its network says of itself, and, where torch is, to the network."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from grokbench import parts
from grokbench.networks.architecture import Architecture
from grokbench.specs.errors import InputError
from grokbench.specs.fields import checked
from grokbench.specs.types import Recipe, Section
from grokbench.tasks.source import Shape

if TYPE_CHECKING:
    from torch import Tensor

    from grokbench.networks.base import Network


def architecture(model: Section) -> Architecture:
    """What ``model["kind"]`` names. Errors: UnknownNameError, InputError for a part that cannot be used."""
    found: Architecture = parts.find("networks", str(model.get("kind", "")))
    return found


def build(model: Section, n_elements: Shape, seed: int) -> Network:
    """The network that ``model`` names, over ``n_elements`` or for vectors; float64, cast by the engine.

    Errors: UnknownNameError where ``model["kind"]`` is missing or names nothing.
    """
    own = architecture(model)
    network: Network = parts.loaded(own.build)(checked(own.fields, model, "model"), n_elements, seed)
    return network


def drawn(recipe: Recipe, n_elements: Shape, seed: int) -> Network:
    """The network before its first step: built, then the weights that ``training.scaled`` names times ``initial_scale``.

    Its outputs are scaled as ``training`` has it (``networks.scaled``). Errors: as in ``build``; InputError for names that no
    weight has.
    """
    network = build(recipe.model, n_elements, seed)
    _resize(network, recipe)
    if rescaled(recipe):
        from grokbench.networks.scaled import scaled_outputs

        scaled_outputs(network, recipe)
    return network


def _resize(network: Network, recipe: Recipe) -> None:
    scale, pattern = recipe.training.get("initial_scale", 1.0), recipe.training.get("scaled", "*")
    if scale == 1.0:
        return
    named = dict(network.named_parameters())
    own = [p for name, p in named.items() if fnmatchcase(name, pattern)]
    if not own:
        raise InputError(f"training.scaled: {pattern!r} names no weight; there are {', '.join(named)}")
    for p in own:
        p.data.mul_(scale)


def rescaled(recipe: Recipe) -> bool:
    """Whether outputs are other than the network's own: times a factor, or without those before the first step."""
    own = recipe.training
    return bool(own.get("output_scale", 1.0) != 1.0 or own.get("subtract_start"))


def restored(model: Section, weights: Mapping[str, Tensor]) -> Network:
    """The network that ``model`` names, with ``weights`` under its own names, in their own type. Errors as in ``build``."""
    own = architecture(model)
    network: Network = parts.loaded(own.restore)(checked(own.fields, model, "model"), weights)
    return network
