"""Slingshots: found in a run that has them, at whatever cadence, and in none that has not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grokbench.analysis import slingshots

CURVES = Path(__file__).parents[1] / "data" / "thilak2022-slingshots.npz"
"""Two runs on digits at every step: Adam with its loss in float32 (four slingshots), and in float64 (none)."""


def _curves(which: str, every: int = 1) -> tuple[np.ndarray, ...]:
    with np.load(CURVES) as kept:
        names = ("loss", "train_accuracy", "last_layer_norm")
        loss, accuracy, norm = (kept[f"{which}/{name}"][::every] for name in names)
    return np.arange(len(loss)) * every, loss, accuracy, norm


def test_a_run_with_four_slingshots_has_four_and_one_with_none_has_none() -> None:
    assert slingshots(*_curves("positive")) == (654, 1225, 1816, 2429)
    assert slingshots(*_curves("negative")) == ()


@pytest.mark.parametrize("every", [2, 5, 10])
def test_evaluations_some_steps_apart_find_the_same_ones(every: int) -> None:
    found = slingshots(*_curves("positive", every))
    assert np.subtract(found, (654, 1225, 1816, 2429)) == pytest.approx(0, abs=2 * every)
    assert slingshots(*_curves("negative", every)) == ()


def test_a_spike_is_no_slingshot_without_a_wrong_row_a_spurt_or_a_plateau() -> None:
    steps, loss, accuracy, norm = _curves("positive")
    assert slingshots(steps, loss, np.ones(len(steps)), norm) == ()
    assert slingshots(steps, loss, accuracy, np.zeros(len(steps)) + steps) == ()  # it grows alike all along
    assert slingshots(steps, loss, accuracy, np.exp(steps / 50)) == ()  # it goes on growing
    assert slingshots(steps, np.full(len(steps), 1e-6), accuracy, norm) == ()


def test_a_run_that_has_not_fitted_has_no_slingshots() -> None:
    steps, loss, _, norm = _curves("positive")
    assert slingshots(steps, loss, np.full(len(steps), 0.9), norm) == ()
