"""Batch normalisation, IPR and pruning give the numbers of the code of Doshi, Das, He and Gromov (arXiv 2310.13061).

Data: d-doshi/Grokking @0b4335f, folded form, N = 64, p = 97. ``fcn_norm`` normalises after the square: γ and β away from 1 and 0,
AdamW lr 0.005 without decay. ``fcn`` was trained for 300 steps by their loop at α = 0.5, ξ = 0.35, decay 5; ``test_corruption``
asks whether that one answers and trains as theirs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from grokbench.analysis import fourier, pruning
from grokbench.networks.quadratic_mlp import QuadraticMLP, restored
from grokbench.specs.errors import InputError
from grokbench.training.blocks import blocks
from grokbench.training.optimizers.adam import Adam
from tests.networks import drawn

DATA = Path(__file__).parent.parent / "data"
NAMES = {"W1": "fc1.weight", "W2": "fc2.weight", "norm.weight": "norm1.weight", "norm.bias": "norm1.bias"}
LOSS = {"kind": "mse", "reduction": "mean"}
MODEL = {"convention": "folded", "dropout": 0.0, "normalisation": "batch"}


def relative(found, wanted) -> float:
    found, wanted = (np.asarray(a, dtype=np.float64) for a in (found, wanted))
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.fixture
def reference() -> dict[str, np.ndarray]:
    return dict(np.load(DATA / "doshi2023-batchnorm.npz"))


@pytest.fixture
def network(reference) -> QuadraticMLP:
    weights = {
        ours: torch.from_numpy(reference[f"weight/{theirs}"]).double() for ours, theirs in NAMES.items()
    }
    network = QuadraticMLP(weights["W1"], weights["W2"], "folded", normalisation="batch")
    network.load_state_dict(weights, strict=False)
    return network


def test_outputs_of_a_training_pass_are_the_references(reference, network):
    pairs = reference["pairs"].astype(np.int64)
    found = network.train()(network.encode(pairs)).detach()
    assert relative(found, reference["outputs_train_mode_step0"]) < 1e-6


def test_updates_running_statistics_and_evaluations_are_the_references(reference, network):
    rows = np.column_stack([reference["pairs"], reference["labels"]]).astype(np.int64)
    net = drawn.engine("plain", network, "quadratic-mlp", LOSS, rows, rows)
    update = Adam(lr=0.005, beta1=0.9, beta2=0.98, eps=1e-8, weight_decay=0.0)
    update.init(net.parameters, net.names)
    losses = []
    for step in range(4):
        losses.append(net.train_pass(accuracy=False).loss)
        if step == 0:
            for gradient, name in zip(net.gradients, net.names, strict=True):
                assert relative(gradient, reference[f"grad_step0/{NAMES[name]}"]) < 1e-5
        update.update(net.parameters, net.gradients, step)
    np.testing.assert_allclose(losses, reference["losses"], rtol=1e-6)
    weights = net.weights()
    for ours, theirs in NAMES.items():
        assert relative(weights[ours], reference[f"weight_after4/{theirs}"]) < 1e-5
    for name in ("running_mean", "running_var"):
        assert relative(weights[f"norm.{name}"], reference[f"buffer_after4/norm1.{name}"]) < 1e-5
    assert int(weights["norm.num_batches_tracked"]) == 4
    again = restored(MODEL, weights).eval()
    found = again(again.encode(rows[:, :2])).detach()
    assert relative(found, reference["outputs_eval_mode_after4"]) < 1e-5


def test_an_evaluation_reads_each_row_by_itself_and_changes_nothing(reference, network):
    rows = np.column_stack([reference["pairs"], reference["labels"]]).astype(np.int64)
    net = drawn.engine("plain", network, "quadratic-mlp", LOSS, rows, rows[:5])
    assert net.noisy
    net.train_pass(accuracy=False)
    before = net.weights()
    several = net.score("test").loss
    alone = [
        drawn.engine("plain", restored(MODEL, before), "quadratic-mlp", LOSS, rows, rows[i : i + 1])
        for i in range(5)
    ]
    assert several == pytest.approx(np.mean([one.score("test").loss for one in alone]), rel=1e-12)
    assert all(torch.equal(before[name], w) for name, w in net.weights().items())


def test_no_hand_written_step_has_batch_normalisation(reference, network):
    rows = np.column_stack([reference["pairs"], reference["labels"]]).astype(np.int64)
    with pytest.raises(InputError, match="plain engine"):
        drawn.engine("fast", network, "quadratic-mlp", LOSS, rows, rows)
    assert drawn.engine("auto", network, "quadratic-mlp", LOSS, rows, rows).name == "plain"


# ---- the trained network without normalisation


@pytest.fixture
def trained() -> dict[str, np.ndarray]:
    return dict(np.load(DATA / "doshi2023-fcn.npz"))


def test_inverse_participation_ratios_are_the_references(trained):
    own = blocks({"W1": trained["weight/fc1.weight"], "W2": trained["weight/fc2.weight"]})
    for name, block in zip("UVW", own, strict=True):
        np.testing.assert_allclose(fourier.ipr(block), trained[f"ipr_{name}"], rtol=1e-5)


def test_accuracies_of_the_pruned_network_are_the_references(trained):
    weights = {name: trained[f"weight/{NAMES[name]}"] for name in ("W1", "W2")}
    ipr = np.mean([fourier.ipr(block) for block in blocks(weights)], axis=0)
    network = QuadraticMLP(*(torch.from_numpy(w).double() for w in weights.values()), "folded")
    train, noisy = trained["train_pairs"].astype(np.int64), trained["train_labels_noisy"].astype(np.int64)
    seen = set(map(tuple, train.tolist()))
    test = np.array([(x, y) for x in range(97) for y in range(97) if (x, y) not in seen])
    kept = np.arange(len(train)) >= int(trained["n_corrupted"])
    sides = [
        (train, noisy),
        (test, test.sum(1) % 97),
        (train[~kept], noisy[~kept]),
        (train[kept], noisy[kept]),
    ]
    for end, order in ((0, np.argsort(ipr)), (1, np.argsort(ipr)[::-1])):
        known = trained["pruning"][trained["pruning"][:, 0] == end]
        removed = known[:, 1].astype(int).tolist()
        for column, (pairs, labels) in enumerate(sides, 2):
            hidden = network.hidden(network.encode(pairs)).detach().numpy()
            readout = weights["W2"].astype(np.float64).T
            found = [
                pruning.answered(outputs, labels).mean()
                for _, outputs in pruning.pruned_outputs(hidden, readout, order, removed)
            ]
            np.testing.assert_allclose(found, known[:, column], atol=1e-12)
