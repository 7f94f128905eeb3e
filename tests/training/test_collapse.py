"""The analysis "collapse" against numbers of Prieto et al.'s code, and against definitions."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from grokbench.api import resolve_trial
from grokbench.specs.errors import InputError
from grokbench.training.analyses.collapse import collapsed, cosine
from grokbench.training.analyses.making import analysed
from grokbench.training.engine import train

REFERENCE = np.load(Path(__file__).parents[1] / "data" / "prieto2025-optimizers.npz")
SMALL = {"task.domain.p": 11, "model.width": 16}


@pytest.mark.parametrize(("bits", "rows"), [(16, 29), (32, 21), (64, 2)])
def test_collapsed_rows_are_as_many_as_the_authors_code_counts(bits, rows):
    outputs, targets = (torch.from_numpy(REFERENCE[f"loss/{name}"]) for name in ("logits", "labels"))
    found = collapsed(outputs, targets.long(), f"float{bits}")
    assert found == pytest.approx(rows / len(outputs))
    assert found == pytest.approx(REFERENCE[f"loss/collapse_rows{bits}"].mean())


def test_a_row_that_is_answered_wrongly_with_certainty_has_not_collapsed():
    outputs = torch.tensor([[100.0, 0.0]])
    assert collapsed(outputs, torch.tensor([0]), "float32") == 1
    assert collapsed(outputs, torch.tensor([1]), "float32") == 0


def test_cosines_are_of_whole_tensors_and_of_zero_there_is_none():
    assert cosine(torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0, 0.0]])) == pytest.approx(0.5**0.5)
    assert np.isnan(cosine(torch.zeros(2), torch.ones(2)))


def run(name: str, steps: int, **settings):
    asked = resolve_trial(
        "addition", f"prieto2025/{name}", alpha=0.5, seed=9000, steps=steps, settings=SMALL | settings
    )
    return analysed(train(dataclasses.replace(asked, snapshots=(0, steps), analyses=("collapse",))))


def test_a_row_a_snapshot_says_share_direction_and_norm():
    record = run("plain", 300)
    found = record.analyses["collapse"]
    assert found["step"].tolist() == [0, 300]
    assert found["share_float32"][0] == 0
    assert found["share_float16"][1] >= found["share_float32"][1] >= found["share_float64"][1]
    assert found["share_float16"][1] > 0.2
    assert found["norm"][1] > 2 * found["norm"][0]
    assert {"cosine_1", "cosine_2", "cosine_3"} <= set(found)
    weights = record.weights
    assert found["norm"][1] == pytest.approx(
        sum((w.astype(float) ** 2).sum() for w in weights.values()) ** 0.5
    )


def test_projected_steps_leave_the_gradient_across_the_weights_to_the_optimizer():
    """Gradient descent on the projected gradient keeps each tensor's norm to first order; plain descent does not."""
    norms = {}
    for name in ("perp-sgd", "sgd"):
        record = run(name, 20, **{"optimizer.lr": 0.01, "optimizer.momentum": 0.0})
        norms[name] = abs(record.analyses["collapse"]["norm"][1] / record.analyses["collapse"]["norm"][0] - 1)
    assert norms["perp-sgd"] < 0.01 * norms["sgd"]


def test_it_is_for_networks():
    asked = resolve_trial("addition", "mallinar2024/rfm", seed=9000, steps=0, settings={"task.domain.p": 5})
    with pytest.raises(InputError, match="analysis 'collapse' is for networks, not for the learner 'rfm'"):
        train(dataclasses.replace(asked, analyses=("collapse",)))
