"""Engines: what the training loop needs of a network and a loss, whichever they are.

An engine holds the weights of one network and the rows it is trained and tested on. "fast" is the hand-written step that the
network has for the loss; "plain" is autograd over the readable module, the definition, which the fast one is tested against.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor

from grokbench import parts
from grokbench.networks.architecture import Architecture
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.training.fast import FastEngine
from grokbench.training.plain import PlainEngine
from grokbench.training.score import Score
from grokbench.training.setup import Setup

ENGINES = ("auto", "fast", "plain")


class Engine(Protocol):
    """What the loop needs of a network."""

    name: str
    products: str  # the library of its dense products
    noisy: bool  # whether a training pass differs from an evaluation (minibatches, dropout, noise)
    names: Sequence[str]  # of the parameters, as the plain module has them
    parameters: Sequence[Tensor]
    gradients: Sequence[Tensor]

    def train_pass(self, accuracy: bool) -> Score:
        """Loss over the training rows of the next update, its gradient into ``gradients``; accuracy if asked for."""

    def score(self, side: str) -> Score:
        """Loss and accuracy over the rows of ``side``, "train", "test" or a part of "train", in evaluation mode."""

    def shaped(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """Parameters or gradients as views in the plain module's shapes."""

    def weights(self) -> dict[str, Tensor]:
        """Copies of the weights under the plain module's names."""


def make_engine(name: str, architecture: Architecture, setup: Setup[Any]) -> Engine:
    """The engine called ``name``; "auto" takes the fast one where there is one.

    Errors: UnknownNameError for an engine that there is not, InputError where a fast one is asked for and there is none.
    """
    if name not in ENGINES:
        raise UnknownNameError("engine", name, ENGINES)
    read = setup.decoder.by_class or architecture.outputs == "any"
    fixed = name != "plain" and setup.fresh is None and read and (architecture.rescales or not setup.rescaled)
    target = architecture.fast.get(setup.loss.kind) if fixed else None
    step = parts.loaded(target)(setup) if target is not None else None
    if step is not None:
        return FastEngine(setup, step)
    if name == "fast":
        raise InputError(
            f"{architecture.kind} has no hand-written step for {setup.loss.kind} with these fields; the plain engine trains it"
        )
    return PlainEngine(setup)
