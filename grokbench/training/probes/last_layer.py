"""The probe "last-layer": the size of the output matrix, which grows in spurts at slingshots (Thilak et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grokbench.training.watching import Probe

PROBE = Probe(
    "last-layer",
    look="grokbench.training.probes.last_layer:last_layer",
    summary="Frobenius norm of the matrix that gives the outputs: the unembedding W_U, or else the last matrix",
)


def which(dimensions: Mapping[str, int]) -> str:
    """The array that gives the outputs, of names and numbers of dimensions: W_U, or else the last one of two or more."""
    return "W_U" if "W_U" in dimensions else [name for name, n in dimensions.items() if n >= 2][-1]


def last_layer(weights: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """‖W‖_F of W_U, or else of the last array of two dimensions or more, summed in float64."""
    last = weights[which({name: w.ndim for name, w in weights.items()})]
    return {"norm": float(np.linalg.norm(np.asarray(last, dtype=np.float64)))}
