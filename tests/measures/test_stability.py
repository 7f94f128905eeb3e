"""Measures of numerical stability on records made by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from grokbench.measures import Between, measure
from tests.claims.claim_records import grokked, record, stuck, view

STEPS = [0, 10, 20, 30, 40, 50]
ACCURACY = [0.0, 0.1, 0.3, 0.305, 0.32, 0.32]


def collapsed(share, accuracy=ACCURACY, **more):
    one = record(STEPS, [0, 1, 1, 1, 1, 1], accuracy, **more)
    found = {
        "step": np.array(STEPS),
        "share_float32": np.array(share),
        "norm": np.array([5.0, 10, 11, 12, 14, 20]),
        "cosine_1": np.array([0, 0, 0, 0, 0, 0.9]),
        "cosine_2": np.array([0, 0, 0, 0, 0, 0.7]),
    }
    return replace(one, analyses={"collapse": found})


RISING = collapsed([0, 0.1, 0.4, 0.5, 0.6, 0.9])


def test_shares_directions_and_norms_are_read_at_the_end():
    assert measure("collapsed-share")(view(RISING)) == 0.9
    assert math.isnan(measure("collapsed-share")(view(RISING), precision="float16"))
    assert measure("gradient-along-weights")(view(RISING)) == 0.7
    assert measure("weight-norm-ratio")(view(RISING)) == 2  # from T_mem, step 10, on
    assert math.isnan(
        measure("weight-norm-ratio")(
            view(replace(RISING, curves={**RISING.curves, "train_accuracy": np.zeros(6)}))
        )
    )


def test_the_share_at_the_last_rise_is_that_of_the_last_new_best_by_a_hundredth():
    assert measure("collapsed-share-at-last-rise")(view(RISING)) == 0.6  # 0.305 is no hundredth above 0.3
    assert math.isnan(measure("collapsed-share-at-last-rise")(view(collapsed([0] * 6, [0.0] * 6))))


def test_what_is_learned_after_the_collapse_counts_from_the_snapshot_that_shows_it():
    assert measure("learned-after-collapse")(view(RISING)) == pytest.approx(0.015)
    assert measure("learned-after-collapse")(view(RISING), share=0.05) == pytest.approx(0.22)
    assert math.isnan(measure("learned-after-collapse")(view(collapsed([0] * 6))))


def test_arms_are_compared_by_their_best_accuracy_and_by_the_fastest_of_the_others():
    assert measure("best-accuracy-lead")(view(stuck(), RISING)) == pytest.approx(0.03 - 0.32)
    fastest = measure("time-over-fastest")
    assert fastest(view(grokked(100), grokked(400), grokked(200))) == 0.5
    assert fastest(view(grokked(100), stuck(budget=1000), grokked(200))) == 0.5
    assert fastest(view(grokked(100), stuck(budget=1000), stuck(budget=2000))) == Between(0, 0.1)
    assert fastest(view(stuck(budget=1000), grokked(200), grokked(500))) == Between(5, math.inf)
    blown = record(ended="diverged")
    assert fastest(view(blown, grokked(200))) == math.inf
    assert math.isnan(fastest(view(blown, blown)))


@pytest.mark.parametrize(
    "name",
    [
        "collapsed-share",
        "collapsed-share-at-last-rise",
        "gradient-along-weights",
        "weight-norm-ratio",
        "learned-after-collapse",
    ],
)
def test_a_record_without_the_analysis_was_not_measured(name):
    assert math.isnan(measure(name)(view(stuck())))
