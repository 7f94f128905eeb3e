"""A network of three weight matrices over x and y as unit vectors: its fields and its size. The module lies in ``_torch``.

Kept apart, so that ``grokbench list`` and ``grokbench validate`` need not load torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grokbench import Architecture, Size, field


@dataclass(frozen=True)
class Fields:
    """three linear layers with ReLU between them, over x and y as unit vectors"""

    width: int = field(128, help="units of each hidden layer", least=1)


def size(model: Mapping[str, Any], p: int) -> Size:
    """Multiply-adds of one row's outputs, and number of weights. The first layer is looked up."""
    m = model["width"]
    return Size(m * m + p * m, 2 * p * m + m + m * m + m + p * m + p)


HERE = "grokbench_example.three_layer_mlp_torch"
ARCHITECTURE = Architecture(
    "three-layer-mlp", Fields, build=f"{HERE}:build", restore=f"{HERE}:restore", size=size
)
