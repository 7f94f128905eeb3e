"""StableMax: a softmax whose exponential grows only linearly, so no row's loss rounds to 0 (Prieto et al., arXiv 2501.04697).

    s(x) = x + 1 for x ≥ 0, 1/(1 − x) for x < 0;    loss of a row = −log(s(f_target) / Σ_c s(f_c))

The numbers are those of LucasPrietoAl/grokking-at-the-edge-of-numerical-stability @0cc9e8d, whose logits go to float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.training.kinds import Loss
from grokbench.training.losses import mean_over_rows, scored, softmax_type

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Fields:
    """negative log-likelihood of the answer under StableMax, mean over rows (Prieto et al. 2025)"""

    precision: str = field(
        "float64",
        choices=("float32", "float64"),
        help="floating-point type of the logits in the loss; the wider of it and the weights' own",
    )


def stable(x: Tensor) -> Tensor:
    """s(x), elementwise; its slope is 1 from 0 on and s² below."""
    import torch

    return torch.where(x < 0, 1 / (1 - x.clamp(max=0)), x + 1)


def stablemax(outputs: Tensor, targets: Tensor, loss: Section) -> Tensor:
    """Σ over rows of −log(s(f_target) / Σ_c s(f_c)), the mean of a row's scored positions."""
    s = stable(outputs.to(softmax_type(loss["precision"], outputs.dtype)))
    rows = s.sum(-1).log() - s.gather(-1, targets[..., None])[..., 0].log()
    return rows.sum() / scored(targets)


STABLEMAX = Loss("stablemax", Fields, stablemax, mean_over_rows)
