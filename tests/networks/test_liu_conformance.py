"""Given the weights of Liu et al.'s code, the toy gives its outputs, losses, gradients, updates, and its published default run.

Data: ejmichaud/grokking-squared @0229df9, ``toy/train_add.py``; p 10, embeddings of one number, decoder 1-40-40-30 (or -19).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from grokbench.analysis import parallelograms as own
from grokbench.analysis import timing
from grokbench.networks.registry import build
from grokbench.networks.summed_mlp import SummedMLP
from grokbench.specs.loader import Library
from grokbench.tasks.decodings import nearest_template
from grokbench.tasks.source import Pairs, rows_of
from grokbench.training.losses import CROSS_ENTROPY, MSE
from grokbench.training.updates import make_update

DATA = Path(__file__).parent.parent / "data"
TOY = dict(np.load(DATA / "liu2022-toy.npz"))
GOLDEN = dict(np.load(DATA / "liu2022-golden-seed58.npz"))
NAMES = {
    "E": "embedding",
    **{
        f"{letter}{i}": f"l{i}.{word}" for i in (1, 2, 3) for letter, word in (("W", "weight"), ("b", "bias"))
    },
}
DECAY = {"mse": 5.0, "ce": 2.0}
LIBRARY = Library()


def relative(found, wanted) -> float:
    found, wanted = (np.asarray(a, dtype=np.float64) for a in (found, wanted))
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def network(arrays, prefix: str, dtype: torch.dtype = torch.float64) -> SummedMLP:
    found = {
        name: torch.from_numpy(arrays[f"{prefix}weight/{theirs}"]).to(dtype) for name, theirs in NAMES.items()
    }
    return SummedMLP(found, "sum")


def loss(prefix: str, outputs: torch.Tensor, rows: np.ndarray) -> torch.Tensor:
    """Mean loss over training rows (n, 3)."""
    if prefix == "mse":
        aims = torch.from_numpy(TOY["mse/targets"][rows[:, 2]])
        total = MSE.total(outputs, aims, {"reduction": "mean"})
        return MSE.reduce(total, {"reduction": "mean"}, len(rows), outputs.shape[-1])
    fields = {"precision": "float64"}
    total = CROSS_ENTROPY.total(outputs, torch.from_numpy(rows[:, 2]), fields)
    return CROSS_ENTROPY.reduce(total, fields, len(rows), outputs.shape[-1])


def table() -> np.ndarray:
    return rows_of(LIBRARY.task("integer-addition"), 0).rows


def test_the_tables_rows_are_the_references():
    assert np.array_equal(table()[:, :2], TOY["mse/pairs"])


@pytest.mark.parametrize("prefix", ["mse", "ce"])
def test_outputs_losses_gradients_and_four_updates_are_the_references(prefix):
    net, rows = network(TOY, f"{prefix}/"), table()
    outputs = net(torch.from_numpy(rows[:, :2]))
    assert relative(outputs.detach(), TOY[f"{prefix}/outputs_step0"]) < 1e-6
    recipe = LIBRARY.recipe({"mse": "liu2022/regression", "ce": "liu2022/classification"}[prefix])
    update = make_update({**recipe.optimizer, "weight_decay": DECAY[prefix]})
    named = dict(net.named_parameters())
    held = [p.data for p in named.values()]
    update.rule.init(held, tuple(named))
    train, losses = rows[TOY[f"{prefix}/train_rows"]], []
    for step in range(4):
        now = loss(prefix, net(torch.from_numpy(train[:, :2])), train)
        gradients = torch.autograd.grad(now, list(named.values()))
        if step == 0:
            for name, gradient in zip(named, gradients, strict=True):
                assert relative(gradient, TOY[f"{prefix}/grad_step0/{NAMES[name]}"]) < 1e-5, name
        losses.append(float(now.detach()))
        update.rule.update(held, [g.clone() for g in gradients], step)
    np.testing.assert_allclose(losses, TOY[f"{prefix}/losses"], rtol=1e-6)
    for name, p in named.items():
        assert relative(p.detach(), TOY[f"{prefix}/weight_after4/{NAMES[name]}"]) < 1e-5, name


def test_answers_are_the_references():
    outputs, kept = torch.from_numpy(TOY["mse/outputs_step0"]), torch.from_numpy(TOY["mse/targets"])
    assert nearest_template.nearest(outputs, kept).tolist() == TOY["mse/predictions_step0"].tolist()
    assert TOY["ce/outputs_step0"].argmax(1).tolist() == TOY["ce/predictions_step0"].tolist()


def golden(other: int | None = None, steps: int = 1700) -> dict[str, list[float]]:
    """Train from the reference's first weights, or with a decoder of our own; accuracies and RQI at each step."""
    net = network(GOLDEN, "", torch.float32)
    recipe, rows = LIBRARY.recipe("liu2022/regression"), table()
    if other is not None:
        drawn = dict(build(recipe.model, Pairs(10, 30), other).named_parameters())
        for name, p in net.named_parameters():
            if name != "E":
                p.data.copy_(drawn[name])
    aims, kept = torch.from_numpy(GOLDEN["targets"][rows[:, 2]]), torch.from_numpy(GOLDEN["targets"])
    inputs, which = torch.from_numpy(rows[:, :2]), torch.from_numpy(GOLDEN["train_rows"])
    left = torch.from_numpy(GOLDEN["test_rows"])
    named = dict(net.named_parameters())
    held, update = [p.data for p in named.values()], make_update(recipe.optimizer)
    update.rule.init(held, tuple(named))
    found: dict[str, list[float]] = {"loss": [], "train": [], "test": [], "rqi": []}
    for step in range(steps):
        outputs = net(inputs)
        now = ((outputs[which] - aims[which]) ** 2).mean()
        found["loss"].append(float(now.detach()))
        update.rule.update(held, [g.clone() for g in torch.autograd.grad(now, list(named.values()))], step)
        with torch.no_grad():
            right = nearest_template.nearest(net(inputs), kept) == torch.from_numpy(rows[:, 2])
        found["train"].append(float(right[which].double().mean()))
        found["test"].append(float(right[left].double().mean()))
        found["rqi"].append(own.quality(own.of_addition(10), net.E.detach().double().numpy()))
    return found


def first(values: list[float], level: float) -> float:
    return timing.first_crossing(range(len(values)), values, level)


def times(found: dict[str, list[float]]) -> np.ndarray:
    """First train and test accuracy of 0.9, and first RQI above 0.95."""
    aligned = [value - 0.95 for value in found["rqi"]]
    return np.array([first(found["train"], 0.9), first(found["test"], 0.9), first(aligned, 1e-9)])


def test_the_published_default_run_fits_aligns_and_generalises_when_the_authors_saw_it():
    found = golden()
    assert found["loss"][0] == pytest.approx(0.98126620, rel=1e-6)
    np.testing.assert_allclose(times(found), GOLDEN["steps"], rtol=0.05)


def test_another_decoder_on_the_same_split_has_other_times():
    found = times(golden(other=59))
    assert np.abs(found / GOLDEN["steps"] - 1).max() > 0.05


def test_quality_of_published_embeddings_is_theirs():
    pairs = zip(GOLDEN["curve/embedding_normalised"], GOLDEN["curve/rqi"][::100], strict=True)
    for embedding, quality in pairs:
        assert own.quality(own.of_addition(10), embedding[:, None].astype(np.float64)) == pytest.approx(
            quality, abs=1e-6
        )
