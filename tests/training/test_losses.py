"""Losses against their definitions, and against numbers that the papers' own code printed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from grokbench import parts
from grokbench.specs.fields import checked

DATA = Path(__file__).parent.parent / "data"
BITS = {"float16": 16, "float32": 32, "float64": 64}


def loss(kind, outputs, targets, **fields):
    """The loss that is trained on: a tensor with its gradient."""
    part = parts.find("losses", kind)
    table = checked(part.fields, fields, "loss")
    return part.reduce(part.total(outputs, targets, table), table, len(outputs), outputs.shape[-1])


def relative(found, wanted) -> float:
    found, wanted = (np.asarray(a, dtype=np.float64) for a in (found, wanted))
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def prieto() -> dict[str, np.ndarray]:
    """Prieto et al.'s losses of float32 logits, by name."""
    found = np.load(DATA / "prieto2025-optimizers.npz")
    return {name.removeprefix("loss/"): found[name] for name in found.files if name.startswith("loss/")}


@pytest.mark.parametrize("precision", BITS)
def test_cross_entropy_has_the_papers_means_gradients_and_collapsed_rows(precision):
    # Prieto et al. (LucasPrietoAl/grokking-at-the-edge-of-numerical-stability @0cc9e8d): float32 logits, margins of 0 to 40 nats.
    reference, bits = prieto(), BITS[precision]
    close = 2e-3 if bits == 16 else 1e-6
    outputs = torch.from_numpy(reference["logits"]).requires_grad_()
    targets = torch.from_numpy(reference["labels"].astype(np.int64))
    value = loss("cross-entropy", outputs, targets, precision=precision)
    assert float(value.detach()) == pytest.approx(float(reference[f"softmax{bits}/mean"]), rel=close)
    (gradient,) = torch.autograd.grad(value, outputs)
    assert relative(gradient, reference[f"softmax{bits}/grad"]) < close
    rows = torch.stack(
        [
            loss("cross-entropy", o[None], t[None], precision=precision)
            for o, t in zip(outputs, targets, strict=True)
        ]
    ).detach()
    assert relative(rows, reference[f"softmax{bits}/rows"]) < close
    at_target = gradient.gather(1, targets[:, None])[:, 0]
    collapsed = (rows == 0) & (at_target == 0)
    np.testing.assert_array_equal(collapsed.numpy(), reference[f"collapse_rows{bits}"])


@pytest.mark.parametrize(("precision", "close"), [("float64", 1e-6), ("float32", 1e-5)])
def test_stablemax_has_the_papers_mean_rows_and_gradients(precision, close):
    reference = prieto()
    outputs = torch.from_numpy(reference["logits"]).requires_grad_()
    targets = torch.from_numpy(reference["labels"].astype(np.int64))
    value = loss("stablemax", outputs, targets, precision=precision)
    assert float(value.detach()) == pytest.approx(float(reference["stablemax/mean"]), rel=close)
    (gradient,) = torch.autograd.grad(value, outputs)
    assert relative(gradient, reference["stablemax/grad"]) < close
    rows = [
        float(loss("stablemax", o[None], t[None], precision=precision))
        for o, t in zip(outputs.detach(), targets, strict=True)
    ]
    assert relative(rows, reference["stablemax/rows"]) < close
    assert min(rows) > 1e-3  # where softmax rounds to 0, at margins of 40 nats


def test_bfloat16_rounds_the_log_softmax_to_eight_bits():
    outputs = torch.tensor([[3.0, 0.0, 0.0]], dtype=torch.float64)
    exact = float(loss("cross-entropy", outputs, torch.tensor([0])))
    rounded = float(loss("cross-entropy", outputs, torch.tensor([0]), precision="bfloat16"))
    assert exact == pytest.approx(np.log(1 + 2 * np.exp(-3)))
    assert rounded != exact
    assert rounded == pytest.approx(exact, rel=2**-5)


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_rows_of_a_half_type_are_added_up_in_single_precision(precision):
    outputs = torch.zeros(70_000, 4)  # Σ log 4 is beyond float16's range
    value = loss("cross-entropy", outputs, torch.zeros(70_000, dtype=torch.int64), precision=precision)
    assert float(value) == pytest.approx(np.log(4), rel=2**-7)


def test_binary_hinge_and_its_gradient_are_the_references():
    # Merrill et al. (parity-nn @41c7339): 64 ReLU neurons, one output, max(0, 1 − f y), mean over rows.
    reference = np.load(DATA / "merrill2023-parity.npz")
    names = ("linear1.weight", "linear1.bias", "linear2.weight")
    w, b, out = (torch.from_numpy(reference[f"weight/{name}"]).double().requires_grad_() for name in names)
    outputs = torch.relu(torch.from_numpy(reference["x"]).double() @ w.T + b) @ out.T  # (n, 1)
    assert relative(outputs.detach()[:, 0], reference["outputs_step0"]) < 1e-6
    targets = torch.from_numpy((reference["y"].astype(np.int64) + 1) // 2)
    value = loss("hinge", outputs, targets)
    assert float(value.detach()) == pytest.approx(float(reference["losses"][0]), rel=1e-6)
    for gradient, name in zip(torch.autograd.grad(value, (w, b, out)), names, strict=True):
        assert relative(gradient, reference[f"grad_step0/{name}"]) < 1e-5


def test_hinge_over_classes_is_how_far_each_other_class_comes_within_one():
    rng = np.random.default_rng(0)
    outputs, targets = rng.standard_normal((6, 5)), rng.integers(0, 5, 6)
    wanted = np.mean(
        [
            sum(max(0.0, 1 - f[t] + f[c]) for c in range(5) if c != t)
            for f, t in zip(outputs, targets, strict=True)
        ]
    )
    found = loss("hinge", torch.from_numpy(outputs), torch.from_numpy(targets))
    assert float(found) == pytest.approx(wanted)
    torchs = torch.nn.MultiMarginLoss()(
        torch.from_numpy(outputs), torch.from_numpy(targets)
    )  # mean over classes too
    assert float(found) == pytest.approx(5 * float(torchs))


@pytest.mark.parametrize(("reduction", "scale"), [("mean", 1 / 30), ("sum", 1.0), ("sum-classes", 1 / 6)])
def test_squared_error_is_against_one_hot_targets(reduction, scale):
    rng = np.random.default_rng(1)
    outputs, targets = rng.standard_normal((6, 5)), rng.integers(0, 5, 6)
    wanted = scale * ((outputs - np.eye(5)[targets]) ** 2).sum()
    found = loss("mse", torch.from_numpy(outputs), torch.from_numpy(targets), reduction=reduction)
    assert float(found) == pytest.approx(wanted)


@pytest.mark.parametrize("kind", ["cross-entropy", "mse", "hinge", "stablemax"])
def test_a_rows_scored_positions_count_as_their_mean(kind):
    generator = torch.Generator().manual_seed(2)
    outputs = torch.randn(6, 2, 5, generator=generator, dtype=torch.float64)
    targets = torch.randint(5, (6, 2), generator=generator)
    one, two = (float(loss(kind, outputs[:, i], targets[:, i])) for i in range(2))
    assert float(loss(kind, outputs, targets)) == pytest.approx((one + two) / 2)
