"""Measures of corrupted labels and of pruned networks, on records that can be read off the page."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from grokbench.analysis.inversion import PHASES, phase
from grokbench.analysis.pruning import answered, counts, fractions, pruned_outputs
from grokbench.analysis.statistics import spearman
from grokbench.measures import lacking, measure, measured
from grokbench.training.record import Record
from tests.claims.claim_records import record, view

STEPS = [0, 10, 20, 30, 40, 50, 60]


def run(train: list[float], test: list[float], **parts: list[float]) -> Record:
    one = record(STEPS, train, test, n_train=100, n_corrupted=40, n_wrong=39)
    curves = {f"train_accuracy_{name}": np.array(values) for name, values in parts.items()}
    return dataclasses.replace(one, curves={**one.curves, **curves})


def test_phases_are_those_of_the_papers_table():
    found = [
        phase(0.95, 0.95, 0.95, 0.4),
        phase(0.65, 0.95, 0.95, 0.4),
        phase(0.6499, 0.95, 0.95, 0.4),
        phase(0.95, 0.89, 0.95, 0.4),
        phase(0.5, 0.5, 0.9, 0.4),
        phase(0.5, 0.5, 0.89, 0.4),
    ]
    assert found == [
        "coexistence",
        "partial-inversion",
        "full-inversion",
        "memorisation",
        "forgetting",
        "confusion",
    ]
    assert set(found) == set(PHASES)


def test_a_run_that_inverts_is_told_by_its_end_and_not_by_a_time_of_fitting():
    inverted = run([0, 0.5, 0.98, 0.61, 0.61, 0.61, 0.61], [0, 0, 0.1, 1, 1, 1, 1])
    one = view(inverted)
    assert measure("noise-phase-is")(one, phase="full-inversion") == 1
    assert measure("noise-phase-is")(one, phase="coexistence") == 0
    assert PHASES[int(measure("noise-phase")(one))] == "full-inversion"
    assert measure("train-before-rise")(one) == 0.98
    assert measure("inversion-gap")(one) == pytest.approx(0.0)  # 61 of 100 labels are true
    assert measure("train-before-rise")(one, level=0.1) == 0.5


def test_without_drawn_labels_the_share_of_true_ones_is_not_known():
    clean = record(STEPS, 1.0, 1.0)
    assert math.isnan(measure("inversion-gap")(view(clean)))
    assert "n_wrong" in lacking("inversion-gap", view(clean), {})
    assert measure("noise-phase-is")(view(clean), phase="coexistence") == 1


def test_a_part_of_the_training_rows_has_its_own_accuracy_at_the_end():
    one = view(
        run([1] * 7, [1] * 7, clean=[1] * 7, corrupted=[0, 0, 0.2, 0.3, 0.4, 0.5, 0.6], corrected=[0] * 7)
    )
    assert measure("final-part-accuracy")(one, rows="clean") == 1
    assert measure("final-part-accuracy")(one, rows="corrupted") == 0.4  # the median of five
    assert math.isnan(measured("final-part-accuracy", view(record(STEPS, 1.0, 1.0)), {"rows": "clean"}))


def test_a_run_that_never_rises_has_no_accuracy_before_it():
    assert math.isnan(measure("train-before-rise")(view(run([1] * 7, [0.4] * 7))))
    already = run([1] * 7, [0.6] + [0.0] * 6)  # before any step
    assert math.isnan(measure("train-before-rise")(view(already)))


def test_what_is_pruned_is_the_sum_over_the_neurons_that_stay():
    generator = np.random.default_rng(9000)
    hidden, readout = generator.normal(size=(30, 20)), generator.normal(size=(20, 5))
    order = generator.permutation(20)
    for k, outputs in pruned_outputs(hidden, readout, order, counts(20)):
        np.testing.assert_allclose(outputs, hidden[:, order[k:]] @ readout[order[k:]], atol=1e-12)
    assert counts(20) == list(range(21))
    assert counts(7)[-1] == 7
    assert fractions()[[0, 10, 20]].tolist() == [0, 0.5, 1]


def test_a_row_of_zeros_answers_nothing():
    assert answered(np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]]), np.array([0, 0, 1])).tolist() == [
        False,
        True,
        True,
    ]


def pruned(**arrays: list[float]) -> Record:
    one = record([0, 10], 1.0, 1.0)
    part = fractions()
    table = {
        "fraction": part,
        "low_test": np.ones(21),
        "high_test": 1 - part,
        "random_test": 1 - part / 2,
        **{name: np.array(values, dtype=float) for name, values in arrays.items()},
    }
    return dataclasses.replace(one, analyses={"pruning": table})


def test_accuracies_of_pruned_networks_are_read_at_their_fraction():
    one = view(pruned())
    assert measure("pruned-accuracy")(one, end="high", fraction=0.25, rows="test") == 0.75
    assert measure("pruned-accuracy-change")(one, end="high", fraction=0.25, rows="test") == -0.25
    assert measure("pruned-accuracy-over-random")(one, end="high", fraction=0.5, rows="test") == -0.25
    assert measure("pruned-accuracy-over-random")(one, end="low", fraction=0.5, rows="test") == 0.25


def test_a_fraction_that_was_not_asked_gives_nan_and_says_so():
    one = view(pruned())
    args = {"end": "low", "fraction": 0.33, "rows": "test"}
    assert math.isnan(measured("pruned-accuracy", one, args))
    assert "twentieths" in lacking("pruned-accuracy", one, args)
    assert math.isnan(measured("pruned-accuracy", one, {**args, "fraction": 1.5}))
    assert math.isnan(measured("pruned-accuracy", one, {**args, "fraction": 0.5, "rows": "clean"}))


def test_shares_of_neurons_count_those_that_live_where_asked():
    one = view(pruned(ipr=[0.05, 0.1, 0.5, 0.9], size=[0.01, 1, 1, 1]))
    assert measure("ipr-share")(one, below=0.2) == 0.5
    assert measure("ipr-share")(one, below=0.2, live=True) == pytest.approx(1 / 3)
    assert measure("ipr-share")(one, least=0.2, below=0.6) == 0.25
    assert measure("ipr-smaller-heap")(one) == 0.25


def test_the_low_heap_empties_by_its_smallest_step():
    arms = [pruned(ipr=[0.05] * k + [0.9] * (10 - k), size=[1] * 10) for k in (8, 5, 4)]
    assert measure("low-ipr-steps")(view(*arms)) == pytest.approx(0.1)
    assert measure("low-ipr-steps")(view(*arms[::-1])) == pytest.approx(-0.3)


def test_scales_that_are_equal_correlate_with_nothing():
    ipr = [0.05, 0.1, 0.5, 0.9]
    assert measure("scale-ipr-correlation")(view(pruned(ipr=ipr, scale=[1, 2, 3, 4]))) == 1
    assert measure("scale-ipr-correlation")(view(pruned(ipr=ipr, scale=[4, 3, 2, 1]))) == -1
    assert math.isnan(measure("scale-ipr-correlation")(view(pruned(ipr=ipr, scale=[1, 1, 1, 1]))))
    assert math.isnan(measure("scale-ipr-correlation")(view(pruned(ipr=ipr))))
    assert spearman([1, 2, 2, 3], [1, 2, 2, 30]) == 1
    assert math.isnan(spearman([1, 1, 1], [1, 2, 3]))
