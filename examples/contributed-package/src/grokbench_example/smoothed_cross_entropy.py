"""Cross-entropy against smoothed labels (Szegedy et al. 2016, section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grokbench import Loss, field

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Fields:
    """cross-entropy against labels of which a share is spread over all classes"""

    smoothing: float = field(0.1, help="share ε that is spread", least=0, below=1)


def total(outputs: Tensor, targets: Tensor, loss: Mapping[str, Any]) -> Tensor:
    """−Σ over rows of (1 − ε) log p(target) + ε mean of log p; outputs (n, classes), targets (n,)."""
    logs = outputs.log_softmax(-1)
    share = loss["smoothing"]
    return -((1 - share) * logs.gather(-1, targets[..., None]).sum() + share * logs.mean(-1).sum())


def reduce(total: Any, loss: Mapping[str, Any], n_rows: int, n_classes: int) -> Any:
    """The loss that is trained on: the mean over rows."""
    return total / n_rows


LOSS = Loss("smoothed-cross-entropy", Fields, total, reduce)
