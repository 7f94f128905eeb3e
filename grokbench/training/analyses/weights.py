"""Weights as analyses get them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.floating]]
"""Of one network: name → array, as its plain module has them."""


def finite(weights: Weights) -> bool:
    """Whether every weight is a number."""
    return all(bool(np.isfinite(w).all()) for w in weights.values())
