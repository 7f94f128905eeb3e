"""Parts from outside are tried on two rows before they train, so that what is wrong with one is said in a sentence."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from grokbench.parts import Part
from grokbench.specs.errors import InputError
from grokbench.training.setup import Setup

NETWORK = ("inputs", "targets", "drops", "draw_noise", "named_parameters", "state_dict", "to")
RULE = ("init", "update")
LEARNER = ("initial", "step", "predict", "state")


def need(part: Part, what: str, value: Any, names: tuple[str, ...]) -> None:
    """Raises InputError where ``value``, ``what`` of the part, lacks one of these."""
    missing = [name for name in names if not hasattr(value, name)]
    if missing:
        raise InputError(
            f"{part} gives {what} that lacks {', '.join(missing)}; it is of type {type(value).__name__}"
        )


def try_out(setup: Setup[Any], network: Part | None, loss: Part | None) -> None:
    """Raises InputError where the network's outputs do not fit its targets, or the loss is no number of them."""
    if network is None and loss is None:
        return
    rows = setup.train[:2]
    inputs, targets = setup.network.inputs(rows, setup.task), setup.targets(rows)
    noise = None
    if setup.network.drops:
        noise = setup.network.draw_noise(len(rows), torch.Generator(), torch.float64)
    outputs = setup.network(inputs, noise)
    if network is not None:
        _fit(network, outputs, targets, len(rows), by_class=setup.decoder.by_class)
    if loss is not None:
        total = setup.total(outputs, targets)
        if not isinstance(total, Tensor) or total.dim() or not total.requires_grad:
            raise InputError(f"{loss} gives {_words(total)} where a scalar with a gradient is expected")


def _fit(network: Part, outputs: Any, targets: Any, n_rows: int, *, by_class: bool) -> None:
    if not isinstance(outputs, Tensor) or outputs.dim() not in (2, 3) or len(outputs) != n_rows:
        raise InputError(
            f"{network} gives {_words(outputs)} where outputs ({n_rows}, classes) or ({n_rows}, scored, classes) are expected"
        )
    if not by_class:
        if targets.is_floating_point() and targets.shape != outputs.shape:
            raise InputError(
                f"{network} gives {_words(outputs)} where outputs {tuple(targets.shape)} are expected"
            )
        return
    if not isinstance(targets, Tensor) or targets.shape != outputs.shape[:-1]:
        raise InputError(f"{network} gives targets {_words(targets)} beside outputs {_words(outputs)}")
    if int(targets.max()) >= max(outputs.shape[-1], 2):
        raise InputError(f"{network} has {outputs.shape[-1]} classes; a target is {int(targets.max())}")


def _words(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor {tuple(value.shape)}"
    return f"a {type(value).__name__}"
