"""Measures of early and late phases on records made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from grokbench.measures import measure
from grokbench.training.probes.norm import norm
from tests.claims.claim_records import view
from tests.reports.synthetic_lyu import completed, run

SCALES = {0.3: (1000, 0.1), 1.0: (7345, 0.03), 3.0: (80_000, 0.004)}


def test_the_slope_of_times_in_units_of_the_decay_is_that_of_a_line():
    arms = [
        run(change=(2 + math.log(scale)) / (lr * 0.01), end=200_000, scale=scale, lr=lr)
        for scale, (_, lr) in SCALES.items()
    ]
    slope = measure("decay-time-slope")(view(*arms))
    assert slope == pytest.approx(1, abs=0.06)
    assert math.isnan(measure("decay-time-slope")(view(*arms[:1], *arms[:1])))
    assert math.isnan(measure("decay-time-slope")(view(arms[0], run(scale=9.0))))  # never there
    losses = [completed(half=h, scale=s) for h, s in ((300_000, 3.0), (420_000, 10.0))]
    found = measure("decay-time-slope")(view(*losses), curve="test-loss", level=0.475)
    assert found == pytest.approx(1.2 / math.log(10 / 3), rel=0.02)


def test_the_norm_follows_the_decay_until_half_of_the_change():
    slope = measure("norm-decay-slope")
    assert slope(view(run(change=7500))) == pytest.approx(-0.97, abs=0.02)
    assert slope(view(run(change=7500, shrinks=2))) == pytest.approx(-1.9, abs=0.1)
    assert math.isnan(slope(view(run(change=7500, decay=0.0))))
    assert norm({"u": np.array([3.0]), "v": np.array([[4.0]])}) == {"all": 5.0}


def test_a_fall_is_compared_with_a_rise_in_units_of_each_decay():
    rising, falling = run(change=8000), run(change=20_000, end=50_000, lr=0.02, early=1.0, late=0.6)
    ratio = measure("fall-over-rise")(view(rising, falling))
    assert ratio == pytest.approx(20_000 * 2 / (8000 * 3), rel=0.15)
    assert math.isnan(measure("fall-over-rise")(view(rising, rising)))


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ({"change": 20_000, "early": 0.999, "late": 0.7}, 1),
        ({"change": 20_000, "early": 0.999, "late": 0.85}, 0),  # loses little
        ({"change": 20_000, "early": 0.9, "late": 0.5}, 0),  # never generalised
        ({"change": 2000, "early": 0.5, "late": 1.0}, 0),
    ],
)
def test_misgrokking_is_early_accuracy_that_is_lost(own, found):
    assert measure("misgrokking")(view(run(end=50_000, **own))) == found


def test_margins_are_read_at_a_snapshot_and_at_the_end():
    one = view(run(change=7500, cosine=0.99, share=0.9, kkt=0.05))
    assert measure("margin-at")(one, number="cosine-l2", step=1500) == 0.99
    assert measure("margin-at-end")(one, number="share-l1") == pytest.approx(0.9)
    assert measure("margin-fall")(one, number="kkt", step=1500) == pytest.approx(20)
    assert math.isnan(measure("margin-at")(one, number="kkt", step=1501))


def test_a_unit_of_the_decay_is_what_takes_weights_to_one_e_th():
    assert measure("decay-steps")(view(run(lr=0.02, decay=0.01))) == pytest.approx(5000)
    assert math.isnan(measure("decay-steps")(view(run(decay=0.0))))
