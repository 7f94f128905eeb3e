"""Matrix completion: the reference's numbers, and the hand-written step against autograd.

Data: vfleaking/grokking-dichotomy @e232c62 (arXiv 2311.18817), d 12, 20 entries, SGD lr 0.1 with coupled decay 0.05.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import grokbench
from grokbench import parts
from grokbench.networks.matrix_factors import ARCHITECTURE, MatrixFactors
from grokbench.networks.registry import build
from grokbench.specs.errors import InputError
from grokbench.specs.fields import checked
from grokbench.specs.loader import Library
from grokbench.specs.types import TaskSpec
from grokbench.tasks.source import Pairs, rows_of
from grokbench.training.engines import Engine, make_engine
from grokbench.training.optimizers.gd import GradientDescent
from grokbench.training.setup import Setup

DATA = Path(__file__).parent.parent / "data" / "lyu2023-models.npz"
TASK = Library().task("real-product")
SMALL = {
    "task.domain.p": 11,
    "task.source.divisor": 121.0,
    "model.scale": 2.0,
    "optimizer.lr": 0.02,
    "training.dtype": "float64",
}


def engine(name: str, network: MatrixFactors, table: np.ndarray, test: np.ndarray) -> Engine:
    loss = parts.find("losses", "mse")
    setup: Setup[Any] = Setup(
        network=network,
        loss=loss,
        loss_fields=checked(loss.fields, {"kind": "mse"}, "loss"),
        train=table,
        test=test,
        task=TASK,
        dtype=torch.float64,
        seed=9000,
        batch="full",
        weight_noise=0.0,
    )
    return make_engine(name, ARCHITECTURE, setup)


@pytest.mark.parametrize("name", ["plain", "fast"])
def test_outputs_losses_gradients_and_four_updates_are_the_references(name):
    known = {k.removeprefix("matrix/"): v for k, v in np.load(DATA).items() if k.startswith("matrix")}
    weights = {w: torch.from_numpy(known[f"weight/{w}"]) for w in ("U", "V")}
    table = np.column_stack([known["rows"], known["cols"], known["targets"]]).astype(np.float64)
    outputs = MatrixFactors(weights)(torch.from_numpy(table[:, :2].astype(np.int64)))
    np.testing.assert_allclose(outputs.detach()[:, 0], known["outputs_step0"], rtol=1e-6, atol=1e-9)
    net = engine(name, MatrixFactors(weights), table, table)
    rule, losses = GradientDescent(0.1, momentum=0.0, weight_decay=0.05), []
    rule.init(net.parameters, net.names)
    for step in range(4):
        losses.append(net.train_pass(accuracy=False).loss)
        if step == 0:
            for gradient, own in zip(net.gradients, net.names, strict=True):
                wanted = known[f"grad_step0/{own}"]
                assert np.linalg.norm(gradient.numpy() - wanted) < 1e-5 * np.linalg.norm(wanted)
        rule.update(net.parameters, net.gradients, step)
    np.testing.assert_allclose(losses, known["losses"], rtol=1e-6)
    for own in ("U", "V"):
        wanted = known[f"weight_after4/{own}"]
        assert np.linalg.norm(net.weights()[own].numpy() - wanted) < 1e-5 * np.linalg.norm(wanted)


def test_the_hand_written_step_is_autograds_also_where_mirrors_and_the_diagonal_are_seen():
    generator = np.random.default_rng(0)
    weights = {w: torch.from_numpy(generator.standard_normal((7, 7))) for w in ("U", "V")}
    x, y = np.divmod(np.arange(49), 7)
    table = np.column_stack([x, y, generator.standard_normal(49)])[generator.permutation(49)]
    plain, fast = (engine(n, MatrixFactors(weights), table[:30], table[30:]) for n in ("plain", "fast"))
    for _ in range(2):  # a second pass forgets the first
        wanted, found = plain.train_pass(accuracy=True), fast.train_pass(accuracy=True)
        assert found.loss == pytest.approx(wanted.loss, rel=1e-12)
        assert found.accuracy == wanted.accuracy
        for one, other in zip(fast.gradients, plain.gradients, strict=True):
            assert np.linalg.norm(one - other) < 1e-10 * np.linalg.norm(other)
        for net in (plain, fast):
            assert net.score("test").loss == pytest.approx(plain.score("test").loss, rel=1e-12)


def test_it_begins_at_zero_and_answers_with_one_number():
    net = build({"kind": "matrix-factors", "scale": 3.0}, Pairs(5, 1), 0)
    assert torch.equal(net.U, 3 * torch.eye(5, dtype=torch.float64))
    assert not net(torch.tensor([[0, 1], [2, 2]])).any()
    assert ARCHITECTURE.size({}, Pairs(5, 1)).weights == sum(p.numel() for p in net.parameters())
    with pytest.raises(InputError, match=r"needs source\.kind 'numbers'"):
        build({"kind": "matrix-factors", "scale": 3.0}, 5, 0)


def test_the_table_of_real_products_is_a_matrix_of_rank_one():
    table = rows_of(TASK, 0)
    assert table.rows.shape == (97 * 97, 3)
    assert table.real == 1
    x, y, answer = table.rows.T
    np.testing.assert_allclose(answer, x / 97 * (y / 97))


def test_both_engines_train_alike_also_in_batches():
    for own in ({}, {"training.batch": 8}):
        settings = {"settings": SMALL | own, "steps": 60, "alpha": 0.3, "seed": 9000}
        plain, fast = (
            grokbench.run("real-product", "lyu2023/completion", engine=name, **settings)
            for name in ("plain", "fast")
        )
        assert fast.environment["engine"] == "fast"
        for name in ("train_loss", "test_loss", "test_accuracy"):
            np.testing.assert_allclose(fast.curves[name], plain.curves[name], rtol=1e-9)


def test_a_run_that_diverges_says_so_without_a_warning():
    settings = SMALL | {"optimizer.lr": 50.0}
    record = grokbench.run("real-product", "lyu2023/completion", alpha=0.3, steps=60, settings=settings)
    assert record.ended == "diverged"


def test_real_numbers_have_no_classes_to_corrupt():
    settings = {"data.corruption": {"kind": "labels", "share": 0.1}}
    with pytest.raises(InputError, match=r"draws other classes .* 'real-product' are real numbers"):
        grokbench.run("real-product", "lyu2023/completion", alpha=0.3, steps=1, settings=settings)


def test_real_numbers_need_integers_and_entries_need_their_loss():
    task = TaskSpec("sums", "Sums", "x + y", {"kind": "integers-mod", "p": 5}, {"kind": "numbers"})
    with pytest.raises(InputError, match="the answers of 'integers-mod' are no real numbers; use 'integers'"):
        rows_of(task, 0)
    with pytest.raises(InputError, match="'hinge' is a loss of classes; entries of a matrix need 'mse'"):
        grokbench.run(
            "real-product", "lyu2023/completion", alpha=0.3, steps=1, settings={"loss.kind": "hinge"}
        )
