"""From the ``model`` table of a recipe to what its network says of itself, and, where torch is, to the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from grokbench import parts
from grokbench.networks.architecture import Architecture
from grokbench.specs.fields import checked
from grokbench.specs.types import Section
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


def restored(model: Section, weights: Mapping[str, Tensor]) -> Network:
    """The network that ``model`` names, with ``weights`` under its own names, in their own type. Errors as in ``build``."""
    own = architecture(model)
    network: Network = parts.loaded(own.restore)(checked(own.fields, model, "model"), weights)
    return network
