"""Losses as functions of outputs and targets, for any network whose outputs they fit. Torch is loaded when one is first computed.

``outputs`` are (n, classes), or (n, scored, classes) where several positions of a row are scored. ``targets`` are the right
classes, (n,) or (n, scored), or numbers of the outputs' shape, which the squared error takes. A loss is a sum over rows, and then
``reduce`` makes a mean of it where its fields ask for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.training.kinds import Loss

if TYPE_CHECKING:
    from torch import Tensor

PRECISIONS = ("float16", "bfloat16", "float32", "float64")


# -- cross-entropy ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CrossEntropyFields:
    """negative log-likelihood of the answer, mean over rows"""

    precision: str = field(
        "float64",
        choices=PRECISIONS,
        help="floating-point type of the log-softmax; of float32 and float64 the wider of it and the weights' own",
    )


def cross_entropy(outputs: Tensor, targets: Tensor, loss: Section) -> Tensor:
    """Σ over rows of −log p(target), the mean of a row's scored positions.

    Rows are added up in float32 at least: a half type is that of the log-softmax alone, as in Prieto et al. (2501.04697).
    """
    import torch

    wide = outputs.to(softmax_type(loss["precision"], outputs.dtype))
    rows = -torch.log_softmax(wide, -1).gather(-1, targets[..., None])
    return rows.to(torch.promote_types(rows.dtype, torch.float32)).sum() / scored(targets)


def scored(targets: Tensor) -> int:
    """How many positions of a row are scored."""
    return targets[0].numel() if targets.dim() > 1 else 1


def softmax_type(precision: str, weights: Any) -> Any:
    """The torch type of a log-softmax: a half type as it is named, else the wider of ``precision`` and the ``weights``' type."""
    import torch

    named = getattr(torch, precision)
    return named if precision in PRECISIONS[:2] else torch.promote_types(named, weights)


def mean_over_rows(total: Any, loss: Section, n_rows: int, n_classes: int) -> Any:
    """The mean over rows of what was summed over them."""
    return total / n_rows


CROSS_ENTROPY = Loss("cross-entropy", CrossEntropyFields, cross_entropy, mean_over_rows)


# -- squared error ---------------------------------------------------------------------------------------

REDUCTIONS = ("mean", "sum", "sum-classes")


@dataclass(frozen=True)
class SquaredErrorFields:
    """squared error against one-hot targets, or against the numbers that the task's decoding gives"""

    reduction: str = field(
        "mean",
        choices=REDUCTIONS,
        help="mean over rows and classes, sum over both, or mean over rows of the sum over classes",
    )


def squared_error(outputs: Tensor, targets: Tensor, loss: Section) -> Tensor:
    """Σ over rows and classes of (f − onehot)², the mean of a row's scored positions; Σ (f − target)² of numbers."""
    from torch.nn import functional

    if targets.is_floating_point():
        return ((outputs - targets) ** 2).sum()
    onehot = functional.one_hot(targets, outputs.shape[-1]).to(outputs.dtype)
    return ((outputs - onehot) ** 2).sum() / scored(targets)


def reduced(total: Any, loss: Section, n_rows: int, n_classes: int) -> Any:
    """``total`` times 1/(n c), 1 or 1/n, by the reduction."""
    scale = {"mean": 1 / (n_rows * n_classes), "sum": 1.0, "sum-classes": 1.0 / n_rows}
    return scale[loss["reduction"]] * total


MSE = Loss("mse", SquaredErrorFields, squared_error, reduced, takes=("classes", "numbers"))


# -- hinge -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class HingeFields:
    """multi-class hinge: how far any other class comes within 1 of the answer, mean over rows"""


def hinge(outputs: Tensor, targets: Tensor, loss: Section) -> Tensor:
    """Σ over rows of Σ over other classes of max(0, 1 − f_target + f_class); of one output, max(0, 1 − f y) with y = ±1."""
    import torch

    if outputs.shape[-1] == 1:
        signs = (2 * targets - 1).to(outputs.dtype)
        return (1 - outputs.squeeze(-1) * signs).clamp(min=0).sum() / scored(targets)
    at_target = outputs.gather(-1, targets[..., None])
    margins = (1 - at_target + outputs).clamp(min=0)
    own = torch.ones_like(at_target).sum()  # the target's own margin is 1 in every row
    return (margins.sum() - own) / scored(targets)


HINGE = Loss("hinge", HingeFields, hinge, mean_over_rows)


# -- logistic --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LogisticFields:
    """log(1 + e^(−y f)) of one output, whose sign decides between two classes, mean over rows"""


def logistic(outputs: Tensor, targets: Tensor, loss: Section) -> Tensor:
    """Σ over rows of log(1 + exp(−y f)) with y = ±1; of several outputs, log Σ_c exp(f_c − f_target), the cross-entropy."""
    import torch
    from torch.nn import functional

    if outputs.shape[-1] == 1:
        signs = (2 * targets - 1).to(outputs.dtype)
        return -functional.logsigmoid(outputs.squeeze(-1) * signs).sum() / scored(targets)
    return -torch.log_softmax(outputs, -1).gather(-1, targets[..., None]).sum() / scored(targets)


LOGISTIC = Loss("logistic", LogisticFields, logistic, mean_over_rows)
