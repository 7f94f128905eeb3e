"""What a loss promises: a sum over rows, with its gradients, in float32 and float64, that can be trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from grokbench import parts
from grokbench.contract.networks import ENOUGH
from grokbench.contract.running import disturbed, recipe, run, slope_error
from grokbench.contract.saying import Promise, example, require
from grokbench.training.kinds import Loss

ROWS, CLASSES = 7, 4


def _made(part: parts.Part) -> tuple[Loss, dict[str, Any], torch.Tensor, torch.Tensor]:
    """The loss, its fields, outputs (7, 4) in float64 and right classes (7,)."""
    own: Loss = parts.load(part)
    generator = torch.Generator().manual_seed(3)
    outputs = torch.randn(ROWS, CLASSES, generator=generator, dtype=torch.float64)
    return own, example(own.fields), outputs, torch.randint(CLASSES, (ROWS,), generator=generator)


def is_a_sum_over_rows(part: parts.Part) -> None:
    """The total of all rows is that of the first and that of the rest."""
    own, fields, outputs, targets = _made(part)
    total = own.total(outputs, targets, fields)
    require(total.dim() == 0, f"{part} gives a total of shape {tuple(total.shape)}; a scalar is expected")
    halves = own.total(outputs[:3], targets[:3], fields) + own.total(outputs[3:], targets[3:], fields)
    require(torch.allclose(total, halves, rtol=1e-9), f"the total of {part} is no sum over rows")


def has_its_gradients(part: parts.Part) -> None:
    """Autograd's gradients are central differences in float64."""
    own, fields, outputs, targets = _made(part)
    outputs.requires_grad_()
    error = slope_error(lambda: own.total(outputs, targets, fields), [outputs], ROWS * CLASSES)
    require(
        error < ENOUGH, f"gradients of {part} differ from central differences by {error:.1e} of the largest"
    )


def is_reduced_alike_for_tensors_and_numbers(part: parts.Part) -> None:
    """``reduce`` gives the same of a tensor and of a number, and is linear in it."""
    own, fields, outputs, targets = _made(part)
    total = own.total(outputs, targets, fields)
    tensor, number = (own.reduce(value, fields, ROWS, CLASSES) for value in (total, float(total)))
    require(
        abs(float(tensor) - float(number)) <= 1e-12 * abs(number), f"{part} reduces a tensor unlike a number"
    )
    twice = own.reduce(2 * float(total), fields, ROWS, CLASSES)
    require(
        abs(twice - 2 * number) <= 1e-9 * abs(number), f"the reduction of {part} is not linear in the total"
    )


def ignores_the_callers_torch(part: parts.Part) -> None:
    """Another default type or a used generator changes nothing, and float32 outputs do."""
    own, fields, outputs, targets = _made(part)
    plain = own.total(outputs, targets, fields)
    with disturbed():
        changed = own.total(outputs, targets, fields)
    require(torch.equal(plain, changed), f"{part} follows torch's global state")
    single = own.total(outputs.float(), targets, fields)
    require(
        abs(float(single) - float(plain)) <= 1e-4 * max(1.0, abs(float(plain))),
        f"{part} is another one in float32",
    )


def can_be_trained_on(part: parts.Part) -> None:
    """A trial of a few steps repeats to the bit, and its loss does not grow under a small step."""
    _, fields, _, _ = _made(part)
    table = {"kind": part.name, **fields}
    small = recipe(loss=table, optimizer={"kind": "gd", "lr": 1e-4})
    first, second = run(small)[0], run(small)[0]
    require(first.content == second.content, f"{part} does not train to the same numbers twice")
    losses = first.curves["train_loss"]
    require(np.isfinite(losses).all() and losses[-1] <= losses[0], f"gradient descent does not lower {part}")


CHECKS: tuple[Promise, ...] = (
    ("is a sum over rows", is_a_sum_over_rows),
    ("has its gradients", has_its_gradients),
    ("is reduced alike for tensors and numbers", is_reduced_alike_for_tensors_and_numbers),
    ("ignores the caller's torch", ignores_the_callers_torch),
    ("can be trained on", can_be_trained_on),
)
