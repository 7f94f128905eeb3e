"""Networks from the files that their weights were saved in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from grokbench.networks.registry import restored
from grokbench.specs import values
from grokbench.specs.errors import InputError

if TYPE_CHECKING:
    from torch import nn


def load_network(path: str | Path) -> nn.Module:
    """The plain, readable module with the weights of a file that ``run(save=…)`` or ``grokbench run --save`` wrote.

    Its ``forward`` says what it takes; ``parameters()`` and ``state_dict()`` are torch's. Errors: InputError where the
    file is none of ours.
    """
    from safetensors import SafetensorError, safe_open

    path = values.path("path", path)
    if path.is_dir():
        raise InputError(f"{path} is a folder; name the .safetensors file")
    try:
        with safe_open(path, framework="pt") as stored:
            label = (stored.metadata() or {}).get("grokbench")
            weights = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - it is no dict
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: no weights can be read ({error})") from None
    if label is None:
        raise InputError(
            f"{path} does not say which network its weights are of; grokbench.run(save=…) writes it"
        )
    if '"learner"' in label:
        raise InputError(
            f"{path} holds the arrays of a learner, which is no network; safetensors.numpy.load_file reads them"
        )
    try:
        return restored(json.loads(label)["model"], weights)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RuntimeError, MemoryError) as error:
        raise InputError(
            f"{path}: its weights and what it says of its network do not go together ({error})"
        ) from None
