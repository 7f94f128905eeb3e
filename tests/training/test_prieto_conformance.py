"""Three updates with projected gradients, and under StableMax, are those of the authors' code.

Data: LucasPrietoAl/grokking-at-the-edge-of-numerical-stability @0cc9e8d, ``MLP`` 22-16-16-11 without biases; the arm "fixed" has
the corrected wrapper of pull request 12 there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from grokbench import parts
from grokbench.networks.registry import restored
from grokbench.specs.fields import checked
from grokbench.training.stablemax import stable
from grokbench.training.updates import make_update

REFERENCE = np.load(Path(__file__).parents[1] / "data" / "prieto2025-optimizers.npz")
PAIRS, LABELS = (torch.from_numpy(REFERENCE[name].astype(np.int64)) for name in ("pairs", "labels"))
LAYERS = 3
WRAPPER = {"wrapper": {"kind": "orthogonal-grad"}}
PLAIN = {"kind": "adamw", "lr": 0.01, "beta2": 0.99, "eps": 1e-25}
ARMS = {
    "perp_adamw_published": (PLAIN | WRAPPER | {"beta2": 0.999, "eps": 1e-8}, "cross-entropy"),
    "perp_adamw_fixed": (PLAIN | WRAPPER, "cross-entropy"),
    "perp_sgd_stablemax": ({"kind": "gd", "lr": 10.0, "momentum": 0.8} | WRAPPER, "stablemax"),
    "adamw_stablemax": (PLAIN | {"beta2": 0.999}, "stablemax"),
}


def stored(prefix: str) -> list[np.ndarray]:
    return [REFERENCE[f"{prefix}/layers.{i}.weight"].astype(np.float64) for i in range(LAYERS)]


def network():
    weights = {f"W{i + 1}": torch.from_numpy(w) for i, w in enumerate(stored("weight"))}
    return restored({"kind": "relu-mlp", "width": 16, "hidden_layers": 2, "biases": False}, weights)


def value(net, kind: str) -> torch.Tensor:
    part = parts.find("losses", kind)
    return part.total(net(PAIRS), LABELS, checked(part.fields, {}, "loss")) / len(LABELS)


def relative(found, wanted) -> float:
    return float(np.linalg.norm(np.asarray(found) - wanted) / np.linalg.norm(wanted))


def test_logits_and_gradients_are_the_references():
    net = network()
    assert relative(net(PAIRS).detach(), REFERENCE["logits_step0"]) < 1e-10
    found = torch.autograd.grad(value(net, "cross-entropy"), list(net.parameters()))
    for one, wanted in zip(found, stored("grad_step0"), strict=True):
        assert relative(one, wanted) < 1e-10


class Kept:
    """A rule that keeps what it is given."""

    def init(self, parameters, names):
        pass

    def update(self, parameters, gradients, step):
        self.gradients = [g.clone() for g in gradients]


def projected(**fields) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The weights, and what the wrapper hands on of the reference's gradients."""
    part = parts.find("wrappers", "orthogonal-grad")
    inner = Kept()
    rule = parts.loaded(part.build)(checked(part.fields, fields, "optimizer.wrapper"), inner)
    weights, gradients = ([torch.from_numpy(w) for w in stored(name)] for name in ("weight", "grad_step0"))
    rule.update(weights, gradients, 0)
    return weights, inner.gradients


def test_the_projected_gradient_is_the_references_with_the_norm_of_the_whole_one():
    for found, wanted, whole in zip(
        projected()[1], stored("perp_grad_step0"), stored("grad_step0"), strict=True
    ):
        assert relative(found, wanted) < 1e-10
        assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(whole))


def test_the_papers_equation_projects_all_weights_as_one_vector_and_does_not_rescale():
    weights, found = projected(rescaled=False, over="network")
    whole = np.concatenate([g.ravel() for g in stored("grad_step0")])
    w, g = (np.concatenate([one.numpy().ravel() for one in group]) for group in (weights, found))
    np.testing.assert_allclose(g, whole - (w @ whole) / (w @ w) * w, rtol=1e-12, atol=1e-15)
    each = projected(rescaled=False)[1]
    assert max(abs(float((a * b).sum())) for a, b in zip(weights, each, strict=True)) < 1e-15


@pytest.mark.parametrize("arm", ARMS)
def test_losses_and_weights_of_three_updates_are_the_references(arm):
    table, kind = ARMS[arm]
    net = network()
    values = [p.data for p in net.parameters()]
    update = make_update(table)
    assert update is not None
    assert update.elementwise is ("wrapper" not in table)
    update.rule.init(values, [name for name, _ in net.named_parameters()])
    losses = []
    for step in range(3):
        loss = value(net, kind)
        losses.append(float(loss.detach()))
        gradients = [g.clone() for g in torch.autograd.grad(loss, list(net.parameters()))]
        update.rule.update(values, gradients, step)
    np.testing.assert_allclose(losses, REFERENCE[f"{arm}/losses"], rtol=1e-10)
    for p, wanted in zip(values, stored(f"{arm}/weight_after3"), strict=True):
        assert relative(p, wanted) < 1e-8


def test_stable_is_the_references_and_has_a_slope_where_its_branches_meet():
    x = torch.from_numpy(REFERENCE["stablemax/x"])
    np.testing.assert_allclose(stable(x), REFERENCE["stablemax/s"], rtol=1e-12)
    np.testing.assert_allclose((stable(x) / stable(x).sum()).log(), REFERENCE["stablemax/log"], rtol=1e-10)
    points = torch.tensor([-1.0, 0.0, 1.0, 2.0], dtype=torch.float64, requires_grad=True)
    (slopes,) = torch.autograd.grad(stable(points).sum(), points)
    assert slopes.tolist() == [0.25, 1.0, 1.0, 1.0]
