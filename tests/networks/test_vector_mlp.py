"""The network of sparse parity: the reference's numbers, and that it trains on samples and on fresh rows.

Data: Tsili42/parity-nn @41c7339 (arXiv 2303.11873), 64 neurons, 40 inputs, hinge, SGD lr 0.1 with coupled decay 0.01.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import grokbench
from grokbench.networks.registry import build, restored
from grokbench.networks.vector_mlp import ARCHITECTURE
from grokbench.specs.errors import InputError
from grokbench.tasks.domain import make_domain
from grokbench.tasks.source import Vectors
from grokbench.tasks.streams import stream
from grokbench.training.optimizers.gd import GradientDescent
from tests.networks import drawn

DATA = Path(__file__).parent.parent / "data" / "merrill2023-parity.npz"
NAMES = {"W1": "linear1.weight", "b1": "linear1.bias", "W2": "linear2.weight"}
MODEL = {"kind": "vector-mlp", "head": "sign"}
TASK = """
id = "{id}"
title = "Parity"
operation = "parity"
domain = {{ kind = "bits", n = {n}, k = 2 }}
source = {{ kind = "{source}", rows = {rows} }}
"""
SIGN = {
    "model.kind": "vector-mlp",
    "model.width": 64,
    "loss.kind": "hinge",
    "optimizer.kind": "gd",
    "optimizer.lr": 0.1,
}
CLASSES = SIGN | {"model.head": "classes", "loss.kind": "cross-entropy", "optimizer.lr": 1.0}


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    (tmp_path / "tasks").mkdir()
    for name, source, n, rows in (("parity", "samples", 10, 600), ("parity-online", "online", 10, 400)):
        text = TASK.format(id=name, source=source, n=n, rows=rows)
        (tmp_path / "tasks" / f"{name}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def run(specs: Path, task: str = "parity", steps: int = 400, **own: Any) -> grokbench.Record:
    settings = SIGN | own
    return grokbench.run(
        task, "gromov2023/gd", alpha=0.5, seed=9000, steps=steps, settings=settings, specs=[specs]
    )


@pytest.mark.parametrize("engine", ["plain", "fast"])
def test_outputs_losses_gradients_and_four_updates_are_the_references(engine):
    known = dict(np.load(DATA))
    weights = {ours: torch.from_numpy(known[f"weight/{theirs}"]).double() for ours, theirs in NAMES.items()}
    rows = np.column_stack([known["x"], (known["y"].astype(np.int64) + 1) // 2]).astype(np.float64)
    net = drawn.engine(engine, restored(MODEL, weights), "vector-mlp", {"kind": "hinge"}, rows, rows)
    outputs = restored(MODEL, weights)(torch.from_numpy(rows[:, :-1]))
    np.testing.assert_allclose(outputs.detach()[:, 0], known["outputs_step0"], rtol=1e-6, atol=1e-9)
    rule, losses = GradientDescent(0.1, momentum=0.0, weight_decay=0.01), []
    rule.init(net.parameters, net.names)
    for step in range(4):
        losses.append(net.train_pass(accuracy=False).loss)
        if step == 0:
            for gradient, theirs in zip(net.gradients, NAMES.values(), strict=True):
                wanted = known[f"grad_step0/{theirs}"]
                assert np.linalg.norm(gradient.numpy() - wanted) < 1e-5 * np.linalg.norm(wanted)
        rule.update(net.parameters, net.gradients, step)
    np.testing.assert_allclose(losses, known["losses"], rtol=1e-6)
    for ours, theirs in NAMES.items():
        wanted = known[f"weight_after4/{theirs}"]
        assert np.linalg.norm(net.weights()[ours].numpy() - wanted) < 1e-5 * np.linalg.norm(wanted)


def engines(scale: float, n: int = 600) -> tuple[Any, Any]:
    """Both engines of a network of 40 neurons whose outputs are ``scale`` times those of drawn weights, on n rows; float64."""
    rows = np.column_stack(
        make_domain({"kind": "bits", "n": 10, "k": 2}).sample("parity", n, stream(9000, "x"))
    )
    made = []
    for name in ("plain", "fast"):
        network = build(MODEL | {"width": 40}, Vectors(10, 2), 9000)
        with torch.no_grad():
            network.W2 *= scale
        made.append(drawn.engine(name, network, "vector-mlp", {"kind": "hinge"}, rows, rows[:300]))
    return made[0], made[1]


@pytest.mark.parametrize("scale", [1.0, 30.0])  # at 30 half of the rows have a margin above 1
def test_the_hand_written_step_is_autograd(scale):
    plain, fast = engines(scale)
    for side in ("train", "test"):
        assert fast.score(side) == pytest.approx(plain.score(side), rel=1e-12)
    assert fast.train_pass(accuracy=True) == pytest.approx(plain.train_pass(accuracy=True), rel=1e-12)
    assert list(fast.names) == list(plain.names)
    for one, other in zip(fast.gradients, plain.gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-14)


def test_a_margin_of_exactly_1_still_has_a_gradient_and_a_larger_one_has_none():
    for bias, moved in ((1.0, True), (1.5, False)):
        weights = {"W1": torch.zeros(1, 2), "b1": torch.tensor([bias]), "W2": torch.ones(1, 1)}
        rows = np.array([[1.0, 1.0, 1.0]])
        for name in ("plain", "fast"):
            own = {key: w.double().clone() for key, w in weights.items()}
            net = drawn.engine(name, restored(MODEL, own), "vector-mlp", {"kind": "hinge"}, rows, rows)
            net.train_pass(accuracy=False)
            assert any(bool(g.any()) for g in net.gradients) is moved


def test_a_logit_for_each_class_trains_on_the_plain_engine(specs):
    assert run(specs, steps=5).environment["engine"] == "fast"
    both = SIGN | {"model.head": "classes"}
    assert run(specs, steps=5, **both).environment["engine"] == "plain"


def test_the_size_counts_every_weight_and_each_has_its_stream():
    for model in ({"width": 7, "head": "sign"}, {"width": 7, "head": "classes"}):
        network = build({"kind": "vector-mlp", **model}, Vectors(5, 2), 0)
        size = ARCHITECTURE.size(model, Vectors(5, 2))
        assert size.weights == sum(p.numel() for p in network.parameters())
        assert network.W1.abs().max() <= 5**-0.5
    with pytest.raises(InputError, match="'sign' decides between two classes, not 3; use 'classes'"):
        build({"kind": "vector-mlp", "width": 7, "head": "sign"}, Vectors(5, 3), 0)


@pytest.mark.parametrize("settings", [SIGN, CLASSES], ids=["sign", "classes"])
def test_it_learns_parity_from_samples_the_same_way_each_time(specs, settings):
    record = run(specs, **settings)
    assert record.facts["n_train"] == record.facts["n_test"] == 300
    assert record.facts["n_elements"] == 2
    assert record.facts["memoriser_baseline"] == pytest.approx(0.5, abs=0.1)
    assert record.curves["test_accuracy"][0] < 0.7
    assert record.curves["train_accuracy"][-1] > 0.95
    assert record.curves["test_accuracy"][-1] > 0.9
    assert record.content == run(specs, **settings).content


def test_it_learns_parity_from_fresh_rows_that_are_not_those_it_is_scored_on(specs):
    record = run(specs, "parity-online", steps=600, **{"training.batch": 32})
    assert record.curves["test_accuracy"][-1] > 0.95
    gap = record.curves["train_accuracy"][-1] - record.curves["test_accuracy"][-1]
    assert abs(gap) < 0.05
    assert record.content == run(specs, "parity-online", steps=600, **{"training.batch": 32}).content
    assert record.content != run(specs, steps=600, **{"training.batch": 32}).content


def test_corrupted_labels_of_vectors_are_known_apart(specs):
    record = run(specs, steps=50, **{"data.corruption": {"kind": "labels", "share": 0.2}})
    assert record.facts["n_corrupted"] == 60
    assert 10 < record.facts["n_wrong"] < 50
    assert "train_accuracy_corrupted" in record.curves


@pytest.mark.parametrize(
    "kind", ["quadratic-mlp", "relu-mlp", "one-layer-transformer", "decoder-transformer"]
)
def test_a_network_of_pairs_refuses_vectors_and_names_one_that_takes_them(specs, kind):
    with pytest.raises(
        InputError,
        match=f"a {kind} takes pairs of elements, and the task 'parity' gives vectors of numbers; "
        "those that take them are committee, diagonal-linear, layered-mlp, vector-mlp",
    ):
        grokbench.run("parity", "gromov2023/gd", seed=9000, specs=[specs], settings={"model.kind": kind})


def test_it_refuses_pairs_and_a_loss_that_needs_classes(specs):
    with pytest.raises(InputError, match="a vector-mlp takes vectors of numbers, and the task 'addition'"):
        run(specs, "addition")
    with pytest.raises(
        InputError, match=r"model\.head: 'sign' has one output, and the loss 'mse' needs 'classes'"
    ):
        run(specs, **{"loss.kind": "mse"})


def test_a_sweep_and_a_plan_know_how_many_rows_there_are(specs, tmp_path):
    swept = grokbench.sweep(
        "parity",
        "gromov2023/gd",
        alphas=(0.5,),
        seeds=1,
        steps=20,
        settings=SIGN,
        specs=[specs],
        store=tmp_path / "store",
        workers=1,
    )
    assert not swept.failures
    assert sorted(record.facts["n_train"] for record in swept.records.values()) == [300]
    assert all(
        record.trial.task.source == {"kind": "samples", "rows": 600, "test_rows": 0}
        for record in swept.records.values()
    )
