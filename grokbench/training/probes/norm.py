"""The probe "norm": the Euclidean norm of all weights together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grokbench.training.watching import Probe

PROBE = Probe(
    "norm",
    look="grokbench.training.probes.norm:norm",
    summary="Euclidean norm of all weights together",
)


def norm(weights: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """‖θ‖ of all weights, summed in float64."""
    squares = (np.square(np.asarray(w, dtype=np.float64)).sum() for w in weights.values())
    return {"all": float(sum(squares)) ** 0.5}
