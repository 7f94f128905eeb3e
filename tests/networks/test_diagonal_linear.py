"""The diagonal linear network: the reference's numbers, and its hand-written step against autograd.

Data: vfleaking/grokking-dichotomy @e232c62 (arXiv 2311.18817), d 256, 16 rows, logistic loss, SGD lr 0.01 with coupled decay 0.1.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import grokbench
from grokbench.networks.diagonal_linear import ARCHITECTURE, DiagonalLinear
from grokbench.networks.registry import build
from grokbench.specs.errors import InputError
from grokbench.tasks.source import Vectors
from grokbench.training.optimizers.gd import GradientDescent
from tests.networks import drawn

DATA = Path(__file__).parent.parent / "data" / "lyu2023-models.npz"
LOGISTIC = {"kind": "logistic"}
RUN = {
    "task.domain.d": 48,
    "task.source.rows": 60,
    "model.kind": "diagonal-linear",
    "model.scale": 0.5,
    "loss.kind": "logistic",
    "optimizer.kind": "gd",
    "optimizer.lr": 0.1,
    "optimizer.weight_decay": 0.01,
    "training.dtype": "float64",
}


def network(d: int = 40) -> DiagonalLinear:
    generator = np.random.default_rng(1)
    weights = {name: torch.from_numpy(generator.standard_normal(d)) for name in ("u", "v")}
    return DiagonalLinear(weights)


def rows(n: int = 30, d: int = 40) -> np.ndarray:
    generator = np.random.default_rng(2)
    return np.column_stack([generator.standard_normal((n, d)), generator.integers(0, 2, n)])


@pytest.mark.parametrize("engine", ["plain", "fast"])
@pytest.mark.parametrize("case", ["diagonal-sparse", "diagonal-margin"])
def test_outputs_losses_gradients_and_four_updates_are_the_references(case, engine):
    known = {k.removeprefix(f"{case}/"): v for k, v in np.load(DATA).items() if k.startswith(case)}
    weights = {name: torch.from_numpy(known[f"weight/{name}"]) for name in ("u", "v")}
    table = np.column_stack([known["inputs"], known["labels"] > 0]).astype(np.float64)
    net = drawn.engine(engine, DiagonalLinear(weights), "diagonal-linear", LOGISTIC, table, table)
    outputs = DiagonalLinear(weights)(torch.from_numpy(known["inputs"]))
    np.testing.assert_allclose(outputs.detach(), known["outputs_step0"], rtol=1e-6, atol=1e-9)
    rule, losses = GradientDescent(0.01, momentum=0.0, weight_decay=0.1), []
    rule.init(net.parameters, net.names)
    for step in range(4):
        losses.append(net.train_pass(accuracy=False).loss)
        if step == 0:
            for gradient, name in zip(net.gradients, net.names, strict=True):
                wanted = known[f"grad_step0/{name}"]
                assert np.linalg.norm(gradient.numpy() - wanted) < 1e-5 * np.linalg.norm(wanted)
        rule.update(net.parameters, net.gradients, step)
    np.testing.assert_allclose(losses, known["losses"], rtol=1e-6)
    for name in ("u", "v"):
        wanted = known[f"weight_after4/{name}"]
        assert np.linalg.norm(net.weights()[name].numpy() - wanted) < 1e-5 * np.linalg.norm(wanted)


def test_the_hand_written_step_is_autograds_loss_gradient_and_accuracy():
    table, test = rows(), rows(50)[30:]
    plain, fast = (
        drawn.engine(name, network(), "diagonal-linear", LOGISTIC, table, test) for name in ("plain", "fast")
    )
    wanted, found = plain.train_pass(accuracy=True), fast.train_pass(accuracy=True)
    assert found.loss == pytest.approx(wanted.loss, rel=1e-12)
    assert found.accuracy == wanted.accuracy
    for one, other in zip(fast.gradients, plain.gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)
    for side in ("train", "test"):
        assert fast.score(side).loss == pytest.approx(plain.score(side).loss, rel=1e-12)
        assert fast.score(side).accuracy == plain.score(side).accuracy
    again = fast.train_pass(accuracy=False)
    assert again.loss == found.loss


def test_it_begins_with_one_number_everywhere_and_answers_nothing():
    net = build({"kind": "diagonal-linear", "scale": 3.0}, Vectors(7, 2), 0)
    assert {w for p in net.parameters() for w in p.tolist()} == {3.0}
    assert not net(torch.randn(5, 7, dtype=torch.float64)).any()
    assert ARCHITECTURE.size({}, Vectors(7, 2)).weights == sum(p.numel() for p in net.parameters())
    with pytest.raises(InputError, match="decides between two classes by a sign, not 3"):
        build({"kind": "diagonal-linear", "scale": 3.0}, Vectors(7, 3), 0)


@pytest.mark.parametrize("task", ["sparse-linear", "dense-linear"])
def test_both_engines_train_alike_also_in_batches(task):
    for own in ({}, {"training.batch": 8}):
        settings = {"settings": RUN | own, "steps": 60, "alpha": 0.5, "seed": 9000}
        plain, fast = (
            grokbench.run(task, "gromov2023/gd", engine=engine, **settings) for engine in ("plain", "fast")
        )
        assert fast.environment["engine"] == "fast"
        for name in ("train_loss", "test_loss"):
            np.testing.assert_allclose(fast.curves[name], plain.curves[name], rtol=1e-9)


def test_a_loss_of_classes_is_refused_with_those_that_fit():
    with pytest.raises(InputError, match="'mse' needs an output for each class; use 'logistic' or 'hinge'"):
        grokbench.run(
            "sparse-linear", "gromov2023/gd", alpha=0.5, steps=1, settings=RUN | {"loss.kind": "mse"}
        )
