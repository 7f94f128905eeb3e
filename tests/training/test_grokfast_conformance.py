"""Five updates with amplified slow gradients are those of the authors' code.

Data: ironjr/grokfast @93b2248, its ``Decoder`` (d 32, 2 layers, 4 heads, 99 tokens), Adam lr 1e-3, betas (0.9, 0.98), L2 decay
0.005, learning rate × 0, 0.1, …, 0.4; α 0.98, λ 2.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from grokbench.training.updates import make_update

DATA = Path(__file__).parent.parent / "data" / "grokfast2024.npz"
ADAM = {"kind": "adam", "lr": 1e-3, "beta2": 0.98, "weight_decay": 0.005, "warmup": 10}


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(32), nn.LayerNorm(32)
        self.attn = nn.MultiheadAttention(32, 4)
        self.mlp = nn.Sequential(nn.Linear(32, 128), nn.GELU(), nn.Linear(128, 32))

    def forward(self, x):  # (positions, rows, 32)
        later = torch.full((len(x), len(x)), -torch.inf, dtype=x.dtype).triu(1)
        x = self.ln_1(x)
        x = x + self.attn(x, x, x, attn_mask=later, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.token_embeddings, self.position_embeddings = nn.Embedding(99, 32), nn.Embedding(5, 32)
        self.layers = nn.ModuleList(Block() for _ in range(2))
        self.ln_f, self.head = nn.LayerNorm(32), nn.Linear(32, 99, bias=False)

    def forward(self, tokens):
        x = self.token_embeddings(tokens) + self.position_embeddings(torch.arange(len(tokens)))[:, None]
        for layer in self.layers:
            x = layer(x)
        return self.head(self.ln_f(x))[-1]


@pytest.fixture
def reference():
    return dict(np.load(DATA))


def relative(found, wanted) -> float:
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.mark.parametrize("arm", ["none", "ema"])
def test_losses_and_weights_of_five_updates_are_the_references(reference, arm):
    network = Decoder().double()
    weights = {k.removeprefix("weight/"): v for k, v in reference.items() if k.startswith("weight/")}
    network.load_state_dict({name: torch.from_numpy(w).double() for name, w in weights.items()})
    tokens = torch.from_numpy(reference["tokens"].astype(np.int64)).T
    wrapper = {"wrapper": {"kind": "grokfast-ema", "alpha": 0.98, "lamb": 2.0}} if arm == "ema" else {}
    named = dict(network.named_parameters())
    values = [p.data for p in named.values()]
    rule = make_update(ADAM | wrapper).rule
    rule.init(values, tuple(named))
    losses = []
    for step in range(5):
        logits = network(tokens[:-1])
        if not step:
            assert relative(logits.detach().numpy(), reference["logits_step0"]) < 1e-6
        loss = nn.functional.cross_entropy(logits, tokens[-1])
        losses.append(float(loss.detach()))
        rule.update(values, torch.autograd.grad(loss, list(named.values())), step)
    np.testing.assert_allclose(losses, reference[f"{arm}/losses"], rtol=1e-6)
    if arm == "ema":
        for name, p in named.items():
            assert relative(p.detach().numpy(), reference[f"ema/weight_after5/{name}"]) < 1e-5, name
