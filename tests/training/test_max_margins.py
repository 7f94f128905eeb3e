"""The analysis max-margins of a network that is trained here."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from grokbench.api import resolve_trial
from grokbench.specs.errors import InputError
from grokbench.training.analyses.making import analysed
from grokbench.training.engine import train

SMALL = {"task.domain.d": 80, "task.source.rows": 120, "optimizer.lr": 0.1}


def test_a_network_goes_from_the_l2_classifier_to_the_l1_classifier():
    asked = resolve_trial(
        "sparse-linear", "lyu2023/diagonal", alpha=0.5, seed=9000, steps=4000, settings=SMALL
    )
    record = analysed(
        train(
            dataclasses.replace(asked, snapshots=(0, 300, 4000), analyses=("max-margins",), probes=("norm",))
        )
    )
    found = record.analyses["max-margins"]
    assert found["step"].tolist() == [0, 300, 4000]
    assert np.isnan(found["cosine_l2"][0])
    assert found["cosine_l2"][1] > 0.9 > found["cosine_l2"][2]
    assert found["cosine_l1"][1] < found["cosine_l1"][2]
    assert found["share_l1"][1] < 0.8 < found["share_l1"][2] <= 1 + 1e-6
    assert found["kkt"][2] < 0.5 < found["kkt"][1] <= 1 + 1e-9
    assert found["norm"][0] == pytest.approx(160**0.5)
    assert record.probes["norm"]["all"][-1] == pytest.approx(found["norm"][-1], rel=1e-5)


def test_it_is_for_diagonal_networks():
    asked = resolve_trial("addition", "gromov2023/gd", alpha=0.5, seed=9000, steps=1)
    with pytest.raises(InputError, match="analysis 'max-margins' is for the model kind 'diagonal-linear'"):
        train(dataclasses.replace(asked, analyses=("max-margins",)))
