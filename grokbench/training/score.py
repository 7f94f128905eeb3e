"""What a pass over one side of the split says."""

from __future__ import annotations

from typing import NamedTuple


class Score(NamedTuple):
    """Loss and accuracy over one side of the split; accuracy is NaN where it was not asked for."""

    loss: float
    accuracy: float
