"""Measures of kernel machines on records made by hand."""

from __future__ import annotations

import math

import pytest

from grokbench.measures import Between, measure
from tests.claims.claim_records import record, view

STEPS = list(range(13))
LOSS = [1.0, 1.0, 1.0, 1.0, 1.0, 0.99, 0.985, 0.98, 0.9, 0.7, 0.5, 0.2, 0.1]
LINE = [math.nan, 0.5, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.08, 0.06, 0.04, 0.02]


def machine(**more):
    probe = {"circulant": {"step": STEPS, "add": LINE, "subtract": [math.nan] + [1.0] * 12}}
    return view(
        record(STEPS, 1, [0.0] * 8 + [0.1] * 5, test_loss=LOSS, train_loss=1e-30, probes=probe, **more)
    )


def test_losses_and_accuracies_are_read_at_a_step():
    assert measure("test-loss-kept")(machine(), step=7) == pytest.approx(0.98)
    assert math.isnan(measure("test-loss-kept")(machine(), step=99))
    assert measure("test-loss-first-fall")(machine()) == 7
    assert measure("test-loss-first-fall")(machine(), share=0.05) == Between(12, math.inf)
    assert measure("test-accuracy-at")(machine(), step=8) == pytest.approx(0.1)
    assert math.isnan(measure("test-accuracy-at")(machine(), step=0.5))
    assert measure("largest-train-loss")(machine()) == 1e-30
    assert measure("largest-train-loss")(machine(ended="diverged")) == math.inf


def test_the_structure_is_read_at_the_end_and_its_fall_between_two_steps():
    assert measure("circulant-deviation")(machine()) == 0.02
    assert measure("circulant-deviation")(machine(), operation="subtract") == 1
    assert measure("circulant-fall")(machine()) == pytest.approx(2 / 7)
    assert measure("circulant-fall")(machine(), operation="subtract") == 1
    assert measure("circulant-linearity")(machine()) == pytest.approx(-1)
    assert math.isnan(measure("circulant-linearity")(machine(), operation="subtract"))
    assert math.isnan(measure("circulant-linearity")(machine(), late=4))
    assert math.isnan(measure("circulant-fall")(machine(), early=0))


@pytest.mark.parametrize("name", ["circulant-deviation", "circulant-fall", "circulant-linearity"])
def test_a_record_without_the_probe_was_not_measured(name):
    assert math.isnan(measure(name)(view(record(STEPS))))
