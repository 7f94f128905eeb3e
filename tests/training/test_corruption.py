"""Training on corrupted labels: clean and corrupted rows are known apart, and the reference's network answers as it did there.

Data: d-doshi/Grokking @0b4335f (arXiv 2310.13061), folded form, N = 64, p = 97, α = 0.5, ξ = 0.35; AdamW lr 0.01 and decay 15 in
the four updates.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from grokbench.networks.quadratic_mlp import QuadraticMLP
from grokbench.specs.loader import Library
from grokbench.specs.types import Recipe, Trial
from grokbench.store import codec, cutting
from grokbench.tasks.source import source
from grokbench.tasks.splits import Split
from grokbench.tasks.table import build_table
from grokbench.tasks.trained import TrialRows, trial_rows
from grokbench.training.engine import train
from grokbench.training.optimizers.adam import Adam
from tests.networks import drawn

DATA = Path(__file__).parent.parent / "data" / "doshi2023-fcn.npz"
NAMES = {"W1": "fc1.weight", "W2": "fc2.weight"}
LOSS = {"kind": "mse", "reduction": "mean"}
SETTINGS = {"task.domain.p": 13, "data.corruption": {"kind": "labels", "share": 0.35}, "model.width": 48}


def trial(budget: int = 30, **own: Any) -> Trial:
    task, recipe = Library().resolve("addition", "gromov2023/adamw", SETTINGS | own)
    return Trial(task, recipe, 0.5, 9000, budget)


@pytest.fixture
def reference() -> dict[str, np.ndarray]:
    return dict(np.load(DATA))


@pytest.fixture
def network(reference: dict[str, np.ndarray]) -> QuadraticMLP:
    w1, w2 = (torch.from_numpy(reference[f"weight/{name}"]).double() for name in NAMES.values())
    return QuadraticMLP(w1, w2, "folded")


@pytest.mark.parametrize("engine", ["plain", "fast"])
def test_accuracies_by_part_are_the_references(reference, network, engine):
    task = Library().task("addition")
    table = build_table(task)
    pairs = reference["train_pairs"].astype(np.int64)
    numbers = pairs[:, 0] * 97 + pairs[:, 1]
    n = int(reference["n_corrupted"])
    rows = TrialRows(
        table,
        Split(numbers, np.setdiff1d(np.arange(97**2), numbers)),
        np.column_stack([pairs, reference["train_labels_noisy"].astype(np.int64)]),
        table.rows[np.setdiff1d(np.arange(97**2), numbers)],
        np.arange(len(pairs)) < n,
    )
    assert rows.n_wrong == 1629
    found = {}
    for name, part in {"train": rows.train, "test": rows.test, **rows.parts()}.items():
        found[name] = drawn.engine(engine, network, "quadratic-mlp", LOSS, part, part).score("test").accuracy
    known = dict(zip(reference["pruning_columns"].tolist(), reference["pruning"][0].tolist(), strict=True))
    assert found["train"] == pytest.approx(known["train"], abs=1e-12)
    assert found["test"] == pytest.approx(known["test"], abs=1e-12)
    assert found["corrupted"] == pytest.approx(known["corrupted train"], abs=1e-12)
    assert found["clean"] == pytest.approx(known["uncorrupted train"], abs=1e-12)
    assert found["corrected"] > 0.95  # this network has inverted its corrupted rows


@pytest.mark.parametrize("engine", ["plain", "fast"])
def test_losses_and_four_updates_on_noisy_labels_are_the_references(reference, network, engine):
    which = reference["rows"]
    labels = reference["train_labels_noisy"][which]
    rows = np.column_stack([reference["train_pairs"][which], labels]).astype(np.int64)
    assert (rows[:, :2].sum(axis=1) % 97 != rows[:, 2]).sum() == 32
    outputs = network(network.encode(rows[:, :2])).detach().numpy()
    np.testing.assert_allclose(outputs, reference["outputs_step0"], rtol=1e-6, atol=1e-9)
    net = drawn.engine(engine, network, "quadratic-mlp", LOSS, rows, rows)
    update = Adam(lr=0.01, beta1=0.9, beta2=0.98, eps=1e-8, weight_decay=15.0)
    update.init(net.parameters, net.names)
    losses = []
    for step in range(4):
        losses.append(net.train_pass(accuracy=False).loss)
        update.update(net.parameters, net.gradients, step)
    np.testing.assert_allclose(losses, reference["losses"], rtol=1e-6)
    weights = net.weights()
    for ours, theirs in NAMES.items():
        wanted = reference[f"weight_after4/{theirs}"].astype(np.float64)
        assert np.linalg.norm(weights[ours].numpy() - wanted) < 1e-5 * np.linalg.norm(wanted)


def test_a_record_has_the_accuracies_of_clean_and_of_corrupted_rows_apart():
    record = train(trial())
    curves, facts = record.curves, record.facts
    n, k = int(facts["n_train"]), int(facts["n_corrupted"])
    assert k == int(0.35 * n)
    assert k >= int(facts["n_wrong"]) > 0
    both = (n - k) * curves["train_accuracy_clean"] + k * curves["train_accuracy_corrupted"]
    np.testing.assert_allclose(both, n * curves["train_accuracy"], atol=1e-9)
    assert curves["train_accuracy_clean"][-1] == curves["train_accuracy_corrupted"][-1] == 1.0
    assert curves["train_accuracy_corrected"][-1] == pytest.approx(1 - int(facts["n_wrong"]) / k)


def test_both_engines_count_the_parts_alike():
    plain, fast = (train(trial(**{"training.dtype": "float64"}), engine=name) for name in ("plain", "fast"))
    assert plain.environment["engine"] != fast.environment["engine"]
    for part in ("clean", "corrupted", "corrected"):
        np.testing.assert_array_equal(
            plain.curves[f"train_accuracy_{part}"], fast.curves[f"train_accuracy_{part}"]
        )


def test_minibatches_are_counted_on_the_whole_training_set():
    record = train(trial(**{"training.batch": 16}))
    both = [record.curves[f"train_accuracy_{part}"][-1] for part in ("clean", "corrupted")]
    assert min(both) <= record.curves["train_accuracy"][-1] <= max(both)


def test_true_labels_leave_no_new_curve_and_no_new_fact():
    task, recipe = Library().resolve("addition", "gromov2023/adamw", {"task.domain.p": 13})
    record = train(Trial(task, recipe, 0.5, 9000, 5))
    assert set(record.curves) == {"step", "train_loss", "train_accuracy", "test_loss", "test_accuracy"}
    assert set(record.facts) == {"n_train", "n_test", "n_elements", "memoriser_baseline", "steps"}


def test_a_stored_record_keeps_its_parts_and_can_be_cut():
    record = train(trial())
    data = codec.pack_arrays(codec.arrays(record), compress=True)
    again = codec.unpack(codec.head(record), data, record.weights, {})
    assert again.trial == record.trial
    assert again.trial.recipe.data["corruption"] == {"kind": "labels", "share": 0.35, "include_true": True}
    np.testing.assert_array_equal(
        again.curves["train_accuracy_corrupted"], record.curves["train_accuracy_corrupted"]
    )
    shorter = cutting.cut(record, dataclasses.replace(record.trial, budget=10))
    assert shorter is not None
    assert shorter.curves["step"][-1] == 10
    direct = train(trial(10))
    np.testing.assert_array_equal(
        shorter.curves["train_accuracy_corrected"], direct.curves["train_accuracy_corrected"]
    )


@pytest.mark.parametrize("task", Library().task_ids())
def test_every_task_has_a_control_on_a_random_table(task):
    """With a share of 1 every training row has a random answer, and the test rows have their own."""
    spec, recipe = Library().resolve(
        task, "gromov2023/adamw", {"data.corruption": {"kind": "labels", "share": 1.0}}
    )
    if source(spec).fresh is not None or source(spec).real(spec):
        pytest.skip("rows that are new at every update, and real answers, have no labels to draw")
    if spec.domain["kind"] == "symmetric-group":
        spec = dataclasses.replace(spec, domain={**spec.domain, "n": 4})
    asked = Trial(spec, recipe, 0.5, 9000, 0)
    rows, true = trial_rows(asked), trial_rows(dataclasses.replace(asked, recipe=plain(recipe)))
    assert rows.corrupted.all()
    assert len(rows.train) > 20
    classes = len(np.unique(true.train[:, -1]))
    assert rows.n_wrong / len(rows.train) > 1 - 2 / classes
    assert (rows.train[:, :-1] == true.train[:, :-1]).all()
    assert (rows.test == true.test).all()


def plain(recipe: Recipe) -> Recipe:
    return dataclasses.replace(
        recipe, data={key: value for key, value in recipe.data.items() if key != "corruption"}
    )
