"""Given the weights of Grokfast's code, our network, filters and Adam give its logits, gradients and five updates.

Data: ironjr/grokfast @93b2248, its ``Decoder`` (d 32, 2 layers, 4 heads, 99 tokens), 64 rows of x y mod 97, Adam lr 1e-3, betas
(0.9, 0.98), learning rate × 0, 0.1, …, 0.4. Arms: none (L2 decay 0.005), ema (α 0.98, λ 2, decay 0.005), ma (window 3, λ 5, decay
0.01).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from grokbench.networks.fast.pre_norm_decoder import FastPreNormDecoder
from grokbench.networks.pre_norm_decoder import PreNormDecoder
from grokbench.training.updates import make_update

REFERENCE = dict(np.load(Path(__file__).parent.parent / "data" / "grokfast2024.npz"))
TOKENS = REFERENCE["tokens"].astype(np.int64)  # (64, 5): x, ∘, y, =, x y
TABLE = TOKENS[:, [0, 2, 4]]
HEADS = 4
ADAM = {"kind": "adam", "lr": 1e-3, "beta2": 0.98, "warmup": 10}
ARMS = {
    "none": ADAM | {"weight_decay": 0.005},
    "ema": ADAM | {"weight_decay": 0.005, "wrapper": {"kind": "grokfast-ema", "alpha": 0.98, "lamb": 2.0}},
    "ma": ADAM | {"weight_decay": 0.01, "wrapper": {"kind": "grokfast-ma", "window": 3, "lamb": 5.0}},
}
OUTER = {
    "token_embeddings.weight": "W_E",
    "position_embeddings.weight": "W_pos",
    "ln_f.weight": "gain",
    "ln_f.bias": "bias",
    "head.weight": "W_U",
}
INNER = {
    "ln_1.weight": "gain1",
    "ln_1.bias": "bias1",
    "attn.in_proj_weight": "W_QKV",
    "attn.in_proj_bias": "b_qkv",
    "attn.out_proj.weight": "W_O",
    "attn.out_proj.bias": "b_o",
    "ln_2.weight": "gain2",
    "ln_2.bias": "bias2",
    "mlp.0.weight": "W_in",
    "mlp.0.bias": "b_in",
    "mlp.2.weight": "W_out",
    "mlp.2.bias": "b_out",
}


def ours(kind: str) -> dict[str, np.ndarray]:
    """The reference's arrays called ``kind``/…, under our names. Its fifth position is never read; ours has four."""
    found = {}
    for key, array in REFERENCE.items():
        if key.startswith(f"{kind}/"):
            theirs = key.removeprefix(f"{kind}/")
            if theirs in OUTER:
                found[OUTER[theirs]] = array[:4] if OUTER[theirs] == "W_pos" else array
            else:
                _, layer, name = theirs.split(".", 2)
                found[f"blocks.{layer}.{INNER[name]}"] = array
    return found


def network() -> PreNormDecoder:
    return PreNormDecoder({name: torch.from_numpy(w).double() for name, w in ours("weight").items()}, HEADS)


def relative(found: Tensor, wanted: np.ndarray) -> float:
    return float(np.linalg.norm(found.numpy() - wanted) / np.linalg.norm(wanted))


class Plain:
    def __init__(self) -> None:
        self.network = network()
        self.trained = dict(self.network.named_parameters())
        self.names, self.parameters = tuple(self.trained), tuple(p.data for p in self.trained.values())

    def logits(self) -> Tensor:
        return self.network(torch.from_numpy(TABLE[:, :2]))

    def gradient(self) -> tuple[float, list[Tensor]]:
        loss = torch.nn.functional.cross_entropy(self.logits(), torch.from_numpy(TABLE[:, 2]))
        return float(loss.detach()), list(torch.autograd.grad(loss, list(self.trained.values())))


class Fast:
    def __init__(self) -> None:
        self.model = FastPreNormDecoder(network(), torch.float64, torch.float64)
        self.rows, self.names, self.parameters = (
            self.model.rows(TABLE),
            self.model.names,
            self.model.parameters,
        )

    def logits(self) -> Tensor:
        return self.model.outputs(self.rows)

    def gradient(self) -> tuple[float, list[Tensor]]:
        total = self.model.gradient(self.rows, count=False).loss_sum
        return total / len(TABLE), [g.clone() for g in self.model.gradients]


ENGINES = pytest.mark.parametrize("engine", [Plain, Fast])


def test_every_array_of_the_reference_has_its_place():
    assert {k: w.shape for k, w in ours("weight").items()} == {
        k: tuple(p.shape) for k, p in network().named_parameters()
    }
    assert set(ours("grad_step0")) == set(ours("weight"))


@ENGINES
def test_logits_and_gradients_are_the_references(engine: Callable[[], Plain | Fast]):
    net, theirs = engine(), ours("grad_step0")
    assert relative(net.logits().detach(), REFERENCE["logits_step0"]) < 1e-6
    for name, gradient in zip(net.names, net.gradient()[1], strict=True):
        assert relative(gradient, theirs[name]) < 1e-5, name


class Watched:
    """An optimizer that keeps the gradients that it is given."""

    def __init__(self, rule) -> None:
        self.rule, self.given = rule, []

    def init(self, *given) -> None:
        self.rule.init(*given)

    def update(self, parameters, gradients, step) -> None:
        self.given.append([g.clone() for g in gradients])
        self.rule.update(parameters, gradients, step)


@ENGINES
@pytest.mark.parametrize("arm", ARMS)
def test_losses_filtered_gradients_and_weights_of_five_updates_are_the_references(arm, engine):
    net, table = engine(), ARMS[arm]
    rule, watched = make_update(table).rule, None
    if "wrapper" in table:
        rule._rule = watched = Watched(rule._rule)
    rule.init(net.parameters, net.names)
    losses = []
    for step in range(5):
        loss, gradients = net.gradient()
        losses.append(loss)
        rule.update(net.parameters, gradients, step)
    np.testing.assert_allclose(losses, REFERENCE[f"{arm}/losses"], rtol=1e-6)
    agree(ours(f"{arm}/weight_after5"), net.names, net.parameters)
    if watched is not None:
        agree(ours(f"{arm}/filtered_grad_step4"), net.names, watched.given[-1])


def agree(wanted: Mapping[str, np.ndarray], names, found) -> None:
    assert set(names) == set(wanted)
    for name, one in zip(names, found, strict=True):
        assert relative(one, wanted[name]) < 1e-5, name
