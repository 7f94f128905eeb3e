"""Given the weights of openai/grok, the plain module and the hand-written step give its logits, losses, gradients and updates.

Data: openai/grok @3d64b1d, d_model 32, 2 layers, 4 heads, 64 sequences of three operations (40 division, 16 products of
permutations, 8 of the mixed operation), loss over both tokens after "=", AdamW lr 1e-3, weight decay 1, betas (0.9, 0.98),
warm-up from lr 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from grokbench.networks.decoder_transformer import BLOCK_WEIGHTS, DecoderTransformer
from grokbench.networks.fast.decoder_transformer import FastDecoderTransformer
from grokbench.training.optimizers.adam import Adam
from tests.networks.drawn import decoder_loss

DATA = Path(__file__).parent.parent / "data" / "power2022-transformer.npz"
HEADS, LAYERS = 4, 2
GROUPS = (slice(40), slice(40, 56), slice(56, 64))  # rows of one operation each
THEIRS = {
    "W_O": "self_attn.Wo.weight",
    "gain1": "self_attn_norm.weight",
    "bias1": "self_attn_norm.bias",
    "W_in": "ffn.ffn.0.weight",
    "W_out": "ffn.ffn.2.weight",
    "gain2": "ffn_norm.weight",
    "bias2": "ffn_norm.bias",
}


def relative(found, wanted) -> float:
    found, wanted = (np.asarray(a, dtype=np.float64) for a in (found, wanted))
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def ours(reference: Mapping[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
    """The reference's arrays called ``kind``/…, under our names, heads stacked."""
    found = {"W_E": reference[f"{kind}/embedding.weight"]}
    for layer in range(LAYERS):
        block = f"{kind}/decoder.blocks.{layer}"
        for name in BLOCK_WEIGHTS:
            if name in THEIRS:
                array = reference[f"{block}.{THEIRS[name]}"]
            else:
                projection = f"W{name[-1].lower()}"
                heads = (f"{block}.self_attn.attn_heads.{h}.{projection}.weight" for h in range(HEADS))
                array = np.stack([reference[head] for head in heads])
            found[f"blocks.{layer}.{name}"] = array
    return found | {"W_U": reference[f"{kind}/linear.weight"]}


@pytest.fixture
def reference():
    return dict(np.load(DATA))


@pytest.fixture
def network(reference):
    return DecoderTransformer(
        {name: torch.from_numpy(w).double() for name, w in ours(reference, "weight").items()}
    )


def test_logits_of_the_plain_module_are_the_references(reference, network):
    rows = torch.from_numpy(reference["rows"].astype(np.int64))
    assert relative(network.every_position(rows[:, :-1]).detach(), reference["logits_step0"]) < 1e-6


def test_logits_of_the_hand_written_forward_are_the_references(reference, network):
    rows, fast = reference["rows"].astype(np.int64), FastDecoderTransformer(network, torch.float64, "float32")
    logits = torch.cat([fast.outputs(fast.rows(rows[group])) for group in GROUPS])  # (64, 2, 239)
    assert relative(logits, reference["logits_step0"][:, 4:]) < 1e-6


class Plain:
    def __init__(self, network: DecoderTransformer, rows: np.ndarray) -> None:
        self.network, self.rows = network, torch.from_numpy(rows)
        self.trained = dict(network.named_parameters())
        self.names, self.parameters = tuple(self.trained), tuple(p.data for p in self.trained.values())

    def gradient(self) -> tuple[float, list[torch.Tensor]]:
        loss = decoder_loss(self.network, self.rows)
        return float(loss.detach()), list(torch.autograd.grad(loss, list(self.trained.values())))


class Fast:
    """A batch has one operation: the reference's 64 rows are three batches, added up."""

    def __init__(self, network: DecoderTransformer, rows: np.ndarray) -> None:
        self.model = FastDecoderTransformer(network, torch.float64, "float32")
        self.groups = [self.model.rows(rows[group]) for group in GROUPS]
        self.names, self.parameters = self.model.names, self.model.parameters

    def gradient(self) -> tuple[float, list[torch.Tensor]]:
        total, gradients = 0.0, [torch.zeros_like(p) for p in self.parameters]
        for group in self.groups:
            total += self.model.gradient(group).loss_sum
            for sum_, part in zip(gradients, self.model.gradients, strict=True):
                sum_.add_(part, alpha=group.n_rows / 64)
        return total / 64, gradients


@pytest.mark.parametrize("path", [Plain, Fast])
def test_losses_gradients_and_four_updates_are_the_references(reference, network, path):
    net = path(network, reference["rows"].astype(np.int64))
    update = Adam(lr=1e-3, beta1=0.9, beta2=0.98, eps=1e-8, weight_decay=1.0, warmup=10)
    update.init(net.parameters, net.names)
    theirs, losses = ours(reference, "grad_step0"), []
    for step in range(4):
        loss, gradients = net.gradient()
        losses.append(loss)
        if step == 0:
            for name, gradient in zip(net.names, gradients, strict=True):
                assert relative(gradient, theirs[name]) < 1e-5, name
        update.update(net.parameters, gradients, step)
    np.testing.assert_allclose(losses, reference["losses"], rtol=1e-6)
    for name, found in zip(net.names, net.parameters, strict=True):
        assert relative(found, ours(reference, "weight_after4")[name]) < 1e-5, name
